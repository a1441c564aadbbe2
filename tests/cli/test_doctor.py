"""The transcripts of doctor.txt."""

from tests.cli.transcript import transcripts

test_transcript = transcripts("doctor")
