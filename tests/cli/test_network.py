"""The transcripts of network.txt."""

from tests.cli.transcript import transcripts

test_transcript = transcripts("network")
