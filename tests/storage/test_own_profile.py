"""How this person is shown: said in one process of the home, known in all of them."""

from collections.abc import Callable

from lanmsg.model import Status
from lanmsg.storage.own_profile import OwnProfile
from lanmsg.storage.store import Store

AWAY = OwnProfile("anna", Status.AWAY, "at lunch")


def test_what_was_said_last_holds_everywhere_until_it_is_cleared(
    store: Store, another: Callable[[], Store]
) -> None:
    other = another()
    assert other.own_profile.get() is None
    store.own_profile.put(OwnProfile("anna", Status.BUSY, ""))
    store.own_profile.put(AWAY)
    assert other.own_profile.get() == AWAY
    other.own_profile.clear()
    assert store.own_profile.get() is None


def test_it_is_news_once(store: Store) -> None:
    before = store.revision()
    store.own_profile.put(AWAY)
    changes = store.changes_since(before)
    assert changes.own_profile == AWAY
    assert store.changes_since(changes.revision).own_profile is None


def test_what_the_last_listener_was_called_is_known_to_all(
    store: Store, another: Callable[[], Store]
) -> None:
    assert store.own_profile.name() == ""
    store.own_profile.put(AWAY)
    store.own_profile.begin("anna@home")
    assert store.own_profile.get() is None
    assert another().own_profile.name() == "anna@home"
    store.own_profile.put(OwnProfile("anna", Status.BUSY, ""))
    store.own_profile.clear()
    assert another().own_profile.name() == "anna"
