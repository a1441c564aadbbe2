"""What goes where: data to stdout, everything else to stderr, JSON when it was asked for."""

import json
import os

import pytest

from lanmsg.cli.output import Output, OutputClosedError, Result, timestamp
from lanmsg.model import LanmsgError

Captured = pytest.CaptureFixture[str]


def test_an_error_is_a_sentence_its_candidates_and_a_hint(capsys: Captured) -> None:
    Output().error(
        LanmsgError("ben could be 2 people", code="ambiguous", hint="say which", candidates=("a", "b"))
    )
    assert capsys.readouterr() == ("", "lanmsg: ben could be 2 people\n  a\n  b\nhint: say which\n")


def test_a_thousand_candidates_do_not_push_the_sentence_off_the_screen(capsys: Captured) -> None:
    names = tuple(f"ben~{number:08X}" for number in range(1000))
    error = LanmsgError("ben could be 1000 people", code="ambiguous", candidates=names)
    Output().error(error)
    first, *listed, rest = capsys.readouterr().err.splitlines()
    assert first == "lanmsg: ben could be 1000 people"
    assert listed == [f"  {name}" for name in names[:20]]
    assert rest == "  and 980 more (--json lists them all)"
    Output(json=True).error(error)
    assert len(json.loads(capsys.readouterr().err)["candidates"]) == 1000


def test_an_error_as_json_stays_on_stderr(capsys: Captured) -> None:
    Output(json=True).error(LanmsgError("no", code="usage"))
    out, err = capsys.readouterr()
    assert out == ""
    assert json.loads(err) == {"v": 1, "type": "error", "code": "usage", "message": "no", "hint": ""}


def test_words_of_a_peer_in_an_error_are_made_safe(capsys: Captured) -> None:
    Output().error(LanmsgError("declined: \x1b[2J"))
    assert capsys.readouterr().err == "lanmsg: declined: \\x1b[2J\n"


def test_json_is_ascii_and_one_line(capsys: Captured) -> None:
    Output(json=True).event("message", text="ü\n\x1b\u202e")
    line = capsys.readouterr().out
    assert line.isascii()
    assert line.count("\n") == 1
    assert json.loads(line)["text"] == "ü\n\x1b\u202e"


def test_a_result_carries_its_exit_code(capsys: Captured) -> None:
    Output(json=True).result(Result("declined", {"transfer": 7}))
    assert json.loads(capsys.readouterr().out) == {
        "v": 1, "type": "result", "ok": False, "exit": 5, "code": "declined", "transfer": 7,
    }  # fmt: skip


def test_quiet_silences_notices_but_no_errors(capsys: Captured) -> None:
    output = Output()
    output.configure(json=False, quiet=True)
    output.notice("by the way")
    output.error(LanmsgError("no"))
    assert capsys.readouterr().err == "lanmsg: no\n"


def test_details_only_with_verbose(capsys: Captured) -> None:
    output = Output()
    output.detail("one")
    output.configure(json=False, verbosity=1)
    output.detail("two")
    assert capsys.readouterr().err == "lanmsg: two\n"


@pytest.mark.parametrize(("color", "painted"), [("always", "\x1b[1mx\x1b[0m"), ("never", "x"), ("auto", "x")])
def test_colours_are_for_terminals_unless_asked_for(color: str, painted: str, capsys: Captured) -> None:
    output = Output()
    output.configure(json=False, color=color)
    assert output.paint("x", "1") == painted


def test_a_closed_pipe_is_its_own_end(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as broken:
        monkeypatch.setattr("sys.stdout", broken)
        output = Output()
        with pytest.raises(OutputClosedError):
            output.line("x")
        os.dup2(os.open(os.devnull, os.O_WRONLY), writing)


def test_times_are_utc_with_milliseconds() -> None:
    assert timestamp(1_700_000_000.1239) == "2023-11-14T22:13:20.123Z"
    assert timestamp(0.0) == ""
