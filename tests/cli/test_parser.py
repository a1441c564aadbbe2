"""The transcripts of parser.txt."""

from tests.cli.transcript import transcripts

test_transcript = transcripts("parser")
