"""The transcripts of help.txt, and topics that are broken for the terminal they are read on."""

import pytest

from lanmsg.cli.help import topic_text
from lanmsg.cli.topics import TOPICS
from tests.cli.transcript import transcripts

test_transcript = transcripts("help")


@pytest.mark.parametrize("columns", [80, 200])
@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_fits_the_terminal_and_breaks_between_words(
    topic: str, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    shown = topic_text(topic)
    body, _, example = shown.partition("EXAMPLE\n")
    assert max(map(len, body.splitlines())) <= min(columns, 100)
    assert shown.split() == TOPICS[topic].text.split()
    assert example in TOPICS[topic].text


def test_what_goes_on_in_a_column_stays_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "72")
    lines = topic_text("network").splitlines()
    at = next(at for at, line in enumerate(lines) if line.startswith("  3  guest"))
    assert lines[at + 1] == "     network"
