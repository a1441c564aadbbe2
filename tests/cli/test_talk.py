"""The transcripts of talk.txt."""

from tests.cli.transcript import transcripts

test_transcript = transcripts("talk")
