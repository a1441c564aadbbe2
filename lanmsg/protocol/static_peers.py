"""Addresses that the person named, asked wherever they are (protocol.md, Discovery, Static peers)."""

from collections.abc import Callable

from lanmsg.model import PeerId
from lanmsg.protocol.announcement import Source
from lanmsg.protocol.constants import QUERY_OFFSETS_S, STATIC_QUERY_INTERVAL_S, TOKEN_BYTES


class StaticPeer:
    """One such address. `peer`: who answered there last."""

    __slots__ = ("asked", "host", "next_at", "peer", "port", "started_at", "token")

    def __init__(self, host: str, port: int, token: bytes, now: float) -> None:
        self.host = host
        self.port = port
        self.token = token
        self.started_at = now
        self.next_at = now
        self.asked = 0
        self.peer: PeerId | None = None

    def plan_next(self, now: float) -> None:
        self.asked += 1
        if self.asked < len(QUERY_OFFSETS_S):
            self.next_at = self.started_at + QUERY_OFFSETS_S[self.asked]
        else:
            self.next_at = now + STATIC_QUERY_INTERVAL_S


class StaticPeers:
    """The list, which only the person changes; whatever is off our links and not in it is never answered."""

    def __init__(self, random_bytes: Callable[[int], bytes]) -> None:
        self._random_bytes = random_bytes
        self._peers: dict[tuple[str, int], StaticPeer] = {}
        self._hosts: set[str] = set()

    @property
    def addresses(self) -> list[tuple[str, int]]:
        return list(self._peers)

    def has_host(self, host: str) -> bool:
        return host in self._hosts

    def add(self, host: str, port: int, now: float) -> None:
        self._peers[host, port] = StaticPeer(host, port, self._random_bytes(TOKEN_BYTES), now)
        self._hosts.add(host)

    def ask_all_again(self, now: float) -> None:
        for host, port in self.addresses:
            self.add(host, port, now)

    def found(self, peer: PeerId, host: str, port: int) -> None:
        """This peer is there: while it is present, nothing needs to be asked."""
        static = self._peers.get((host, port))
        if static is not None:
            static.peer = peer

    def is_answered_by(self, token: bytes, source: Source) -> bool:
        static = self._peers.get((source.host, source.port))
        return static is not None and static.token == token

    def due(self, now: float, is_present: Callable[[PeerId], bool]) -> list[StaticPeer]:
        """Those to ask now."""
        due: list[StaticPeer] = []
        for static in self._peers.values():
            if static.next_at <= now:
                static.plan_next(now)
                if static.peer is None or not is_present(static.peer):
                    due.append(static)
        return due

    def next_deadline(self) -> float | None:
        if not self._peers:
            return None
        return min(static.next_at for static in self._peers.values())
