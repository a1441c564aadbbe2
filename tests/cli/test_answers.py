"""The transcripts of answers.txt."""

from tests.cli.transcript import transcripts

test_transcript = transcripts("answers")
