"""The program as a whole: `python -m lanmsg`, the transcripts of main.txt, and faults of our own."""

import subprocess
import sys

import pytest

from tests.cli.transcript import transcripts

test_transcript = transcripts("main")

FAULTY = """
import sys
import lanmsg.cli.people
from lanmsg.__main__ import main
lanmsg.cli.people.peers = lambda invocation: 1 // 0
sys.exit(main(["peers", *sys.argv[1:]]))
"""


def faulty(*words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", FAULTY, *words],
        env={"PYTHONPATH": ":".join(sys.path)} | variables,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_a_fault_of_ours_is_one_sentence(words: tuple[str, ...]) -> None:
    done = faulty(*words)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "internal error: ZeroDivisionError: integer division or modulo by zero" in done.stderr
    assert "Traceback" not in done.stderr


def test_whoever_looks_for_it_gets_the_traceback() -> None:
    assert "Traceback" in faulty(LANMSG_DEBUG="1").stderr
