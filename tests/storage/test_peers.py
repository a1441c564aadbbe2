"""The peer book: what is known, what a hint may change, and what only the person may."""

from collections.abc import Callable

import pytest

from lanmsg.model import Address, FileRule, Peer, PeerId, Status, Trust
from lanmsg.storage.peers import (
    SEEN_STEP_SECONDS,
    STRANGERS_MAX,
    PeerBook,
    addresses_from_json,
    addresses_to_json,
)
from lanmsg.storage.store import Store
from tests.storage.people import BEN, CLEO, DAN, NOW, WITH_BEN, message_id

HERE = (Address("192.168.1.23", 2372), Address("fe80::1%eth0", 40000))


@pytest.fixture
def peers(store: Store) -> PeerBook:
    return store.peers


def saw(
    peers: PeerBook, peer: PeerId = BEN, nickname: str = "ben", *, now: float = NOW, proven: bool = False
) -> Peer:
    return peers.saw(peer, nickname=nickname, note="n", addresses=HERE, now=now, proven=proven)


def test_addresses_come_back_as_they_were() -> None:
    assert addresses_from_json(addresses_to_json(HERE)) == HERE


def test_who_was_seen_is_known(peers: PeerBook) -> None:
    seen = peers.saw(
        BEN,
        nickname="ben",
        status=Status.BUSY,
        note="in a call",
        addresses=HERE,
        now=NOW,
        public_key=b"n",
        proven=True,
    )
    assert seen == Peer(
        id=BEN,
        nickname="ben",
        proven=True,
        status=Status.BUSY,
        note="in a call",
        addresses=HERE,
        first_seen=NOW,
        last_seen=NOW,
    )
    assert peers.get(BEN) == seen
    assert peers.public_key(BEN) == b"n"
    assert peers.get(CLEO) is None
    assert peers.public_key(CLEO) is None


def test_a_hint_does_not_change_what_was_proven(peers: PeerBook) -> None:
    proven = saw(peers, proven=True)
    hinted = peers.saw(BEN, nickname="evil", note="hacked", status=Status.AWAY, addresses=(), now=NOW + 60)
    assert (hinted.nickname, hinted.note, hinted.addresses) == ("ben", "n", HERE)
    assert (hinted.proven, hinted.status, hinted.last_seen) == (True, Status.AWAY, NOW + 60)
    assert hinted.first_seen == proven.first_seen


def test_a_proof_replaces_hints_and_other_proofs(peers: PeerBook) -> None:
    saw(peers, nickname="hint")
    assert saw(peers, nickname="first", proven=True).nickname == "first"
    assert saw(peers, nickname="second", proven=True).nickname == "second"
    peers.saw(BEN, nickname="second", now=NOW, public_key=b"n", proven=True)
    saw(peers, nickname="third", proven=True)
    assert peers.public_key(BEN) == b"n"


def test_being_still_there_is_no_news_and_seldom_written(store: Store) -> None:
    saw(store.peers)
    before = store.revision()
    assert saw(store.peers, now=NOW + 1).last_seen == NOW
    assert saw(store.peers, now=NOW + SEEN_STEP_SECONDS).last_seen == NOW + SEEN_STEP_SECONDS
    assert store.revision() == before


def test_a_pin_is_set_once_and_keeps_every_other_state(peers: PeerBook) -> None:
    assert peers.pin(BEN, nickname="ben", now=NOW).trust is Trust.PINNED
    saw(peers, CLEO)
    assert peers.pin(CLEO, nickname="other", now=NOW) == peers.get(CLEO)
    for trust in (Trust.VERIFIED, Trust.CHANGED, Trust.BLOCKED):
        peers.set_trust(BEN, trust, NOW)
        assert peers.pin(BEN, nickname="ben", now=NOW).trust is trust


def test_seeing_a_peer_never_changes_its_trust_or_its_name_here(peers: PeerBook) -> None:
    peers.set_trust(BEN, Trust.BLOCKED, NOW)
    peers.rename(BEN, "that man", NOW)
    seen = saw(peers, proven=True)
    assert (seen.trust, seen.petname, seen.name) == (Trust.BLOCKED, "that man", "that man")
    assert peers.rename(BEN, "", NOW).name == "ben"


def test_names(peers: PeerBook) -> None:
    saw(peers, BEN, "Ben")
    saw(peers, CLEO, "ben")
    saw(peers, DAN, "Straße")
    peers.rename(DAN, "Dan", NOW)
    assert [each.id for each in peers.named("ben")] == [CLEO]
    assert [each.id for each in peers.named("BEN")] == [BEN, CLEO]
    assert [each.id for each in peers.named("Dan")] == [DAN]
    assert [each.id for each in peers.named("STRASSE")] == [DAN]
    assert peers.named("nobody") == []
    assert peers.named("") == []
    assert [each.id for each in peers.all()] == [BEN, CLEO, DAN]


def test_the_highest_version_is_remembered(peers: PeerBook) -> None:
    assert peers.version(BEN) == 0
    saw(peers)
    peers.raise_version(BEN, 2)
    peers.raise_version(BEN, 1)
    assert peers.version(BEN) == 2
    assert peers.versions_above(1) == {BEN: 2}
    assert peers.versions_above(2) == {}


def test_a_rule_for_files_and_silence_live_with_the_key(store: Store, another: Callable[[], Store]) -> None:
    assert saw(store.peers).file_rule is FileRule.DEFAULT
    store.peers.set_file_rule(BEN, FileRule.ACCEPT, 5000, NOW)
    ruled = store.peers.set_muted(BEN, NOW, muted=True)
    assert (ruled.file_rule, ruled.file_rule_max, ruled.muted) == (FileRule.ACCEPT, 5000, True)
    assert another().peers.get(BEN) == ruled
    free = store.peers.set_file_rule(BEN, FileRule.DEFAULT, None, NOW)
    assert (free.file_rule, free.file_rule_max, free.muted) == (FileRule.DEFAULT, None, True)


def test_changes_are_told(store: Store, another: Callable[[], Store]) -> None:
    other = another()
    before = other.revision()
    saw(store.peers)
    store.peers.pin(CLEO, nickname="cleo", now=NOW)
    assert {each.id for each in other.changes_since(before).peers} == {BEN, CLEO}
    before = other.revision()
    store.peers.rename(CLEO, "c", NOW)
    assert [each.name for each in other.changes_since(before).peers] == ["c"]


def flood(store: Store, count: int) -> None:
    with store.database.transaction(durable=False):
        for number in range(count):
            store.peers.saw(PeerId(number.to_bytes(32, "little")), nickname="x", now=NOW + 1 + number)


def test_a_flood_of_strangers_pushes_out_strangers_only(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lanmsg.storage.peers.STRANGERS_MAX", 40)
    monkeypatch.setattr("lanmsg.storage.peers.STRANGERS_EVICTED", 10)
    peers = store.peers
    assert STRANGERS_MAX >= 8192
    peers.pin(BEN, nickname="ben", now=NOW)
    saw(peers, CLEO, "cleo")
    peers.rename(CLEO, "Cleo", NOW)
    writer, present = PeerId(b"w" * 32), PeerId(b"p" * 32)
    saw(peers, writer, "writer")
    store.history.add_incoming(writer, message_id(), WITH_BEN.with_peer(writer), "hi", sent_at=NOW, now=NOW)
    saw(peers, present, "present")
    store.presence.put_many([(present, "present", Status.AVAILABLE, "", (), NOW)])
    flood(store, 200)
    kept = {each.id for each in peers.all()}
    assert {BEN, CLEO, writer, present} <= kept
    assert len(kept) <= 2 + 40 + 1
    assert PeerId((199).to_bytes(32, "little")) in kept
    assert PeerId((0).to_bytes(32, "little")) not in kept


def test_a_new_key_takes_the_place_of_an_old_one(store: Store) -> None:
    old, new = PeerId(b"o" * 32), PeerId(b"n" * 32)
    store.peers.pin(old, nickname="ben", now=1.0)
    store.peers.rename(old, "ben at work", now=1.0)
    successor = store.peers.succeed(old, new, nickname="ben", now=2.0)
    assert (successor.id, successor.petname, successor.trust) == (new, "ben at work", Trust.PINNED)
    before = store.peers.get(old)
    assert before is not None
    assert (before.name, before.trust, before.is_old_key) == ("ben at work (old key)", Trust.CHANGED, True)


def test_an_old_key_that_is_trusted_again_has_its_name_back(store: Store) -> None:
    old, new = PeerId(b"o" * 32), PeerId(b"n" * 32)
    store.peers.pin(old, nickname="ben", now=1.0)
    store.peers.succeed(old, new, nickname="ben", now=2.0)
    again = store.peers.succeed(new, old, nickname="", now=3.0)
    assert (again.name, again.petname, again.trust) == ("ben", "", Trust.PINNED)
    replaced = store.peers.get(new)
    assert replaced is not None
    assert replaced.name == "ben (old key)"


def test_no_name_makes_an_old_key_and_none_unmakes_it(store: Store) -> None:
    forger, old, new = (PeerId(bytes([each]) * 32) for each in b"fon")
    store.peers.pin(forger, nickname="ben (old key)", now=1.0)
    assert not store.peers.set_trust(forger, Trust.CHANGED, 2.0).is_old_key
    store.peers.pin(old, nickname="ben", now=1.0)
    store.peers.succeed(old, new, nickname="ben", now=2.0)
    assert store.peers.rename(old, "bens laptop", now=3.0).name == "bens laptop (old key)"
    assert store.peers.unblock(store.peers.block(old, 4.0).id, 5.0).is_old_key
    assert not store.peers.set_trust(old, Trust.PINNED, 6.0).is_old_key
    assert not store.peers.set_trust(old, Trust.CHANGED, 7.0).is_old_key


def test_nobody_known_gets_to_a_name_by_way_of_none(store: Store) -> None:
    anna, mallory = PeerId(b"a" * 32), PeerId(b"m" * 32)
    store.peers.pin(anna, nickname="anna", now=1.0)
    store.peers.pin(mallory, nickname="mallory", now=1.0)
    for name in ("", "anna"):
        said = store.peers.saw(mallory, nickname=name, now=2.0, proven=True)
        assert said.name == "mallory"


@pytest.mark.parametrize("before", [Trust.NEW, Trust.PINNED, Trust.VERIFIED, Trust.CHANGED])
def test_who_is_unblocked_is_what_they_were_before(peers: PeerBook, before: Trust) -> None:
    known = peers.set_trust(BEN, before, NOW)
    for at in (1, 2):  # blocked twice is blocked
        blocked = peers.block(BEN, NOW + at)
        assert (blocked.trust, blocked.verified_at) == (Trust.BLOCKED, 0.0)
    assert peers.unblock(BEN, NOW + 3) == known
    assert peers.unblock(BEN, NOW + 4) == known


def test_who_is_unblocked_is_new_where_another_one_has_the_name_now(peers: PeerBook) -> None:
    peers.pin(BEN, nickname="ben", now=NOW)
    peers.block(BEN, NOW)
    peers.pin(CLEO, nickname="ben", now=NOW)
    assert peers.unblock(BEN, NOW).trust is Trust.NEW


@pytest.mark.parametrize(
    ("wanted", "trust"),
    [
        ("cleo", Trust.PINNED),
        ("Cl\u0435o", Trust.VERIFIED),
        ("CLE0", Trust.CHANGED),
        ("Cleopatra", Trust.BLOCKED),
        ("me", Trust.PINNED),
    ],
)
def test_nobody_known_takes_the_name_of_another_one(store: Store, wanted: str, trust: Trust) -> None:
    peers = store.peers
    store.own_profile.begin("me@home")
    peers.pin(CLEO, nickname="cleo@thinkpad", now=NOW)
    peers.rename(DAN, "cleopatra", NOW)
    saw(peers, proven=True)
    peers.set_trust(BEN, trust, NOW)
    renamed = saw(peers, nickname=wanted, proven=True)
    assert (renamed.name, renamed.nickname) == ("ben", wanted)


def test_whoever_takes_a_name_that_is_nobodys_is_called_so(peers: PeerBook) -> None:
    peers.pin(CLEO, nickname="cleo", now=NOW)
    saw(peers, DAN, "dan", proven=True)  # a stranger has no claim to a name
    saw(peers, proven=True)
    assert saw(peers, nickname="cleo", proven=True).name == "cleo"  # nor is a stranger's own held
    peers.pin(BEN, nickname="", now=NOW)
    assert saw(peers, nickname="dan", proven=True).name == "dan"
