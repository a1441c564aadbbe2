"""Who may begin a handshake, and how much strangers may say: limits that stop them and nobody else.

Whoever has proven a key that is pinned gets its cost back: a script that sends all day never meets a limit.
"""

from collections import OrderedDict
from ipaddress import IPv6Address

from lanmsg.model import PeerId
from lanmsg.protocol.constants import (
    FAILED_HANDSHAKES_MAX,
    FAILED_HANDSHAKES_WINDOW_S,
    HANDSHAKES_BURST,
    HANDSHAKES_PER_ADDRESS_BURST,
    HANDSHAKES_PER_ADDRESS_PER_S,
    HANDSHAKES_PER_S,
    KNOWN_ADDRESS_HANDSHAKES_BURST,
    KNOWN_ADDRESS_HANDSHAKES_PER_S,
    NEW_PEER_MESSAGES_BURST,
    NEW_PEER_MESSAGES_PER_S,
    NEW_PEERS_BYTES_PER_HOST_BURST,
    NEW_PEERS_BYTES_PER_HOST_PER_S,
    NEW_PEERS_MESSAGES_PER_HOST_BURST,
    NEW_PEERS_MESSAGES_PER_HOST_PER_S,
    NEW_PEERS_OFFERS_PER_HOST_BURST,
    NEW_PEERS_OFFERS_PER_HOST_PER_S,
    SOURCES_REMEMBERED_MAX,
)
from lanmsg.protocol.pacing import SourceBuckets, TokenBucket

REFUSAL_S = 0.4
"""Shorter than the first pause of whoever is answered `busy` (protocol.md, When to try)."""


class Admission:
    """Asked before the first byte of a connection is read: RSA is what a flood would make us pay.

    Where somebody known has proven a key, a host has a share of its own: what others do elsewhere does not
    count there. Nobody can take such an address over without being on the way to it.
    """

    def __init__(self) -> None:
        self._of_address = SourceBuckets(HANDSHAKES_PER_ADDRESS_PER_S, HANDSHAKES_PER_ADDRESS_BURST)
        self._all = TokenBucket(HANDSHAKES_PER_S, HANDSHAKES_BURST)
        self._of_known = SourceBuckets(KNOWN_ADDRESS_HANDSHAKES_PER_S, KNOWN_ADDRESS_HANDSHAKES_BURST)
        self._known: OrderedDict[str, None] = OrderedDict()
        self._failures: OrderedDict[str, list[float]] = OrderedDict()

    def admit(self, host: str, now: float) -> bool:
        """Whether a connection from there may begin. Costs its address one handshake."""
        if host in self._known:
            return self._of_known.take(host, now)
        address = network_of(host)
        if len(self._recent_failures(address, now)) >= FAILED_HANDSHAKES_MAX:
            return False
        return self._of_address.take(address, now) and self._all.take(now)

    def is_known(self, host: str) -> bool:
        return host in self._known

    def failed(self, host: str, now: float) -> None:
        """A handshake from there did not end well; too many of them close the door for a while."""
        address = network_of(host)
        failures = self._recent_failures(address, now)
        if not failures and len(self._failures) >= SOURCES_REMEMBERED_MAX:
            self._failures.popitem(last=False)
        self._failures[address] = [*failures, now][-FAILED_HANDSHAKES_MAX:]
        self._failures.move_to_end(address)

    def proved(self, host: str) -> None:
        """It was somebody whom this person knows: it cost nothing."""
        if host in self._known:
            self._of_known.give_back(host)
        else:
            self._of_address.give_back(network_of(host))
            self._all.give_back()
        self._failures.pop(network_of(host), None)
        self.remember(host)

    def remember(self, host: str) -> None:
        """Somebody known is, or was, at this very address; the one said longest ago is forgotten."""
        self._known[host] = None
        self._known.move_to_end(host)
        if len(self._known) > SOURCES_REMEMBERED_MAX:
            self._known.popitem(last=False)

    def _recent_failures(self, address: str, now: float) -> list[float]:
        since = now - FAILED_HANDSHAKES_WINDOW_S
        return [at for at in self._failures.get(address, ()) if at > since]


class StrangerTalk:
    """How much those may write whom this person has never answered: each, and all of one host together."""

    def __init__(self) -> None:
        self._buckets = SourceBuckets(NEW_PEER_MESSAGES_PER_S, NEW_PEER_MESSAGES_BURST)
        self._of_host = SourceBuckets(NEW_PEERS_MESSAGES_PER_HOST_PER_S, NEW_PEERS_MESSAGES_PER_HOST_BURST)
        self._bytes = SourceBuckets(NEW_PEERS_BYTES_PER_HOST_PER_S, NEW_PEERS_BYTES_PER_HOST_BURST)
        self._refused: OrderedDict[PeerId, float] = OrderedDict()

    def may_say(self, peer: PeerId, host: str, now: float) -> bool:
        """Once it may not, it may not for a moment: what is on its way behind must not overtake that one."""
        if now < self._refused.get(peer, now):
            return False
        if self._buckets.take(peer.hex(), now) and self._of_host.take(network_of(host), now):
            return True
        if len(self._refused) >= SOURCES_REMEMBERED_MAX:
            self._refused.popitem(last=False)
        self._refused[peer] = now + REFUSAL_S
        self._refused.move_to_end(peer)
        return False

    def may_fill(self, host: str, size: int, now: float) -> bool:
        """Whether so many bytes of their text may go to the disk."""
        return self._bytes.take(network_of(host), now, size)


class StrangerOffers:
    """How often those may offer files, all of one host together."""

    def __init__(self) -> None:
        self._of_host = SourceBuckets(NEW_PEERS_OFFERS_PER_HOST_PER_S, NEW_PEERS_OFFERS_PER_HOST_BURST)

    def may_ask(self, host: str, now: float) -> bool:
        return self._of_host.take(network_of(host), now)


def network_of(host: str) -> str:
    """What one machine can call its own: an IPv4 address, or the /64 of a global IPv6 one."""
    address, _, scope = host.partition("%")
    if ":" not in address or scope:
        return host
    return str(IPv6Address(int(IPv6Address(address)) >> 64 << 64))
