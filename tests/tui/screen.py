"""The real app on a virtual screen: keys go in through a pipe, escape sequences come out into pyte.

async def scene(screen):
    await screen.type("hi<enter>")
    assert "hi" in screen.text
"""

import asyncio
import re
import select
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import TracebackType
from typing import Any

import pyte
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output.vt100 import Vt100_Output

from lanmsg.api import Diagnosis, Finding, Settings
from lanmsg.tui.app import App
from tests.tui.double import Double

KEYS = {
    "enter": "\r", "esc": "\x1b", "tab": "\t", "s-tab": "\x1b[Z", "up": "\x1b[A", "down": "\x1b[B",
    "left": "\x1b[D", "right": "\x1b[C", "home": "\x1b[H", "end": "\x1b[F", "backspace": "\x7f",
    "pgup": "\x1b[5~", "pgdn": "\x1b[6~", "f1": "\x1bOP", "f2": "\x1bOQ", "c-up": "\x1b[1;5A",
    "c-down": "\x1b[1;5B", "c-end": "\x1b[1;5F", "a-enter": "\x1b\r", "space": " ", "lt": "<",
    "focus-in": "\x1b[I", "focus-out": "\x1b[O",
}  # fmt: skip
PATIENCE = 3.0
PIPE_HOLDS = 30_000
ESC_SECONDS = 0.13

UNKNOWN = re.compile(r"\x1b\[\d+;\d+t|\x1b\[>[\d;]*[a-z]")
"""Sequences that pyte would print the end of; tests look for them in the raw bytes."""

FAINT = re.compile(r"(\x1b\[0);2(?=[;m])((?:;\d+)*)m")
"""pyte knows no dim text: bright black stands for it."""


def sequence(name: str) -> str:
    if name in KEYS:
        return KEYS[name]
    if name.startswith("c-"):
        return chr(ord(name[2]) & 0x1F)
    if name.startswith("a-"):
        return "\x1b" + name[2:]
    raise KeyError(name)


class Terminal:
    """What prompt_toolkit writes to; it also remembers the raw bytes."""

    encoding = "utf-8"

    def __init__(self, columns: int, rows: int) -> None:
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.Stream(self.screen)
        self.raw: list[str] = []

    def write(self, data: str) -> int:
        self.raw.append(data)
        self.stream.feed(UNKNOWN.sub("", FAINT.sub(r"\1\2;90m", data)))
        return len(data)

    def flush(self) -> None: ...

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        raise OSError


class Screen:
    """Use it as `async with Screen(...) as screen`. Leaving it quits the app if a scene did not."""

    def __init__(
        self,
        node: Double | None = None,
        columns: int = 80,
        rows: int = 24,
        *,
        ascii: bool = False,  # noqa: A002 - the option of the command line
        environment: dict[str, str] | None = None,
        tui: dict[str, Any] | None = None,
        opening: Callable[[], AbstractAsyncContextManager[Any]] | None = None,
        ready: bool = True,
        settings: Settings | None = None,
        findings: tuple[Finding, ...] = (),
    ) -> None:
        self.node = node or Double()
        self.size = Size(rows=rows, columns=columns)
        self.terminal = Terminal(columns, rows)
        self.code: int | None = None
        self.picture = ""
        self._ascii = ascii
        self._environment = {"TERM": "xterm-256color", **(environment or {})}
        self._opening = opening or self.node.opened
        self._settings = settings or Settings(
            Path("/nowhere/home"), Path("/nowhere/files"), self.node.name, tui=tui or {}
        )
        self._ready = ready
        self._diagnosis = Diagnosis(findings)

    async def __aenter__(self) -> "Screen":
        self._pipe = create_pipe_input()
        self.keys = self._pipe.__enter__()
        output = Vt100_Output(self.terminal, lambda: self.size, term="xterm-256color")  # type: ignore[arg-type]  # the few methods it uses
        self.app = App(
            self._settings,
            ascii=self._ascii,
            keys_from=self.keys,
            output=output,
            environment=self._environment,
            diagnose=self._diagnose if self._diagnosis.findings else None,
        )
        self._rendered = asyncio.Event()
        self.app.application.after_render += lambda _: self._rendered.set()
        self.running = asyncio.create_task(self.app.run(self._opening))
        if self._ready:
            await self.until(lambda: self.app.state.ready and self.app.keyboard.desk is not None)
            await self.settle()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self.running.done():
            self.app.keyboard.quit()
        try:
            self.code = await asyncio.wait_for(self.running, PATIENCE)
        finally:
            self._pipe.__exit__(None, None, None)

    async def _diagnose(self, peer: str) -> Diagnosis:
        return self._diagnosis

    # --- doing ---

    async def type(self, keys: str) -> None:
        """Text with keys in angle brackets: "hi<enter>", "<c-k>", "<a-1>"; each key arrives by itself."""
        for text, name in re.findall(r"([^<])|<([^>]+)>", keys):
            await self.send(text or sequence(name))

    async def send(self, data: str) -> None:
        """Bytes as they come from a terminal, in one read."""
        self._rendered.clear()
        for start in range(0, len(data), PIPE_HOLDS):
            self.keys.send_text(data[start : start + PIPE_HOLDS])
            while select.select([self.keys.fileno()], [], [], 0)[0] and not self.running.done():
                await asyncio.sleep(0)
        if data == "\x1b":
            # Nothing but time tells a lone Esc from the beginning of another key.
            await asyncio.sleep(ESC_SECONDS)
        else:
            await self._next_render()
        await self.settle()

    async def paste(self, text: str) -> None:
        await self.send(f"\x1b[200~{text}\x1b[201~")

    async def resize(self, columns: int, rows: int) -> None:
        self.size = Size(rows=rows, columns=columns)
        self.terminal.screen.resize(rows, columns)
        self._rendered.clear()
        self.app.application._on_resize()
        await self._next_render()

    async def _next_render(self) -> None:
        if not self.running.done():
            waiting = asyncio.create_task(self._rendered.wait())
            await asyncio.wait({waiting, self.running}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()

    async def settle(self) -> None:
        """Until nothing is under way: no work of a key, no redraw that was asked for."""
        for _ in range(60):
            for _ in range(5):
                await asyncio.sleep(0)
            if not self.app._working and not self.app.application._invalidated:
                return
            await asyncio.sleep(0.001)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition() and not self.running.done():
                await asyncio.sleep(0.005)

    async def shows(self, text: str) -> None:
        """Wait until the screen shows it."""
        try:
            await self.until(lambda: text in self.text)
        except TimeoutError:
            raise AssertionError(f"{text!r} never came:\n{self.text}") from None

    async def draw(self) -> None:
        """Show now what events brought, without waiting for the coalescer."""
        for _ in range(20):
            await asyncio.sleep(0)
        self._rendered.clear()
        self.app._draw()
        await self._next_render()
        await self.settle()

    # --- looking ---

    @property
    def text(self) -> str:
        return "\n".join(row.rstrip() for row in self.terminal.screen.display)

    def row(self, containing: str) -> str:
        return next((row for row in self.text.split("\n") if containing in row), "")

    @property
    def line(self) -> str:
        """What stands in the input."""
        return self.app.screen.input.text


def play(
    scene: Callable[[Screen], Awaitable[None]],
    node: Double | None = None,
    columns: int = 80,
    rows: int = 24,
    **more: Any,
) -> Screen:
    """Run a scene on a screen of that size."""

    async def run() -> Screen:
        screen = Screen(node, columns, rows, **more)
        async with screen:
            await scene(screen)
        return screen

    return asyncio.run(run())
