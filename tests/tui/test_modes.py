"""Title, focus and bell: switched on, switched off, and never a peer's words."""

from io import BytesIO, TextIOWrapper

import pytest
from prompt_toolkit.output import DummyOutput

from lanmsg.tui.modes import FOCUS_OFF, FOCUS_ON, POP_TITLE, PUSH_TITLE, Modes, shows_glyphs


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
