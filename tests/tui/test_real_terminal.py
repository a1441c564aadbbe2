"""The real program with a real node on a pseudo-terminal: it draws, and leaves the terminal as it was."""

import contextlib
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.tui.real_terminal import (
    ENTER_PICTURE,
    LEAVE_PICTURE,
    RealTerminal,
    home_with_key,
    lanmsg,
    terminal_of,
)

Address = Callable[[], str]

FAULT_IN_THE_DRAWING = """
import sys
from lanmsg.cli.main import run
from lanmsg.tui import strips
def broken(state, columns, real=strips.status):
    return {}[f"a secret {state.notice}"] if state.notice else real(state, columns)
strips.status = broken
sys.exit(run(sys.argv[1:]))
"""
"""The real program, with a fault once there is something to say."""


@contextlib.contextmanager
def running(folder: Path, port: int, address: str, *, name: str = "mira") -> Iterator[RealTerminal]:
    """Mira has a key that is made once a run; of several people each makes one of their own."""
    home = home_with_key(folder / name) if name == "mira" else folder / name
    words = lanmsg(home, port, address, name, "--downloads", str(home / "files"))
    with terminal_of(words, folder=folder) as run:
        yield run


@pytest.mark.parametrize(
    ("how", "code"), [("keys", 0), (signal.SIGTERM, 143), (signal.SIGHUP, 143), (signal.SIGINT, 130)]
)
def test_it_leaves_the_terminal_as_it_was(
    how: str | signal.Signals, code: int, tmp_path: Path, free_port: int, loopback: Address
) -> None:
    with running(tmp_path, free_port, loopback()) as run:
        run.shows("searching")
        if isinstance(how, signal.Signals):
            run.process.send_signal(how)
        else:
            run.type("\x03")
            run.shows("again to quit")
            run.type("\x03")
        assert run.ended() == code, run.seen
        assert run.seen.rindex(LEAVE_PICTURE) > run.seen.rindex(ENTER_PICTURE)
        assert b"Traceback" not in run.seen


def test_a_new_size_is_drawn(tmp_path: Path, free_port: int, loopback: Address) -> None:
    with running(tmp_path, free_port, loopback()) as run:
        run.shows("searching")
        run.resize(30, 5)
        run.shows("too small")
        run.process.terminate()
        assert run.ended() == 143


def test_suspended_the_terminal_is_the_shells(tmp_path: Path, free_port: int, loopback: Address) -> None:
    with running(tmp_path, free_port, loopback()) as run:
        run.shows("searching")
        run.type("\x1a")
        # An orphan in a session of its own cannot be stopped by this signal: it comes back at once.
        run.writes(b"\x1b[?1004l\x1b[23;2t\x1b[22;2t\x1b[?1004h")
        run.process.terminate()
        assert run.ended() == 143


def test_two_people_talk_compare_words_and_hand_over_a_file(
    tmp_path: Path, free_port: int, loopback: Address
) -> None:
    """Everything at once: two real programs on two terminals, by commands alone, which have no dead time."""
    (tmp_path / "cake.txt").write_text("butter, sugar")
    with (
        running(tmp_path, free_port, loopback(), name="anna") as anna,
        running(tmp_path, free_port, loopback(), name="ben") as ben,
    ):
        anna.shows("ben (new)")
        ben.shows("anna (new)")
        anna.type("/msg ben hello\r")
        ben.shows("1 unread")
        ben.type("\t")
        ben.shows("hello")
        anna.shows("hello  ✓")
        anna.type("/verify\r")
        ben.shows("anna wants to compare words")
        ben.type("/yes\r")
        words = compared(ben, "anna")
        assert words == compared(anna, "ben")
        assert words.isupper()
        anna.type("/yes\r")
        ben.type("/yes\r")
        anna.shows("ben is verified")
        ben.shows("anna is verified")
        anna.type(f"/send {tmp_path}/cake.txt\r")
        ben.shows("anna (✓ verified): cake.txt")
        ben.type("/yes\r")
        ben.shows("✓ saved")
        assert (tmp_path / "ben" / "files" / "cake.txt").read_text() == "butter, sugar"
        for run in (anna, ben):
            run.type("\x15\x04")
            assert run.ended() == 0


def compared(run: RealTerminal, other: str) -> str:
    """The words to compare, two rows below the question."""

    def words() -> str:
        rows = run.text.split("\n")
        at = next((at for at, row in enumerate(rows) if f"Compare with {other}" in row), None)
        return "" if at is None else rows[at + 2].split("│")[-2].strip()

    run.until(lambda: bool(words()), "words to compare")
    return words()


def test_a_fault_leaves_the_terminal_whole_and_a_log_without_words(
    tmp_path: Path, free_port: int, loopback: Address
) -> None:
    home = home_with_key(tmp_path / "home")
    words = ["-c", FAULT_IN_THE_DRAWING, *lanmsg(home, free_port, loopback(), "mira")[2:]]
    with terminal_of(words, folder=tmp_path) as run:
        run.shows("searching")
        run.type("/nothing\r")
        assert run.ended() == 1
        after = run.seen[run.seen.rindex(LEAVE_PICTURE) :]
        assert b"the screen broke (KeyError at " in after
        assert b"crash.log" in after
        assert b"Traceback" not in after
        log = (home / "crash.log").read_text()
        assert "KeyError" in log
        assert "secret" not in log
