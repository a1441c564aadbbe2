"""Sockets on loopback: who hears a broadcast, who hears unicast, and what the link of a datagram is."""

import select
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from msgspec.structs import replace

from lanmsg.node import channel as module
from lanmsg.node.channel import (
    ECHO_S,
    Arrival,
    Channel,
    Ear,
    contains,
    heard,
    open_channel,
    open_ear,
    route_source,
    spoken,
)
from lanmsg.node.interfaces import Link, scan
from lanmsg.protocol.announcement import is_also_by_ipv4

Opened = Callable[[str], tuple[Ear, Channel]]


@pytest.fixture
def opened(free_port: int) -> Iterator[Opened]:
    """Ear and channel of a listener at a loopback address, closed at the end."""
    with ExitStack() as stack:

        def listener(address: str) -> tuple[Ear, Channel]:
            ear = open_ear(free_port)
            channel = open_channel(link_of(address), free_port)
            for sock in (*ear.sockets, channel.sock):
                stack.callback(sock.close)
            return ear, channel

        yield listener


def link_of(address: str) -> Link:
    return next(link for link in scan([address]) if link.address == address)


def arrived(sock: socket.socket, links: list[Link], *, ear: bool) -> Arrival | None:
    readable, _, _ = select.select([sock], [], [], 1.0)
    return (heard if ear else spoken)(sock, links) if readable else None


def test_two_homes_on_one_host_hear_one_broadcast(opened: Opened, loopback: Callable[[], str]) -> None:
    anna, ben = loopback(), loopback()
    (ear_a, channel_a), (ear_b, channel_b) = opened(anna), opened(ben)
    channel_a.broadcast(b"who is here", channel_a.sock.getsockname()[1])
    for ear, link in ((ear_a, channel_a.link), (ear_b, channel_b.link)):
        arrival = arrived(ear.ipv4, [link], ear=True)
        assert arrival is not None
        assert (arrival.data, arrival.host, arrival.link) == (b"who is here", anna, link)


def test_unicast_reaches_only_the_address_it_was_sent_to(opened: Opened, loopback: Callable[[], str]) -> None:
    anna, ben = loopback(), loopback()
    (_, channel_a), (ear_b, channel_b) = opened(anna), opened(ben)
    channel_a.send(b"for ben", ben, channel_b.sock.getsockname()[1])
    arrival = arrived(channel_b.sock, [channel_b.link], ear=False)
    assert arrival is not None
    assert arrival.data == b"for ben"
    assert not arrival.to_everyone
    assert heard(ear_b.ipv4, [channel_b.link]) is None


def test_a_broadcast_on_a_link_that_is_not_used_has_no_link(
    opened: Opened, loopback: Callable[[], str]
) -> None:
    anna, ben = loopback(), loopback()
    (_, channel_a), (ear_b, _) = opened(anna), opened(ben)
    channel_a.broadcast(b"hello", channel_a.sock.getsockname()[1])
    elsewhere = Link("eth9", 99, "10.9.9.9", 24, broadcasts=("10.9.9.255",))
    arrival = arrived(ear_b.ipv4, [elsewhere], ear=True)
    assert arrival is not None
    assert arrival.link is None


def test_a_link_that_cannot_send_says_why_and_recovers(opened: Opened, loopback: Callable[[], str]) -> None:
    _, channel = opened(loopback())
    channel.send(b"x", "192.0.2.1", 9)  # a loopback address has no way out
    assert channel.broken
    channel.send(b"x", channel.link.address, channel.sock.getsockname()[1])
    assert not channel.broken


@pytest.mark.parametrize(
    ("address", "prefix", "host", "inside"),
    [
        ("10.77.0.1", 24, "10.77.0.200", True),
        ("10.77.0.1", 24, "10.77.1.1", False),
        ("10.77.0.1", 16, "10.77.1.1", True),
        ("10.77.0.1", 24, "fe80::1", False),
        ("fe80::1", 64, "fe80::2", True),
        ("fe80::1", 64, "10.77.0.1", False),
    ],
)
def test_what_a_link_contains(address: str, prefix: int, host: str, inside: bool) -> None:
    assert contains(Link("eth0", 2, address, prefix), host) is inside


def test_the_system_says_from_which_address_a_host_is_reached(loopback: Callable[[], str]) -> None:
    assert route_source(loopback()).startswith("127.")
    assert route_source("not an address") == ""


def test_what_a_second_link_says_to_everyone_is_marked_as_said_by_ipv4(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[bytes] = []
    monkeypatch.setattr(Channel, "send", lambda _, data, host, port: said.append(data))
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        for is_second in (False, True):
            Channel(Link("eth0", 2, "fe80::1", 64, is_second=is_second), sock).broadcast(bytes(128), 2372)
    assert [is_also_by_ipv4(data) for data in said] == [False, True]


def test_a_link_is_deaf_when_not_even_our_own_broadcast_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(module, "steady_clock", lambda: now)
    monkeypatch.setattr(Channel, "send", lambda *_: None)
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        channel = Channel(Link("eth0", 2, "192.0.2.1", 24, broadcasts=("192.0.2.255",)), sock)
        was_deaf = [channel.is_deaf]
        channel.broadcast(b"?", 2372)
        was_deaf.append(channel.is_deaf)
        now += ECHO_S
        channel.broadcast(b"?", 2372)
        was_deaf.append(channel.is_deaf)
        channel.broken = "it cannot send"
        was_deaf.append(channel.is_deaf)
        assert was_deaf == [False, False, True, False]
        loopback = Channel(Link("lo", 1, "127.0.0.1", 8, broadcasts=("127.255.255.255",)), sock)
        loopback.broadcast(b"?", 2372)
        now += ECHO_S
        assert not loopback.is_deaf


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the way out is named on Linux only")
def test_what_is_for_a_link_leaves_by_it_or_not_at_all(opened: Opened, loopback: Callable[[], str]) -> None:
    _, channel = opened(loopback())
    gone = replace(channel, link=replace(channel.link, index=999_999))
    gone.send(b"x", channel.link.address, 9)
    assert gone.broken
    channel.send(b"x", channel.link.address, 9)
    assert not channel.broken
