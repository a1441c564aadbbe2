"""The real program on terminals of every kind and size: what it writes there, and what it never does."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.tui.real_terminal import ENTER_PICTURE, RealTerminal, home_with_key, lanmsg, terminal_of

Address = Callable[[], str]

ESCAPE = b"\x1b"
COLOUR = re.compile(rb"\x1b\[[\d;]*\b(3[0-7]|9[0-7]|4[0-7]|38)\b[\d;]*m")
TITLE, FOCUS = b"\x1b]2;", b"\x1b[?1004h"
MOUSE = re.compile(rb"\x1b\[\?100[0-36]h")
BOXES = "│─╭╮╰╯█░▌"
MIDDLE = 80, 24


@contextmanager
def started(
    tmp_path: Path,
    port: int,
    address: str,
    *words: str,
    size: tuple[int, int] = MIDDLE,
    environment: Mapping[str, str] | None = None,
) -> Iterator[RealTerminal]:
    command = lanmsg(home_with_key(tmp_path / "home"), port, address, "mira", *words)
    columns, rows = size
    with terminal_of(command, columns=columns, rows=rows, environment=environment, folder=tmp_path) as run:
        yield run


def leave(run: RealTerminal) -> None:
    run.type("/quit\r")
    assert run.ended() == 0


@pytest.mark.parametrize(
    "environment",
    [{"LC_ALL": "C"}, {"LC_ALL": "", "LANG": "C"}, {"LC_ALL": "en_US.ISO-8859-1"}, {"TERM": "linux"}],
    ids=["C", "LANG", "latin1", "linux"],
)
def test_where_only_ascii_is_sure_nothing_else_is_written(
    environment: dict[str, str], tmp_path: Path, free_port: int, loopback: Address
) -> None:
    with started(tmp_path, free_port, loopback(), environment=environment) as run:
        run.shows("searching")
        leave(run)
        assert run.seen.isascii()


def test_a_terminal_of_old_is_sent_nothing_that_it_would_print(
    tmp_path: Path, free_port: int, loopback: Address
) -> None:
    for term, modern in (("vt100", False), ("xterm-256color", True)):
        with started(tmp_path, free_port, loopback(), environment={"TERM": term}) as run:
            run.shows("searching")
            leave(run)
            assert (TITLE in run.seen, FOCUS in run.seen) == (modern, modern)
            assert not MOUSE.search(run.seen), "the mouse is the terminal's own unless asked for"


def test_no_color_means_none(tmp_path: Path, free_port: int, loopback: Address) -> None:
    for environment, coloured in (({"NO_COLOR": "1"}, False), ({}, True)):
        with started(tmp_path, free_port, loopback(), environment=environment) as run:
            run.shows("searching")
            run.type("/accept 99\r")
            run.shows("nothing is offered to you")
            assert bool(COLOUR.search(run.seen)) == coloured
            run.type("\x15")
            leave(run)


@pytest.mark.parametrize(
    ("words", "environment"),
    [((), {"TERM": "dumb"}), (("--plain",), {}), (("--plain",), {"LC_ALL": "C"})],
    ids=["dumb", "plain", "plain-C"],
)
def test_lines_are_only_ever_added(
    words: tuple[str, ...], environment: dict[str, str], tmp_path: Path, free_port: int, loopback: Address
) -> None:
    """A dumb terminal gets nothing else; another one has the line that is being typed drawn below them."""
    with started(tmp_path, free_port, loopback(), *words, environment=environment) as run:
        run.shows("/doctor looks why")
        run.type("/status\r")
        run.shows("INTERFACES")
        run.type("/msg everyone\r")
        run.shows("everyone>")
        leave(run)
        assert not set(run.seen.decode()) & set(BOXES)
        for unwanted in (ENTER_PICTURE, b"\x1b[6n", b"\x1b[2J", b"\x1b[A"):
            assert unwanted not in run.seen
        if words:
            return
        assert ESCAPE not in run.seen
        assert b"\r" not in run.seen.replace(b"\r\n", b"\n")


def test_a_storm_of_sizes_ends_in_the_picture_of_before(
    tmp_path: Path, free_port: int, loopback: Address
) -> None:
    with started(tmp_path, free_port, loopback()) as run:
        run.shows("searching")
        run.type("a draft that nobody sends")
        run.shows("a draft that nobody sends")
        before = body(run.text)
        for columns, rows in [(20, 6), (300, 80), (64, 10), (10, 3), (40, 14), (120, 36), (19, 80)] * 6:
            run.resize(columns, rows)
            run.read(0.01)
        for size, mark in (((300, 80), "ROOMS"), ((20, 6), "a draft"), ((10, 3), "terminal")):
            run.resize(*size)
            run.shows(mark)
        run.resize(*MIDDLE)
        run.until(lambda: body(run.text) == before, "the picture of before")
        run.type("\x15")
        leave(run)


def body(text: str) -> list[str]:
    """Without what counts datagrams or runs out by itself."""
    return [row for row in text.split("\n") if "heard" not in row and "searching" not in row]


def test_a_paste_of_any_size_stays_here(tmp_path: Path, free_port: int, loopback: Address) -> None:
    lines = "\r".join(f"line {number} of something else entirely" for number in range(5_001))
    with started(tmp_path, free_port, loopback()) as run:
        run.shows("searching")
        run.type("/msg everyone\r")
        run.shows("What you write here goes to everybody")
        run.type(f"\x1b[200~{lines}\x1b[201~")
        run.shows("5,001 lines")
        run.type("\x1b")
        run.until(lambda: "paste of" not in run.text, "the question is gone")
        run.type(f"\x1b[200~{'x' * 1_000_000}\x1b[201~")
        run.shows("1 line, 1.0 MB")
        run.type("\x1b")
        run.until(lambda: "paste of" not in run.text, "the question is gone")
        # Without marks: the words come as if they were typed, and what comes with them sends nothing.
        run.type(lines[:3_000])
        run.until(lambda: run.text.count("of something else") > 4, "the lines are in the input")
        run.process.terminate()
        assert run.ended() == 143
