"""The transcripts of help.txt."""

from tests.cli.transcript import transcripts

test_transcript = transcripts("help")
