"""The transcripts of settings.txt."""

from tests.cli.transcript import transcripts

test_transcript = transcripts("settings")
