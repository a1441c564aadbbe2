"""Who is here: peers and the endpoints they were heard at, within bounds (protocol.md, Discovery, Table)."""

from collections import OrderedDict
from collections.abc import Iterator

from lanmsg.model import Address, PeerId, Status
from lanmsg.protocol.announcement import Announcement, Source
from lanmsg.protocol.constants import (
    ENDPOINTS_PER_PEER_MAX,
    LIFETIME_BELIEVED_MAX_S,
    LIFETIME_BELIEVED_MIN_S,
    PEER_TABLE_MAX,
    PROBE_OFFSETS_S,
)
from lanmsg.protocol.events import Presence
from lanmsg.protocol.probes import Probe


class Endpoint:
    """One address that speaks for a peer. `port` is UDP.

    `confirmed`: a question sent to it alone was answered. `proven`: a handshake was. `check_at`: when its
    silence is looked at next.
    """

    __slots__ = (
        "check_at", "confirmed", "expires_at", "heard_at", "host", "instance", "interface", "lifetime_s",
        "on_link", "port", "probe", "proven", "tcp_port", "times_heard",
    )  # fmt: skip

    def __init__(self, source: Source, instance: bytes, tcp_port: int, now: float) -> None:
        self.host = source.host
        self.port = source.port
        self.interface = source.interface
        self.on_link = source.on_link
        self.instance = instance
        self.tcp_port = tcp_port
        self.heard_at = now
        self.expires_at = now
        self.lifetime_s = LIFETIME_BELIEVED_MIN_S
        self.check_at = now
        self.times_heard = 0
        self.confirmed = False
        self.proven = False
        self.probe: Probe | None = None

    @property
    def address(self) -> Address:
        scope = f"%{self.interface}" if self.host.startswith("fe80:") and "%" not in self.host else ""
        return Address(self.host + scope, self.tcp_port)

    @property
    def source(self) -> Source:
        return Source(self.host, self.port, self.interface, self.on_link, to_everyone=False)

    @property
    def questions_owed(self) -> int:
        """How often to ask when silent: an address that never answered, no more than it spoke."""
        times = len(PROBE_OFFSETS_S)
        return times if self.confirmed or self.proven else min(times, max(1, self.times_heard))

    def believe(self, lifetime_s: int, now: float) -> None:
        """Heard again: alive for this long. An earlier end is not believed, as anyone could have said it."""
        self.heard_at = now
        self.times_heard += 1
        self.lifetime_s = min(max(lifetime_s, LIFETIME_BELIEVED_MIN_S), LIFETIME_BELIEVED_MAX_S)
        self.expires_at = max(self.expires_at, now + self.lifetime_s)


class KnownPeer:
    """A present peer. Its first endpoint is the one that is believed and dialled; others only stand by."""

    __slots__ = ("endpoints", "name", "peer", "status")

    def __init__(self, peer: PeerId, name: str, status: Status, endpoint: Endpoint) -> None:
        self.peer = peer
        self.name = name
        self.status = status
        self.endpoints = [endpoint]

    @property
    def first(self) -> Endpoint:
        return self.endpoints[0]

    @property
    def confirmed(self) -> bool:
        return self.first.confirmed

    def at(self, host: str, port: int) -> Endpoint | None:
        for endpoint in self.endpoints:
            if endpoint.host == host and endpoint.port == port:
                return endpoint
        return None

    def reached_at(self, address: Address) -> Endpoint | None:
        """The endpoint of a session; of one that came in, maybe only the host is known (port 0)."""
        host = address.host.partition("%")[0]
        for endpoint in self.endpoints:
            if endpoint.host == host and address.port in {endpoint.tcp_port, 0}:
                return endpoint
        return None

    def add(self, endpoint: Endpoint) -> bool:
        """Stand by behind the others; when there are too many, in place of the one unheard for longest."""
        if len(self.endpoints) >= ENDPOINTS_PER_PEER_MAX:
            idle = [each for each in self.endpoints[1:] if not each.proven]
            if not idle:
                return False
            self.endpoints.remove(min(idle, key=lambda each: each.heard_at))
        self.endpoints.append(endpoint)
        return True

    def prefer(self, endpoint: Endpoint) -> None:
        self.endpoints.remove(endpoint)
        self.endpoints.insert(0, endpoint)

    def demote_first(self) -> None:
        self.endpoints.append(self.endpoints.pop(0))

    def take(self, said: Announcement) -> bool:
        """Adopt name and status; whether they are news."""
        before = self.name, self.status
        self.name, self.status = said.name, said.status
        return before != (self.name, self.status)

    def presence(self) -> Presence:
        addresses = tuple(dict.fromkeys(endpoint.address for endpoint in self.endpoints))
        first = self.first
        return Presence(
            self.peer, self.name, self.status, addresses, first.interface, first.instance, first.confirmed
        )


class PresenceTable:
    """At most PEER_TABLE_MAX peers. Nobody is pushed out by somebody who has shown as little or less.

    Unconfirmed peers push out nobody, confirmed ones an unconfirmed one, protected and connected ones
    anybody who is not that; of several the one heard longest ago goes.
    """

    def __init__(self) -> None:
        self._peers: dict[PeerId, KnownPeer] = {}
        self._unconfirmed: OrderedDict[PeerId, None] = OrderedDict()
        self._protected: set[PeerId] = set()
        self._connected: set[PeerId] = set()

    def __len__(self) -> int:
        return len(self._peers)

    def __iter__(self) -> Iterator[KnownPeer]:
        return iter(self._peers.values())

    def get(self, peer: PeerId) -> KnownPeer | None:
        return self._peers.get(peer)

    def holds(self, known: KnownPeer, endpoint: Endpoint) -> bool:
        return self._peers.get(known.peer) is known and endpoint in known.endpoints

    @property
    def is_full(self) -> bool:
        return len(self._peers) >= PEER_TABLE_MAX

    def is_safe(self, peer: PeerId) -> bool:
        """Pinned by the person, or proven by an open session."""
        return peer in self._protected or peer in self._connected

    def is_connected(self, peer: PeerId) -> bool:
        return peer in self._connected

    def protect(self, peer: PeerId) -> None:
        self._protected.add(peer)
        self.rank(peer)

    def unprotect(self, peer: PeerId) -> None:
        self._protected.discard(peer)
        self.rank(peer)

    def connect(self, peer: PeerId) -> None:
        self._connected.add(peer)
        self.rank(peer)

    def disconnect(self, peer: PeerId) -> None:
        self._connected.discard(peer)
        self.rank(peer)

    def add(self, known: KnownPeer) -> None:
        self._peers[known.peer] = known
        self.rank(known.peer)

    def remove(self, known: KnownPeer) -> None:
        del self._peers[known.peer]
        self._unconfirmed.pop(known.peer, None)

    def heard(self, peer: PeerId) -> None:
        if peer in self._unconfirmed:
            self._unconfirmed.move_to_end(peer)

    def rank(self, peer: PeerId) -> None:
        """Call after anything that changes how easily a peer is pushed out."""
        known = self._peers.get(peer)
        if known is not None and not known.confirmed and not self.is_safe(peer):
            self._unconfirmed.setdefault(peer, None)
        else:
            self._unconfirmed.pop(peer, None)

    def victim_for(self, peer: PeerId, *, confirmed: bool) -> KnownPeer | None:
        """Who makes room in a full table for this newcomer; None: nobody, and the newcomer stays out."""
        safe = self.is_safe(peer)
        if not (confirmed or safe):
            return None
        if self._unconfirmed:
            return self._peers[next(iter(self._unconfirmed))]
        if not safe:
            return None
        others = (known for known in self._peers.values() if not self.is_safe(known.peer))
        return min(others, key=lambda known: known.first.heard_at, default=None)
