"""The transcripts of receive.txt."""

from tests.cli.transcript import transcripts

test_transcript = transcripts("receive")
