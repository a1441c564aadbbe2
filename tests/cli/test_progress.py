"""Progress: a live line on a terminal, whole lines or nothing elsewhere."""

import io

import pytest
from msgspec.structs import replace

from lanmsg.cli.output import Output
from lanmsg.cli.progress import Progress
from lanmsg.model import TransferState, Trust
from tests.cli.node_double import incoming, peer

BEN = peer("ben", Trust.PINNED)
RUNNING = replace(incoming(BEN, 1, TransferState.RUNNING), done=500)
DONE = replace(RUNNING, state=TransferState.DONE, done=1000)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def on_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Called in the test itself: pytest puts its own stderr back after the fixtures."""
    stream = Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setattr("lanmsg.cli.progress.columns", lambda: 60)
    monkeypatch.setenv("TERM", "xterm")
    return stream


def ran(mode: str = "auto", **options: bool | int) -> None:
    output = Output()
    output.configure(**{"json": False, **options})  # type: ignore[arg-type]  # bools and a number
    progress = Progress(output, mode)
    progress.update(RUNNING, BEN, 250.0)
    progress.update(replace(RUNNING, done=900), BEN, 250.0)
    progress.end(DONE, BEN)


def test_a_terminal_gets_one_line_that_gives_way_to_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_terminal(monkeypatch)
    ran()
    live, _, last = terminal.getvalue().rpartition("\r")
    assert "report.pdf from ben   50%  500 B of 1.0 kB  250 B/s" in live
    assert live.count("report.pdf") == 1, "at most ten a second"
    assert last == "\x1b[Jlanmsg: report.pdf from ben: done, 1.0 kB\n"


def test_a_live_line_is_never_wider_than_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_terminal(monkeypatch)
    monkeypatch.setattr("lanmsg.cli.progress.columns", lambda: 45)
    ran()
    line = terminal.getvalue().split("\x1b[K")[1].split("\r")[0]
    assert len(line) <= 44


def test_two_files_have_two_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_terminal(monkeypatch)
    progress = Progress(Output(), "auto")
    progress.update(RUNNING, BEN, 0.0)
    progress._next = 0.0
    progress.update(replace(RUNNING, number=2), BEN, 0.0)
    assert terminal.getvalue().count("report.pdf") == 3
    progress.clear()
    assert terminal.getvalue().endswith("\r\x1b[1A\x1b[J")


def test_a_notice_is_not_written_into_a_live_line(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_terminal(monkeypatch)
    output = Output()
    progress = Progress(output, "auto")
    progress.update(RUNNING, BEN, 0.0)
    output.notice("by the way")
    assert terminal.getvalue().endswith("\r\x1b[Jlanmsg: by the way\n")


def test_a_pipe_gets_nothing_without_being_asked(capsys: pytest.CaptureFixture[str]) -> None:
    ran()
    assert capsys.readouterr().err == ""


def test_a_pipe_gets_start_and_end_with_verbose(capsys: pytest.CaptureFixture[str]) -> None:
    ran(verbosity=1)
    expected = "lanmsg: report.pdf from ben, 1.0 kB\nlanmsg: report.pdf from ben: done, 1.0 kB\n"
    assert capsys.readouterr().err == expected


def test_a_pipe_gets_whole_lines_with_always(capsys: pytest.CaptureFixture[str]) -> None:
    ran("always")
    err = capsys.readouterr().err
    assert "\r" not in err
    assert len(err.splitlines()) == 3


@pytest.mark.parametrize("options", [{"quiet": True}, {"json": True}])
def test_nothing_with_quiet_or_json(options: dict[str, bool], monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_terminal(monkeypatch)
    ran("always", **options)
    assert terminal.getvalue() == ""


def test_never_is_never(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_terminal(monkeypatch)
    ran("never")
    assert terminal.getvalue() == ""
