"""The screen in a login over a line of 0.1 s each way: what each key costs in bytes, and in time."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.tui.real_terminal import RealTerminal, lanmsg
from tests.tui.slow_line import over_slow_line, server_program

ONE_WAY = 0.1
SIZES = ((80, 24), (120, 36))
PORT, ADDRESS = 23_795, "127.79.1.5"
IDLE_SECONDS = 5.0
LETTERS = b"the quick brown fox jumps over the lazy dog "
KEYS = {
    "PgUp": b"\x1b[5~",
    "PgUp again": b"\x1b[5~",
    "Esc, to the newest": b"\x1b",
    "/, the menu of commands": b"/",
    "down, in the menu": b"\x1b[B",
    "m, the menu narrows": b"m",
    "Ctrl-C": b"\x03",
    "Ctrl-K, the switcher": b"\x0b",
    "Esc, back": b"\x1b",
    "F1, the help": b"\x1bOP",
    "Esc, back again": b"\x1b",
    "Alt-2, another conversation": b"\x1b2",
    "Alt-1, and back": b"\x1b1",
    "a paste of three lines": b"\x1b[200~one\ntwo\nthree\x1b[201~",
}
GOALS = {"a letter": "< 200", "the letter that wraps": "< 200"}


def bench_line(folder: Path) -> None:
    """`folder` has the home of Anna, who talked most with Ben."""
    if server_program() is None:
        print("a slow line: no ssh server is installed")
        return
    found = [{what: each for what, *each in measured(folder, *size)} for size in SIZES]
    print(f"{'over a line of 0.1 s each way: bytes, ms':42}" + "".join(f"{f'{c}x{r}':>14}" for c, r in SIZES))
    for what in found[0]:
        values = "".join(f"{each[what][0]:8.0f}{1000 * each[what][1]:6.0f}" for each in found)
        print(f"  {what:40}{values}  {GOALS.get(what, '')}".rstrip(), flush=True)


def measured(folder: Path, columns: int, rows: int) -> Iterator[tuple[str, float, float]]:
    """What was done, the bytes that came, and the seconds until the first of them."""
    with at_the_newest(folder, columns, rows) as run:
        yield "the first picture", len(run.seen), 0.0
        each = [one(run, bytes([LETTERS[at % len(LETTERS)]])) for at in range(columns + 20)]
        sizes, times = sorted(size for size, _ in each), sorted(took for _, took in each)
        yield "a letter", sizes[len(sizes) // 2], times[len(times) // 2]
        yield "the letter that wraps", sizes[-1], times[-1]
        yield "the line is deleted", *one(run, b"\x15")
        yield "ten letters at once", *one(run, b"ten at onc")
        yield "they go", *one(run, b"\x15")
        for what, keys in KEYS.items():
            yield what, *one(run, keys)
        before = len(run.seen)
        pause(run, IDLE_SECONDS)
        yield "nothing is done, 5 s", len(run.seen) - before, 0.0


@contextmanager
def at_the_newest(folder: Path, columns: int, rows: int) -> Iterator[RealTerminal]:
    words = lanmsg(folder / "anna", PORT, ADDRESS, "anna")
    work = folder / f"line-{columns}"
    work.mkdir()
    with over_slow_line(words, folder=work, seconds=ONE_WAY, columns=columns, rows=rows) as (run, _):
        run.shows(" the paper is")
        run.type(b"\x1b")
        pause(run, 1.5)
        yield run
        run.type(b"\x15\x7f\x15\x7f\x15")
        pause(run, 1.0)
        run.type(b"\x04")
        run.ended()


def one(run: RealTerminal, keys: bytes) -> tuple[int, float]:
    """Until half a second after the last of the answer."""
    before, began = len(run.seen), time.perf_counter()
    os.write(run.fd, keys)
    run.read(5.0)
    took = time.perf_counter() - began
    while run.read(0.3):
        pass
    return len(run.seen) - before, took


def pause(run: RealTerminal, seconds: float) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        run.read(left)
