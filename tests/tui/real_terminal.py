"""The real program on a pseudo-terminal of its own: keys go in, bytes and a picture come out.

It is the program's controlling terminal, as a shell would give it: closing it hangs up.
"""

import os
import re
import select
import socket
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fcntl import ioctl
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pyte

from lanmsg.node.identity import home_identity
from lanmsg.protocol.announcement import Kind, decode_announcement
from lanmsg.storage.home import IDENTITY_FILE, prepare_home
from lanmsg.storage.identity import save_key

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0
ENTER_PICTURE, LEAVE_PICTURE = b"\x1b[?1049h", b"\x1b[?1049l"

UNKNOWN = re.compile(rb"\x1b\[\d+;\d+t|\x1b\[>[\d;]*[a-z]|\x1b\][^\x07]*\x07|\x1b[=>]")
"""Sequences that pyte would print the end of."""

LEADER = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
    "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
)
"""Takes the terminal on stdin as its session's, then becomes the program."""


class RealTerminal:
    """One run; `seen` is everything that it wrote."""

    def __init__(
        self, process: subprocess.Popen[bytes], ends: tuple[int, int], columns: int, rows: int
    ) -> None:
        self.process = process
        self.fd, self._inner = ends
        self.seen = b""
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self._fed = 0

    # --- doing ---

    def type(self, keys: str | bytes) -> None:
        """As fast as the program takes it; what it writes meanwhile is read, or both would wait for ever."""
        data = keys.encode() if isinstance(keys, str) else keys
        end = time.monotonic() + 4 * PATIENCE
        while data:
            assert time.monotonic() < end, "it takes no more keys"
            readable, writable, _ = select.select([self.fd], [self.fd], [], 1.0)
            if readable:
                self.read(0)
            if writable:
                data = data[os.write(self.fd, data[:512]) :]

    def resize(self, columns: int, rows: int) -> None:
        """The kernel tells the program by SIGWINCH."""
        self.screen.resize(rows, columns)
        ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def hang_up(self) -> None:
        """As when the line to the terminal is lost."""
        os.close(self._inner)
        os.close(self.fd)
        self.fd = self._inner = -1

    def close(self) -> None:
        for fd in (self.fd, self._inner):
            if fd >= 0:
                os.close(fd)

    def modes(self) -> list[object]:
        return termios.tcgetattr(self._inner)

    # --- looking ---

    @property
    def text(self) -> str:
        """The rows as a person sees them now."""
        self._stream.feed(UNKNOWN.sub(b"", self.seen[self._fed :]))
        self._fed = len(self.seen)
        return "\n".join(row.rstrip() for row in self.screen.display)

    def until(self, true: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < end, f"never: {what}\n{self.text}\n{self.seen[-2000:]!r}"
            assert self.read(0.2) or self.process.poll() is None or true(), (
                f"it ended before: {what}\n{self.text}"
            )

    def shows(self, text: str) -> None:
        self.until(lambda: text in self.text, f"the screen shows {text!r}")

    def writes(self, data: bytes, *, after: int = 0) -> None:
        self.until(lambda: data in self.seen[after:], f"it writes {data!r}")

    def ended(self) -> int:
        """Wait for its end; the exit code."""
        end = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < end, f"it does not end\n{self.text}"
            self.read(0.05)
        while self.read(0):
            pass
        return self.process.wait()

    def read(self, seconds: float) -> bytes:
        """What it writes within that time, which is nothing once nobody holds the terminal any more."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return b""
        try:
            data = os.read(self.fd, 1 << 16)
        except OSError:
            return b""
        self.seen += data
        return data


@contextmanager
def terminal_of(
    words: Sequence[object],
    *,
    columns: int = 80,
    rows: int = 24,
    environment: Mapping[str, str] | None = None,
    folder: Path,
) -> Iterator[RealTerminal]:
    """A Python with `words` on a terminal of its own, whose modes are those of before at the end."""
    outer, inner = os.openpty()
    ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    before = termios.tcgetattr(inner)
    # Nothing of the terminal in which the tests run.
    inherited = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "TMPDIR")}
    plain = {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "TZ": "UTC", "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-c", LEADER, *map(str, words)],
        stdin=inner,
        stdout=inner,
        stderr=inner,
        env={**inherited, **plain, **(environment or {})},
        cwd=folder,
        start_new_session=True,
    )
    run = RealTerminal(process, (outer, inner), columns, rows)
    try:
        yield run
        assert run.fd < 0 or run.modes() == before, "the terminal was left in another mode"
    finally:
        process.kill()
        process.wait()
        run.close()


class Passerby:
    """Hears what is broadcast on loopback at one port, and tells a goodbye from silence."""

    def __init__(self, port: int) -> None:
        self._ear = socket.socket(type=socket.SOCK_DGRAM)
        self._ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._ear.bind(("127.255.255.255", port))
        self._ear.settimeout(PATIENCE)

    def __enter__(self) -> "Passerby":
        return self

    def __exit__(self, *_: object) -> None:
        self._ear.close()

    def hears(self, kind: Kind, address: str) -> None:
        """One datagram of that kind from there."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            data, (host, _) = self._ear.recvfrom(1 << 16)
            if host == address and decode_announcement(data).kind is kind:
                return
        raise AssertionError(f"no {kind.name} from {address}")


@cache
def key_of_a_home() -> bytes:
    """Made once a run: a key takes a second, and no story here is about it."""
    with TemporaryDirectory() as folder:
        home_identity(Path(folder))
        return (Path(folder) / IDENTITY_FILE).read_bytes()


def home_with_key(home: Path) -> Path:
    """A home that has begun to live, with a key that others here may have as well."""
    if not home.exists():
        prepare_home(home)
        save_key(home, key_of_a_home())
    return home


def lanmsg(home: Path, port: int, address: str, name: str, *words: str) -> list[object]:
    """The command line of a node of its own, for Python."""
    return ["-m", "lanmsg", "--home", home, "--port", port, "--interface", address, "--name", name, *words]
