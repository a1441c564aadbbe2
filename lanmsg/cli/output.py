"""What the commands say: data on stdout as text or JSON lines, notices, hints and errors on stderr."""

import os
import re
import sys
from collections.abc import Callable
from typing import BinaryIO, TextIO

from msgspec import Struct, field

from lanmsg.cli.exit_codes import exit_code
from lanmsg.model import LanmsgError
from lanmsg.terminal import printable

VERSION = 1
"""Version of every JSON object; fields are only ever added to it."""

COPY_BYTES = 1 << 20
STEPS_VERBOSITY = 2
"""-vv"""

ENDLESS = re.compile(r"\S{300,}")
"""A word in an error that would fill the screen: somebody's mistake is recognised by its ends."""

LISTED_MAX = 20
"""Of people that a name fits; a thousand of them would push the sentence off the screen."""

RED = "31"
GREEN = "32"
YELLOW = "33"
BOLD = "1"


class OutputClosedError(Exception):
    """Whoever read our stdout or stderr went away; there is nobody left to tell."""


class TerminatedError(Exception):
    """SIGTERM came; the node has said goodbye."""


class Result(Struct, frozen=True):
    """How a command ended: `code` names it and decides the exit code; `fields` go into the JSON result."""

    code: str = "done"
    fields: dict[str, object] = field(default_factory=dict)

    @property
    def exit(self) -> int:
        return exit_code(self.code)


class Output:
    """One for each run. With `json`, stdout and stderr carry one JSON object a line and nothing else."""

    def __init__(self, *, json: bool = False):
        self.configure(json=json)
        for stream in (sys.stdout, sys.stderr):
            # A name that this locale cannot write must not end the command.
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")

    def configure(self, *, json: bool, quiet: bool = False, verbosity: int = 0, color: str = "auto") -> None:
        self.json = json
        self.quiet = quiet
        self.verbosity = verbosity
        self._color = color
        self.before_line: Callable[[], None] = nothing

    def line(self, text: str = "") -> None:
        """One line of data for people; the caller has made a peer's text safe."""
        self._data(text + "\n")

    def raw(self, data: bytes) -> None:
        """Bytes of a file or a path, exactly."""
        self._data(data)

    def copy(self, file: BinaryIO) -> None:
        while data := file.read(COPY_BYTES):
            self.raw(data)

    def text(self, text: str) -> None:
        """Data of which the caller makes the lines."""
        self._data(text)

    def live(self, text: str) -> None:
        """Live lines on stderr, drawn over one another."""
        self._put(sys.stderr, text)

    def event(self, kind: str, /, **fields: object) -> None:
        """One JSON event line, flushed at once."""
        self.object({"v": VERSION, "type": kind, "ts": timestamp(now())} | fields)

    def document(self, **fields: object) -> None:
        """The one object that a command like `peers --json` prints."""
        self.object({"v": VERSION} | fields)

    def object(self, value: dict[str, object]) -> None:
        self._data(encode(value) + "\n")

    def result(self, result: Result) -> None:
        outcome = {"ok": result.exit == 0, "exit": result.exit, "code": result.code}
        self.object({"v": VERSION, "type": "result"} | outcome | result.fields)

    def notice(self, text: str, hint: str = "") -> None:
        """Something worth knowing that is neither data nor an error; -q silences it."""
        if not self.quiet:
            self._say("notice", text, hint, "")

    def detail(self, text: str) -> None:
        """Said only with -v."""
        if self.verbosity:
            self.notice(text)

    def step(self, name: str) -> None:
        """How far a command has come, and when; said only with -vv."""
        if self.verbosity < STEPS_VERBOSITY:
            return
        if self.json:
            self._write(
                sys.stderr,
                encode({"v": VERSION, "type": "step", "ts": timestamp(now()), "step": name}) + "\n",
            )
        else:
            self._write(sys.stderr, f"lanmsg: {timestamp(now())} {name}\n")

    def error(self, error: LanmsgError) -> None:
        self._say("error", str(error), error.hint, error.code, error.candidates)

    def _say(self, kind: str, text: str, hint: str, code: str, candidates: tuple[str, ...] = ()) -> None:
        text = ENDLESS.sub(shortened, text)
        if self.json:
            value = {"v": VERSION, "type": kind, "code": code, "message": text, "hint": hint}
            if candidates:
                value["candidates"] = list(candidates)
            self._write(sys.stderr, encode(value) + "\n")
            return
        prefix = self.paint("lanmsg:", RED, stream=sys.stderr) if kind == "error" else "lanmsg:"
        lines = [f"{prefix} {printable(text)}", *(f"  {printable(name)}" for name in candidates[:LISTED_MAX])]
        if len(candidates) > LISTED_MAX:
            lines.append(f"  and {len(candidates) - LISTED_MAX:,} more (--json lists them all)")
        if hint:
            lines.append(f"hint: {printable(hint)}")
        self._write(sys.stderr, "\n".join(lines) + "\n")

    def traceback(self, error: BaseException) -> None:
        """For LANMSG_DEBUG: where an error comes from; a peer's text in it is made safe like all of it."""
        from traceback import format_exception  # only this pays for it

        lines = "".join(format_exception(error)).splitlines()
        self._write(sys.stderr, "".join(f"{printable(line)}\n" for line in lines))

    def paint(self, text: str, *codes: str, stream: TextIO | None = None) -> str:
        """`text` in a colour, where colours are wanted; words never depend on it."""
        if not codes or not self.coloured(stream or sys.stdout):
            return text
        return f"\x1b[{';'.join(codes)}m{text}\x1b[0m"

    def coloured(self, stream: TextIO) -> bool:
        if self._color != "auto":
            return self._color == "always"
        return is_terminal(stream) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def _data(self, data: str | bytes) -> None:
        if sys.stdout is None:  # data that cannot be read by anybody is not done
            raise OutputClosedError
        self._write(sys.stdout, data)

    def _write(self, stream: TextIO | None, data: str | bytes) -> None:
        self.before_line()
        self._put(stream, data)

    def _put(self, stream: TextIO | None, data: str | bytes) -> None:
        if stream is None:  # it was closed when we started: what cannot be said is let go
            return
        try:
            if isinstance(data, bytes):
                stream.flush()
                stream.buffer.write(data)
                stream.buffer.flush()
            else:
                stream.write(data)
                stream.flush()
        except BrokenPipeError:
            raise OutputClosedError from None
        except OSError as error:
            silence(stream)
            raise LanmsgError(f"the output cannot be written: {error.strerror}", code="disk") from None


def shortened(word: "re.Match[str]") -> str:
    return f"{word[0][:60]}…{word[0][-20:]}"


def nothing() -> None:
    """No live lines are in the way."""


def debugging() -> bool:
    return bool(os.environ.get("LANMSG_DEBUG"))


def can_ask() -> bool:
    """Questions only where a person sees them and can answer."""
    return is_terminal(sys.stdin) and is_terminal(sys.stderr)


def ask(question: str) -> bool:
    """A yes or no on the terminal; anything but a clear yes is no."""
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False


def silence(*streams: TextIO | None) -> None:
    """Points a broken stream at nothing, so that the interpreter's last flush does not complain."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    for stream in streams:
        if stream is not None:
            os.dup2(nothing, stream.fileno())
    os.close(nothing)


def encode(value: dict[str, object]) -> str:
    """JSON in ASCII: whatever a peer wrote, a terminal or a log that shows the line stays unharmed."""
    import json  # only --json pays for it

    return json.dumps(value, separators=(",", ":"))


def now() -> float:
    from lanmsg.api import wall_clock  # the clock of the node

    return wall_clock()


def timestamp(seconds: float) -> str:
    """RFC 3339, UTC, milliseconds; "" for a time that is not known."""
    from datetime import UTC, datetime  # only JSON pays for it

    if not seconds:
        return ""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
