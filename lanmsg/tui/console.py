"""Where the lines of `--plain` come from and go to: what a terminal must do, and pipes."""

import asyncio
import re
import threading
from collections.abc import Callable
from typing import Protocol, TextIO

from lanmsg.terminal import cell_width
from lanmsg.tui.state import Candidate

Complete = Callable[[str], list[Candidate]]
"""For Tab: the ways in which the text before the cursor may go on."""

WORD = re.compile(r" *[^ ]+| +$")


class Console(Protocol):
    """`write` adds lines; `took` gets what is entered, from `ask` on, until `run` ends."""

    took: Callable[[str], None]
    complete: Complete
    is_script: bool

    @property
    def draft(self) -> str:
        """What is typed and not entered."""
        ...

    async def run(self) -> None: ...
    def write(self, text: str) -> None: ...
    def ask(self, prompt: str) -> None: ...
    def put(self, text: str) -> None: ...
    def stop(self) -> None: ...
    def end(self) -> None: ...


def nothing(_: str) -> list[Candidate]:
    """How to go on, where nobody presses Tab."""
    return []


class Pipe:
    """Lines in and lines out, without a prompt; whole, however long they are."""

    is_script = True
    draft = ""

    def __init__(self, source: TextIO, target: TextIO) -> None:
        self.took: Callable[[str], None] = lambda _: None
        self.complete: Complete = nothing
        self._source, self._target = source, target
        self._lines: asyncio.Queue[str] = asyncio.Queue()

    async def run(self) -> None:
        """Read by a thread that does not keep the program alive."""
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._pump, args=(loop,), daemon=True, name="lanmsg-stdin").start()
        while line := await self._lines.get():
            self.took(line.rstrip("\r\n"))

    def _pump(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            for line in iter(self._source.readline, ""):
                loop.call_soon_threadsafe(self._lines.put_nowait, line)
            loop.call_soon_threadsafe(self._lines.put_nowait, "")
        except (OSError, RuntimeError):
            pass  # the terminal hung up, or the run is over

    def write(self, text: str) -> None:
        self._target.write(f"{text}\n")
        self._target.flush()

    def ask(self, prompt: str) -> None: ...
    def put(self, text: str) -> None: ...
    def stop(self) -> None: ...
    def end(self) -> None: ...


def broken(text: str, cells: int) -> str:
    """Each line in rows of at most `cells`, broken between words, the later ones indented.

    A word that is longer stays whole, for the terminal to break: so an address can still be copied.
    """
    return "\n".join(row for line in text.split("\n") for row in _rows(line, cells))


def _rows(line: str, cells: int) -> list[str]:
    if len(line) <= cells and cell_width(line) <= cells:
        return [line]
    indent = " " * min(len(line) - len(line.lstrip(" ")) + 4, cells // 4)
    rows, row, used = [], "", 0
    for word in WORD.findall(line):
        size = cell_width(word)
        if row.strip() and used + size > cells:
            rows.append(row)
            row = indent + word.lstrip(" ")
            used = cell_width(row)
        else:
            row, used = row + word, used + size
    return [*rows, row.rstrip(" ")]
