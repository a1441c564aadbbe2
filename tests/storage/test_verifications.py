"""Rows of comparisons: what a person and a session write, what comes too late, and the counting."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lanmsg.model import LanmsgError, PeerId, Trust, VerificationStage, Wish
from lanmsg.storage.store import Store

BEN, OTHER = PeerId(b"\1" * 32), PeerId(b"\2" * 32)
WORDS = ("aardvark", "adroitness", "Zulu", "Yucatan")


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    opened = Store.open(home)
    opened.peers.pin(BEN, nickname="ben", now=1.0)
    yield opened
    opened.close()


def compared(store: Store) -> None:
    store.verifications.wish(BEN, now=1.0, until=300.0)
    store.verifications.compare(BEN, WORDS, until=300.0)


def test_a_wish_joins_in_what_was_asked(store: Store) -> None:
    store.verifications.asked(BEN, now=1.0, until=300.0)
    row = store.verifications.wish(BEN, now=2.0, until=302.0)
    assert (row.stage, row.ours, row.wish, row.until) == (VerificationStage.ASKED, False, Wish.COMPARE, 302.0)
    store.verifications.asked(BEN, now=3.0, until=303.0)
    assert store.verifications.get(BEN) == row


def test_an_expired_row_is_begun_anew(store: Store) -> None:
    store.verifications.asked(BEN, now=1.0, until=300.0)
    assert store.verifications.wish(BEN, now=301.0, until=600.0).ours
    compared(store)
    store.verifications.asked(BEN, now=601.0, until=900.0)
    row = store.verifications.get(BEN)
    assert row is not None
    assert (row.words, row.wish) == ((), Wish.NONE)


def test_words_need_a_wish(store: Store) -> None:
    store.verifications.compare(BEN, WORDS, until=300.0)
    store.verifications.asked(BEN, now=1.0, until=300.0)
    store.verifications.compare(BEN, WORDS, until=300.0)
    row = store.verifications.get(BEN)
    assert row is not None
    assert row.words == ()


def test_same_verifies_with_a_date(store: Store) -> None:
    compared(store)
    peer = store.verifications.answer(BEN, same=True, now=7.0)
    assert (peer.trust, peer.verified_at) == (Trust.VERIFIED, 7.0)
    assert store.peers.set_trust(BEN, Trust.PINNED, 8.0).verified_at == 0.0


def test_different_marks_the_key(store: Store) -> None:
    store.peers.set_trust(BEN, Trust.VERIFIED, 2.0)
    compared(store)
    peer = store.verifications.answer(BEN, same=False, now=7.0)
    assert (peer.trust, peer.verified_at) == (Trust.CHANGED, 0.0)


def test_the_same_words_put_a_key_in_the_place_of_its_namesake(store: Store) -> None:
    store.peers.rename(OTHER, "Benny", 1.0)
    store.peers.set_trust(OTHER, Trust.PINNED, 1.0)
    compared(store)
    peer = store.verifications.answer(BEN, same=True, now=7.0, namesake=OTHER)
    assert (peer.trust, peer.petname) == (Trust.VERIFIED, "Benny")
    old = store.peers.get(OTHER)
    assert old is not None
    assert (old.trust, old.name) == (Trust.CHANGED, "Benny (old key)")


@pytest.mark.parametrize("same", [True, False])
def test_only_words_that_wait_can_be_answered(store: Store, same: bool) -> None:
    def answer(now: float = 7.0) -> None:
        store.verifications.answer(BEN, same=same, now=now)

    with pytest.raises(LanmsgError):
        answer()
    store.verifications.wish(BEN, now=1.0, until=300.0)
    with pytest.raises(LanmsgError):
        answer()
    compared(store)
    with pytest.raises(LanmsgError):
        answer(now=300.0)
    answer()
    with pytest.raises(LanmsgError):
        answer()
    compared(store)
    store.verifications.cancel(BEN)
    with pytest.raises(LanmsgError):
        answer()


@pytest.mark.parametrize("theirs", [True, False])
def test_what_the_other_person_says_changes_no_trust(store: Store, theirs: bool) -> None:
    compared(store)
    store.verifications.answer(BEN, same=True, now=7.0)
    store.verifications.answered(BEN, same=theirs, reason="said")
    row, peer = store.verifications.get(BEN), store.peers.get(BEN)
    assert row is not None
    assert peer is not None
    assert (row.stage, row.ours, row.is_open) == (
        VerificationStage("same" if theirs else "different"),
        False,
        False,
    )
    assert peer.trust is Trust.VERIFIED


def test_the_other_persons_same_leaves_the_words_open(store: Store) -> None:
    compared(store)
    store.verifications.answered(BEN, same=True, reason="said")
    row = store.verifications.get(BEN)
    assert row is not None
    assert row.awaits_answer
    assert store.verifications.answer(BEN, same=True, now=7.0).trust is Trust.VERIFIED


def test_what_is_over_is_not_ended_again(store: Store) -> None:
    compared(store)
    store.verifications.answer(BEN, same=True, now=7.0)
    before = store.verifications.get(BEN)
    store.verifications.end(BEN, VerificationStage.FAILED, ours=False, reason="too late")
    assert store.verifications.get(BEN) == before


def test_every_change_is_news(store: Store) -> None:
    revision = store.revision()
    store.verifications.asked(BEN, now=1.0, until=300.0)
    changes = store.changes_since(revision)
    assert [row.stage for row in changes.verifications] == [VerificationStage.ASKED]
    assert store.changes_since(changes.revision).verifications == ()
    compared(store)
    assert [row.words for row in store.changes_since(changes.revision).verifications] == [WORDS]
    assert [row.peer for row in store.verifications.recent(since=299.0)] == [BEN]
    assert store.verifications.recent(since=300.0) == []


def take(store: Store, peer: PeerId, now: float) -> bool:
    return store.verifications.take_attempt(peer, now=now, window=100.0, most=3)


def test_attempts_are_counted_by_peer_and_forgotten_after_a_while(store: Store) -> None:
    assert [take(store, BEN, now) for now in (1.0, 2.0, 3.0, 4.0)] == [True, True, True, False]
    assert take(store, OTHER, 4.0)
    assert store.verifications.attempts(BEN, since=0.0) == [1.0, 2.0, 3.0]
    assert [take(store, BEN, now) for now in (101.0, 101.5)] == [True, False]


def test_a_clock_that_was_set_back_locks_nobody_out(store: Store) -> None:
    assert all(take(store, BEN, 1_000.0) for _ in range(3))
    assert take(store, BEN, 5.0)


def test_whom_this_person_has_blocked_meanwhile_stays_blocked(store: Store) -> None:
    compared(store)
    store.peers.set_trust(BEN, Trust.BLOCKED, 2.0)
    with pytest.raises(LanmsgError):
        store.verifications.answer(BEN, same=True, now=7.0)
    peer = store.peers.get(BEN)
    assert peer is not None
    assert peer.trust is Trust.BLOCKED


def test_an_attempt_that_came_to_nothing_is_given_back(store: Store) -> None:
    assert [take(store, BEN, now) for now in (1.0, 2.0, 3.0)] == [True] * 3
    assert take(store, OTHER, 4.0)
    store.verifications.return_attempt(BEN)
    assert store.verifications.attempts(BEN, since=0.0) == [1.0, 2.0]
    assert store.verifications.attempts(OTHER, since=0.0) == [4.0]
