"""What ran in a process that was killed is interrupted to whoever reads; what a living one runs is not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lanmsg.model import Transfer, TransferState
from lanmsg.storage.burial import settle
from lanmsg.storage.owner_locks import OwnerLocks
from lanmsg.storage.store import Store
from tests.storage.people import NOW
from tests.storage.test_transfers import THEM, offer

RUNNING, PAUSED = TransferState.RUNNING, TransferState.PAUSED


@pytest.fixture
def them(home: Path, store: Store) -> Iterator[OwnerLocks]:
    locks = OwnerLocks(home, THEM)
    locks.hold()
    yield locks
    locks._close()


def settled(store: Store, home: Path, number: int) -> Transfer:
    settle(store, home, NOW + 1)
    found = store.transfers.get(number)
    assert found is not None
    return found


def test_what_a_killed_process_ran_is_interrupted(store: Store, home: Path, them: OwnerLocks) -> None:
    running = offer(store.transfers, state=RUNNING, owner=THEM).number
    offered = offer(store.transfers, state=TransferState.OFFERED, owner=THEM).number
    assert settled(store, home, running).state is RUNNING
    revision = store.revision()
    them._close()  # as the system does when it dies
    after = settled(store, home, running)
    assert (after.state, after.reason) == (PAUSED, "interrupted")
    assert [each.number for each in store.changes_since(revision).transfers] == [running]
    assert settled(store, home, offered).state is TransferState.OFFERED


def test_nothing_is_looked_for_where_nothing_runs(store: Store, home: Path, them: OwnerLocks) -> None:
    number = offer(store.transfers, state=PAUSED, owner=THEM).number
    them._close()
    before = store.revision()
    assert settled(store, home, number).reason == ""
    assert store.revision() == before
    assert not store.transfers.take_lease(number, b"us-1", NOW + 30, now=NOW + 1)
