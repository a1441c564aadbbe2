"""The transcripts of pausing.txt."""

from tests.cli.transcript import transcripts

test_transcript = transcripts("pausing")
