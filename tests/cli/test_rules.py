"""The transcripts of rules.txt."""

from tests.cli.transcript import transcripts

test_transcript = transcripts("rules")
