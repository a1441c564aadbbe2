"""`lanmsg --plain`: the same talk as lines that are only ever added, without a picture."""

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, TextIO

from lanmsg.api import LanmsgError, Message, MessageAdded, NodeEvent, Settings, steady_clock, wall_clock
from lanmsg.terminal import Kind, date, printable
from lanmsg.tui import actions, comparing, pages
from lanmsg.tui.desk import Desk, ScreenNode, diagnosing
from lanmsg.tui.ending import ends_by_signal, first_fault
from lanmsg.tui.lines import Lines
from lanmsg.tui.moves import Want
from lanmsg.tui.options import Options
from lanmsg.tui.rows import Row, with_plain_signs
from lanmsg.tui.state import Answer, State
from lanmsg.tui.theme import ASCII
from lanmsg.tui.update import seen, update
from lanmsg.tui.wording import trust_words, with_hint

if TYPE_CHECKING:
    from prompt_toolkit.output import Output

Opening = AbstractAsyncContextManager[ScreenNode]
ReadLine = Callable[[str], Awaitable[str | None]]
"""Shows a prompt, gives the next line; None at the end. Raises KeyboardInterrupt."""

COLUMNS = 100
SHOWN, SHOWN_MOST = 5, 50
"""Messages said again when a conversation is opened, and when a day or all unread ones are."""


class Plain:
    """One run. `write` adds a line; `read_line` asks for one."""

    def __init__(self, settings: Settings, read_line: ReadLine, write: Callable[[str], None]) -> None:
        self.state = State(
            name=settings.name,
            port=settings.port,
            downloads=str(settings.downloads),
            glyphs=ASCII,
            options=Options(settings.tui),
        )
        self._settings = settings
        self._wanted: list[Want] = []
        self.state.list_hidden, self.state.pane = True, (COLUMNS, 1)
        self._lines = Lines(self.state)
        self._read_line = read_line
        self._write = write
        self._code: int | None = None
        self._desk: Desk | None = None
        self._answered: Answer | None = None  # what a yes or a no comes to, and the line it stands for
        self._again = ""
        self._reading: asyncio.Task[None] | None = None

    # --- hands of the commands ---

    def quit(self) -> None:
        self.leave(0)

    def leave(self, code: int) -> None:
        self._code = code if self._code is None else self._code
        if self._reading is not None:
            self._reading.cancel()

    def copy(self, text: str) -> None:
        self._write(printable(text, Kind.TEXT))

    def want(self, want: Want) -> None:
        """Nothing scrolls here: what a screen would go to is said again."""
        self._wanted.append(want)

    def answer(self, answer: str) -> None:
        """Of a question: yes or no, as commands."""
        asking, verification = self.state.asking, comparing.asked(self.state)
        self.state.asking = None
        if asking is not None:
            self._answered = asking.on_yes if answer == "yes" else asking.on_no
        elif verification is not None:
            self._again = comparing.line(self.state, verification, answer, seen=True)

    def call(self, text: str) -> str:
        self._write(text)
        return "a line"

    # --- the run ---

    async def run(self, opening: Callable[[], Opening]) -> int:
        """Until quit or the end of the input; the exit code. Raises LanmsgError."""
        try:
            with ends_by_signal(self.leave):
                async with opening() as node, asyncio.TaskGroup() as tasks:
                    events = node.events()
                    await self._load(node)
                    following = tasks.create_task(self._follow(events))
                    self._reading = tasks.create_task(self._read())
                    await asyncio.wait({self._reading})
                    following.cancel()
        except BaseExceptionGroup as group:
            raise first_fault(group) from None
        return self._code or 0

    async def _load(self, node: ScreenNode) -> None:
        self._clock()
        state = self.state
        state.id, state.name, state.listening, state.ready = node.id, node.name, node.listening, True
        state.interfaces = node.interfaces
        for peer in node.peers(absent=True):
            state.put_peer(peer)
        for transfer in await node.transfers():
            state.put_transfer(transfer)
            self._lines.known(transfer)
        for summary in await node.conversations():
            talk = state.talk(summary.conversation)
            talk.unread, talk.first_unread = summary.unread, summary.first_unread
        for verification in await node.read(lambda store: store.verifications.recent(since=state.wall)):
            comparing.put(state, verification)
        self._desk = Desk(node, state, self, self._settings, diagnosing(self._settings, node))
        here = sorted(state.label(peer.id) for peer in state.peers.values() if peer.present)
        self._write(f"You are {state.name}. {', '.join(here) or 'Nobody'} here. /help lists commands.")
        if unread := state.unread():
            self._write(f"{unread} unread. /msg NAME opens a conversation.")

    async def _follow(self, events: AsyncIterator[NodeEvent]) -> None:
        async for event in events:
            self._clock()
            update(self.state, event)
            for line in self._lines.of(event):
                self._write(line)
            self.state.notice = None
            if isinstance(event, MessageAdded):
                await self._mark_read()

    async def _read(self) -> None:
        armed = 0.0
        while self._code is None:
            try:
                line = await self._read_line(self._prompt())
            except KeyboardInterrupt:
                if steady_clock() < armed:
                    return
                armed = steady_clock() + 2.0
                self._write("Ctrl-C again to quit")
                continue
            if line is None:
                return
            await self._enter(line)

    def _prompt(self) -> str:
        return f"{self.state.title(self.state.open)}> " if self.state.open is not None else "> "

    async def _enter(self, line: str) -> None:
        """Carry out a line, then say in words what a screen would show."""
        self._clock()
        before = self.state.open
        if self._desk is None or not line.strip():
            return
        await self._carry_out(self._desk, line)
        if self.state.asking is not None and self._code is None:
            text = self.state.asking.text
            self._write(f"{text}{'' if text.endswith('?') else '.'} /yes or /no")
        if self.state.notice is not None:
            self._write(self.state.notice.text)
            self.state.notice = None
        if self.state.page is not None:
            for row in pages.page_rows(self.state, self.state.page, COLUMNS):
                self._write(_text(row))
            self.state.page = None
        for want in self._wanted:
            await self._say_again(want)
        self._wanted.clear()
        if self.state.open != before:
            await self._opened()

    async def _carry_out(self, desk: Desk, line: str) -> None:
        """The line, and what an answer to a question comes to."""
        try:
            await actions.enter(desk, line)
            answered, again = self._answered, self._again
            self._answered, self._again = None, ""
            if answered is not None:
                await answered()
            elif again:
                await actions.enter(desk, again)
        except LanmsgError as error:
            self._write(printable(with_hint(str(error), error.hint)))

    async def _opened(self) -> None:
        talk = self.state.current
        if talk is None or self._desk is None:
            return
        count = max(SHOWN, min(talk.line_count, SHOWN_MOST))
        found = await self._desk.node.read(
            lambda store: store.history.messages(talk.conversation, limit=count)
        )
        peer = self.state.peer_of(talk.conversation)
        key = f" ({trust_words(peer, ASCII)})" if peer is not None else ""
        self._write(f"Conversation with {self.state.title(talk.conversation)}{key}.")
        talk.loaded = True
        talk.fill(found)
        self._say(found)
        await self._mark_read()

    async def _say_again(self, want: Want) -> None:
        """The newest, the last so many, or the first ones of a day."""
        if self._desk is None:
            return
        since = want.time if want.kind == "since" else None
        limit = want.number if want.kind == "last" else SHOWN_MOST if since else SHOWN
        found = await self._desk.node.read(
            lambda store: store.history.messages(
                want.conversation, limit=limit, since=since, after=0 if since else None
            )
        )
        day = 0
        for message in found:
            if since and (today := int(message.stored_at // 86400)) != day:
                day = today
                self._write(f"{date(message.stored_at)}:")
            self._say([message])
        if not found:
            self._write("nothing was said here since then")

    def _say(self, messages: Sequence[Message]) -> None:
        for message in messages:
            for line in self._lines.message(message, time=True):
                self._write(line)

    async def _mark_read(self) -> None:
        read = seen(self.state)
        if read is not None and self._desk is not None:
            await self._desk.node.mark_read(*read)

    def _clock(self) -> None:
        self.state.tick, self.state.wall = steady_clock(), wall_clock()


def _text(row: Row) -> str:
    return "".join(text for _, text in with_plain_signs([row])[0]).rstrip()


# --- where lines come from and go to ---


async def run_plain(settings: Settings, opening: Callable[[], Opening]) -> int:
    """On this terminal, or between pipes."""
    if not sys.stdin.isatty():
        return await Plain(settings, piped_lines(sys.stdin), _print).run(opening)
    # prompt_toolkit asks there; elsewhere it draws the line again and again, which would all be read out.
    os.environ["TERM"] = "dumb"
    from prompt_toolkit import PromptSession
    from prompt_toolkit.application import create_app_session

    with create_app_session(output=_appending()):
        session: PromptSession[str] = PromptSession()

    prompts: list[str] = []

    async def read_line(prompt: str) -> str | None:
        prompts.append(prompt)
        try:
            return await session.prompt_async(prompt, handle_sigint=False)
        except EOFError:
            return None
        finally:
            prompts.clear()

    def write(line: str) -> None:
        if not prompts:
            _print(line)
            return
        # Nothing is ever erased: what is being typed is said again below the news.
        _print(f"\n{line}")
        sys.stdout.write(f"{prompts[0]}{session.default_buffer.text}")
        sys.stdout.flush()

    return await Plain(settings, read_line, write).run(opening)


def _appending() -> "Output":
    """What a prompt is written to: neither escape sequences nor a way back in the line."""
    from prompt_toolkit.output.plain_text import PlainTextOutput

    class Appending(PlainTextOutput):
        def write(self, data: str) -> None:
            super().write(data.replace("\r", ""))

    return Appending(sys.stdout)


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def piped_lines(stream: TextIO) -> ReadLine:
    """Lines of a pipe, read by a thread that does not keep the program alive."""
    lines: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def pump() -> None:
        for line in iter(stream.readline, ""):
            loop.call_soon_threadsafe(lines.put_nowait, line)
        loop.call_soon_threadsafe(lines.put_nowait, "")

    threading.Thread(target=pump, daemon=True, name="lanmsg-stdin").start()

    async def read_line(prompt: str) -> str | None:  # noqa: ARG001 - a pipe is not asked
        line = await lines.get()
        return line.rstrip("\n") if line else None

    return read_line
