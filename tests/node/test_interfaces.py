"""Interfaces: which addresses are used, and that each one that is not has a reason a person can read."""

import sys

import pytest

from lanmsg.node import interfaces
from lanmsg.node.adapters import Adapter
from lanmsg.node.interfaces import EVERYWHERE, Link, index_of, scan, second_links

linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks the Linux loopback")


def test_a_loopback_address_needs_no_configuration() -> None:
    links = [link for link in scan(["127.0.0.5"]) if not link.skipped]
    assert [(link.address, link.prefix, link.broadcasts) for link in links] == [
        ("127.0.0.5", 8, ("127.255.255.255",))
    ]


def test_what_was_not_asked_for_says_so() -> None:
    others = [link for link in scan(["127.0.0.5"]) if link.address != "127.0.0.5"]
    assert others
    assert all(link.skipped for link in others)


def test_an_interface_that_does_not_exist_is_named() -> None:
    assert Link("wlan7", 0, "", 0, "not found") in scan(["wlan7"])


@linux_only
def test_loopback_is_left_out_beside_a_real_network_and_used_without_one() -> None:
    links = scan()
    real = [link for link in links if not link.skipped and not link.is_loopback]
    loopback = next(link for link in links if link.address == "127.0.0.1")
    assert loopback.skipped == ("loopback" if real else "")


@linux_only
def test_every_used_link_reaches_its_prefix_and_everyone() -> None:
    for link in scan():
        if not link.skipped and not link.is_loopback and not link.is_ipv6:
            assert link.broadcasts[-1] == EVERYWHERE


def test_an_unknown_name_has_no_index() -> None:
    assert index_of("no-such-interface") == 0


def test_the_other_address_of_an_interface_is_used_where_ipv4_is(monkeypatch: pytest.MonkeyPatch) -> None:
    adapters = [
        Adapter("eth0", 2, ipv4=[("192.0.2.1", 24)], ipv6=["fd00::1", "fe80::1"]),
        Adapter("eth1", 3, ipv4=[("198.51.100.1", 24)], ipv6=["fe80::2"]),
        Adapter("eth2", 4, ipv4=[("203.0.113.1", 24)], ipv6=["fd00::3"]),
        Adapter("eth3", 5, ipv6=["fe80::4"]),
    ]
    monkeypatch.setattr(interfaces, "adapters", lambda: adapters)
    links = [
        Link("eth0", 2, "192.0.2.1", 24),
        Link("eth1", 3, "198.51.100.1", 24, "down"),
        Link("eth2", 4, "203.0.113.1", 24),
        Link("eth3", 5, "fe80::4", 64),
    ]
    second = Link("eth0", 2, "fe80::1", 64, is_second=True)
    assert second_links(links) == second_links(links, ["eth0"]) == [second]
    assert second_links(links, ["192.0.2.1"]) == second_links(links[1:]) == []
