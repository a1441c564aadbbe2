"""This node on the network: as listener (ports bound, announcing, heard) or as dialer (asking only)."""

import asyncio
import ipaddress
import os
import socket
from collections.abc import Callable, Iterable, Mapping
from typing import Self

from msgspec import Struct

from lanmsg.config import Settings, split_host
from lanmsg.model import Address, Interface, LanmsgError, PeerId, Status
from lanmsg.node.address_watch import AddressWatch
from lanmsg.node.beacon import Beacon
from lanmsg.node.clock import steady_clock, wall_clock
from lanmsg.node.interfaces import DOWN, NO_CARRIER
from lanmsg.node.listener import Accepted, Listener
from lanmsg.node.networks import Networks
from lanmsg.protocol.discovery import Discovery
from lanmsg.protocol.events import PresenceEvent

SCAN_INTERVAL_S = 2.0
"""A new network is used within this time, also where the system does not tell of it."""

SLEPT_S = 10.0
"""The wall clock ran this much further than ours: the machine slept."""


class Ways(Struct, frozen=True):
    """Our own addresses: all, and those with a link that carries something."""

    all: frozenset[str]
    open: frozenset[str]

    @classmethod
    def of(cls, interfaces: Iterable[Interface]) -> Self:
        each = [interface for interface in interfaces if interface.address]
        up = [interface.address for interface in each if interface.skipped not in {DOWN, NO_CARRIER}]
        return cls(frozenset(interface.address for interface in each), frozenset(up))


class Air:
    """Owns Beacon, Discovery and Listener, and makes them anew when a dialer becomes the listener."""

    def __init__(
        self,
        me: PeerId,
        settings: Settings,
        *,
        on_presence: Callable[[list[PresenceEvent]], None],
        on_interfaces: Callable[[], None],
        on_moved: Callable[["Ways", bool], None],
        notice: Callable[[str, str], None],
    ):
        """`on_moved` hears what open sessions can stand on now, and whether some of it is new."""
        self._me = me
        self._settings = settings
        self._on_presence = on_presence
        self._on_interfaces = on_interfaces
        self._on_moved = on_moved
        self._notice = notice
        self.networks = Networks(trust_new=settings.trusts_new_networks)
        self.listener: Listener | None = None
        self._static: list[Address] = []
        self.discovery = self._new_discovery(settings.name, Status.AVAILABLE)
        self._beacon = self._new_beacon()

    @property
    def interfaces(self) -> tuple[Interface, ...]:
        return self._beacon.interfaces

    @property
    def announces(self) -> bool:
        return self.listener is not None and not self._settings.quiet

    @property
    def tcp_port(self) -> int:
        return 0 if self.listener is None else self.listener.port

    def ask(self) -> None:
        """As a dialer: look who is there. Raises LanmsgError (network) when there is nowhere to look."""
        self._beacon.look()
        if why := self._why_no_interface():
            raise LanmsgError(why, code="network", hint="lanmsg doctor says more")
        if not self._settings.quiet:
            self.discovery.query_everyone(steady_clock())
        self._beacon.flush()

    def ask_at(self, host: str) -> None:
        """As a dialer: ask there until somebody answers, and whenever they are gone; with the next flush."""
        if not self._settings.quiet:
            self.discovery.ask(host, self._settings.port, steady_clock())

    def ask_everyone(self) -> None:
        if not self._settings.quiet:
            self.discovery.query_everyone(steady_clock())

    def seek(self, until: float) -> None:
        """As a dialer that waits for somebody: go on asking until then, and hear who announces itself."""
        now = steady_clock()
        if self.listener is None and not self._settings.quiet:
            if until > now:
                self._beacon.overhear()
            self.discovery.seek(until, now)
            self.flush()

    def listen(self, name: str, status: Status) -> None:
        """Bind the ports and announce this node. Raises LanmsgError (network) when no port can be had."""
        try:
            self.listener = Listener(self._settings.port, self._own_addresses())
        except OSError as error:
            raise LanmsgError(
                f"no TCP port can be had: {error.strerror}", code="network", hint="lanmsg doctor says more"
            ) from None
        self._beacon.close()
        if not self.listener.owns_port:
            self._notice(
                f"TCP port {self._settings.port} is taken; this node uses {self.listener.port}",
                "others find it all the same; a firewall may let in only the usual port",
            )
        self.discovery = self._new_discovery(name, status)
        self._ask_static()
        self._beacon = self._new_beacon()
        try:
            self._beacon.listen(owned_port=self.listener.owns_port)
        except OSError as error:
            self._notice(
                f"UDP port {self._settings.port} cannot be used: {error.strerror}",
                "another program holds it; announcements of others are not heard, only their answers",
            )
            self._beacon.look()
        if why := self._why_no_interface():
            self._notice(why, "it is used as soon as that is possible")
        self._beacon.flush()

    def _why_no_interface(self) -> str:
        """Of the interfaces that the person named; "" when one of them can be used, or none was named."""
        wanted = self._settings.interfaces
        if not wanted or any(not each.skipped for each in self.interfaces):
            return ""
        whys = [f"{each.name}: {each.skipped}" for each in self.interfaces if each.skipped != "not asked for"]
        return f"no interface can be used ({'; '.join(whys)})"

    def source_for(self, host: str) -> str:
        """Dial from the interface that the person chose: peers learn our address from the connection."""
        return self._beacon.source_for(host) if self._settings.interfaces else ""

    async def serve(self, accepted: Accepted) -> None:
        def admit(sock: socket.socket, source: Address) -> None:
            if self._beacon.is_untrusted(sock.getsockname()[0].partition("%")[0]):
                sock.close()  # nobody there is told that we are here
            else:
                accepted(sock, source)

        if self.listener is not None:
            await self.listener.serve(admit)

    async def watch_interfaces(self) -> None:
        """Run for ever: read the interfaces again and again, and notice when the machine has slept."""
        drift = wall_clock() - steady_clock()
        watch = AddressWatch()
        try:
            while True:
                await watch.wait(SCAN_INTERVAL_S)
                drift_now = wall_clock() - steady_clock()
                slept, drift = abs(drift_now - drift) > SLEPT_S, drift_now
                self._look_again(slept=slept)
        finally:
            watch.close()

    def look_around(self) -> frozenset[str]:
        """Ask one by one on those interfaces, which are returned, where this host lets no broadcasts in."""
        if self._settings.quiet:
            return frozenset()
        self._beacon.look_around()
        return self._beacon.deaf_on

    def decide_networks(self, decisions: Mapping[str, bool]) -> None:
        """What the person says about networks; used at once."""
        if self.networks.load(decisions):
            self._look_again(slept=False)

    def _look_again(self, *, slept: bool) -> None:
        before = Ways.of(self.interfaces)
        self._beacon.rescan(slept=slept)
        now = Ways.of(self.interfaces)
        if slept or now != before:
            self._on_moved(now, slept or not now.open <= before.open)

    async def ask_static_peers(self) -> list[Address]:
        """Ask every --peer by unicast; returns where they are. A name that nobody resolves is a notice."""
        for text in self._settings.peers:
            try:
                self._static.append(await resolve(text, self._settings.port))
            except LanmsgError as error:
                self._notice(str(error), error.hint)
        self._ask_static()
        self._beacon.flush()
        return self._static

    def ask_static_again(self) -> None:
        """The ways to them may be others now."""
        self._ask_static()
        self._beacon.flush()

    def _ask_static(self) -> None:
        for address in self._static:
            self.discovery.ask(address.host, address.port, steady_clock())

    def confirm(self, peer: PeerId) -> None:
        """Ask whether it is where it is said to be."""
        self.discovery.confirm(peer, steady_clock())
        self.flush()

    def flush(self) -> None:
        """After any input to `discovery`: send what it has to say and tell what it found."""
        self._beacon.flush()

    def close(self) -> None:
        """Say goodbye and let go of all sockets."""
        self.discovery.leave(steady_clock())
        self._beacon.flush()
        self._beacon.close()
        if self.listener is not None:
            self.listener.close()

    def _new_discovery(self, name: str, status: Status) -> Discovery:
        return Discovery(
            self._me,
            name=name,
            status=status,
            tcp_port=self.tcp_port,
            announce=self.announces,
            random_bytes=os.urandom,
            now=steady_clock(),
        )

    def _new_beacon(self) -> Beacon:
        return Beacon(
            self.discovery,
            wanted=self._settings.interfaces,
            port=self._settings.port,
            on_presence=self._collect,
            on_interfaces=self._on_interfaces,
            judge=self.networks.judge,
        )

    def _collect(self) -> None:
        if events := self.discovery.events():
            self._on_presence(events)

    def _own_addresses(self) -> list[str]:
        """The addresses to bind TCP to: those the person named; none named, or by interface name: all."""
        words = self._settings.interfaces
        return list(words) if words and all(is_address(word) for word in words) else []


def is_address(text: str) -> bool:
    address, zone, _ = text.partition("%")
    try:
        version = ipaddress.ip_address(address).version
    except ValueError:
        return False
    return version == 6 or not zone  # only IPv6 names an interface


async def resolve(text: str, default_port: int) -> Address:
    """HOST, HOST:PORT, [IPV6]:PORT. Raises LanmsgError (usage, not_found)."""
    host, port = split_host(text, default_port)
    if not 1 <= port <= 65535:
        raise LanmsgError(f"{port} is no port: there are 1 to 65535", code="usage")
    if is_address(host):
        return Address(host, port)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, ValueError):  # ValueError: what cannot be a name of a host, such as one of 64 letters
        raise LanmsgError(f"no host is called {host}", code="not_found", hint="give its address") from None
    preferred = sorted(found, key=lambda entry: entry[0] != socket.AF_INET)
    return Address(str(preferred[0][4][0]), port)
