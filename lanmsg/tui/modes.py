"""What the terminal is told besides the picture: title, focus reports, calls; undone at the end."""

import base64
import os
import sys
from collections.abc import Mapping

from prompt_toolkit.input.ansi_escape_sequences import ANSI_SEQUENCES
from prompt_toolkit.keys import Keys
from prompt_toolkit.output import Output

FOCUS_IN, FOCUS_OUT = Keys.F23, Keys.F24
"""Keys that no keyboard has; the terminal's focus reports are mapped to them."""

PUSH_TITLE, POP_TITLE = "\x1b[22;2t", "\x1b[23;2t"
COPIED_BYTES = 54_000
"""At most: xterm takes 75,000 characters in one sequence, and base64 makes four of three."""

FOCUS_ON, FOCUS_OFF = "\x1b[?1004h", "\x1b[?1004l"

# Before the first key is read: prompt_toolkit would put the reports into the input line as text.
ANSI_SEQUENCES["\x1b[I"] = FOCUS_IN
ANSI_SEQUENCES["\x1b[O"] = FOCUS_OUT


class Modes:
    """Nothing of a peer's is ever in a title: it is a number of ours."""

    def __init__(self, output: Output, environment: Mapping[str, str] = os.environ) -> None:
        self._output = output
        # The Linux console, and what does as the terminals of old, prints what it does not understand.
        self._able = not (environment.get("TERM") or "dumb").startswith(("dumb", "linux", "vt", "ansi"))
        self._in_tmux = "TMUX" in environment
        self._title: str | None = None

    def __enter__(self) -> None:
        self.begin()

    def __exit__(self, *_: object) -> None:
        self.end()

    def begin(self) -> None:
        if self._able:
            self._output.write_raw(PUSH_TITLE + FOCUS_ON)
            self._output.flush()

    def end(self) -> None:
        if self._able:
            self._output.write_raw(FOCUS_OFF + POP_TITLE)
            self._output.flush()

    def show_unread(self, unread: int) -> None:
        title = f"lanmsg ({unread})" if unread else "lanmsg"
        if self._able and title != self._title:
            self._title = title
            self._output.set_title(title)

    def copy(self, text: str, *, through_tmux: bool = False) -> None:
        """Into the clipboard, which the terminal may refuse."""
        if self._able:
            self.write(clipboard(text, through_tmux=through_tmux and self._in_tmux))

    def write(self, sequence: str) -> None:
        """A bell, or another sequence of our own making."""
        self._output.write_raw(sequence)
        self._output.flush()


def clipboard(text: str, *, through_tmux: bool) -> str:
    """OSC 52; encoded, so that no text can end the sequence. tmux hands on what is wrapped for it."""
    data = text.encode("utf-8", "replace")[:COPIED_BYTES].decode("utf-8", "ignore").encode()
    sequence = f"\x1b]52;c;{base64.b64encode(data).decode()}\x07"
    return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\" if through_tmux else sequence


def shows_glyphs(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether this terminal can be expected to have the signs that are not ASCII."""
    encoding = (getattr(sys.stdout, "encoding", "") or "").lower().replace("-", "")
    return encoding == "utf8" and environment.get("TERM") != "linux" and not _says_ascii(environment)


def _says_ascii(environment: Mapping[str, str]) -> bool:
    """Whether the person's locale has no UTF-8, which Python assumes all the same: it puts C.UTF-8 into
    LC_CTYPE by itself.
    """
    own = environment.get("LC_ALL") or environment.get("LC_CTYPE", "").replace("C.UTF-8", "")
    name, _, encoding = (own or environment.get("LANG", "")).partition(".")
    return not encoding.upper().startswith(("UTF-8", "UTF8")) if encoding else name in ("C", "POSIX")
