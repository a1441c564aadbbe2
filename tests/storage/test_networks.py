"""Networks that a home has met, and what was decided about them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lanmsg.storage.networks import SEEN_STEP_SECONDS, KnownNetwork
from lanmsg.storage.store import Store

HOME, CAFE = "192.168.1.0/24 aa:aa:aa:aa:aa:aa", "192.168.1.0/24 cc:cc:cc:cc:cc:cc"


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    store = Store.open(home)
    yield store
    store.close()


def test_a_decision_stands_until_another_is_made(store: Store) -> None:
    store.networks.decide(HOME, trusted=True, now=100.0)
    store.networks.decide(CAFE, trusted=False, now=200.0)
    assert store.networks.decisions() == {HOME: True, CAFE: False}
    store.networks.decide(HOME, trusted=False, now=300.0)
    assert store.networks.all() == [
        KnownNetwork(HOME, trusted=False, first_seen=100.0, last_seen=300.0),
        KnownNetwork(CAFE, trusted=False, first_seen=200.0, last_seen=200.0),
    ]


def test_where_we_speak_is_remembered_as_trusted(store: Store) -> None:
    store.networks.saw([HOME], 100.0 + SEEN_STEP_SECONDS)
    assert store.networks.decisions() == {HOME: True}


def test_seeing_a_network_again_is_written_now_and_then_and_decides_nothing(store: Store) -> None:
    store.networks.decide(HOME, trusted=False, now=100_000.0)
    before = store.data_version()
    store.networks.saw([HOME], 100_000.0 + SEEN_STEP_SECONDS / 2)
    assert [each.last_seen for each in store.networks.all()] == [100_000.0]
    store.networks.saw([HOME], 100_000.0 + 2 * SEEN_STEP_SECONDS)
    assert [each.last_seen for each in store.networks.all()] == [100_000.0 + 2 * SEEN_STEP_SECONDS]
    assert store.networks.decisions() == {HOME: False}
    assert store.data_version() == before


def test_another_process_hears_of_a_decision(store: Store) -> None:
    with_other = Store.open(store.database.home)
    before, revision = with_other.data_version(), with_other.revision()
    store.networks.decide(CAFE, trusted=False, now=1.0)
    assert with_other.data_version() != before
    assert with_other.changes_since(revision).networks == {CAFE: False}
    with_other.close()
