"""The transcripts of history.txt."""

from tests.cli.transcript import transcripts

test_transcript = transcripts("history")
