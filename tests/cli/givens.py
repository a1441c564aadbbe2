"""What transcripts take as given: homes with keys, and rows that other days left in them."""

import os
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

from lanmsg.model import (
    EVERYONE,
    Conversation,
    Delivery,
    Direction,
    MessageId,
    OfferedFile,
    PeerId,
    TransferId,
    TransferState,
    Trust,
)
from lanmsg.protocol.identity import LocalIdentity, generate_identity
from lanmsg.storage.identity import save_key
from lanmsg.storage.store import Store

NAMES = ("anna", "ben", "carla")
EVE = PeerId(bytes(range(32)))


@cache
def key_of(name: str) -> LocalIdentity:
    """One key for each name in a whole test run: making one takes a third of a second."""
    assert name in NAMES
    return generate_identity()


class People:
    """Who takes part in a scenario: each has a folder, a home in it, and a loopback address."""

    def __init__(self, root: Path, port: int):
        self.root = root
        self.port = port

    def folder(self, name: str) -> Path:
        folder = self.root / name
        if not (folder / "home").exists():
            (folder / "home").mkdir(parents=True, mode=0o700)
            if name in NAMES:
                save_key(folder / "home", key_of(name).to_der())
        return folder

    def environment(self, name: str) -> dict[str, str]:
        folder = self.folder(name)
        index = NAMES.index(name) + 1 if name in NAMES else 99
        return {
            "PATH": f"{self.root / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "COLUMNS": "80",
            "LANMSG_HOME": str(folder / "home"),
            "LANMSG_DOWNLOADS": str(folder / "saved"),
            "LANMSG_NAME": name,
            "LANMSG_PORT": str(self.port),
            "LANMSG_INTERFACE": f"127.0.0.{10 + index}",
        }

    def store(self, name: str) -> Store:
        return Store.open(self.folder(name) / "home")

    def id(self, name: str) -> PeerId:
        return key_of(name).peer_id


def now() -> float:
    return time.time()


def anna_knows_ben(people: People) -> None:
    store = people.store("anna")
    store.peers.pin(people.id("ben"), nickname="ben", now=now())
    store.close()


def anna_has_verified_ben(people: People) -> None:
    anna_knows_ben(people)
    store = people.store("anna")
    store.peers.set_trust(people.id("ben"), Trust.VERIFIED, now())
    store.close()


def ben_has_an_evil_name(people: People) -> None:
    store = people.store("anna")
    store.peers.pin(people.id("ben"), nickname="evil\x1b[2J", now=now())
    store.close()


def ben_knows_anna(people: People) -> None:
    store = people.store("ben")
    store.peers.pin(people.id("anna"), nickname="anna", now=now())
    store.close()


def another_key_goes_by_ben(people: People) -> None:
    """Ben is pinned; another key was seen that calls itself ben as well."""
    anna_knows_ben(people)
    store = people.store("anna")
    store.peers.saw(EVE, nickname="ben", now=now())
    store.close()


def a_stranger_was_here(people: People) -> None:
    store = people.store("anna")
    store.peers.saw(people.id("ben"), nickname="ben", now=now())
    store.close()


def somebody_looks_like_ben(people: People) -> None:
    """With a Cyrillic e."""
    store = people.store("anna")
    store.peers.saw(EVE, nickname="b\u0435n", now=now())
    store.close()


def anna_found_out_ben(people: People) -> None:
    """She compared words with whoever goes by that name, and they were different."""
    anna_knows_ben(people)
    store = people.store("anna")
    store.peers.set_trust(people.id("ben"), Trust.CHANGED, now())
    store.close()


def two_bens(people: People) -> None:
    store = people.store("anna")
    for key in (people.id("ben"), people.id("carla")):
        store.peers.saw(key, nickname="ben", now=now())
    store.close()


def yesterday(people: People) -> None:
    """A conversation with ben, a word to everyone, and one message that has not arrived."""
    anna_knows_ben(people)
    store = people.store("anna")
    ben, day = people.id("ben"), now() - 86400
    number = iter(range(100))

    def message_id() -> MessageId:
        return MessageId(next(number).to_bytes(16))

    with_ben = Conversation.with_peer(ben)
    store.history.add_incoming(ben, message_id(), with_ben, "is the printer back?", sent_at=day, now=day)
    store.history.add_incoming(
        ben, message_id(), EVERYONE, "cake!\n\x1b]0;owned\x07second floor", sent_at=day, now=day + 60
    )
    store.history.add_outgoing(with_ben, "it is", [ben], message_id=message_id(), now=now() - 60)
    store.close()


def mail_that_waits(people: People) -> None:
    """Two messages to ben that wait, one that failed, one of long ago that arrived; a file of then."""
    anna_knows_ben(people)
    store = people.store("anna")
    ben, long_ago = people.id("ben"), now() - 100 * 86400
    with_ben = Conversation.with_peer(ben)
    numbers = [
        store.history.add_outgoing(
            with_ben, text, [ben], message_id=MessageId(os.urandom(16)), now=when
        ).number
        for text, when in (
            ("the old one", long_ago),
            ("first", now() - 7200),
            ("second\n\x1b[2Jline", now()),
            ("never", now()),
        )
    ]
    move = store.history.set_deliveries
    move([(numbers[0], ben)], Delivery.DELIVERED, now=long_ago)
    move([(numbers[1], ben)], Delivery.QUEUED, reason="not here", now=now())
    move([(numbers[3], ben)], Delivery.FAILED, reason="refused by the other side", now=now())
    number = store.transfers.add(
        id=TransferId(os.urandom(16)), direction=Direction.IN, peer=ben, files=(OfferedFile("old.pdf", 1),),
        count=1, total=1, text="", expires_at=long_ago, now=long_ago, state=TransferState.DONE,
    )  # fmt: skip
    assert number is not None
    store.close()


def two_networks(people: People) -> None:
    store = people.store("anna")
    store.networks.decide("192.168.1.0/24 aa:bb:cc:dd:ee:ff", trusted=True, now=now())
    store.networks.decide("10.0.0.0/8", trusted=False, now=now() - 7200)
    store.close()


def same_numbers(people: People) -> None:
    store = people.store("anna")
    store.networks.decide("192.168.1.0/24 cc:cc:cc:cc:cc:cc", trusted=False, now=now())
    store.close()


def offer(people: People, *, name: str, trust: Trust, state: TransferState = TransferState.OFFERED) -> None:
    store = people.store("anna")
    ben = people.id("ben")
    store.peers.pin(ben, nickname="ben", now=now())
    store.peers.set_trust(ben, trust, now())
    store.transfers.add(
        id=TransferId(os.urandom(16)),
        direction=Direction.IN,
        peer=ben,
        files=(OfferedFile(name, 1_200_000),),
        count=1,
        total=1_200_000,
        text="for you",
        expires_at=now() + 590,
        now=now(),
        state=state,
    )
    store.close()


def ben_offered_a_report(people: People) -> None:
    offer(people, name="report.pdf", trust=Trust.PINNED)


def ben_offered_something_evil(people: People) -> None:
    offer(people, name="a\x1b[2Jb\u202efdp.exe", trust=Trust.NEW)


def ben_withdrew_a_report(people: People) -> None:
    offer(people, name="report.pdf", trust=Trust.PINNED, state=TransferState.CANCELLED)


GIVENS: dict[str, Callable[[People], None]] = {
    "anna knows ben": anna_knows_ben,
    "anna has verified ben": anna_has_verified_ben,
    "ben has an evil name": ben_has_an_evil_name,
    "ben knows anna": ben_knows_anna,
    "another key goes by the name ben": another_key_goes_by_ben,
    "a stranger was here": a_stranger_was_here,
    "two people called ben": two_bens,
    "somebody whose name looks like ben": somebody_looks_like_ben,
    "anna found out ben": anna_found_out_ben,
    "yesterday's conversation": yesterday,
    "anna has mail that waits": mail_that_waits,
    "anna was on two networks": two_networks,
    "another network has the same numbers": same_numbers,
    "ben offered a report": ben_offered_a_report,
    "ben offered something evil": ben_offered_something_evil,
    "ben withdrew a report": ben_withdrew_a_report,
}
