"""The transcripts of people.txt."""

from tests.cli.transcript import transcripts

test_transcript = transcripts("people")
