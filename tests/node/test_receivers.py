"""What a command waits for is left to it by the listener of its home, also where a rule would take it."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from lanmsg.model import (
    Direction,
    FileRule,
    LanmsgError,
    OfferedFile,
    Peer,
    PeerId,
    Transfer,
    TransferId,
    TransferState,
    Trust,
)
from lanmsg.node.receivers import Receivers, Wanted
from lanmsg.storage.owner_locks import OwnerLocks, say
from tests.node.neighbours import Neighbours, story
from tests.node.transfer_story import becomes, file_of, impatience, offered

BEN = Peer(PeerId(b"b" * 32), "ben", trust=Trust.PINNED)
OFFER = Transfer(
    1, TransferId(b"t" * 16), Direction.IN, BEN.id, TransferState.OFFERED, (OfferedFile("a", 1),), 1, 1
)
FOLDER = replace(OFFER, files=(OfferedFile("photos", 1, is_folder=True),))
US, THEM = b"us", b"them"


class Book:
    def get(self, peer: PeerId) -> Peer | None:
        return BEN if peer == BEN.id else None

    def one(self, who: str) -> Peer | None:
        if who == "sam":
            raise LanmsgError("sam could be 2 people", code="ambiguous")
        return BEN if who == "ben" else None


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for owner in (US, THEM):
        OwnerLocks(tmp_path, owner).hold()
    return tmp_path


@pytest.mark.parametrize(
    ("wanted", "offer", "is_awaited"),
    [
        (Wanted("known"), OFFER, True),
        (Wanted("verified"), OFFER, False),
        (Wanted("known"), replace(OFFER, peer=PeerId(b"x" * 32)), False),
        (Wanted("all", "ben"), OFFER, True),
        (Wanted("all", "carla"), OFFER, False),
        (Wanted("all", "sam"), OFFER, False),
        (Wanted("known", files_only=True), OFFER, True),
        (Wanted("known", files_only=True), FOLDER, False),
        (None, OFFER, False),
    ],
)
def test_what_somebody_else_waits_for(
    home: Path, wanted: Wanted | None, offer: Transfer, *, is_awaited: bool
) -> None:
    ours, theirs = Receivers(home, US, Book()), Receivers(home, THEM, Book())
    theirs.want(Wanted("all"))
    theirs.want(wanted)
    assert ours.is_awaited(offer) is is_awaited
    assert not theirs.is_awaited(offer), "one does not leave it to oneself"


def test_words_that_are_half_written_are_none(home: Path) -> None:
    say(home, THEM, b'{"accept":"kno')
    assert not Receivers(home, US, Book()).is_awaited(OFFER)


@story
async def test_the_listener_leaves_to_a_command_what_its_rule_takes_as_long_as_it_waits(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatience(monkeypatch)
    anna, ben = await neighbours.meet("anna", "ben")
    await ben.set_trust(anna.id, Trust.PINNED)
    await ben.set_file_rule(anna.id, FileRule.ACCEPT)
    command = await neighbours.open("ben")
    await command.await_files(Wanted("known"))
    sent = await anna.offer(ben.id, [file_of(neighbours)])
    there = (await offered(command, 1))[0]
    place = neighbours.folder / "elsewhere"
    await command.accept(there.number, destination=place)
    await becomes(anna, sent, TransferState.DONE)
    assert [each.name for each in place.iterdir() if each.is_file()] == ["report.pdf"]
    second = await anna.offer(ben.id, [file_of(neighbours)])
    await offered(command, 2)
    await command.await_files(None)
    await becomes(anna, second, TransferState.DONE)
