"""The real program with a real node on a pseudo-terminal: it draws, and leaves the terminal as it was."""

import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import ioctl
from pathlib import Path

import pyte
import pytest

PROGRAM = (
    "import asyncio, sys; from pathlib import Path; from lanmsg.api import load_settings;"
    "from lanmsg.tui.app import run_tui;"
    "home, port, address, name = sys.argv[1:];"
    "s = load_settings(home=Path(home), name=name, port=int(port), interfaces=(address,),"
    " downloads=Path(home) / 'files');"
    "sys.exit(asyncio.run(run_tui(s, plain=False, ascii=False)))"
)
PATIENCE = 20.0
UNKNOWN = re.compile(rb"\x1b\[\d+;\d+t|\x1b\[>[\d;]*[a-z]")
"""Sequences that pyte would print the end of."""

BROKEN = (
    "import sys; from pathlib import Path;"
    "from lanmsg.cli.main import run; from lanmsg.tui import strips;"
    "home, port, address, name = sys.argv[1:];"
    "before = strips.status;"
    "strips.status = lambda state, columns: before(state, columns) if not state.peers and not state.notice"
    " else {}[f'a secret {state.notice}'];"
    "sys.exit(run(['--home', home, '--port', port, '--interface', address, '--name', name]))"
)
"""The real program with a fault in the drawing, once there is something to say."""


class Pty:
    """One run; `seen` is everything it wrote."""

    def __init__(self, process: subprocess.Popen[bytes], fd: int) -> None:
        self.process = process
        self.fd = fd
        self.seen = b""
        self.screen = pyte.Screen(80, 24)
        self._stream = pyte.ByteStream(self.screen)

    def read_until(self, mark: bytes) -> None:
        end = time.monotonic() + PATIENCE
        while mark not in self.seen:
            assert time.monotonic() < end, self.seen
            self._read(0.1)

    def type(self, keys: str) -> None:
        os.write(self.fd, keys.encode())

    def shows(self, text: str, *, after: str = "") -> str:
        """Wait for it on the screen, two rows below `after` if that is given; the row that holds it."""
        end = time.monotonic() + PATIENCE
        while True:
            rows = self.screen.display
            for index, row in enumerate(rows):
                if not after and text in row:
                    return row
                if after and after in row and text in rows[index + 2].strip(" │"):
                    return rows[index + 2].split("│")[-2]
            assert time.monotonic() < end, f"{text!r} never came:\n" + "\n".join(self.screen.display)
            self._read(0.1)

    def ended(self) -> int:
        end = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < end, "it does not end"
            self._read(0.05)
        self._read(0)
        return self.process.wait()

    def _read(self, seconds: float) -> None:
        if select.select([self.fd], [], [], seconds)[0]:
            data = os.read(self.fd, 65536)
            self.seen += data
            self._stream.feed(UNKNOWN.sub(b"", data))


@contextmanager
def running(
    home: Path, port: int, address: str, *, name: str = "mira", program: str = PROGRAM
) -> Iterator[Pty]:
    outer, inner = pty.openpty()
    ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    before = termios.tcgetattr(inner)
    environment = {
        **os.environ,
        "TERM": "xterm-256color",
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
    }
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(home), str(port), address, name],
        stdin=inner,
        stdout=inner,
        stderr=inner,
        env=environment,
        cwd=home.parent,
        start_new_session=True,
    )
    try:
        yield Pty(process, outer)
        assert termios.tcgetattr(inner) == before, "the terminal was left in another mode"
    finally:
        process.kill()
        process.wait()
        os.close(inner)
        os.close(outer)


@pytest.mark.parametrize(
    ("how", "code"), [("keys", 0), (signal.SIGTERM, 0), (signal.SIGHUP, 0), (signal.SIGINT, 130)]
)
def test_it_leaves_the_terminal_as_it_was(
    how: str | signal.Signals, code: int, home: Path, free_port: int, loopback: object
) -> None:
    with running(home, free_port, loopback()) as run:  # type: ignore[operator]  # a fixture that makes addresses
        run.read_until(b"searching")
        if isinstance(how, signal.Signals):
            run.process.send_signal(how)
        else:
            os.write(run.fd, b"\x03")
            run.read_until(b"again to quit")
            os.write(run.fd, b"\x03")
        assert run.ended() == code, run.seen
        assert b"\x1b[?1049h" in run.seen
        assert run.seen.rindex(b"\x1b[?1049l") > run.seen.rindex(b"\x1b[?1049h")
        assert b"Traceback" not in run.seen


def test_a_new_size_is_drawn(home: Path, free_port: int, loopback: object) -> None:
    with running(home, free_port, loopback()) as run:  # type: ignore[operator]  # as above
        run.read_until(b"searching")
        ioctl(run.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 5, 30, 0, 0))
        run.process.send_signal(signal.SIGWINCH)
        run.read_until(b"too small")
        run.process.terminate()
        assert run.ended() == 0


def test_suspended_the_terminal_is_the_shells(home: Path, free_port: int, loopback: object) -> None:
    with running(home, free_port, loopback()) as run:  # type: ignore[operator]  # as above
        run.read_until(b"searching")
        os.write(run.fd, b"\x1a")
        run.read_until(b"\x1b[?1004l")
        # An orphan in a session of its own cannot be stopped by this signal: it comes back at once.
        run.read_until(b"\x1b[?1004l\x1b[23;2t\x1b[22;2t\x1b[?1004h")
        run.process.terminate()
        assert run.ended() == 0


def test_two_people_talk_compare_words_and_hand_over_a_file(
    tmp_path: Path, free_port: int, loopback: object
) -> None:
    """Everything at once: two real programs on two terminals, by commands alone, which have no dead time."""
    (tmp_path / "cake.txt").write_text("butter, sugar")
    addresses = loopback(), loopback()  # type: ignore[operator]  # as above
    with (
        running(tmp_path / "anna", free_port, addresses[0], name="anna") as anna,
        running(tmp_path / "ben", free_port, addresses[1], name="ben") as ben,
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
        words = ben.shows("   ", after="Compare with anna").strip(" │")
        assert words == anna.shows("   ", after="Compare with ben").strip(" │")
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


def test_a_fault_leaves_the_terminal_whole_and_a_log_without_words(
    home: Path, free_port: int, loopback: object
) -> None:
    with running(home, free_port, loopback(), program=BROKEN) as run:  # type: ignore[operator]  # as above
        run.shows("searching")
        run.type("/nothing\r")
        assert run.ended() == 1
        after = run.seen[run.seen.rindex(b"\x1b[?1049l") :]
        assert b"the screen broke (KeyError at " in after
        assert b"crash.log" in after
        assert b"Traceback" not in after
        log = (home / "crash.log").read_text()
        assert "KeyError" in log
        assert "secret" not in log
