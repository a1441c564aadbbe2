"""The transcripts of running.txt."""

from tests.cli.transcript import transcripts

test_transcript = transcripts("running")
