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
from lanmsg.storage.store import Store
from tests.tui.real_terminal import (
    ENTER_PICTURE,
    LEAVE_PICTURE,
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


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGHUP, 0), (signal.SIGINT, 130)])
def test_a_storm_of_signals_is_one(
    number: signal.Signals, code: int, tmp_path: Path, free_port: int, loopback: Address
) -> None:
    home = home_with_key(tmp_path / "home")
    with writing(home, lanmsg(home, free_port, loopback(), "mira")) as run:
        for _ in range(30):
            with contextlib.suppress(ProcessLookupError):
                os.kill(run.process.pid, number)
        assert run.ended() in (code, -number), run.seen[-500:]
        assert b"Traceback" not in left_the_picture(run)
    assert draft(home) == "half a line"


def test_a_lost_connection_ends_it_and_the_others_hear_of_it(
    tmp_path: Path, free_port: int, loopback: Address
) -> None:
    """By a goodbye: one that is silent is missed, and shown as gone, after 15 seconds only."""
    home, other = home_with_key(tmp_path / "home"), tmp_path / "other"
    listening = lanmsg(other, free_port, loopback(), "otto", "listen", "--json")
    with terminal_of(listening, folder=tmp_path) as heard:
        heard.writes(b'"ready"')
        with terminal_of(lanmsg(home, free_port, loopback(), "mira"), folder=tmp_path) as run:
            heard.writes(b'"peer_seen"')
            run.shows("otto")
            run.type("/msg everyone\r")
            run.shows("What you write here goes to everybody")
            run.type("half a line")
            run.shows("half a line")
            run.hang_up()
            assert run.process.wait(30) == 0
        heard.writes(b'"peer_gone"')
    assert draft(home) == "half a line"


@pytest.mark.parametrize(
    "fault", [FAULT_IN_AN_EVENT, FAULT_IN_A_COMMAND, FAULT_OF_THE_NODE], ids=["event", "command", "node"]
)
def test_a_fault_gives_the_terminal_back_and_says_where_to_read(
    fault: str, tmp_path: Path, free_port: int, loopback: Address
) -> None:
    home = home_with_key(tmp_path / "home")
    words = ["-c", fault + THEN, *lanmsg(home, free_port, loopback(), "mira")[2:]]
    with contextlib.ExitStack() as stack:
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
