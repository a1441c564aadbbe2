"""Where the lines of `--plain` come from and go to: what a terminal must do, and pipes."""

import asyncio
import contextlib
import os
import queue
import re
import threading
from collections.abc import Callable
from typing import Protocol, TextIO

from lanmsg.terminal import cell_width, head
from lanmsg.tui.state import Candidate

Complete = Callable[[str], list[Candidate]]
"""For Tab: the ways in which the text before the cursor may go on."""

BLANKS = " \xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
"""All that Unicode calls a space (Zs): to the eye each of them ends a word."""

WORD = re.compile(f"[{BLANKS}]*[^{BLANKS}]+|[{BLANKS}]+$")
ADDRESS = re.compile(r"https?://[!-~]+")


UNWRITTEN_MOST = 1_000
"""Lines that wait for a reader; then news wait too."""

AGAIN_SECONDS = 0.05
END_SECONDS = 1.0


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
    async def keep_up(self) -> None:
        """Return when there is room for more lines."""
        ...

    def ask(self, prompt: str) -> None: ...
    def put(self, text: str) -> None: ...
    def stop(self) -> None: ...
    def end(self, *, patient: bool = True) -> None: ...


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
        self._loop: asyncio.AbstractEventLoop | None = None
        self._unwritten: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        self._fault: OSError | None = None

    async def run(self) -> None:
        """Read by a thread that does not keep the program alive. Raises OSError when nobody hears us."""
        self._loop = loop = asyncio.get_running_loop()
        threading.Thread(target=self._pump, args=(loop,), daemon=True, name="lanmsg-stdin").start()
        self._require_reader()
        while line := await self._lines.get():
            self.took(line.rstrip("\r\n"))
        self._require_reader()

    def _pump(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            for line in iter(self._source.readline, ""):
                loop.call_soon_threadsafe(self._lines.put_nowait, line)
            loop.call_soon_threadsafe(self._lines.put_nowait, "")
        except (OSError, RuntimeError):
            pass  # the terminal hung up, or the run is over

    def write(self, text: str) -> None:
        """By a thread too: a reader that stalls holds up its own lines, never the node."""
        self._require_reader()
        self._unwritten.put(text)
        if self._writer is None:
            self._writer = threading.Thread(target=self._drain, daemon=True, name="lanmsg-stdout")
            self._writer.start()

    async def keep_up(self) -> None:
        while self._unwritten.qsize() > UNWRITTEN_MOST and self._fault is None:
            await asyncio.sleep(AGAIN_SECONDS)
        self._require_reader()

    def _require_reader(self) -> None:
        if self._fault is not None:
            raise self._fault

    def _drain(self) -> None:
        try:
            write = _writing(self._target)
            for text in iter(self._unwritten.get, None):
                write(f"{text}\n")
        except OSError as fault:
            self._fault = fault
            if self._loop is not None:
                with contextlib.suppress(RuntimeError):  # the run is over
                    self._loop.call_soon_threadsafe(self._lines.put_nowait, "")

    def ask(self, prompt: str) -> None: ...
    def put(self, text: str) -> None: ...
    def stop(self) -> None: ...

    def end(self, *, patient: bool = True) -> None:
        """All that was said is written, however slowly it is read; without patience what is read soon."""
        if self._writer is not None:
            self._unwritten.put(None)
            self._writer.join(None if patient else END_SECONDS)
        self._require_reader()


def _writing(target: TextIO) -> Callable[[str], object]:
    """Past the lock of `target`: who flushes that at the end of the program need not wait for its reader."""
    try:
        number = target.fileno()
    except OSError:
        return target.write  # none of the system's

    def write(text: str) -> None:
        data = text.replace("\n", os.linesep).encode(target.encoding, target.errors or "replace")
        while data:
            data = data[os.write(number, data) :]

    return write


def broken(text: str, cells: int) -> str:
    """Each line in rows of at most `cells`, broken between words, the later ones indented.

    A word that is longer is cut: where the terminal breaks it, the words of a peer could begin a row as if
    they were a line of ours. Only an address stays whole, so that it can be copied.
    """
    return "\n".join(row for line in text.split("\n") for row in _rows(line, cells))


def _rows(line: str, cells: int) -> list[str]:
    if len(line) <= cells and cell_width(line) <= cells:
        return [line]
    leading = len(line) - len(line.lstrip(BLANKS))
    indent = " " * min(leading + 4, cells // 4)
    rows: list[str] = []
    row, used = "", 0
    for word in WORD.findall(line):
        size = cell_width(word)
        if used + size > cells:
            if row.strip(BLANKS):
                rows.append(row)
            cut, row = _cut(word.lstrip(BLANKS), indent if rows or leading else "", indent, cells)
            rows += cut
            used = cell_width(row)
        else:
            row, used = row + word, used + size
    row = row.rstrip(BLANKS)
    return [*rows, row] if row or not rows else rows


def _cut(word: str, first: str, indent: str, cells: int) -> tuple[list[str], str]:
    """A word behind what its first row begins with: the rows that it fills, and how the next one begins."""
    rows, row, size = [], first, cell_width(word)
    while len(row) + size > cells and not ADDRESS.fullmatch(word):
        piece = head(word, max(cells - len(row), 1)) or word[0]
        rows.append(row + piece)
        word, row, size = word[len(piece) :], indent, size - cell_width(piece)
    return rows, row + word
