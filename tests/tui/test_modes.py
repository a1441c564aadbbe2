"""Title, focus and bell: switched on, switched off, and never a peer's words."""

from prompt_toolkit.output import DummyOutput

from lanmsg.tui.modes import FOCUS_OFF, FOCUS_ON, POP_TITLE, PUSH_TITLE, Modes


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
