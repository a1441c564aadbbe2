"""The real program as a black box: a process, its lines of JSON, its exit code."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).parents[2]


class Program:
    def __init__(
        self, home: Path, name: str, address: str, port: int, *command: str, typing: bool = False
    ) -> None:
        start = [sys.executable, "-m", "lanmsg", "--home", str(home), "--name", name, "--port", str(port)]
        self.process = subprocess.Popen(
            [*start, "--interface", address, "--json", *command],
            stdin=subprocess.PIPE if typing else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        self.address = address
        self.lines: list[dict[str, Any]] = []
        """What it has said and nobody has waited for yet."""
        self._buffer = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(8)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(8)
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()

    def _read(self, seconds: float) -> bool:
        """Take what comes within some seconds; False at the end of its output."""
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], max(0.0, seconds))
        if not ready:
            raise TimeoutError(f"it has said {self.lines}")
        data = os.read(self.process.stdout.fileno(), 65536)
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        self.lines += [json.loads(line) for line in lines]
        return bool(data)

    def type(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def event(self, kind: str, seconds: float = 8.0, **wanted: object) -> dict[str, Any]:
        """The next line of that type with those values."""
        end = time.monotonic() + seconds
        more = True
        while True:
            for line in self.lines:
                if line.get("type") == kind and wanted.items() <= line.items():
                    self.lines.remove(line)
                    return line
            if not more:
                raise AssertionError(f"it ended; it has said {self.lines}")
            more = self._read(end - time.monotonic())

    def event_or_object(self, seconds: float = 8.0) -> dict[str, Any]:
        """The next line, whatever it is."""
        end = time.monotonic() + seconds
        while not self.lines and self._read(end - time.monotonic()):
            pass
        return self.lines.pop(0)

    def exit_code(self, seconds: float = 8.0) -> int:
        end = time.monotonic() + seconds
        while self._read(end - time.monotonic()):
            pass
        return self.process.wait(max(0.1, end - time.monotonic()))


class Listening(Program):
    """`lanmsg listen`, ready, taking every file if not told otherwise."""

    def __init__(self, home: Path, address: str, port: int, *more: str, accept: str = "all") -> None:
        self.downloads = home.parent / "downloads"
        options = ("--accept", accept, "--to", str(self.downloads), *more)
        super().__init__(home, "anna", address, port, "listen", *options)
        self.fingerprint = bytes.fromhex(self.event("ready", 15)["id"])
