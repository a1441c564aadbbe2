"""`lanmsg --plain`: the same talk as lines that are only ever added, without a picture."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager

from lanmsg.api import (
    LanmsgError,
    MessageAdded,
    NodeEvent,
    Notice,
    PeerAppeared,
    PeerLeft,
    Settings,
    VerificationChanged,
    steady_clock,
    wall_clock,
)
from lanmsg.terminal import Kind, printable
from lanmsg.tui import actions, comparing, spoken
from lanmsg.tui.commands import on_screen, quoted, take_word
from lanmsg.tui.completion import candidates
from lanmsg.tui.console import Console
from lanmsg.tui.desk import Desk, ScreenNode, diagnosing
from lanmsg.tui.ending import BROKEN_PIPE, TERMINATED, ends_by_signal, first_fault, hung_up
from lanmsg.tui.last_asked import LastAsked, Question
from lanmsg.tui.lines import Lines
from lanmsg.tui.loading import take_in
from lanmsg.tui.moves import Want
from lanmsg.tui.options import Options
from lanmsg.tui.plain_drafts import PlainDrafts
from lanmsg.tui.state import Answer, Asking, Candidate, Page, State
from lanmsg.tui.teletype import console_of
from lanmsg.tui.update import seen, update
from lanmsg.tui.wording import likeness, trust_word, with_hint

Opening = AbstractAsyncContextManager[ScreenNode]

SLOW_SECONDS = 1.0
"""A command that takes longer says first what it does."""

SHOWN, SHOWN_MOST = 5, 50
"""Messages said again when a conversation is opened, and when a day or all unread ones are."""

SOON_SECONDS = 0.3
"""What a command brings about is mostly said within this time."""

TOGETHER_SECONDS = 0.5
"""Who comes and goes within this time is said in one line."""

FINISH_SECONDS = 2.0
"""For what was entered before the end to be carried out."""

SETTLE_SECONDS = 5.0
"""At the end of a script, for its messages to be delivered."""


class Plain:
    """One run over a console."""

    def __init__(self, settings: Settings, console: Console) -> None:
        self.state = State(
            name=settings.name,
            port=settings.port,
            downloads=str(settings.downloads),
            glyphs=spoken.SIGNS,
            options=Options(settings.tui),
        )
        self._settings = settings
        self._console = console
        console.took, console.complete = self._took, self._complete
        self._wanted: list[Want] = []
        self.state.list_hidden = True
        self._lines = Lines(self.state)
        self._asked = LastAsked(self.state)
        self._entered: asyncio.Queue[str | None] = asyncio.Queue()
        self._over = asyncio.Event()
        self._code: int | None = None
        self._fault: BaseException | None = None
        self._desk: Desk | None = None
        self._answered: Answer | None = None  # what a yes or a no comes to, and the line it stands for
        self._again = ""
        self._copied: str | None = None
        self._menu: spoken.Menu = []  # what /1, /2 and so on stand for
        self._drafts = PlainDrafts(console)
        self._written = 0
        self._heard = asyncio.Event()

    # --- hands of the commands ---

    def quit(self) -> None:
        self.leave(0)

    def leave(self, code: int) -> None:
        """The first reason counts."""
        self._code = code if self._code is None else self._code
        self._over.set()
        self._console.stop()

    def copy(self, text: str) -> None:
        self._copied = printable(text, Kind.TEXT)

    def want(self, want: Want) -> None:
        """Nothing scrolls here: what a screen would go to is said again."""
        self._wanted.append(want)

    def answer(self, answer: str) -> None:
        """Of a question: yes or no, as commands."""
        question = self._asked.answered()
        if isinstance(question, Asking):
            self.state.asking = None
            self._answered = question.on_yes if answer == "yes" else question.on_no
        elif question is not None:
            self._again = comparing.line(self.state, question, answer, seen=True)

    def call(self, text: str) -> str:
        self._write(text)
        return "a line"

    # --- the run ---

    async def run(self, opening: Callable[[], Opening]) -> int:
        """Until quit or the end of the input; the exit code. Raises LanmsgError."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: self._broke(context.get("exception")))
        try:
            with ends_by_signal(self.leave):
                await self._serve(opening)
        except BaseExceptionGroup as group:
            self._broke(first_fault(group))
        except OSError as error:
            self._broke(error)
        finally:
            loop.set_exception_handler(None)
            self._end()
        if self._fault is not None:
            raise self._fault
        return self._code or 0

    def _end(self) -> None:
        try:
            self._console.end(patient=not self._code)
        except OSError as error:
            if self._console.is_script:
                self._broke(error)

    async def _serve(self, opening: Callable[[], Opening]) -> None:
        async with opening() as node, asyncio.TaskGroup() as tasks:
            events = node.events()
            await self._load(node)
            following = tasks.create_task(self._follow(events))
            reading = tasks.create_task(self._read())
            working = tasks.create_task(self._work())
            await self._over.wait()
            self._entered.put_nowait(None)
            await asyncio.wait({working}, timeout=FINISH_SECONDS)
            await self._finish(node)
            for task in (following, reading, working):
                task.cancel()

    def _broke(self, fault: BaseException | None) -> None:
        """A fault of ours; or a terminal or a reader that is gone, which is leaving too."""
        if fault is not None and not hung_up(fault):
            self._fault = self._fault or fault
            self.leave(1)
        elif fault is not None:
            self.leave(BROKEN_PIPE if self._console.is_script else TERMINATED)

    async def _read(self) -> None:
        """Lines as they come; what a script said last is carried out before the end."""
        try:
            await self._console.run()
        except (OSError, EOFError) as error:
            self._broke(error)
        self._entered.put_nowait(None)
        if not self._console.is_script:
            self._over.set()

    async def _work(self) -> None:
        """One line after the other, in the order of typing."""
        while self._code is None:
            if self._entered.empty():
                self._console.ask(self._prompt())
            line = await self._entered.get()
            if line is None:
                break
            await self._enter(line)
            await self._console.keep_up()
        self._over.set()

    async def _finish(self, node: ScreenNode) -> None:
        """What a script has just said still goes out; a half-typed line is kept."""
        if self._console.is_script and not self._code:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SETTLE_SECONDS):
                    while self._lines.hurrying:
                        self._heard.clear()
                        await self._heard.wait()
        self._drafts.left(self.state.open)
        with contextlib.suppress(LanmsgError):
            await self._drafts.store(node)
        self._write(*self._lines.farewell())

    # --- at the start ---

    async def _load(self, node: ScreenNode) -> None:
        self._clock()
        state = self.state
        self._drafts.known({each.conversation: each.draft for each in await take_in(state, node)})
        state.ready = True
        for progress in state.transfers.values():
            self._lines.known(progress.transfer)
        self._desk = Desk(node, state, self, self._settings, diagnosing(self._settings, node))
        self._greet()

    def _greet(self) -> None:
        unread = [talk.conversation for talk in self.state.talks.values() if talk.unread]
        self._menu = unread
        self._write(*self._lines.greeting(unread))
        for peer in self.state.comparing:
            self._ask(self.state.verifications[peer])

    # --- news ---

    async def _follow(self, events: AsyncIterator[NodeEvent]) -> None:
        async for event in events:
            self._clock()
            notice = self.state.notice
            update(self.state, event)
            # Said below in whole lines; what a command said meanwhile is still to be said.
            self.state.notice = notice
            if isinstance(event, PeerAppeared | PeerLeft):
                asyncio.get_running_loop().call_later(TOGETHER_SECONDS, self._say_presence)
            said = self._lines.of(event)
            self._write(*said)
            if isinstance(event, VerificationChanged) and said and event.peer.id in self.state.comparing:
                self._asked.said(self.state.verifications[event.peer.id], by_itself=True)
            await self._console.keep_up()
            if isinstance(event, MessageAdded):
                await self._mark_read()
            if isinstance(event, Notice) and event.missed and self._desk is not None:
                await take_in(self.state, self._desk.node)  # what was passed over may be about anything
            self._heard.set()

    def _say_presence(self) -> None:
        if not self._over.is_set():
            self._write(*self._lines.presence())

    # --- what is typed ---

    def _took(self, line: str) -> None:
        self._drafts.took(line)
        self._entered.put_nowait(line)

    def _prompt(self) -> str:
        return f"{self.state.title(self.state.open)}> " if self.state.open is not None else "> "

    def _complete(self, before: str) -> list[Candidate]:
        """Tab: ways to go on; on an empty line what is unread."""
        found = candidates(self.state, before)
        if before:
            return [Candidate(each.text, each.start, spoken.in_ascii(each.shown)) for each in found]
        unread = (each for each in self.state.talks.values() if each.unread)
        talk = next((each for each in unread if each.conversation != self.state.open), None)
        if talk is None:
            self._write("nothing is unread")
        else:
            self._took(spoken.opening_line(self.state, talk.conversation))
        return []

    async def _enter(self, line: str) -> None:
        """Carry out a line, then say in words what a screen would show."""
        self._clock()
        if self._desk is None or not line.strip():
            return
        before, written, line = self.state.open, self._written, spoken.chosen(self.state, self._menu, line)
        self._lines.typed(line)
        await self._carry_out(self._desk, line)
        if self._code is None and (question := self._asked.to_say()) is not None:
            self._ask(question)
        self._say_notice()
        if self.state.page is not None:
            self._say_page(self.state.page)
        for want in self._wanted:
            await self._say_again(want)
        self._wanted.clear()
        if self.state.open != before:
            await self._opened()
        if line.startswith("/"):
            asyncio.get_running_loop().call_later(SOON_SECONDS, self._say_done, written)

    def _say_done(self, written: int) -> None:
        """A command about which nothing was said."""
        if written == self._written and not self._over.is_set():
            self._write("ok")

    async def _carry_out(self, desk: Desk, line: str) -> None:
        """The line, and what an answer to a question comes to; one that takes its time says so."""
        slow = asyncio.get_running_loop().call_later(SLOW_SECONDS, self._say_notice)
        try:
            await self._act(desk, line)
            await self._drafts.store(desk.node)
        except LanmsgError as error:
            self._write(printable(on_screen(with_hint(str(error), error.hint))))
            self._offer(line, error.candidates)
        finally:
            slow.cancel()

    async def _act(self, desk: Desk, line: str) -> None:
        self._asked.entered(line)
        await actions.enter(desk, line)
        answered, again = self._answered, self._again
        self._answered, self._again = None, ""
        if answered is not None:
            await answered()
        elif again:
            await actions.enter(desk, again)

    def _offer(self, line: str, people: Sequence[str]) -> None:
        """Of several people the one that was meant can be chosen by number."""
        if not people:
            return
        command, rest = take_word(line)
        following = take_word(rest)[1]
        self._menu = [f"{command} {quoted(each)} {following}".strip() for each in people]
        self._write(*(f"/{number}: {printable(each)}" for number, each in enumerate(people, 1)))

    # --- what is said ---

    def _write(self, *lines: str) -> None:
        for line in lines:
            self._written += 1
            self._console.write(line)

    def _ask(self, question: Question) -> None:
        self._write(*self._lines.question(question))
        self._asked.said(question)

    def _say_notice(self) -> None:
        notice, self.state.notice = self.state.notice, None
        copied, self._copied = self._copied, None
        if copied is not None:
            self._write(copied)
        elif notice is not None:
            self._write(spoken.in_ascii(notice.text))

    def _say_page(self, page: Page) -> None:
        self.state.page = None
        if page.kind == "people" and not page.topic:
            self._menu = spoken.people_menu(self.state)
        self._write(*spoken.said(self.state, page))

    async def _opened(self) -> None:
        talk = self.state.current
        if talk is None or self._desk is None:
            return
        most = max(SHOWN, min(talk.line_count, SHOWN_MOST))
        found = await self._desk.node.read(lambda it: it.history.messages(talk.conversation, limit=most))
        peer = self.state.peer_of(talk.conversation)
        key = f" ({likeness(self.state, peer) or trust_word(peer)})" if peer is not None else ""
        away = "" if peer is None or peer.present else " Not here now: what you write waits."
        self._write(f"Conversation with {self.state.title(talk.conversation)}{key}.{away}")
        talk.loaded = True
        talk.fill(found)
        self._write(*self._lines.messages(found))
        self._drafts.opened(talk.conversation)
        await self._mark_read()

    async def _say_again(self, want: Want) -> None:
        """The newest, the last so many, or the first ones of a day."""
        if self._desk is None:
            return
        since = want.time if want.kind == "since" else None
        limit = want.number if want.kind == "last" else SHOWN_MOST if since else SHOWN
        where, after = want.conversation, 0 if since else None
        found = await self._desk.node.read(
            lambda store: store.history.messages(where, limit=limit, since=since, after=after)
        )
        self._write(*self._lines.messages(found, by_day=bool(since)))
        if not found:
            self._write("nothing was said here since then")

    async def _mark_read(self) -> None:
        if self._desk is not None and (read := seen(self.state)) is not None:
            try:
                await self._desk.node.mark_read(*read)
            except LanmsgError as error:
                self._write(printable(str(error)))

    def _clock(self) -> None:
        self.state.tick, self.state.wall = steady_clock(), wall_clock()


async def run_plain(settings: Settings, opening: Callable[[], Opening]) -> int:
    """On this terminal, or between pipes."""
    return await Plain(settings, console_of(sys.stdin, sys.stdout)).run(opening)
