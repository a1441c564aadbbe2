"""The UDP sockets and the timer of one node's presence."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from itertools import pairwise

import pytest
from msgspec.structs import replace

from lanmsg.model import KEPT_QUIET, NEW_NETWORK, PeerId, Status
from lanmsg.node import beacon as module
from lanmsg.node.beacon import DATAGRAMS_A_WAKEUP, Beacon
from lanmsg.node.channel import Arrival
from lanmsg.node.clock import steady_clock
from lanmsg.node.interfaces import Link
from lanmsg.node.routes import Neighbour
from lanmsg.protocol.announcement import Announcement, Kind, Source, also_by_ipv4, decode_announcement
from lanmsg.protocol.discovery import Discovery
from tests.node.neighbours import SOON_S, until

ME, BEN = PeerId(b"m" * 32), PeerId(b"b" * 32)


class Station:
    """A beacon at one loopback address, and how often it told of presence."""

    def __init__(self, me: PeerId, host: str, port: int, *, listens: bool = True):
        self.discovery = Discovery(
            me,
            tcp_port=port if listens else 0,
            name="me",
            random_bytes=bytes,
            now=steady_clock(),
            announce=listens,
        )
        self.told = 0
        self.scanned = 0
        self.beacon = Beacon(
            self.discovery, wanted=[host], port=port, on_presence=self._tell, on_interfaces=self._scan
        )

    def sees(self, peer: PeerId) -> bool:
        return any(each.peer == peer for each in self.discovery.present())

    def _tell(self) -> None:
        self.told += 1

    def _scan(self) -> None:
        self.scanned += 1


Scene = Callable[[], Awaitable[None]]


def run(scene: Scene) -> None:
    async def whole() -> None:
        async with asyncio.timeout(SOON_S):
            await scene()

    asyncio.run(whole())


def test_two_stations_hear_each_other(loopback: Callable[[], str], free_port: int) -> None:
    async def scene() -> None:
        one, two = Station(ME, loopback(), free_port), Station(BEN, loopback(), free_port)
        for each in (one, two):
            each.beacon.listen(owned_port=True)
            each.beacon.flush()
        await until(lambda: one.sees(BEN) and two.sees(ME))
        interface = one.beacon.interfaces[0]
        assert (interface.sent > 0, interface.heard > 0) == (True, True)
        one.beacon.close()
        two.beacon.close()

    run(scene)


def test_our_own_echo_is_not_heard_of_others(loopback: Callable[[], str], free_port: int) -> None:
    async def scene() -> None:
        alone = Station(ME, loopback(), free_port)
        alone.beacon.listen(owned_port=True)
        channel = next(iter(alone.beacon._channels.values()))
        channel.unheard_since = steady_clock()
        alone.beacon.flush()
        # The echo has come when the link is no longer one where nobody's broadcast was heard.
        await until(lambda: channel.unheard_since is None)
        interface = alone.beacon.interfaces[0]
        assert (interface.sent > 0, interface.heard) == (True, 0)
        alone.beacon.close()

    run(scene)


def test_a_dialer_asks_and_hears_the_answers_and_nobody_sees_it(
    loopback: Callable[[], str], free_port: int
) -> None:
    async def scene() -> None:
        listener = Station(BEN, loopback(), free_port)
        dialer = Station(ME, loopback(), free_port, listens=False)
        listener.beacon.listen(owned_port=True)
        dialer.beacon.look()
        dialer.discovery.query_everyone(steady_clock())
        dialer.beacon.flush()
        await until(lambda: dialer.sees(BEN))
        assert not listener.sees(ME)
        listener.beacon.close()
        dialer.beacon.close()

    run(scene)


def test_a_dialer_that_waits_hears_who_announces_and_leaves_the_port_to_others(
    loopback: Callable[[], str], free_port: int
) -> None:
    async def scene() -> None:
        dialer = Station(ME, loopback(), free_port, listens=False)
        dialer.beacon.look()
        dialer.beacon.overhear()
        dialer.beacon.overhear()
        listener = Station(BEN, loopback(), free_port)
        listener.beacon.listen(owned_port=True)
        listener.beacon.flush()
        await until(lambda: dialer.sees(BEN))
        listener.beacon.close()
        dialer.beacon.close()

    run(scene)


def test_where_the_port_is_somebody_elses_alone_a_dialer_asks_as_before(
    loopback: Callable[[], str], free_port: int
) -> None:
    async def scene() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as alone:
            alone.bind(("", free_port))
            dialer = Station(ME, loopback(), free_port, listens=False)
            dialer.beacon.look()
            dialer.beacon.overhear()
            dialer.beacon.close()

    run(scene)


def test_a_goodbye_is_heard_at_once(loopback: Callable[[], str], free_port: int) -> None:
    async def scene() -> None:
        one, two = Station(ME, loopback(), free_port), Station(BEN, loopback(), free_port)
        for each in (one, two):
            each.beacon.listen(owned_port=True)
            each.beacon.flush()
        await until(lambda: one.sees(BEN))
        two.discovery.leave(steady_clock())
        two.beacon.flush()
        two.beacon.close()
        await until(lambda: not one.sees(BEN), 1.0)
        one.beacon.close()

    run(scene)


def test_beyond_its_links_it_speaks_from_the_address_that_the_system_would(
    loopback: Callable[[], str], free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As over a VPN, whose interface is not searched; here loopback stands for it."""

    async def scene() -> None:
        inside, away = loopback(), loopback()
        usable = Link("eth9", 9, inside, 32, broadcasts=())
        over_there = Link("tun0", 10, loopback(), 32, "point to point")
        links = [usable, over_there]
        monkeypatch.setattr(module, "scan", lambda _: links)
        monkeypatch.setattr(module, "route_source", lambda _: over_there.address)
        station = Station(ME, "", free_port)
        station.beacon._wanted = ()
        station.beacon.listen(owned_port=True)
        with socket.socket(type=socket.SOCK_DGRAM) as ben:
            ben.bind((away, 0))
            ben.setblocking(False)
            station.discovery.ask(away, ben.getsockname()[1], steady_clock())
            station.beacon.flush()
            data, source = await asyncio.get_running_loop().sock_recvfrom(ben, 512)
            assert source == (over_there.address, free_port)
            asked = decode_announcement(data)
            reply = Announcement(Kind.REPLY, BEN, bytes(8), asked.token, 9, 12, Status.AVAILABLE, "ben")
            ben.sendto(reply.encode(), source)
            await until(lambda: station.sees(BEN))
        links.remove(over_there)
        station.beacon.rescan(slept=False)
        assert not station.beacon._ways_out
        station.beacon.close()

    run(scene)


def test_who_does_not_own_the_tcp_port_speaks_from_another_udp_port(
    loopback: Callable[[], str], free_port: int
) -> None:
    async def scene() -> None:
        station = Station(ME, loopback(), free_port)
        station.beacon.listen(owned_port=False)
        channel = next(iter(station.beacon._channels.values()))
        assert channel.sock.getsockname()[1] != free_port
        station.beacon.close()

    run(scene)


def test_a_flood_gives_the_event_loop_its_turn(loopback: Callable[[], str], free_port: int) -> None:
    async def scene() -> None:
        host = loopback()
        station = Station(ME, host, free_port)
        station.beacon.listen(owned_port=True)
        with socket.socket(type=socket.SOCK_DGRAM) as flooder:
            flooder.bind((loopback(), 0))
            for _ in range(3 * DATAGRAMS_A_WAKEUP):
                flooder.sendto(b"LMSD garbage", (host, free_port))
        seen = [0]
        while seen[-1] < 3 * DATAGRAMS_A_WAKEUP:
            await asyncio.sleep(0)
            seen.append(station.discovery.malformed)
        assert max(after - before for before, after in pairwise(seen)) == DATAGRAMS_A_WAKEUP
        station.beacon.close()

    run(scene)


def test_what_comes_by_unicast_is_answered_from_the_same_address(
    loopback: Callable[[], str], free_port: int
) -> None:
    async def scene() -> None:
        station = Station(ME, loopback(), free_port)
        station.beacon.listen(owned_port=True)
        loop = asyncio.get_running_loop()
        with socket.socket(type=socket.SOCK_DGRAM) as asker:
            asker.setblocking(False)
            asker.bind((loopback(), 0))
            where = next(iter(station.beacon._channels.values())).sock.getsockname()
            query = Announcement(Kind.QUERY, BEN, b"i" * 8, b"t" * 16, 0, 12, Status.AVAILABLE, "")
            await loop.sock_sendto(asker, query.encode(), where)
            data, source = await loop.sock_recvfrom(asker, 512)
        reply = decode_announcement(data)
        assert (reply.kind, reply.peer, reply.token, source) == (Kind.REPLY, ME, b"t" * 16, where)
        station.beacon.close()

    run(scene)


def test_which_of_our_addresses_reaches_a_host(loopback: Callable[[], str], free_port: int) -> None:
    async def scene() -> None:
        host = loopback()
        station = Station(ME, host, free_port)
        station.beacon.look()
        assert station.beacon.source_for("127.9.9.9") == host
        assert station.beacon.source_for("192.0.2.1") == station.beacon.source_for("::1") == ""
        station.beacon.close()

    run(scene)


def test_a_link_that_is_judged_is_left_alone_until_it_is_judged_again(
    loopback: Callable[[], str], free_port: int
) -> None:
    async def scene() -> None:
        host, reason = loopback(), KEPT_QUIET
        station, ben = Station(ME, host, free_port), Station(BEN, loopback(), free_port)
        ben.beacon.listen(owned_port=True)
        station.beacon._judge = lambda links: [
            replace(link, skipped=link.skipped or (reason if link.address == host else "")) for link in links
        ]
        station.beacon.listen(owned_port=True)
        station.beacon.flush()
        ours = next(each for each in station.beacon.interfaces if each.address == host)
        assert (ours.skipped, ours.is_untrusted, ours.sent) == (KEPT_QUIET, True, 0)
        assert station.beacon.is_untrusted(host)
        reason = ""
        station.beacon.rescan(slept=False)
        await until(lambda: ben.sees(ME))
        assert not station.beacon.is_untrusted(host)
        reason = KEPT_QUIET
        station.beacon.rescan(slept=False)
        assert [each.skipped for each in station.beacon.interfaces if each.address == host] == [KEPT_QUIET]
        station.beacon.close()
        ben.beacon.close()

    run(scene)


@pytest.mark.parametrize(
    ("source", "untrusted", "speaks"),
    [
        ("127.0.0.1", "", True),
        ("127.0.0.1", "127.0.0.1", False),
        ("192.0.2.50", "", False),  # came since the last look: nobody has judged its network
        ("::1", "", True),
        ("::1", "127.0.0.1", False),
    ],
)
def test_beyond_our_links_only_known_and_trusted_addresses_speak(
    loopback: Callable[[], str],
    free_port: int,
    monkeypatch: pytest.MonkeyPatch,
    source: str,
    untrusted: str,
    speaks: bool,
) -> None:
    monkeypatch.setattr("lanmsg.node.beacon.route_source", lambda _host: source)

    async def scene() -> None:
        station = Station(ME, loopback(), free_port)
        station.beacon._judge = lambda links: [
            replace(link, skipped=NEW_NETWORK) if link.address == untrusted else link for link in links
        ]
        station.beacon.look()
        found = station.beacon._way_out("192.0.2.1")
        assert (found is not None) == speaks
        station.beacon.close()

    run(scene)


def test_nothing_is_opened_sent_or_told_after_the_end(loopback: Callable[[], str], free_port: int) -> None:
    async def scene() -> None:
        station = Station(ME, loopback(), free_port)
        station.beacon.listen(owned_port=True)
        station.beacon.close()
        told = station.told
        station.beacon.rescan(slept=True)
        station.beacon.flush()
        assert [each for each in station.beacon.interfaces if not each.skipped] == []
        assert station.told == told

    run(scene)


def test_an_ear_that_cannot_be_had_is_an_error(loopback: Callable[[], str], free_port: int) -> None:
    async def scene() -> None:
        station = Station(ME, loopback(), free_port)
        with socket.socket(type=socket.SOCK_DGRAM) as other:
            other.bind(("", free_port))
            with pytest.raises(OSError, match="in use"):
                station.beacon.listen(owned_port=True)
        station.beacon.close()

    run(scene)


def test_where_no_broadcast_is_heard_those_on_the_link_are_asked_whom_the_system_knows(
    loopback: Callable[[], str], free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        host, away = loopback(), loopback()
        link = Link("eth0", 2, host, 8)
        around = (
            Neighbour(away, "eth0", "02:00:00:00:00:01"),
            Neighbour(loopback(), "eth0"),  # asked for, and it did not answer
            Neighbour(loopback(), "eth1", "02:00:00:00:00:02"),
            Neighbour("192.0.2.1", "eth0", "02:00:00:00:00:03"),
        )
        asked: list[object] = []
        monkeypatch.setattr(module, "scan", lambda _: [link])
        monkeypatch.setattr(module, "neighbours", lambda: around)
        monkeypatch.setattr(Discovery, "ask_neighbours", lambda _, found, now: asked.append(found))
        station = Station(ME, "", free_port)
        station.beacon.listen(owned_port=True)
        channel = station.beacon._channels[link]
        station.beacon.look_around()
        channel.unheard_since = 0.0
        station.beacon.look_around()
        assert station.beacon.deaf_on == {"eth0"}
        assert asked == [None, [Source(away, free_port, "eth0", on_link=True, to_everyone=False)]]
        station.beacon._receive(Arrival(b"", host, free_port, link, to_everyone=False), 0.0)
        assert station.beacon.deaf_on
        station.beacon._receive(Arrival(b"", host, free_port, link, to_everyone=True), 0.0)
        assert not station.beacon.deaf_on
        station.beacon.close()

    run(scene)


def test_what_was_said_by_ipv4_too_is_heard_once(
    loopback: Callable[[], str], free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        usable = Link("eth0", 2, loopback(), 8)
        second = Link("eth0", 2, "::1", 64, is_second=True)  # loopback, in place of a link-local address
        monkeypatch.setattr(module, "scan", lambda _: [usable])
        monkeypatch.setattr(module, "second_links", lambda *_: [second])
        station = Station(ME, "", free_port)
        station.beacon.listen(owned_port=True)
        assert [each.address for each in station.beacon.interfaces] == [usable.address]
        said = Announcement(Kind.ANNOUNCE, BEN, bytes(8), bytes(16), 9, 12, Status.AVAILABLE, "ben").encode()
        for data, is_seen in ((also_by_ipv4(said), False), (said, True)):
            station.beacon._receive(Arrival(data, "fe80::9", 2372, second, to_everyone=True), 0.0)
            assert station.sees(BEN) == is_seen
        station.beacon.close()

    run(scene)
