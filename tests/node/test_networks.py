"""Which network a link is on, and when a home keeps quiet there."""

from collections.abc import Sequence

import pytest

from lanmsg.model import KEPT_QUIET, NEW_NETWORK, NOT_RECOGNISED
from lanmsg.node import networks as module
from lanmsg.node.interfaces import Link
from lanmsg.node.networks import Network, Networks, network_of, reason_for_silence, recognised
from lanmsg.node.routes import Neighbour

LINK = Link("wlan0", 3, "192.168.1.20", 24)
HOME_MAC, CAFE_MAC = "aa:aa:aa:aa:aa:aa", "cc:cc:cc:cc:cc:cc"
HOME = Network("wlan0", "192.168.1.0/24", "192.168.1.1", HOME_MAC)
CAFE = Network("wlan0", "192.168.1.0/24", "192.168.1.1", CAFE_MAC)
PENDING = Network("wlan0", "192.168.1.0/24", "192.168.1.1")
BARE = Network("wlan0", "192.168.1.0/24")


@pytest.mark.parametrize(
    ("gateways", "around", "expected"),
    [
        ({"wlan0": "192.168.1.1"}, [Neighbour("192.168.1.1", "wlan0", HOME_MAC)], HOME),
        ({"wlan0": "192.168.1.1"}, [Neighbour("192.168.1.1", "wlan0")], PENDING),
        ({"wlan0": "192.168.1.1"}, [Neighbour("192.168.1.1", "eth0", HOME_MAC)], PENDING),
        ({"eth0": "10.0.0.1"}, [], BARE),
    ],
)
def test_a_network_is_its_prefix_and_its_gateway(
    gateways: dict[str, str], around: Sequence[Neighbour], expected: Network
) -> None:
    assert network_of(LINK, gateways, around) == expected


def test_keys_tell_a_home_from_a_cafe_of_the_same_numbers() -> None:
    keys = [each.key for each in (HOME, CAFE, PENDING, BARE)]
    assert keys == [
        "192.168.1.0/24 aa:aa:aa:aa:aa:aa",
        "192.168.1.0/24 cc:cc:cc:cc:cc:cc",
        "192.168.1.0/24 via 192.168.1.1",
        "192.168.1.0/24",
    ]
    assert [each.is_recognised for each in (HOME, PENDING, BARE)] == [True, False, True]


def test_a_link_without_ipv4_goes_by_its_interface() -> None:
    assert network_of(Link("eth1", 4, "fe80::1", 64), {}, []).key == "fe80::/64%eth1"


@pytest.mark.parametrize(
    ("network", "decisions", "trust_new", "reason"),
    [
        (HOME, {}, True, ""),
        (HOME, {}, False, NEW_NETWORK),
        (HOME, {HOME.key: True}, False, ""),
        (CAFE, {HOME.key: True}, False, NEW_NETWORK),
        (CAFE, {HOME.key: True, CAFE.key: False}, True, KEPT_QUIET),
        (PENDING, {}, True, ""),
        (PENDING, {}, False, NEW_NETWORK),
        (PENDING, {HOME.key: True}, True, ""),
        (PENDING, {HOME.key: True}, False, NOT_RECOGNISED),
        (PENDING, {HOME.key: True, CAFE.key: False}, True, NOT_RECOGNISED),
        (PENDING, {PENDING.key: True}, False, ""),
        (BARE, {HOME.key: False}, True, ""),
    ],
)
def test_when_a_home_keeps_quiet(
    network: Network, decisions: dict[str, bool], trust_new: bool, reason: str
) -> None:
    assert reason_for_silence(network, decisions, trust_new=trust_new) == reason


@pytest.fixture
def at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel's tables, as they are at home."""
    monkeypatch.setattr(module, "gateways", lambda: {"wlan0": "192.168.1.1"})
    monkeypatch.setattr(module, "neighbours", lambda: (Neighbour("192.168.1.1", "wlan0", HOME_MAC),))


LOOPBACK = Link("lo", 1, "127.0.0.1", 8)
DOWN = Link("eth0", 2, "10.0.0.9", 24, "down")


@pytest.mark.usefixtures("at_home")
def test_links_are_judged_by_their_networks() -> None:
    networks = Networks(trust_new=False)
    assert [link.skipped for link in networks.judge([LOOPBACK, DOWN, LINK])] == ["", "down", NEW_NETWORK]
    assert not networks.spoken_on
    assert networks.load({HOME.key: True})
    assert not networks.load({HOME.key: True})
    assert networks.judge([LOOPBACK, DOWN, LINK]) == [LOOPBACK, DOWN, LINK]
    assert networks.spoken_on == (HOME.key,)


def test_what_is_not_recognised_is_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "gateways", lambda: {"wlan0": "192.168.1.1"})
    monkeypatch.setattr(module, "neighbours", lambda: ())
    networks = Networks(trust_new=True)
    assert networks.judge([LINK]) == [LINK]
    assert networks.spoken_on == ()


def test_a_gateway_that_answers_late_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([[PENDING], [PENDING], [HOME]])
    monkeypatch.setattr(module, "networks_here", lambda _wanted: next(answers))
    local = Network("wlan0", "192.168.1.0/24", "127.0.0.1")  # nothing leaves this machine
    assert recognised(local) == HOME
    assert recognised(HOME) is HOME


def test_one_that_never_answers_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LEARN_S", 0.05)
    monkeypatch.setattr(module, "networks_here", lambda _wanted: [PENDING])
    local = Network("wlan0", "192.168.1.0/24", "127.0.0.1")
    assert recognised(local) is local
