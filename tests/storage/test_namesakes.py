"""Whose name is whose, and what a hurried reader takes for it."""

import pytest

from lanmsg.storage.namesakes import is_taken, looks_of
from lanmsg.storage.store import Store
from tests.storage.people import BEN, CLEO, DAN, NOW


def test_a_name_with_a_host_is_two() -> None:
    assert looks_of("ben@thinkpad") == {"benthinkpad", "ben@thinkpad", "ben"}
    assert looks_of("") == set()
    assert looks_of("...") == {"..."}


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("BEN", True),
        ("MIA", True),
        ("Mla", False),
        ("ben@x", False),
        ("bena", False),
        ("me", True),
        ("", False),
    ],
)
def test_names_of_the_known_and_ones_own_are_taken(store: Store, name: str, *, taken: bool) -> None:
    store.own_profile.begin("me")
    store.peers.pin(BEN, nickname="ben", now=NOW)
    store.peers.rename(DAN, "mia", NOW)
    with store.database.transaction() as write:
        assert is_taken(write, CLEO, name) is taken
        assert not is_taken(write, BEN, "ben")  # one's own name is no other's
