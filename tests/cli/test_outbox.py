"""The transcripts of outbox.txt."""

from tests.cli.transcript import transcripts

test_transcript = transcripts("outbox")
