"""Questions that we send to one address alone, and wait for (protocol.md, Discovery, Probes)."""

import heapq
from collections.abc import Callable, Sequence
from itertools import count

from lanmsg.model import PeerId
from lanmsg.protocol.announcement import Source
from lanmsg.protocol.constants import (
    CLAIM_SPREAD_FROM_PEERS,
    CLAIM_SPREAD_PER_PEER_S,
    CLAIMS_BURST,
    CLAIMS_PER_S,
    PROBE_OFFSETS_S,
    PROBE_TIMEOUT_S,
    PROBES_BURST,
    PROBES_PER_S,
    QUESTIONS_MAX,
    TOKEN_BYTES,
)
from lanmsg.protocol.pacing import TokenBucket, network_cost

ONCE = PROBE_OFFSETS_S[:1]


class Probe:
    """A QUERY with a token that only whoever is at `source` can know.

    `is_rival`: another address answered for the same peer, and this one has to stand up for itself.
    """

    __slots__ = ("is_open", "is_rival", "peer", "source", "started_at", "token")

    def __init__(self, peer: PeerId, source: Source, token: bytes, now: float, *, is_rival: bool) -> None:
        self.peer = peer
        self.source = source
        self.token = token
        self.started_at = now
        self.is_rival = is_rival
        self.is_open = True

    def is_answered_by(self, token: bytes, source: Source) -> bool:
        return self.is_open and self.token == token and self.source[:2] == source[:2]


class Probes:
    """The outstanding questions: how many may be asked, when each is repeated, and when it is given up.

    `present` is always the number of peers, as most of them heard the same and ask the same.
    """

    def __init__(
        self, random_bytes: Callable[[int], bytes], uniform: Callable[[float], float], *, may_ask: bool
    ) -> None:
        self.may_ask = may_ask
        self._random_bytes = random_bytes
        self._uniform = uniform
        self._claims: dict[PeerId, Probe] = {}
        self._claim_budget = TokenBucket(CLAIMS_PER_S, CLAIMS_BURST)
        self._silence_budget = TokenBucket(PROBES_PER_S, PROBES_BURST)
        self._agenda: list[tuple[float, int, bool, Probe]] = []
        self._order = count()
        self._outstanding = 0
        self._to_send: list[Probe] = []

    def ask_about_claim(self, peer: PeerId, source: Source, present: int, now: float) -> None:
        """Somebody is said to be at this new address; one such question for each peer at a time."""
        if peer in self._claims:
            return
        probe = self.ask_about_change(peer, source, present, now)
        if probe is not None:
            self._claims[peer] = probe

    def ask_about_change(self, peer: PeerId, source: Source, present: int, now: float) -> Probe | None:
        """Something new is said at this address. None: not now, it will be said again."""
        if not self._may_ask(self._claim_budget, network_cost(present), now):
            return None
        others = present - CLAIM_SPREAD_FROM_PEERS if source.to_everyone else 0
        later = self._uniform(max(0, others) * CLAIM_SPREAD_PER_PEER_S)
        return self._ask(peer, source, now + later, ONCE, is_rival=False)

    def ask_rival(self, peer: PeerId, source: Source, present: int, now: float) -> Probe | None:
        """Another address answered for this peer: is it still here as well?"""
        if not self._may_ask(self._claim_budget, network_cost(present), now):
            return None
        return self._ask(peer, source, now, PROBE_OFFSETS_S, is_rival=True)

    def ask_if_alive(
        self, peer: PeerId, source: Source, times: int, present: int, now: float
    ) -> Probe | None:
        """The peer has been silent for its lifetime. None: the budget is spent on others."""
        if not self._may_ask(self._silence_budget, times * network_cost(present), now):
            return None
        return self._ask(peer, source, now, PROBE_OFFSETS_S[:times], is_rival=False)

    def claim_about(self, peer: PeerId) -> Probe | None:
        return self._claims.get(peer)

    def close(self, probe: Probe) -> None:
        """It was answered, or no longer matters."""
        if not probe.is_open:
            return
        probe.is_open = False
        self._outstanding -= 1
        if self._claims.get(probe.peer) is probe:
            del self._claims[probe.peer]

    def to_send(self) -> list[Probe]:
        probes, self._to_send = self._to_send, []
        return [probe for probe in probes if probe.is_open]

    def next_deadline(self) -> float | None:
        while self._agenda and not self._agenda[0][3].is_open:
            heapq.heappop(self._agenda)
        return self._agenda[0][0] if self._agenda else None

    def handle_deadline(self, now: float) -> list[Probe]:
        """Repeat what is due; returns those that nobody answered."""
        unanswered: list[Probe] = []
        while self._agenda and self._agenda[0][0] <= now:
            _, _, is_end, probe = heapq.heappop(self._agenda)
            if not probe.is_open:
                continue
            if is_end:
                self.close(probe)
                unanswered.append(probe)
            else:
                self._to_send.append(probe)
        return unanswered

    def _may_ask(self, budget: TokenBucket, cost: float, now: float) -> bool:
        return self.may_ask and self._outstanding < QUESTIONS_MAX and budget.take(now, cost)

    def _ask(
        self, peer: PeerId, source: Source, start: float, offsets: Sequence[float], *, is_rival: bool
    ) -> Probe:
        probe = Probe(peer, source, self._random_bytes(TOKEN_BYTES), start, is_rival=is_rival)
        for offset in offsets:
            heapq.heappush(self._agenda, (start + offset, next(self._order), False, probe))
        heapq.heappush(self._agenda, (start + PROBE_TIMEOUT_S, next(self._order), True, probe))
        self._outstanding += 1
        return probe
