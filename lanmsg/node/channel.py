"""UDP sockets: one that hears what is sent to everyone, and one on each link for everything else.

The rules of which socket hears what are the operating system's: a wildcard socket with SO_REUSEADDR hears
broadcasts beside those of other homes on this host, and only a socket bound to an address hears unicast
without taking it from them (protocol.md, Discovery, Sockets).
"""

import errno
import socket
import struct
import sys
from collections.abc import Sequence

from msgspec import Struct, field

from lanmsg.node.clock import steady_clock
from lanmsg.node.interfaces import Link
from lanmsg.protocol.announcement import also_by_ipv4
from lanmsg.protocol.constants import DATAGRAM_MAX_BYTES, MULTICAST_GROUP

RECEIVE_BUFFER_BYTES = 4 << 20
"""An answer from each of 5,000 nodes in the same half second."""

# Python names neither for Linux before 3.14.
IP_PKTINFO = getattr(socket, "IP_PKTINFO", 8 if sys.platform.startswith("linux") else 0)
ANCILLARY_BYTES = 64
ON_LINUX = sys.platform.startswith("linux")

ECHO_S = 0.25
"""Our own broadcast comes back from our own system within a millisecond, if it comes at all."""


class Channel(Struct):
    """The socket of one link, and what went through it; `broken` is the system's word for why it fails.

    `unheard_since`: when we broadcast; since then nobody's broadcast was heard here, not even our own.
    """

    link: Link
    sock: socket.socket
    sent: int = 0
    heard: int = 0
    broken: str = ""
    unheard_since: float | None = None

    @property
    def is_deaf(self) -> bool:
        """Whether this host keeps broadcasts out of this link, as a firewall does that lets nothing in."""
        since = self.unheard_since
        return not self.broken and since is not None and steady_clock() >= since + ECHO_S

    def _way(self, host: str) -> list[tuple[int, int, bytes]]:
        """To this link's hosts by it or not at all: it may have gone, and routing would take another."""
        if not ON_LINUX or self.link.is_ipv6 or not self.link.index:
            return []
        if host not in self.link.broadcasts and not contains(self.link, host):
            return []
        source = socket.inet_aton(self.link.address)
        return [(socket.IPPROTO_IP, IP_PKTINFO, struct.pack("=i4s4s", self.link.index, source, bytes(4)))]

    def send(self, data: bytes, host: str, port: int) -> None:
        address = (host, port, 0, self.link.index) if self.link.is_ipv6 else (host, port)
        try:
            self.sock.sendmsg([data], self._way(host), 0, address)
        except (BlockingIOError, InterruptedError):
            return  # a full buffer loses a datagram like any network does
        except OSError as error:
            if error.errno in {errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.EHOSTDOWN}:
                return  # about that one peer, not about the link
            self.broken = error.strerror or "cannot send"
        else:
            self.sent += 1
            self.broken = ""

    def broadcast(self, data: bytes, port: int) -> None:
        if self.link.is_ipv6:
            self.send(also_by_ipv4(data) if self.link.is_second else data, MULTICAST_GROUP, port)
        elif not self.link.is_loopback and self.unheard_since is None:
            self.unheard_since = steady_clock()
        for host in self.link.broadcasts:
            self.send(data, host, port)


class Arrival(Struct, frozen=True):
    """A datagram, where it came from, and on which link; None: beyond our links, or of none that is used."""

    data: bytes
    host: str
    port: int
    link: Link | None
    to_everyone: bool


def open_channel(link: Link, port: int) -> Channel:
    """`port` 0 lets the system choose. Raises OSError."""
    family = socket.AF_INET6 if link.is_ipv6 else socket.AF_INET
    sock = _udp_socket(family)
    try:
        if link.is_ipv6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, link.index)
            sock.bind((link.address, port, 0, link.index))
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            sock.bind((link.address, port))
    except OSError:
        sock.close()
        raise
    return Channel(link, sock)


class Ear(Struct):
    """The sockets that hear broadcasts on `port`, IPv4 and, where there is any, IPv6."""

    ipv4: socket.socket
    ipv6: socket.socket | None
    joined: set[int] = field(default_factory=set)

    @property
    def sockets(self) -> list[socket.socket]:
        return [self.ipv4] if self.ipv6 is None else [self.ipv4, self.ipv6]

    def join(self, links: Sequence[Link]) -> None:
        """Hear the multicast group on these links; a link that went away left by itself."""
        if self.ipv6 is None:
            return
        wanted = {link.index for link in links if link.is_ipv6 and not link.skipped}
        self.joined &= wanted
        for index in wanted - self.joined:
            request = socket.inet_pton(socket.AF_INET6, MULTICAST_GROUP) + struct.pack("@I", index)
            try:
                self.ipv6.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, request)
            except OSError:
                continue  # asked again at the next look at the interfaces
            self.joined.add(index)


def open_ear(port: int) -> Ear:
    """Raises OSError when another program holds the port for itself alone."""
    ipv4 = _udp_socket(socket.AF_INET)
    try:
        if IP_PKTINFO:
            ipv4.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        ipv4.bind(("", port))
    except OSError:
        ipv4.close()
        raise
    return Ear(ipv4, _open_ipv6_ear(port))


def _open_ipv6_ear(port: int) -> socket.socket | None:
    try:
        sock = _udp_socket(socket.AF_INET6)
    except OSError:
        return None  # a system without IPv6
    try:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(("::", port))
    except OSError:
        sock.close()
        return None
    return sock


def _udp_socket(family: socket.AddressFamily) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.setblocking(False)  # noqa: FBT003
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if sys.platform == "darwin":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    return sock


def heard(sock: socket.socket, links: Sequence[Link]) -> Arrival | None:
    """The next datagram of an ear, or None when there is none now.

    Which link it came in on is the system's word where it gives one, else the one whose prefix fits.
    """
    if not hasattr(sock, "recvmsg"):
        return spoken(sock, links)
    try:
        data, ancillary, _, source = sock.recvmsg(DATAGRAM_MAX_BYTES + 1, ANCILLARY_BYTES)
    except OSError:
        return None
    host, port = source[0].partition("%")[0], source[1]
    if sock.family == socket.AF_INET6:
        return Arrival(data, host, port, _by_index(links, source[3]), to_everyone=True)
    for level, kind, value in ancillary:
        if level == socket.IPPROTO_IP and kind == IP_PKTINFO and len(value) >= 12:
            index, _, destination = struct.unpack("@I4s4s", value[:12])
            link = _addressed(links, index, socket.inet_ntoa(destination), host)
            return Arrival(data, host, port, link, to_everyone=True)
    return Arrival(data, host, port, _by_prefix(links, host), to_everyone=True)


def spoken(sock: socket.socket, links: Sequence[Link]) -> Arrival | None:
    """The next datagram of a link's own socket, or None when there is none now."""
    try:
        data, source = sock.recvfrom(DATAGRAM_MAX_BYTES + 1)
    except OSError:
        return None
    host = source[0].partition("%")[0]
    link = _by_index(links, source[3]) if sock.family == socket.AF_INET6 else _by_prefix(links, host)
    return Arrival(data, host, source[1], link, to_everyone=False)


def _addressed(links: Sequence[Link], index: int, destination: str, host: str) -> Link | None:
    """The used link which holds the sender; unicast to an ear was meant for another home."""
    for link in links:
        if link.index == index and destination in link.broadcasts and contains(link, host):
            return link
    return None


def _by_index(links: Sequence[Link], index: int) -> Link | None:
    return next((link for link in links if link.is_ipv6 and link.index == index), None)


def _by_prefix(links: Sequence[Link], host: str) -> Link | None:
    return next((link for link in links if contains(link, host)), None)


def route_source(host: str) -> str:
    """Our address on the system's way to `host`, whatever the interface; "" when there is none."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((host, 9))  # any port: nothing is sent
            return str(probe.getsockname()[0]).partition("%")[0]
    except OSError:
        return ""


def contains(link: Link, host: str) -> bool:
    """Whether `host`, a literal of the same family, is on this link."""
    if link.is_ipv6:
        return host.startswith("fe80:")
    if ":" in host:
        return False
    shift = 32 - link.prefix
    return _number(host) >> shift == _number(link.address) >> shift


def _number(host: str) -> int:
    return int.from_bytes(socket.inet_aton(host), "big")
