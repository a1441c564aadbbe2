"""Offers and transfers: rows, moves, leases, odd paths."""

import os
from collections.abc import Callable

import pytest

from lanmsg.model import FINAL_STATES, Direction, OfferedFile, Transfer, TransferId, TransferState
from lanmsg.storage.errors import StorageError
from lanmsg.storage.store import Store
from lanmsg.storage.transfers import TELL_WITHIN_SECONDS, Transfers
from tests.storage.people import BEN, CLEO, NOW, transfer_id

US, THEM = b"us-1", b"them"
FILES = (OfferedFile("a.txt", 12), OfferedFile("photos", None, is_folder=True))


@pytest.fixture
def transfers(store: Store) -> Transfers:
    return store.transfers


def offer(
    transfers: Transfers,
    *,
    identifier: TransferId | None = None,
    direction: Direction = Direction.OUT,
    state: TransferState = TransferState.QUEUED,
    paths: tuple[str, ...] = (),
    total: int | None = 12,
    owner: bytes | None = None,
) -> Transfer:
    added = transfers.add(
        id=identifier or transfer_id(),
        direction=direction,
        peer=BEN,
        files=FILES,
        count=2,
        total=total,
        text="look",
        paths=paths,
        expires_at=NOW + 600,
        now=NOW,
        state=state,
        lease_owner=owner,
        lease_until=NOW + 30,
    )
    assert added is not None
    return added


def test_an_offer_comes_back_as_it_was(transfers: Transfers) -> None:
    added = offer(transfers, paths=("/home/anna/a.txt",), total=None)
    assert transfers.get(added.number) == added
    assert (added.files, added.count, added.total, added.text) == (FILES, 2, None, "look")
    assert (added.created_at, added.updated_at, added.expires_at) == (NOW, NOW, NOW + 600)
    assert transfers.find(added.id, BEN, Direction.OUT) == added
    assert transfers.find(added.id, CLEO, Direction.OUT) is None
    assert transfers.find(added.id, BEN, Direction.IN) is None
    assert transfers.get(99) is None


def test_an_offer_is_stored_once(transfers: Transfers) -> None:
    first = offer(transfers)
    again = transfers.add(
        id=first.id,
        direction=Direction.OUT,
        peer=BEN,
        files=(),
        count=0,
        total=0,
        expires_at=NOW,
        now=NOW,
        state=TransferState.QUEUED,
    )
    assert again is None
    assert offer(transfers, identifier=first.id, direction=Direction.IN).number != first.number
    assert transfers.get(first.number) == first


def test_a_path_need_not_be_unicode(transfers: Transfers) -> None:
    path = os.fsdecode(b"/home/anna/caf\xe9")
    added = offer(transfers, paths=(path,))
    moved = transfers.move(added.number, TransferState.ACCEPTED, now=NOW, destination=path)
    assert moved is not None
    assert (moved.paths, moved.destination) == ((path,), path)


def test_numbers_too_large_for_a_row_are_refused(transfers: Transfers) -> None:
    with pytest.raises(StorageError) as caught:
        offer(transfers, total=1 << 63)
    assert caught.value.code == "invalid"
    assert transfers.list() == []


def test_a_move_changes_what_it_says(transfers: Transfers) -> None:
    number = offer(transfers, paths=("/a",)).number
    moved = transfers.move(
        number, TransferState.PAUSED, now=NOW + 1, reason="gone", code="network", done=5, destination="/d"
    )
    assert moved is not None
    assert (moved.state, moved.reason, moved.code) == (TransferState.PAUSED, "gone", "network")
    assert (moved.done, moved.paths, moved.destination, moved.updated_at) == (5, ("/a",), "/d", NOW + 1)
    moved = transfers.move(number, TransferState.DONE, now=NOW + 2, paths=("/d/a",))
    assert moved is not None
    assert (moved.reason, moved.code, moved.done, moved.paths, moved.destination) == (
        "",
        "",
        5,
        ("/d/a",),
        "/d",
    )


@pytest.mark.parametrize("final", [state for state in TransferState if state in FINAL_STATES])
def test_what_has_ended_does_not_move(transfers: Transfers, final: TransferState) -> None:
    number = offer(transfers).number
    assert transfers.move(number, final, now=NOW)
    assert transfers.move(number, TransferState.ACCEPTED, now=NOW) is None
    assert transfers.open() == []


def test_a_move_only_from_where_it_was_expected(transfers: Transfers) -> None:
    """Two processes answer one offer: the second answer finds it answered."""
    number = offer(transfers, state=TransferState.OFFERED).number
    only = {TransferState.OFFERED}
    assert transfers.move(number, TransferState.ACCEPTED, now=NOW, only_from=only)
    assert transfers.move(number, TransferState.DECLINED, now=NOW, only_from=only) is None
    assert transfers.move(99, TransferState.ACCEPTED, now=NOW) is None


def test_progress_moves_what_is_open(store: Store) -> None:
    transfers = store.transfers
    number = offer(transfers).number
    transfers.progress(number, 7, NOW + 1)
    moved = transfers.get(number)
    assert moved is not None
    assert (moved.done, moved.updated_at) == (7, NOW + 1)
    before = store.revision()
    transfers.progress(number, 7, NOW + 2)
    assert store.revision() == before
    transfers.move(number, TransferState.CANCELLED, now=NOW)
    transfers.progress(number, 9, NOW + 3)
    ended = transfers.get(number)
    assert ended is not None
    assert ended.done == 7


def test_the_lists(transfers: Transfers) -> None:
    first, second, third = (offer(transfers).number for _ in range(3))
    transfers.move(second, TransferState.DONE, now=NOW)
    assert [each.number for each in transfers.open()] == [first, third]
    assert [each.number for each in transfers.list()] == [third, second, first]
    assert [each.number for each in transfers.list(limit=2)] == [third, second, first]
    transfers.move(first, TransferState.DECLINED, now=NOW)
    assert [each.number for each in transfers.list(limit=2)] == [third, second]
    assert [each.number for each in transfers.list(open_only=True)] == [third]


def test_what_is_open_is_listed_whatever_came_after_it(transfers: Transfers) -> None:
    numbers = [offer(transfers).number for _ in range(103)]
    for number in numbers[1:]:
        transfers.move(number, TransferState.DONE, now=NOW)
    assert [each.number for each in transfers.list()] == [*numbers[:2:-1], numbers[0]]


def test_what_the_peer_was_told(transfers: Transfers) -> None:
    number = offer(transfers).number
    assert transfers.told(number) == ""
    transfers.set_told(number, "offered")
    assert transfers.told(number) == "offered"
    transfers.set_told(number, TransferState.CANCELLED)
    assert transfers.told(number) == "cancelled"
    assert transfers.told(99) == ""


def test_a_decision_needs_work_until_the_peer_knows_it(transfers: Transfers) -> None:
    number = offer(transfers).number
    assert [each.number for each in transfers.needing_work(NOW)] == [number]
    transfers.move(number, TransferState.DECLINED, now=NOW)
    assert [each.number for each in transfers.needing_work(NOW)] == [number]
    assert transfers.needing_work(NOW + TELL_WITHIN_SECONDS + 1) == []
    transfers.set_told(number, TransferState.DECLINED)
    assert transfers.needing_work(NOW) == []


def test_what_is_done_needs_no_work(transfers: Transfers) -> None:
    transfers.move(offer(transfers).number, TransferState.DONE, now=NOW)
    assert transfers.needing_work(NOW) == []


def test_what_ended_can_be_started_over(transfers: Transfers) -> None:
    number = offer(transfers).number
    transfers.move(number, TransferState.FAILED, now=NOW, reason="no", code="permission")
    transfers.set_told(number, "failed")
    assert transfers.reopen(number, TransferState.QUEUED, now=NOW, only_from={TransferState.PAUSED}) is None
    again = transfers.reopen(number, TransferState.QUEUED, now=NOW + 1, only_from={TransferState.FAILED})
    assert again is not None
    assert (again.state, again.reason, again.code) == (TransferState.QUEUED, "", "")
    assert transfers.told(number) == ""
    assert transfers.reopen(99, TransferState.QUEUED, now=NOW) is None


def test_leases(transfers: Transfers) -> None:
    number = offer(transfers, owner=US).number
    assert not transfers.take_lease(number, THEM, NOW + 20, now=NOW)
    assert transfers.take_lease(number, US, NOW + 20, now=NOW)
    assert transfers.take_lease(number, US, NOW + 50, now=NOW)
    assert not transfers.take_lease(number, THEM, NOW + 60, now=NOW + 30)
    assert transfers.take_lease(number, THEM, NOW + 80, now=NOW + 51)
    transfers.release_leases(THEM)
    assert transfers.take_lease(number, US, NOW + 80, now=NOW + 51)
    assert not transfers.take_lease(99, US, NOW + 80, now=NOW)


def test_others_hear_of_it(store: Store, another: Callable[[], Store]) -> None:
    other = another()
    before = other.revision()
    number = offer(store.transfers).number
    changes = other.changes_since(before)
    assert [each.number for each in changes.transfers] == [number]
    store.transfers.take_lease(number, US, NOW + 20, now=NOW)
    assert other.changes_since(changes.revision).transfers == ()
    store.transfers.progress(number, 3, NOW)
    assert [each.done for each in other.changes_since(changes.revision).transfers] == [3]


def test_what_starts_over_may_be_another_transfer_to_the_peer(transfers: Transfers) -> None:
    number = offer(transfers).number
    transfers.progress(number, 7, NOW)
    transfers.move(number, TransferState.CANCELLED, now=NOW)
    again = transfers.reopen(number, TransferState.QUEUED, now=NOW, new_id=TransferId(b"n" * 16))
    assert again is not None
    assert (again.id, again.done, again.state) == (b"n" * 16, 0, TransferState.QUEUED)


def test_offers_without_a_yes_are_counted(transfers: Transfers) -> None:
    state = TransferState.OFFERED
    numbers = [offer(transfers, direction=Direction.IN, state=state).number for _ in range(3)]
    transfers.move(numbers[0], TransferState.CANCELLED, now=NOW)
    transfers.move(numbers[1], TransferState.ACCEPTED, now=NOW)
    assert transfers.undecided_since(BEN, NOW - 1) == 2
    assert transfers.undecided_since(BEN, NOW) == 0
