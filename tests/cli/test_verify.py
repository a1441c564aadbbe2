"""The transcripts of verify.txt, and two people at two terminals of their own."""

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from lanmsg.model import Trust
from tests.cli.conftest import unused_port
from tests.cli.givens import People
from tests.cli.transcript import REPOSITORY, transcripts

test_transcript = transcripts("verify")

LIMIT_S = 40.0
WORDS = re.compile(r"^ {4}(\w+) {4}(\w+) {4}(\w+) {4}(\w+)\r?$", re.MULTILINE)
QUESTION = "[same/different] "


class Terminal:
    """A program on a pseudo-terminal, as a person has it before them."""

    def __init__(self, people: People, name: str, *words: str):
        self.shown = ""
        self.descriptor, screen = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "lanmsg", *words],
            cwd=people.folder(name),
            env=people.environment(name) | {"PYTHONPATH": str(REPOSITORY), "TERM": "dumb"},
            stdin=screen,
            stdout=screen,
            stderr=screen,
            start_new_session=True,
        )
        os.close(screen)

    def read(self) -> None:
        while select.select([self.descriptor], [], [], 0.02)[0]:
            try:
                self.shown += os.read(self.descriptor, 4096).decode()
            except OSError:  # it has ended
                return

    def until(self, condition: Callable[[str], object]) -> None:
        deadline = time.monotonic() + LIMIT_S
        while not condition(self.shown):
            assert time.monotonic() < deadline, self.shown
            self.read()

    def type(self, line: str) -> None:
        os.write(self.descriptor, f"{line}\n".encode())

    def end(self) -> int:
        deadline = time.monotonic() + LIMIT_S
        while self.process.poll() is None:
            assert time.monotonic() < deadline, self.shown
            self.read()
        self.read()
        return self.process.returncode

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.descriptor)

    @property
    def words(self) -> tuple[str, ...]:
        match = WORDS.search(self.shown)
        assert match is not None, self.shown
        return match.groups()


@pytest.fixture
def people(tmp_path: Path) -> People:
    (tmp_path / "bin").mkdir()
    return People(tmp_path, unused_port())


def trust_of(people: People, name: str, other: str) -> Trust | None:
    store = people.store(name)
    try:
        peer = store.peers.get(people.id(other))
        return peer.trust if peer else None
    finally:
        store.close()


def test_two_people_at_two_terminals(people: People) -> None:
    anna, ben = Terminal(people, "anna", "verify", "ben"), Terminal(people, "ben", "verify", "anna")
    with closing(anna), closing(ben):
        for each in (anna, ben):
            each.until(lambda shown: QUESTION in shown)
        assert anna.words == ben.words
        anna.type("y")
        anna.until(lambda shown: shown.count(QUESTION) == 2)
        anna.type("same")
        anna.until(lambda shown: "ben is verified" in shown)
        ben.until(lambda shown: "anna says that the words are the same" in shown)
        ben.type("different")
        assert ben.end() == 7
        assert "nothing is sent to this key any more" in ben.shown
        assert anna.end() == 0
    assert trust_of(people, "anna", "ben") is Trust.VERIFIED
    assert trust_of(people, "ben", "anna") is Trust.CHANGED
