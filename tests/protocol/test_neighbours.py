"""Addresses that the system knows of, asked where no broadcasts are heard."""

import random

from lanmsg.protocol.announcement import Source
from lanmsg.protocol.constants import NEIGHBOURS_MAX
from lanmsg.protocol.neighbours import Neighbours


def at(number: int) -> Source:
    return Source(f"192.0.2.{number}", 2372, "eth0", on_link=True, to_everyone=False)


def neighbours(*found: Source) -> Neighbours:
    fresh = Neighbours(random.Random(1).randbytes)
    fresh.update(found, 0.0)
    return fresh


def asked(each: Neighbours, now: float, *present: str) -> list[str]:
    return [neighbour.source.host for neighbour in each.due(now, lambda: set(present))]


def test_asked_at_once_and_again_and_then_often_enough_for_a_firewall_to_remember() -> None:
    found = neighbours(at(7))
    times = []
    while (now := found.next_deadline()) is not None and now < 60:
        times += [now] * len(asked(found, now))
    assert times == [0, 2, 22, 42]


def test_not_asked_where_somebody_is_present() -> None:
    found = neighbours(at(7), at(8))
    assert asked(found, 0.0, "192.0.2.7") == ["192.0.2.8"]
    assert asked(found, 2.0) == ["192.0.2.7", "192.0.2.8"]


def test_only_its_own_token_from_its_own_address_is_an_answer() -> None:
    found = neighbours(at(7))
    (there,) = found.due(0.0, set)
    assert found.is_answered_by(there.token, at(7))
    assert not found.is_answered_by(there.token, at(8))
    assert not found.is_answered_by(there.token, at(7)._replace(port=1))
    assert not found.is_answered_by(bytes(16), at(7))


def test_who_is_no_longer_known_is_not_asked_and_nobody_is_when_broadcasts_are_heard() -> None:
    found = neighbours(at(7), at(8))
    found.update([at(8)], 0.0)
    assert (asked(found, 0.0), found.is_needed) == (["192.0.2.8"], True)
    found.update(None, 1.0)
    assert (found.next_deadline(), found.is_needed) == (None, False)


def test_a_look_that_finds_the_same_asks_nobody_anew() -> None:
    found = neighbours(at(7))
    asked(found, 0.0)
    found.update([at(7)], 0.5)
    assert asked(found, 0.5) == []


def test_of_very_many_only_some_are_asked_and_who_is_news_goes_before_those_who_never_answered() -> None:
    crowd = [at(number) for number in range(NEIGHBOURS_MAX + 20)]
    found = neighbours(*crowd)
    assert len(asked(found, 0.0)) == NEIGHBOURS_MAX
    found.update(crowd, 1.0)
    assert asked(found, 1.0) == []
    found.update([*crowd, at(200)], 1.0)
    assert asked(found, 1.0) == ["192.0.2.200"]
    assert len(asked(found, 30.0)) == NEIGHBOURS_MAX
