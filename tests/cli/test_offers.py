"""The transcripts of offers.txt."""

from tests.cli.transcript import transcripts

test_transcript = transcripts("offers")
