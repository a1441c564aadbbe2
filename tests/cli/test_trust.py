"""The transcripts of trust.txt, and what a person at a terminal is asked."""

import argparse
import io
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from lanmsg.api import open_home
from lanmsg.cli import trust
from lanmsg.cli.output import Output
from lanmsg.cli.parser import Invocation
from lanmsg.cli.table import TRUST
from lanmsg.config import Settings
from lanmsg.model import LanmsgError, Peer, PeerId, Trust
from tests.cli.transcript import transcripts

test_transcript = transcripts("trust")

BEN, OTHER = PeerId(b"\1" * 32), PeerId(b"\2" * 32)

Replace = Callable[[str], Trust]


class Keyboard(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def replace_ben(home: Path, monkeypatch: pytest.MonkeyPatch) -> Replace:
    """`trust ben --replace --yes` at a terminal where this answer is typed; how the new key stands then."""
    settings = Settings(home, home, "anna")
    store = open_home(settings)
    store.peers.pin(BEN, nickname="ben", now=time.time())
    store.peers.rename(BEN, "Benny", time.time())
    store.peers.saw(OTHER, nickname="Benny", now=time.time())
    store.close()

    def replace(answer: str) -> Trust:
        monkeypatch.setattr("sys.stdin", Keyboard(f"{answer}\n"))
        monkeypatch.setattr("sys.stderr", Keyboard())
        options = argparse.Namespace(peer="Benny", fingerprint=None, replace=True, yes=True, wait=0.0)
        invocation = Invocation(TRUST, options, Output())
        invocation.__dict__["settings"] = settings
        with suppress(LanmsgError):
            trust.trust(invocation)
        store = open_home(settings)
        new, old = store.peers.get(OTHER), store.peers.get(BEN)
        store.close()
        assert new is not None
        assert old is not None
        is_replaced = new.trust is Trust.PINNED
        assert (new.petname, old.name) == (("Benny", "Benny (old key)") if is_replaced else ("", "Benny"))
        return new.trust

    return replace


def test_yes_of_a_person_who_compared_replaces(replace_ben: Replace) -> None:
    assert replace_ben("y") is Trust.PINNED


@pytest.mark.parametrize("answer", ["", "n", "maybe"])
def test_anything_else_changes_nothing(replace_ben: Replace, answer: str) -> None:
    assert replace_ben(answer) is Trust.NEW


def test_a_key_that_was_replaced_is_no_rival_of_the_one_in_its_place() -> None:
    ben = Peer(BEN, "ben", trust=Trust.PINNED)
    rival = Peer(OTHER, "ben", trust=Trust.CHANGED)
    old = Peer(OTHER, "ben", trust=Trust.CHANGED, replaced=True)
    assert trust.namesakes([old, rival], ben) == [rival]
