"""Addresses that the person named."""

import random

from lanmsg.model import PeerId
from lanmsg.protocol.announcement import Source
from lanmsg.protocol.static_peers import StaticPeers

BOB = PeerId(b"b" * 32)
AT = Source("192.0.2.7", 2372, "", on_link=False, to_everyone=False)


def peers() -> StaticPeers:
    return StaticPeers(random.Random(1).randbytes)


def asked_at(static: StaticPeers, end: float, present: set[PeerId]) -> list[float]:
    times = []
    while (at := static.next_deadline()) is not None and at <= end:
        times += [at] * len(static.due(at, present.__contains__))
    return times


def test_asked_three_times_and_then_as_often_as_it_would_announce() -> None:
    static = peers()
    static.add("192.0.2.7", 2372, 10.0)
    assert asked_at(static, 25.0, set()) == [10, 10.5, 13, 18, 23]


def test_not_asked_while_present_and_again_when_gone() -> None:
    static = peers()
    static.add("192.0.2.7", 2372, 0.0)
    static.found(BOB, "192.0.2.7", 2372)
    static.found(BOB, "192.0.2.9", 2372)
    assert asked_at(static, 100.0, {BOB}) == []
    assert asked_at(static, 107.0, set()) == [103]


def test_only_its_own_token_from_its_own_address_is_an_answer() -> None:
    static = peers()
    static.add("192.0.2.7", 2372, 0.0)
    (named,) = static.due(0.0, lambda _: False)
    assert static.is_answered_by(named.token, AT)
    assert not static.is_answered_by(bytes(16), AT)
    assert not static.is_answered_by(named.token, AT._replace(port=1))
    assert not static.is_answered_by(named.token, AT._replace(host="192.0.2.8"))


def test_the_list_grows() -> None:
    static = peers()
    assert static.next_deadline() is None
    static.add("192.0.2.7", 2372, 0.0)
    static.add("192.0.2.7", 9999, 0.0)
    assert static.addresses == [("192.0.2.7", 2372), ("192.0.2.7", 9999)]
    assert static.has_host("192.0.2.7")
    assert not static.has_host("192.0.2.8")


def test_all_are_asked_anew_on_another_network() -> None:
    static = peers()
    static.add("192.0.2.7", 2372, 0.0)
    static.found(BOB, "192.0.2.7", 2372)
    asked_at(static, 10.0, {BOB})
    static.ask_all_again(20.0)
    assert asked_at(static, 25.0, {BOB}) == [20, 20.5, 23]
