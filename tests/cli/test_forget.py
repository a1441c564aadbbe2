"""The transcripts of forget.txt."""

from tests.cli.transcript import transcripts

test_transcript = transcripts("forget")
