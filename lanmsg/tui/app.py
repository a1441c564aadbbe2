"""The screen as a running program: terminal, node and state from the first paint to the last goodbye."""

import asyncio
import gc
import os
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager
from functools import cache
from pathlib import Path
from typing import Any

from prompt_toolkit.application import Application
from prompt_toolkit.filters import Condition
from prompt_toolkit.input import Input
from prompt_toolkit.mouse_events import MouseEvent, MouseEventType
from prompt_toolkit.output import ColorDepth, Output, create_output
from prompt_toolkit.styles import DynamicStyle, Style

from lanmsg.api import LanmsgError, NodeEvent, Notice, Settings, open_node, steady_clock, wall_clock
from lanmsg.tui import keys, moves, people, view
from lanmsg.tui.bindings import KeyActions, bindings
from lanmsg.tui.calls import news_of
from lanmsg.tui.crash import crashed
from lanmsg.tui.desk import Desk, Diagnose, ScreenNode, diagnosing
from lanmsg.tui.drafts import Drafts
from lanmsg.tui.ending import TERMINATED, ends_by_signal, first_fault, hung_up
from lanmsg.tui.keyboard import Keyboard
from lanmsg.tui.layout import ScreenLayout
from lanmsg.tui.loading import take_in, take_in_again
from lanmsg.tui.modes import Modes, shows_glyphs
from lanmsg.tui.moves import Want
from lanmsg.tui.notifier import Notifier
from lanmsg.tui.options import Options
from lanmsg.tui.pace import Pace
from lanmsg.tui.reader import Reader
from lanmsg.tui.renderer import RowRenderer
from lanmsg.tui.state import State
from lanmsg.tui.theme import ASCII, FANCY, styles_in_force
from lanmsg.tui.update import Damage, seen, update

Opening = AbstractAsyncContextManager[ScreenNode]

FINISH_SECONDS = 2.0


class App:
    """One run of the screen. `opening` makes the node, after the first paint."""

    def __init__(
        self,
        settings: Settings,
        *,
        ascii: bool = False,  # noqa: A002 - the option's name
        keys_from: Input | None = None,
        output: Output | None = None,
        environment: Mapping[str, str] = os.environ,
        diagnose: Diagnose | None = None,
    ) -> None:
        self.state = State(
            name=settings.name,
            port=settings.port,
            downloads=_short(settings.downloads),
            keys=keys.in_force(settings.tui.get("keys", {})),
            options=Options(settings.tui),
        )
        if ascii:
            self.state.options.put("ascii", value=True)
        self.state.glyphs = ASCII if self.state.options.is_on("ascii") else FANCY
        self.state.list_hidden = not self.state.options.is_on("list")
        self._settings = settings
        self._diagnose = diagnose
        self._drawn = asyncio.Event()
        self._leaving = asyncio.Event()
        self._tasks: asyncio.TaskGroup | None = None
        self._failure: BaseException | None = None
        self._asked = 0
        self._working: set[asyncio.Task[None]] = set()
        output = output or create_output()
        self.screen = ScreenLayout(self.state, lambda: _size(output))
        self.screen.clicked = self._clicked
        self.keyboard = Keyboard(self.state, self.screen, self._spawn)
        self.application: Application[int] = self._application(keys_from, output, environment)
        self.keyboard.application = self.application
        self.modes = self.keyboard.modes = Modes(output, environment)
        self.notifier = Notifier(self.state.options, environment, self.modes.write, self._spawn)
        self.keyboard.notifier = self.notifier
        self.drafts = self.keyboard.drafts = Drafts(self.state, self.screen.input, self._store_drafts)
        self.pace = Pace(self._draw)

    def _application(
        self, keys_from: Input | None, output: Output, environment: Mapping[str, str]
    ) -> Application[int]:
        application: Application[int] = Application(
            layout=self.screen.layout,
            key_bindings=bindings(KeyActions(self.keyboard), self.keyboard),
            style=DynamicStyle(self._style),
            full_screen=True,
            mouse_support=Condition(lambda: self.state.options.is_on("mouse")),
            input=keys_from,
            output=output,
            color_depth=ColorDepth.DEPTH_1_BIT if environment.get("NO_COLOR") else None,
            # No clock of its own: an idle screen does not wake up. Windows has no signal for a new size.
            terminal_size_polling_interval=0.5 if sys.platform == "win32" else None,
        )
        application.renderer = RowRenderer(
            application.renderer.style,
            output,
            full_screen=True,
            mouse_support=application.renderer.mouse_support,
        )
        # A lone Esc is told from the beginning of another key by waiting, which must not be felt. Over a
        # network both halves of one key may come apart: longer there, or an arrow would be Esc and "[A".
        application.ttimeoutlen = 0.1 if "SSH_CONNECTION" in environment else 0.05
        application.timeoutlen = 0.05
        application.key_processor.before_key_press += lambda _: self._pressed()
        # Not after each key: a lone Esc is carried out by a timer, which is no key press.
        application.before_render += lambda _: self._before_render()
        application.after_render += lambda _: self._rendered()
        return application

    def _style(self) -> Style:
        """Of the theme in force; made anew only when that changes."""
        options = self.state.options
        return _style_of(options.theme, nick_colors=options.is_on("nick_colors"))

    # --- the run ---

    async def run(self, opening: Callable[[], Opening]) -> int:
        """Until the person quits. The terminal is as before, whatever ends it. Raises LanmsgError."""
        self._clock()
        try:
            # Until the node is closed: a second signal must not cut off the drafts and the goodbye.
            with ends_by_signal(self._exit):
                code = await self._whole(opening)
        except BaseExceptionGroup as group:
            raise first_fault(group) from None
        if self._failure is not None:
            raise self._failure
        return code

    async def _whole(self, opening: Callable[[], Opening]) -> int:
        async with asyncio.TaskGroup() as self._tasks:
            self._tasks.create_task(self._serve(opening))
            try:
                return await self._show()
            finally:
                self._leaving.set()
                self._drawn.set()
                self.pace.stop()
                self.drafts.stop()
                self.notifier.stop()

    async def _show(self) -> int:
        """The picture, until it is left."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: self._broke(context.get("exception")))
        try:
            with self.modes:
                # prompt_toolkit's own handlers would wait for Enter after a fault, and take SIGINT.
                return await self.application.run_async(handle_sigint=False, set_exception_handler=False) or 0
        except (OSError, EOFError) as error:
            if not hung_up(error):
                raise
            return TERMINATED
        finally:
            loop.set_exception_handler(None)

    def _broke(self, fault: BaseException | None) -> None:
        """A fault in a key or a redraw: leave the screen first, so that the person can read what happened."""
        if fault is not None:  # else the loop complains of what failed nobody
            self._failure = self._failure or (None if hung_up(fault) else fault)
            self._exit(1 if self._failure else TERMINATED)

    def _exit(self, code: int) -> None:
        if self.application.is_running and not self.application.is_done:
            self.application.exit(result=code)
        elif not self._drawn.is_set():  # asked to leave before there is anything to leave
            asyncio.get_running_loop().call_later(0.05, self._exit, code)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        if self._tasks is None or self._leaving.is_set():
            work.close()
            return
        task = self._tasks.create_task(self._guarded(work))
        self._working.add(task)
        task.add_done_callback(self._done)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        """A fault of ours ends the screen in order: by itself it would cancel what keeps the drafts."""
        try:
            await work
        except LanmsgError:
            raise
        except Exception as fault:  # noqa: BLE001 - it is raised again when the screen is left
            self._broke(fault)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._working.discard(task)
        self.pace.damaged(Damage.ROWS)

    # --- the node behind the screen ---

    async def _serve(self, opening: Callable[[], Opening]) -> None:
        """Opened after the first paint, closed after the last."""
        await self._drawn.wait()
        if self._leaving.is_set():
            return
        try:
            async with opening() as node, asyncio.TaskGroup() as inside:
                events = node.events()
                await self._load(node)
                following = inside.create_task(self._guarded(self._follow(node, events)))
                await self._leaving.wait()
                following.cancel()
                await self._finish(node)
        except LanmsgError as error:
            self._broke(error)

    async def _load(self, node: ScreenNode) -> None:
        """What is known at the start; from then on events tell."""
        self._clock()
        state = self.state
        summaries = await take_in(state, node)
        state.newcomer, state.ready = not summaries, True
        for summary in summaries:
            self.drafts.known(summary.conversation, summary.draft)
        diagnose = self._diagnose or diagnosing(self._settings, node)
        self._open_latest()
        self.keyboard.begin(Desk(node, state, self.keyboard, self._settings, diagnose), Reader(node, state))
        # What lives as long as the screen does is not looked at again by each collection: half the pauses.
        gc.freeze()
        self._draw()

    def _open_latest(self) -> None:
        talks = [talk for talk in self.state.talks.values() if talk.last_time]
        # A command that waits may open another one, and what was typed behind it is for that.
        waiting = bool(self.keyboard.early)
        if self.state.open is None and (talks or waiting) and self.drafts.goes_on() and not waiting:
            moves.open_conversation(self.state, max(talks, key=lambda talk: talk.last_time).conversation)

    async def _catch_up(self, node: ScreenNode) -> None:
        """Some events never came: what they were about is read anew."""
        await take_in_again(self.state, node)
        if self.state.open is not None:
            self.keyboard.want(Want(self.state.open, "anew"))
        self.pace.damaged(Damage.ROWS)

    async def _follow(self, node: ScreenNode, events: AsyncIterator[NodeEvent]) -> None:
        async for event in events:
            self._clock()
            if isinstance(event, Notice) and event.missed:
                await self._catch_up(node)
                continue
            damage = update(self.state, event)
            self.keyboard.fetch(moves.doubted(self.state))
            if (news := news_of(self.state, event)) is not None:
                self.notifier.add(news)
            self.pace.damaged(damage)

    async def _finish(self, node: ScreenNode) -> None:
        """What was typed before leaving is still carried out; then drafts are kept."""
        if self._working:
            await asyncio.wait(self._working, timeout=FINISH_SECONDS)
        for task in self._working:
            task.cancel()
        self.drafts.end()
        for conversation, text in self.drafts.changed():
            await node.set_draft(conversation, text)

    # --- before and after every redraw ---

    def _clock(self) -> None:
        self.state.tick, self.state.wall = steady_clock(), wall_clock()

    def _draw(self) -> None:
        self.application.invalidate()

    def _pressed(self) -> None:
        """Whoever presses keys looks at the screen: what was about to call them is seen."""
        self.notifier.seen()
        self.state.pressed += 1
        self._before_key()

    def _before_key(self) -> None:
        self._clock()
        self.keyboard.settle_question()

    def _before_render(self) -> None:
        """Bring the windows and the store up to what the state now says."""
        self._before_key()
        self.drafts.follow()
        self.screen.focus()
        talk = self.state.current
        desk = self.keyboard.desk
        if desk is None:
            return
        if talk is not None and not talk.loaded and not talk.loading:
            self.keyboard.want(Want(talk.conversation, "open"))
        read = seen(self.state)
        if read is not None:
            self._spawn(self._in_passing(desk.node.mark_read(*read)))
        if len(self.state.questions) > self._asked:
            self._spawn(self._measure_disk())
        self._asked = len(self.state.questions)
        self.modes.show_unread(self.state.unread())

    def _rendered(self) -> None:
        self._drawn.set()
        self.keyboard.drawn()
        self.pace.drawn(self.state, steady_clock())

    async def _in_passing(self, work: Awaitable[object]) -> None:
        """Something nobody asked for; a full disk is no reason to take the screen away."""
        try:
            await work
        except LanmsgError as error:
            self.state.say(str(error), style="class:alert")

    def _store_drafts(self) -> None:
        if (desk := self.keyboard.desk) is not None:
            for conversation, text in self.drafts.changed():
                self._spawn(self._in_passing(desk.node.set_draft(conversation, text)))

    async def _measure_disk(self) -> None:
        """How much an offer could take."""
        self.state.free = await asyncio.to_thread(_free, self._settings.downloads)
        self.state.epoch += 1

    # --- the mouse ---

    def _clicked(self, event: MouseEvent) -> None:
        self._clock()
        if up := self.screen.wheel(event):
            self.keyboard.scroll(up)
        elif event.event_type is MouseEventType.MOUSE_UP and self.state.page is None:
            cells = view.list_cells(self.state, self.state.columns)
            rows = (
                people.placed(self.state, cells, self.state.pane[1] + 1) if event.position.x < cells else []
            )
            conversation = rows[event.position.y][0] if event.position.y < len(rows) else None
            if conversation is not None:
                moves.open_conversation(self.state, conversation)
        self._draw()


@cache
def _style_of(theme: str, *, nick_colors: bool) -> Style:
    return Style.from_dict(styles_in_force(theme, nick_colors=nick_colors))


def _free(folder: Path) -> int | None:
    """Bytes free where `folder` is or would be."""
    try:
        while not folder.exists() and folder.parent != folder:
            folder = folder.parent
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def _size(output: Output) -> tuple[int, int]:
    size = output.get_size()
    return size.columns, size.rows


def _short(path: Path) -> str:
    """With ~ for the person's own folder."""
    try:
        return f"~/{path.relative_to(Path.home())}"
    except (ValueError, RuntimeError):
        return str(path)


async def run_tui(settings: Settings, *, plain: bool, ascii: bool) -> int:  # noqa: A002 - the option's name
    """The screen on this terminal, until it is left; the exit code. Raises LanmsgError.

    Lines instead of a picture with `plain`, or where the terminal can do no more.
    """

    def opening() -> Opening:
        return open_node(settings, listen=True)

    if plain or os.environ.get("TERM", "dumb") == "dumb":
        from lanmsg.tui.plain import run_plain

        return await _kept(run_plain(settings, opening), settings)
    ascii = ascii or not shows_glyphs()  # noqa: A001
    return await _kept(App(settings, ascii=ascii).run(opening), settings)


async def _kept(run: Awaitable[int], settings: Settings) -> int:
    """A fault of ours becomes a sentence and an entry in the crash log. Raises LanmsgError."""
    try:
        return await run
    except LanmsgError:
        raise
    except Exception as error:
        raise await asyncio.to_thread(crashed, error, settings.home, wall_clock()) from error
