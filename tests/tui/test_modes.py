"""Title, focus and bell: switched on, switched off, and never a peer's words."""

import base64
import re
from io import BytesIO, TextIOWrapper

import pytest
from prompt_toolkit.output import DummyOutput

from lanmsg.tui.modes import (
    COPIED_BYTES,
    FOCUS_OFF,
    FOCUS_ON,
    POP_TITLE,
    PUSH_TITLE,
    Modes,
    clipboard,
    shows_glyphs,
)


class Recorder(DummyOutput):
    def __init__(self) -> None:
        self.written: list[str] = []

    def write_raw(self, data: str) -> None:
        self.written.append(data)

    def set_title(self, title: str) -> None:
        self.written.append(f"title {title}")

    def bell(self) -> None:
        self.written.append("bell")


def test_what_is_switched_on_is_switched_off() -> None:
    output = Recorder()
    modes = Modes(output, {"TERM": "xterm"})
    modes.begin()
    modes.end()
    assert output.written == [PUSH_TITLE + FOCUS_ON, FOCUS_OFF + POP_TITLE]


def test_the_title_counts_and_is_written_when_it_changes() -> None:
    output = Recorder()
    modes = Modes(output, {"TERM": "xterm"})
    for unread in (0, 0, 3, 3, 0):
        modes.show_unread(unread)
    assert output.written == ["title lanmsg", "title lanmsg (3)", "title lanmsg"]


def test_terminals_that_would_print_it_are_spared() -> None:
    for term in ("linux", "dumb", ""):
        output = Recorder()
        modes = Modes(output, {"TERM": term})
        modes.begin()
        modes.show_unread(3)
        modes.end()
        assert output.written == []


def test_a_call_is_written_as_it_is() -> None:
    output = Recorder()
    Modes(output, {"TERM": "linux"}).write("\x07")
    assert output.written == ["\x07"]


def test_terminals_of_old_are_told_nothing() -> None:
    for term in ("vt100", "vt220", "linux", "dumb", "ansi", ""):
        output = Recorder()
        with Modes(output, {"TERM": term}):
            pass
        assert output.written == [], term


@pytest.mark.parametrize(
    ("environment", "shown"),
    [
        ({"LANG": "en_US.UTF-8"}, True),
        ({}, True),
        ({"LC_ALL": "C"}, False),
        ({"LANG": "POSIX"}, False),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, False),  # the second is Python's own doing
        ({"LANG": "C.UTF-8"}, True),
        ({"LC_ALL": "en_US.utf8", "LANG": "C"}, True),
        ({"LANG": "C", "LC_CTYPE": "de_DE.UTF-8"}, True),
        ({"LANG": "de_DE.ISO-8859-15"}, False),
        ({"LANG": "en_US.UTF-8", "TERM": "linux"}, False),
    ],
)
def test_signs_that_are_not_ascii_need_a_locale_that_has_them(
    environment: dict[str, str], shown: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout", TextIOWrapper(BytesIO(), encoding="utf-8"))
    assert shows_glyphs(environment) is shown


def test_what_is_copied_is_encoded_bounded_and_wrapped_when_that_is_wanted() -> None:
    plain = clipboard("\x1b]0;evil\x07", through_tmux=False)
    assert re.fullmatch("\x1b\\]52;c;[A-Za-z0-9+/=]+\x07", plain)
    wrapped = clipboard("hi", through_tmux=True)
    assert wrapped == "\x1bPtmux;\x1b\x1b]52;c;aGk=\x07\x1b\\"
    long = clipboard("é" * COPIED_BYTES, through_tmux=False)
    assert len(long) < 75_000
    assert base64.b64decode(long[7:-1]).decode() == "é" * (COPIED_BYTES // 2)


def test_only_tmux_is_given_what_is_wrapped_for_it() -> None:
    for environment, starts in (({"TERM": "xterm"}, "\x1b]52"), ({"TERM": "tmux", "TMUX": "x"}, "\x1bPtmux")):
        output = Recorder()
        Modes(output, environment).copy("hi", through_tmux=True)
        assert [each[: len(starts)] for each in output.written] == [starts]
