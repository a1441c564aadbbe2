"""The transcripts of send.txt."""

from tests.cli.transcript import transcripts

test_transcript = transcripts("send")
