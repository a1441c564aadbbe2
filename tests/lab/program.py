"""A program on a host of the lab: its JSON lines, each with the time it came, and waiting with a deadline."""

import contextlib
import json
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self, TypeVar

Found = TypeVar("Found")

STOP_SECONDS = 10.0
"""How long a program may take to leave after SIGTERM before the lab calls it hung."""


@dataclass(frozen=True, slots=True)
class Line:
    """One JSON object that a program wrote, and when (monotonic) its last byte was read."""

    at: float
    data: dict[str, Any]

    def __getitem__(self, key: str) -> Any:
        return self.data[key]

    @property
    def type(self) -> str:
        return str(self.data.get("type", ""))

    @property
    def peer(self) -> str:
        return str(self.data.get("peer", {}).get("id", ""))


class Program:
    """A running process. Its output is read by threads, so that a line's time is that of its arrival."""

    def __init__(self, command: Sequence[str], *, label: str, env: Mapping[str, str], cwd: Path) -> None:
        self.label = label
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, cwd=cwd
        )
        assert self.process.stdin
        assert self.process.stdout
        assert self.process.stderr
        self._stdin, stdout, stderr = self.process.stdin, self.process.stdout, self.process.stderr
        self._outputs = (stdout, stderr)
        self.lines: list[Line] = []
        self.other_output: list[str] = []
        self.errors: list[str] = []
        self._news = threading.Condition()
        self._open_outputs = 2
        self._threads = [
            threading.Thread(target=self._read, args=(stdout, self._take_output), name=f"{label} stdout"),
            threading.Thread(target=self._read, args=(stderr, self.errors.append), name=f"{label} stderr"),
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self, stream: IO[bytes], take: Callable[[str], None]) -> None:
        for text in stream:
            with self._news:
                take(text.decode("utf-8", "backslashreplace").rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self._open_outputs -= 1
            self._news.notify_all()

    def _take_output(self, text: str) -> None:
        try:
            data = json.loads(text)
        except ValueError:
            data = None
        if isinstance(data, dict):
            self.lines.append(Line(time.monotonic(), data))
        else:
            self.other_output.append(text)

    def find(self, kind: str, *, since: float = 0.0, peer: str = "", **fields: Any) -> Line | None:
        """The first line of this type that came at or after `since` and has these fields."""
        for line in list(self.lines):
            if line.at < since or line.type != kind or (peer and line.peer != peer):
                continue
            if all(line.data.get(name) == value for name, value in fields.items()):
                return line
        return None

    def wait_for(
        self, kind: str, *, within: float, since: float = 0.0, peer: str = "", **fields: Any
    ) -> Line:
        """As `find`, but waits up to `within` seconds from now; then fails with all that the program said."""

        def ready() -> Line | None:
            return self.find(kind, since=since, peer=peer, **fields)

        return self._wait(ready, within=within, wanted=f"{kind} {peer[:8]} {fields or ''}")

    def wait_for_error(self, text: str, *, within: float) -> str:
        """The first line on stderr that contains `text`, in any case."""

        def ready() -> str | None:
            return next((line for line in list(self.errors) if text.lower() in line.lower()), None)

        return self._wait(ready, within=within, wanted=f"{text!r} on stderr")

    def wait_for_output(self, text: str, *, within: float) -> str:
        """The first line on stdout, of those that are no JSON, that contains `text`."""

        def ready() -> str | None:
            return next((line for line in list(self.other_output) if text in line), None)

        return self._wait(ready, within=within, wanted=f"{text!r} on stdout")

    def _wait(self, ready: Callable[[], Found | None], *, within: float, wanted: str) -> Found:
        deadline = time.monotonic() + within
        with self._news:
            while (found := ready()) is None:
                left = deadline - time.monotonic()
                if left <= 0 or not self._open_outputs:
                    raise AssertionError(f"{self.label}: no {wanted} within {within} s\n{self.transcript()}")
                self._news.wait(left)
        return found

    def feed(self, data: bytes) -> None:
        """Gives it this on stdin when it reads; a program that never does must not hold up the test."""

        def write() -> None:
            with contextlib.suppress(BrokenPipeError):
                self._stdin.write(data)
                self._stdin.flush()

        writer = threading.Thread(target=write, name=f"{self.label} stdin")
        self._threads.append(writer)
        writer.start()

    def expect_none(self, kind: str, *, since: float, peer: str = "", **fields: Any) -> None:
        line = self.find(kind, since=since, peer=peer, **fields)
        assert line is None, f"{self.label}: unexpected {line}\n{self.transcript()}"

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def send_signal(self, number: signal.Signals) -> float:
        """Sends it and says when."""
        at = time.monotonic()
        self.process.send_signal(number)
        return at

    def terminate(self) -> float:
        return self.send_signal(signal.SIGTERM)

    def kill(self) -> float:
        return self.send_signal(signal.SIGKILL)

    def wait(self, *, within: float = STOP_SECONDS) -> int:
        """The exit code, with everything read that the program wrote."""
        try:
            code = self.process.wait(within)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.label} did not end within {within} s\n{self.transcript()}") from None
        for thread in self._threads:
            thread.join(STOP_SECONDS)
        return code

    def close(self) -> None:
        """Ends it whatever it does, and lets go of its pipes."""
        if self.running:
            self.process.kill()
        self.process.wait()
        for thread in self._threads:
            thread.join(STOP_SECONDS)
        with contextlib.suppress(BrokenPipeError):  # what it did not read of its input
            self._stdin.close()
        for stream in self._outputs:
            stream.close()

    def transcript(self) -> str:
        """All it said, for the message of a failed assertion."""
        rows = [f"--- {self.label}: {'running' if self.running else f'ended with {self.process.returncode}'}"]
        rows += [
            f"{line.at - self.started_at:8.3f} {json.dumps(line.data)[:300]}" for line in list(self.lines)
        ]
        rows += [f"  stdout {text}" for text in self.other_output[-20:]]
        rows += [f"  stderr {text}" for text in self.errors[-40:]]
        return "\n".join(rows)
