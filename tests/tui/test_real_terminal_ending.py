"""Whatever ends the screen, the terminal is given back, what was typed is kept, and the others hear of it."""

import contextlib
import os
import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lanmsg.model import EVERYONE
from lanmsg.protocol.announcement import Kind
from lanmsg.storage.store import Store
from tests.tui.real_terminal import (
    ENTER_PICTURE,
    LEAVE_PICTURE,
    PATIENCE,
    Passerby,
    RealTerminal,
    home_with_key,
    lanmsg,
    terminal_of,
)

Address = Callable[[], str]

FAULT_IN_AN_EVENT = """
from lanmsg.tui import app
def broken(state, event, real=app.update):
    return {}["a secret"] if type(event).__name__ == "PeerAppeared" else real(state, event)
app.update = broken
"""
FAULT_IN_A_COMMAND = """
from lanmsg.tui import actions
async def broken(desk, line, real=actions.enter):
    return {}["a secret"] if "hello" in line else await real(desk, line)
actions.enter = broken
"""
FAULT_OF_THE_NODE = """
from lanmsg.node.changes import ChangeWatch
async def broken(watch, revision, real=ChangeWatch.run):
    while not watch._disk.changed.is_set():
        await real.__globals__["asyncio"].sleep(0.05)
    raise KeyError("a secret")
ChangeWatch.run = broken
"""
THEN = "import sys; from lanmsg.cli.main import run; sys.exit(run(sys.argv[1:]))"


@contextlib.contextmanager
def writing(home: Path, words: list[object]) -> Iterator[RealTerminal]:
    """Mira's screen, with a line to everybody half written."""
    with terminal_of(words, folder=home.parent) as run:
        run.shows("searching")
        run.type("/msg everyone\r")
        run.shows("What you write here goes to everybody")
        run.type("half a line")
        run.shows("half a line")
        yield run


def draft(home: Path) -> str:
    store = Store.open(home)
    try:
        return store.history.draft(EVERYONE)
    finally:
        store.close()


def left_the_picture(run: RealTerminal) -> bytes:
    """What the person reads after it."""
    assert run.seen.rindex(LEAVE_PICTURE) > run.seen.rindex(ENTER_PICTURE)
    return run.seen[run.seen.rindex(LEAVE_PICTURE) :]


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 143), (signal.SIGINT, 130)]
)
def test_a_storm_of_signals_is_one(
    number: signal.Signals, code: int, tmp_path: Path, free_port: int, loopback: Address
) -> None:
    """Those that come while it closes cut nothing off: what is typed is kept, the goodbye is said."""
    home, address = home_with_key(tmp_path / "home"), loopback()
    with Passerby(free_port) as passerby, writing(home, lanmsg(home, free_port, address, "mira")) as run:
        while run.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(run.process.pid, number)
            run.read(0.005)
            if home_is_closed(home):
                break
        assert run.ended() in (code, -number), run.seen[-500:]
        assert b"Traceback" not in left_the_picture(run)
        passerby.hears(Kind.BYE, address)
    assert draft(home) == "half a line"


def home_is_closed(home: Path) -> bool:
    """The last one to close the store folds its log into it; what comes after is the interpreter's own."""
    return not list(home.glob("*-wal"))


# --- each way out says goodbye ---

QUIT = "/quit\r"
TWICE = "\x03\x03"
END = "\x04"


def lose(home: Path) -> None:
    """The store goes from under the program."""
    for part in home.glob("lanmsg.db*"):
        part.unlink()


@pytest.mark.parametrize(
    ("way", "code", "term"),
    [
        (QUIT, 0, "dumb"),
        (TWICE, 0, "xterm"),
        (END, 0, "dumb"),
        (signal.SIGTERM, 143, "xterm"),
        ("hang up", 143, "xterm"),
        ("lost store", 8, "dumb"),
    ],
    ids=["quit", "interrupt", "end", "terminated", "hang-up", "lost"],
)
def test_in_lines_too_each_way_out_says_goodbye(
    way: str | signal.Signals, code: int, term: str, tmp_path: Path, free_port: int, loopback: Address
) -> None:
    home, address = home_with_key(tmp_path / "home"), loopback()
    words = lanmsg(home, free_port, address, "mira", "--plain")
    with (
        Passerby(free_port) as passerby,
        terminal_of(words, folder=tmp_path, environment={"TERM": term}) as run,
    ):
        run.writes(b"\n> " if term == "dumb" else b">")
        passerby.hears(Kind.QUERY, address)
        if isinstance(way, signal.Signals):
            run.process.send_signal(way)
        elif way == "hang up":
            run.hang_up()
        elif way == "lost store":
            lose(home)
            run.type("/msg everyone hello\r")
        else:
            run.type(way)
        if way == "hang up":
            assert run.process.wait(PATIENCE) == code
        else:
            assert run.ended() == code, run.seen
        passerby.hears(Kind.BYE, address)
        assert b"Traceback" not in run.seen
        assert (b"deleted or replaced" in run.seen) == (way == "lost store")
        assert term != "dumb" or b"\x1b" not in run.seen


@pytest.mark.parametrize("way", ["quit", "hang up", "lost store"])
def test_each_way_out_of_the_picture_says_goodbye(
    way: str, tmp_path: Path, free_port: int, loopback: Address
) -> None:
    home, address = home_with_key(tmp_path / "home"), loopback()
    with (
        Passerby(free_port) as passerby,
        writing(home, lanmsg(home, free_port, address, "mira")) as run,
    ):
        if way == "hang up":
            run.hang_up()
            assert run.process.wait(PATIENCE) == 143
        elif way == "lost store":
            lose(home)
            run.type("\x15hello\r")
            assert run.ended() == 8
            assert b"deleted or replaced" in left_the_picture(run)
        else:
            run.type("\x15/quit\r")
            assert run.ended() == 0
        passerby.hears(Kind.BYE, address)
    if way == "hang up":
        assert draft(home) == "half a line"


@pytest.mark.parametrize(
    "fault", [FAULT_IN_AN_EVENT, FAULT_IN_A_COMMAND, FAULT_OF_THE_NODE], ids=["event", "command", "node"]
)
def test_a_fault_gives_the_terminal_back_and_says_where_to_read(
    fault: str, tmp_path: Path, free_port: int, loopback: Address
) -> None:
    home, address = home_with_key(tmp_path / "home"), loopback()
    words = ["-c", fault + THEN, *lanmsg(home, free_port, address, "mira")[2:]]
    with contextlib.ExitStack() as stack:
        passerby = stack.enter_context(Passerby(free_port))
        run = stack.enter_context(terminal_of(words, folder=tmp_path))
        run.writes(ENTER_PICTURE)
        if fault != FAULT_OF_THE_NODE:
            run.shows("searching")
            run.type("/msg everyone\r")
            run.shows("What you write here goes to everybody")
        if fault == FAULT_IN_A_COMMAND:
            run.type("hello\r")
        if fault == FAULT_IN_AN_EVENT:
            run.type("half a line")
            run.shows("half a line")
            other = lanmsg(tmp_path / "other", free_port, loopback(), "otto", "listen")
            stack.enter_context(terminal_of(other, folder=tmp_path))
        assert run.ended() == 1
        passerby.hears(Kind.BYE, address)
        after = left_the_picture(run)
        assert b"the screen broke (KeyError" in after
        assert b"secret" not in run.seen
        assert b"Traceback" not in after
    if fault == FAULT_IN_AN_EVENT:
        assert draft(home) == "half a line"


def test_suspended_under_a_shell_the_terminal_is_the_shells_until_fg(
    tmp_path: Path, free_port: int, loopback: Address
) -> None:
    home = home_with_key(tmp_path / "home")
    command = shlex.join(map(str, [sys.executable, *lanmsg(home, free_port, loopback(), "mira")]))
    shell = "import os; os.execvp('bash', ['bash', '--norc', '--noprofile', '-i'])"
    with terminal_of(["-c", shell], folder=tmp_path, environment={"PS1": "ready> "}) as run:
        run.writes(b"ready> ")
        before = run.modes()
        run.type(f"{command}\r")
        run.shows("searching")
        run.type("a draft")
        run.shows("a draft")
        for _ in range(2):
            suspended = len(run.seen)
            run.type("\x1a")
            run.writes(b"ready> ", after=suspended)
            assert run.seen.rindex(LEAVE_PICTURE) > run.seen.rindex(ENTER_PICTURE)
            assert run.modes() == before
            resumed = len(run.seen)
            run.type("fg\r")
            run.writes(ENTER_PICTURE, after=resumed)
            run.shows("a draft")
        run.type("\x03")
        run.until(lambda: "a draft" not in run.text, "the draft is put aside")
        ended = len(run.seen)
        run.type("/quit\r")
        run.writes(b"ready> ", after=ended)
        run.type("exit\r")
        assert run.ended() == 0
