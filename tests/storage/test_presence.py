"""What the listener sees, for the home's other processes."""

from collections.abc import Callable

import pytest

from lanmsg.model import Address, Peer, PeerId, Status, Trust
from lanmsg.storage.peers import SEEN_STEP_SECONDS
from lanmsg.storage.presence import LIVE_SECONDS, Presence, Sighting
from lanmsg.storage.store import Store
from tests.storage.people import BEN, CLEO, NOW

HERE = (Address("192.168.1.23", 2372),)


@pytest.fixture
def presence(store: Store) -> Presence:
    return store.presence


def sighting(peer: PeerId = BEN, *, nickname: str = "ben", now: float = NOW) -> Sighting:
    return (peer, nickname, Status.AWAY, "lunch", HERE, now)


def test_who_is_there(presence: Presence) -> None:
    presence.put_many([sighting()])
    assert presence.all() == [
        Peer(
            id=BEN,
            nickname="ben",
            present=True,
            status=Status.AWAY,
            note="lunch",
            addresses=HERE,
            first_seen=NOW,
            last_seen=NOW,
        )
    ]


def test_with_what_this_home_knows_of_them(store: Store) -> None:
    store.peers.saw(BEN, nickname="benjamin", now=NOW - 500, proven=True)
    store.peers.set_trust(BEN, Trust.VERIFIED, NOW)
    store.peers.rename(BEN, "Benny", NOW)
    store.presence.put_many([sighting(), sighting(CLEO, nickname="cleo")])
    ben, cleo = store.presence.all()
    assert (ben.name, ben.trust, ben.proven, ben.first_seen) == ("Benny", Trust.VERIFIED, True, NOW - 500)
    assert (cleo.name, cleo.trust, cleo.proven) == ("cleo", Trust.NEW, False)


def test_who_left_is_gone(presence: Presence) -> None:
    presence.put_many([sighting(), sighting(CLEO)])
    presence.remove_many([BEN])
    assert [each.id for each in presence.all()] == [CLEO]
    presence.clear()
    assert presence.all() == []


def test_only_what_can_be_seen_is_news(store: Store, another: Callable[[], Store]) -> None:
    presence, other = store.presence, another()
    revision = other.revision()

    def news() -> bool:
        nonlocal revision
        changes = other.changes_since(revision)
        revision = changes.revision
        return changes.presence_changed

    presence.put_many([sighting()])
    assert news()
    presence.put_many([sighting(now=NOW + SEEN_STEP_SECONDS)])
    presence.remove_many([CLEO])
    assert not news()
    assert presence.all()[0].last_seen == NOW + SEEN_STEP_SECONDS
    presence.put_many([sighting(CLEO), sighting(nickname="benjamin")])
    assert news()
    presence.remove_many([BEN])
    assert news()
    presence.clear()
    assert news()
    presence.clear()
    assert not news()


def test_a_listener_lives_as_long_as_its_heart_beats(presence: Presence) -> None:
    assert not presence.is_live(NOW)
    presence.heartbeat(NOW)
    assert presence.is_live(NOW + LIVE_SECONDS)
    assert not presence.is_live(NOW + LIVE_SECONDS + 1)
    assert not presence.is_live(NOW - LIVE_SECONDS - 1)  # the clock was set back


def test_a_heartbeat_wakes_nobody_but_for_the_first(store: Store) -> None:
    before = store.revision()
    store.presence.heartbeat(NOW)
    assert store.changes_since(before).presence_changed
    before = store.revision()
    store.presence.heartbeat(NOW + 5)
    assert store.revision() == before


def test_a_listener_that_stops_leaves_nobody(store: Store) -> None:
    store.presence.put_many([sighting()])
    store.presence.heartbeat(NOW)
    before = store.revision()
    store.presence.stop()
    assert store.presence.all() == []
    assert not store.presence.is_live(NOW)
    assert store.changes_since(before).presence_changed


def test_only_the_listeners_own_death_ends_its_view(presence: Presence) -> None:
    presence.begin(b"us", NOW)
    presence.put_many([sighting()])
    presence.ended(b"them")
    assert presence.is_live(NOW)
    presence.ended(b"us")
    assert not presence.is_live(NOW)
    assert presence.all() == []
