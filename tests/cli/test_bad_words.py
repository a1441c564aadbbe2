"""What nobody should have typed: each one clear line, and the right exit code."""

import sys
from pathlib import Path

import pytest

from lanmsg.cli.main import run
from tests.cli.transcript import transcripts

test_transcript = transcripts("bad_words")

LONG = "x" * 10_000


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ([LONG], 2),
        ([f"--{LONG}"], 2),
        (["peers", "--port", LONG], 2),
        (["history", LONG], 3),
        (["history", "--since", LONG], 2),
        (["accept", LONG], 2),
        (["accept", "9" * 10_000], 2),
        (["config", "get", LONG], 2),
        (["send", "ben", LONG], 8),
        (["--home", f"/tmp/{LONG}", "id"], 2),
    ],
    ids=lambda value: " ".join(value)[:30] if isinstance(value, list) else None,
)
def test_ten_thousand_characters(
    words: list[str],
    code: int,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("LANMSG_HOME", str(home))
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    assert run(words) == code
    said = capsys.readouterr()
    first = said.err.splitlines()[0]
    assert first.startswith("lanmsg: ")
    assert len(first) < 300, "it fills the screen"
    assert said.out == ""
