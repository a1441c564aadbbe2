"""Presence on the air: carries datagrams between the sockets of all links and the Discovery machine."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Sequence

from lanmsg.model import UNTRUSTED, Interface
from lanmsg.node.channel import (
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
from lanmsg.node.clock import steady_clock
from lanmsg.node.interfaces import Link, scan, second_links
from lanmsg.node.routes import neighbours
from lanmsg.protocol.announcement import is_also_by_ipv4
from lanmsg.protocol.discovery import Broadcast, Discovery, Source

DATAGRAMS_A_WAKEUP = 64
"""Then the event loop has its turn: a flood of datagrams cannot starve sessions and screen."""

Reader = Callable[[socket.socket, Sequence[Link]], Arrival | None]


class Beacon:
    """Owns the UDP sockets. `owned_port`: this process owns the TCP port, so it also speaks from the UDP one.

    A dialer asks from ports of the system's choice and hears the answers there; while it waits for somebody
    it has an ear as well.
    """

    def __init__(
        self,
        discovery: Discovery,
        *,
        wanted: Sequence[str],
        port: int,
        on_presence: Callable[[], None],
        on_interfaces: Callable[[], None],
        judge: Callable[[list[Link]], list[Link]] = list,
    ):
        """`judge` leaves out further links, for a reason of its own."""
        self._judge = judge
        self._discovery = discovery
        self._wanted = wanted
        self._port = port
        self._own_port = 0
        self._on_presence = on_presence
        self._on_interfaces = on_interfaces
        self._ear: Ear | None = None
        self._channels: dict[Link, Channel] = {}
        self._ways_out: dict[str, Channel] = {}
        """By our address: to those beyond our links, over interfaces that are not searched."""
        self._skipped: list[Link] = []
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    def look(self) -> None:
        """Read the interfaces and open a channel on each usable one."""
        self._adopt(self._links())

    def listen(self, *, owned_port: bool) -> None:
        """Hear broadcasts, and move to the well-known port if it is ours. Raises OSError (the ear)."""
        self._own_port = self._port if owned_port else 0
        self._close_channels()
        self._open_ear()
        self.look()

    def overhear(self) -> None:
        """As a dialer: who comes says so to everybody. Where the port is somebody's alone, we only ask."""
        if self._ear is None and not self._closed:
            with contextlib.suppress(OSError):
                self._open_ear()
                self._ear_joins()

    def rescan(self, *, slept: bool) -> None:
        """Networks come and go; after a sleep every peer may have gone, and every address changed."""
        try:
            links = self._links()
        except OSError:
            return  # out of descriptors, most likely: looked at again soon
        if not self._closed:
            self._adopt(links, refresh=slept)

    def _links(self) -> list[Link]:
        links = self._judge(scan(self._wanted))
        return [*links, *second_links(links, self._wanted)]

    @property
    def deaf_on(self) -> frozenset[str]:
        """The interfaces on which this host lets in nothing but answers."""
        return frozenset(link.name for link, channel in self._channels.items() if channel.is_deaf)

    def look_around(self) -> None:
        """There, whoever the system knows of is asked: it may have answered us, and not been let in."""
        deaf = [link for link, channel in self._channels.items() if channel.is_deaf]
        found = [
            Source(each.address, self._port, link.name, on_link=True, to_everyone=False)
            for each in (neighbours() if deaf else ())
            for link in deaf
            if each.mac and each.interface == link.name and contains(link, each.address)
        ]
        self._discovery.ask_neighbours(found if deaf else None, steady_clock())
        self.flush()

    @property
    def interfaces(self) -> tuple[Interface, ...]:
        used = [
            Interface(link.name, link.address, link.prefix, channel.broken, channel.sent, channel.heard)
            for link, channel in self._channels.items()
            if not link.is_second
        ]
        return (*used, *(link.described() for link in self._skipped))

    def flush(self) -> None:
        """Send what the machine has to say, tell what it found, and set the one timer anew."""
        if self._closed:
            return
        now = steady_clock()
        for datagram in self._discovery.datagrams_to_send(now):
            if isinstance(datagram, Broadcast):
                for channel in self._channels.values():
                    channel.broadcast(datagram.data, self._port)
            elif channel_to := self._channel_to(datagram.host, datagram.interface):
                channel_to.send(datagram.data, datagram.host, datagram.port)
        self._on_presence()
        self._set_timer()

    def close(self) -> None:
        """Stop at once; say goodbye before, with Discovery.leave and flush."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._close_channels()
        if self._ear is not None:
            for sock in self._ear.sockets:
                self._forget(sock)
            self._ear = None

    def _open_ear(self) -> None:
        self._ear = open_ear(self._port)
        for sock in self._ear.sockets:
            self._read(sock, heard)

    def _ear_joins(self) -> None:
        if self._ear is not None:
            self._ear.join(list(self._channels))

    def _adopt(self, links: list[Link], *, refresh: bool = False) -> None:
        usable = {link for link in links if not link.skipped}
        gone = self._channels.keys() - usable
        fresh = usable - self._channels.keys()
        before = self.interfaces
        for link in gone:
            self._forget(self._channels.pop(link).sock)
        self._skipped = [link for link in links if link.skipped]
        ours = {link.address for link in links}
        for address in [
            each for each in self._ways_out if ("." in each and each not in ours) or self.is_untrusted(each)
        ]:
            self._forget(self._ways_out.pop(address).sock)
        for link in fresh:
            self._open(link)
        self._ear_joins()
        if refresh or any(not link.is_second for link in fresh | gone):
            self._discovery.interfaces_changed(steady_clock())
            self.flush()
        if self._differs(before):
            self._on_interfaces()

    def _differs(self, before: tuple[Interface, ...]) -> bool:
        def shape(interfaces: tuple[Interface, ...]) -> set[tuple[str, str, str]]:
            return {(each.name, each.address, each.skipped) for each in interfaces}

        return shape(before) != shape(self.interfaces)

    def _open(self, link: Link) -> None:
        try:
            channel = open_channel(link, self._own_port)
        except OSError as error:
            try:
                channel = open_channel(link, 0)
            except OSError:
                if not link.is_second:  # the system may still be looking whether another has that address
                    self._skipped.append(
                        Link(link.name, link.index, link.address, link.prefix, str(error.strerror))
                    )
                return
        self._channels[link] = channel
        self._read(channel.sock, spoken)

    def _read(self, sock: socket.socket, reader: Reader) -> None:
        asyncio.get_running_loop().add_reader(sock, self._drain, sock, reader)

    def _drain(self, sock: socket.socket, reader: Reader) -> None:
        now = steady_clock()
        links = list(self._channels)
        for _ in range(DATAGRAMS_A_WAKEUP):
            arrival = reader(sock, links)
            if arrival is None:
                break
            self._receive(arrival, now)
        self.flush()

    def _receive(self, arrival: Arrival, now: float) -> None:
        link = arrival.link
        if link is None and arrival.to_everyone:
            return
        name = link.name if link else ""
        source = Source(arrival.host, arrival.port, name, link is not None, arrival.to_everyone)
        if link is not None:
            if link.is_second and arrival.to_everyone and is_also_by_ipv4(arrival.data):
                return
            if arrival.to_everyone or self._ear is None:
                self._channels[link].unheard_since = None
        is_of_another = self._discovery.receive_datagram(arrival.data, source, now)
        if link is not None and link in self._channels:  # it may have gone meanwhile
            self._channels[link].heard += is_of_another

    def source_for(self, host: str) -> str:
        """Our address on the link that holds `host`; "" when it is beyond our links, or IPv6."""
        links = (link for link in self._channels if not link.is_ipv6 and contains(link, host))
        return next((link.address for link in links), "")

    def _channel_to(self, host: str, interface: str) -> Channel | None:
        """The link that holds the address, else any of the same family: the system knows the route."""
        same_family = [each for each in self._channels.values() if each.link.is_ipv6 == (":" in host)]
        on_link = [each for each in same_family if contains(each.link, host)]
        named = [each for each in on_link if each.link.name == interface]
        fallback = same_family if self._wanted else []
        return next(iter(named or on_link or fallback), None) or self._way_out(host)

    def _way_out(self, host: str) -> Channel | None:
        """Beyond our links, from the address that the system would: a VPN drops what comes from another."""
        address = route_source(host)
        used = [*self._channels.values(), *self._ways_out.values()]
        found = next((each for each in used if each.link.address == address), None)
        if found is not None or not address or not self._may_speak_from(address):
            return found
        try:
            channel = open_channel(Link("", 0, address, 0), self._own_port)
        except OSError:
            return None
        self._ways_out[address] = channel
        self._read(channel.sock, spoken)
        return channel

    def _may_speak_from(self, address: str) -> bool:
        """An address that came since the last look may be of any network; IPv6 ones are not all looked at."""
        if ":" in address:
            return not any(link.skipped in UNTRUSTED for link in self._skipped)
        return any(link.address == address and link.skipped not in UNTRUSTED for link in self._skipped)

    def is_untrusted(self, address: str) -> bool:
        """Our own address on a network where this home is not to speak."""
        return any(link.address == address and link.skipped in UNTRUSTED for link in self._skipped)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self._discovery.next_deadline()
        if deadline is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(max(0.0, deadline - steady_clock()), self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._discovery.handle_deadline(steady_clock())
        self.flush()

    def _close_channels(self) -> None:
        for channel in (*self._channels.values(), *self._ways_out.values()):
            self._forget(channel.sock)
        self._channels.clear()
        self._ways_out.clear()

    def _forget(self, sock: socket.socket) -> None:
        asyncio.get_running_loop().remove_reader(sock)
        sock.close()
