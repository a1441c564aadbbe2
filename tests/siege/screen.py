"""The screen of the besieged on a terminal of its own, and how long a key takes to show."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import Self

KEYS = cycle(("\u00fe", "\u00f0"))
"""Letters that nobody else writes, in turn: a screen does not draw again what stands there already."""

BACKSPACE = "\x7f"
PATIENCE_S = 30.0


class Screen:
    """Use it in a `with` block. `echoes`: seconds from key to screen; a thread reads and types."""

    def __init__(self, command: Sequence[str], *, env: dict[str, str]):
        self._ours, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        self.process = subprocess.Popen(
            command, stdin=inner, stdout=inner, stderr=inner, env=env, start_new_session=True
        )
        os.close(inner)
        self.echoes: list[float] = []
        self.unanswered = 0
        self.seen = b""
        """The last that was written to the terminal."""
        self._leaving = threading.Event()
        self._typing = threading.Event()
        self._thread = threading.Thread(target=self._live, name="siege-screen")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._leaving.set()
        self.process.terminate()
        try:
            self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._thread.join()
        os.close(self._ours)

    def type_from_now_on(self) -> None:
        self.echoes.clear()
        self._typing.set()

    def memory(self) -> int:
        return int(self._proc("statm").split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def connections(self, port: int) -> int:
        """TCP connections that this system holds at that port, those that nobody has accepted yet as well."""
        rows = [line.split() for line in self._proc("net/tcp").splitlines()][1:]
        return sum(row[1].endswith(f":{port:04X}") and row[3] == "01" for row in rows)

    def _proc(self, name: str) -> str:
        return Path(f"/proc/{self.process.pid}/{name}").read_text(encoding="ascii")

    def _live(self) -> None:
        while not self._leaving.is_set():
            if not self._typing.is_set():
                self._read(0.1)
            else:
                self._press()
                self._read(0.1)

    def _press(self) -> None:
        self._read(0.0)
        begun, self.seen, key = time.monotonic(), b"", next(KEYS)
        os.write(self._ours, (BACKSPACE + key).encode())
        while key.encode() not in self.seen and not self._leaving.is_set():
            if time.monotonic() - begun > PATIENCE_S:
                self.unanswered += 1
                return
            self._read(0.05)
        if not self._leaving.is_set():
            self.echoes.append(time.monotonic() - begun)

    def _read(self, seconds: float) -> None:
        if select.select([self._ours], [], [], seconds)[0]:
            try:
                self.seen = (self.seen + os.read(self._ours, 1 << 16))[-(1 << 17) :]
            except OSError:  # Linux says so when the program has ended
                self._leaving.wait(0.1)
