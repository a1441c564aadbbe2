"""Numbers of people for the keys of a screen: kept in the home."""

from collections.abc import Callable

from lanmsg.model import PeerId
from lanmsg.storage.store import Store

ANNA, BEN = PeerId(b"a" * 32), PeerId(b"b" * 32)


def test_the_numbers_that_were_put_last_are_kept(store: Store, another: Callable[[], Store]) -> None:
    assert store.slots.get() == {}
    store.slots.put({ANNA: 1})
    store.slots.put({ANNA: 1, BEN: 2})
    assert another().slots.get() == {ANNA: 1, BEN: 2}
