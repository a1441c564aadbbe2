"""The real program with a real node on a pseudo-terminal: it draws, and leaves the terminal as it was."""

import os
import pty
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

import pytest

PROGRAM = (
    "import asyncio, sys; from pathlib import Path; from lanmsg.api import load_settings;"
    "from lanmsg.tui.app import run_tui;"
    "home, port, address = sys.argv[1:];"
    "s = load_settings(home=Path(home), name='mira', port=int(port), interfaces=(address,));"
    "sys.exit(asyncio.run(run_tui(s, plain=False, ascii=False)))"
)
PATIENCE = 20.0


class Pty:
    """One run; `seen` is everything it wrote."""

    def __init__(self, process: subprocess.Popen[bytes], fd: int) -> None:
        self.process = process
        self.fd = fd
        self.seen = b""

    def read_until(self, mark: bytes) -> None:
        end = time.monotonic() + PATIENCE
        while mark not in self.seen:
            assert time.monotonic() < end, self.seen
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
            self.seen += os.read(self.fd, 65536)


@contextmanager
def running(home: Path, port: int, address: str) -> Iterator[Pty]:
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
        [sys.executable, "-c", PROGRAM, str(home), str(port), address],
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
