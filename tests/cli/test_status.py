"""The transcripts of status.txt."""

from tests.cli.transcript import transcripts

test_transcript = transcripts("status")
