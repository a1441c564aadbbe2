"""The transcripts of listen.txt."""

from tests.cli.transcript import transcripts

test_transcript = transcripts("listen")
