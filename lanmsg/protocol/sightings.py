"""What others say of themselves, and so who is here (protocol.md, Discovery, Belief).

A datagram proves nothing. So it may add a peer that nobody has heard of, and keep alive one that was heard at
the same address; whatever would change a present peer is asked about at the address concerned.
"""

import heapq
from collections import OrderedDict
from collections.abc import Callable
from itertools import count

from lanmsg.model import Address, PeerId
from lanmsg.protocol.announcement import Announcement, Source, instance_of
from lanmsg.protocol.constants import (
    LEFT_INSTANCES_MAX,
    LIFETIME_BELIEVED_MIN_S,
    PROBE_OFFSETS_S,
    PROBE_TIMEOUT_S,
    UNASKED_LIFETIMES,
)
from lanmsg.protocol.events import (
    LeaveReason,
    Presence,
    PresenceAppeared,
    PresenceChanged,
    PresenceEvent,
    PresenceLeft,
    PresenceSilent,
)
from lanmsg.protocol.pacing import NewcomerBudget, earliest
from lanmsg.protocol.presence_table import Endpoint, KnownPeer, PresenceTable
from lanmsg.protocol.probes import Probe, Probes

SILENCE_CHECK_S = 1.0
"""How often a silent peer that could not be asked yet has another try."""


class Sightings:
    """The judging half of Discovery. `may_ask`: we are allowed to send questions of our own."""

    def __init__(
        self, random_bytes: Callable[[int], bytes], uniform: Callable[[float], float], *, may_ask: bool
    ) -> None:
        self._table = PresenceTable()
        self._probes = Probes(random_bytes, uniform, may_ask=may_ask)
        self._newcomers = NewcomerBudget()
        self._checks: list[tuple[float, int, KnownPeer, Endpoint]] = []
        self._order = count()
        self._kept_at = float("-inf")
        self._left_instances: OrderedDict[tuple[PeerId, bytes], None] = OrderedDict()
        self._events: list[PresenceEvent] = []
        self._changed: dict[PeerId, KnownPeer] = {}
        self._in_doubt: set[PeerId] = set()

    def allow_questions(self) -> None:
        self._probes.may_ask = True

    def __len__(self) -> int:
        return len(self._table)

    def present(self) -> tuple[Presence, ...]:
        return tuple(known.presence() for known in self._table)

    def is_present(self, peer: PeerId) -> bool:
        return self._table.get(peer) is not None

    def endpoints(self) -> list[Endpoint]:
        return [endpoint for known in self._table for endpoint in known.endpoints]

    # --- what was heard

    def heard(self, said: Announcement, source: Source, now: float) -> None:
        """Somebody says so, and may be anybody."""
        known = self._table.get(said.peer)
        if known is None:
            self._newcomer(said, source, now)
            return
        endpoint = known.at(source.host, source.port)
        if endpoint is None:
            self._probes.ask_about_claim(said.peer, source, len(self), now)
        elif endpoint.instance != said.instance:
            self._ask_endpoint(known, endpoint, source, now)
        elif endpoint.tcp_port == said.port:
            self._refresh(known, endpoint, said, source, now)

    def replied(self, said: Announcement, source: Source, now: float) -> bool:
        """A REPLY; whether it is one to a question that we sent to this address alone."""
        known = self._table.get(said.peer)
        endpoint = known.at(source.host, source.port) if known else None
        for probe in (endpoint.probe if endpoint else None, self._probes.claim_about(said.peer)):
            if probe is not None and probe.is_answered_by(said.token, source):
                self._close(probe, endpoint)
                self.confirmed(said, source, now)
                return True
        return False

    def confirmed(self, said: Announcement, source: Source, now: float) -> None:
        """Whoever is at this address says so, and has shown that it is there."""
        known = self._table.get(said.peer)
        if known is None:
            self._appear(said, source, now, confirmed=True)
            return
        endpoint = known.at(source.host, source.port)
        if endpoint is None:
            self._stand_by(known, said, source, now)
            return
        news = endpoint.instance != said.instance or endpoint.tcp_port != said.port
        endpoint.instance, endpoint.tcp_port = said.instance, said.port
        endpoint.believe(said.lifetime_s, now)
        endpoint.confirmed = True
        self._table.rank(said.peer)
        if known.first is endpoint:
            news |= known.take(said)
            news |= said.peer in self._in_doubt
            self._in_doubt.discard(said.peer)
        if news:
            self._changed[said.peer] = known

    def left(self, said: Announcement) -> None:
        """A BYE shows the secret behind the instance, which nobody else knows, or counts for nothing."""
        known = self._table.get(said.peer)
        if known is None or all(endpoint.instance != said.instance for endpoint in known.endpoints):
            return
        if instance_of(said.token) != said.instance:
            return
        self._left_instances[said.peer, said.instance] = None
        if len(self._left_instances) > LEFT_INSTANCES_MAX:
            self._left_instances.popitem(last=False)
        for endpoint in list(known.endpoints):
            if endpoint.instance == said.instance:
                self._drop(known, endpoint, LeaveReason.BYE)

    # --- what the node knows

    def protect(self, peer: PeerId) -> None:
        self._table.protect(peer)

    def unprotect(self, peer: PeerId) -> None:
        self._table.unprotect(peer)

    def session_opened(self, peer: PeerId, address: Address | None, now: float) -> None:
        self._table.connect(peer)
        known = self._table.get(peer)
        endpoint = known.reached_at(address) if known and address else None
        if known is None or endpoint is None:
            return
        endpoint.proven = True
        endpoint.believe(endpoint.lifetime_s, now)
        if known.first is not endpoint:
            known.prefer(endpoint)
            self._table.rank(peer)
            self._changed[peer] = known

    def session_closed(self, peer: PeerId, now: float) -> None:
        self._table.disconnect(peer)
        known = self._table.get(peer)
        if known is not None:
            for endpoint in known.endpoints:
                self._check_at(known, endpoint, now)

    def session_lost(self, peer: PeerId, now: float) -> None:
        """Its word that it is here no longer counts."""
        known = self._table.get(peer)
        for endpoint in known.endpoints if known else ():
            endpoint.expires_at = now
        self.session_closed(peer, now)

    def keep_for(self, seconds: float, now: float) -> None:
        """We were deaf for a while: nobody is called silent before they could be heard again.

        Once in a lifetime: an interface that comes and goes all the time does not keep the dead on the list.
        """
        if now < self._kept_at + LIFETIME_BELIEVED_MIN_S:
            return
        self._kept_at = now
        for endpoint in self.endpoints():
            endpoint.expires_at = max(endpoint.expires_at, now + seconds)

    def confirm(self, peer: PeerId, now: float) -> None:
        """Ask where it is said to be, unless it has answered there before; an answer is told as a change."""
        known = self._table.get(peer)
        if known is not None and not known.first.confirmed:
            self._in_doubt.add(peer)
            self._ask_endpoint(known, known.first, known.first.source, now)

    # --- output and time

    def events(self) -> list[PresenceEvent]:
        """What happened since the last call. Changes of one peer are told as one, the latest."""
        events, self._events = self._events, []
        events += [PresenceChanged(known.presence()) for known in self._changed.values()]
        self._changed.clear()
        return events

    def probes_to_send(self) -> list[Probe]:
        return self._probes.to_send()

    def next_deadline(self) -> float | None:
        return earliest(self._checks[0][0] if self._checks else None, self._probes.next_deadline())

    def handle_deadline(self, now: float) -> None:
        while self._checks and self._checks[0][0] <= now:
            at, _, known, endpoint = heapq.heappop(self._checks)
            if endpoint.check_at == at and self._table.holds(known, endpoint):
                self._check_silence(known, endpoint, now)
        for probe in self._probes.handle_deadline(now):
            self._unanswered(probe, now)

    # --- belief

    def _newcomer(self, said: Announcement, source: Source, now: float) -> None:
        if (said.peer, said.instance) in self._left_instances:
            return
        if self._is_believed_at_once(said.peer, source, now):
            self._appear(said, source, now, confirmed=False)
        else:
            self._probes.ask_about_claim(said.peer, source, len(self), now)

    def _is_believed_at_once(self, peer: PeerId, source: Source, now: float) -> bool:
        if self._table.is_safe(peer):
            return self._newcomers.take_protected(now)
        return not self._table.is_full and self._newcomers.take(source.host, now)

    def _appear(self, said: Announcement, source: Source, now: float, *, confirmed: bool) -> None:
        endpoint = self._endpoint(said, source, now, confirmed=confirmed)
        known = KnownPeer(said.peer, said.name, said.status, endpoint)
        if self._enter(known):
            self._check_at(known, endpoint, endpoint.expires_at)

    def _enter(self, known: KnownPeer) -> bool:
        if self._table.is_full:
            victim = self._table.victim_for(known.peer, confirmed=known.confirmed)
            if victim is None:
                return False
            self._leave(victim, LeaveReason.EVICTED)
        self._table.add(known)
        self._events.append(PresenceAppeared(known.presence()))
        return True

    def _refresh(
        self, known: KnownPeer, endpoint: Endpoint, said: Announcement, source: Source, now: float
    ) -> None:
        endpoint.believe(said.lifetime_s, now)
        self._table.heard(known.peer)
        if known.first is not endpoint:
            return
        if said.status is not known.status:
            known.status = said.status
            self._changed[known.peer] = known
        if said.name != known.name:
            self._ask_endpoint(known, endpoint, source, now)

    def _stand_by(self, known: KnownPeer, said: Announcement, source: Source, now: float) -> None:
        """Another address answered: it is dialled after the others, unless the first is silent when asked."""
        endpoint = self._endpoint(said, source, now, confirmed=True)
        if (said.peer, said.instance) in self._left_instances or not known.add(endpoint):
            return
        self._changed[known.peer] = known
        self._check_at(known, endpoint, endpoint.expires_at)
        first = known.first
        if first.probe is None:
            first.probe = self._probes.ask_rival(known.peer, first.source, len(self), now)

    def _endpoint(self, said: Announcement, source: Source, now: float, *, confirmed: bool) -> Endpoint:
        endpoint = Endpoint(source, said.instance, said.port, now)
        endpoint.believe(said.lifetime_s, now)
        endpoint.confirmed = confirmed
        return endpoint

    # --- questions

    def _ask_endpoint(self, known: KnownPeer, endpoint: Endpoint, source: Source, now: float) -> None:
        """Something else is said at a known address: another run or name. An older question is moot then."""
        before = endpoint.probe
        if before is not None and now < before.started_at + PROBE_OFFSETS_S[1]:
            return
        probe = self._probes.ask_about_change(known.peer, source, len(self), now)
        if probe is not None:
            endpoint.probe = probe
            if before is not None:
                self._probes.close(before)

    def _close(self, probe: Probe, endpoint: Endpoint | None) -> None:
        self._probes.close(probe)
        if endpoint is not None and endpoint.probe is probe:
            endpoint.probe = None

    def _unanswered(self, probe: Probe, now: float) -> None:
        known = self._table.get(probe.peer)
        endpoint = known.at(probe.source.host, probe.source.port) if known else None
        if known is None or endpoint is None or endpoint.probe is not probe:
            return
        endpoint.probe = None
        if self._table.is_connected(known.peer):
            return
        if endpoint.expires_at <= now:
            self._drop(known, endpoint, LeaveReason.SILENT)
        elif probe.is_rival and endpoint.heard_at <= probe.started_at and known.first is endpoint:
            known.demote_first()
            self._changed[known.peer] = known
            self._table.rank(known.peer)

    # --- silence

    def _check_at(self, known: KnownPeer, endpoint: Endpoint, at: float) -> None:
        """An endpoint has one appointment; a new one replaces it, and the old entry is skipped."""
        endpoint.check_at = at
        heapq.heappush(self._checks, (at, next(self._order), known, endpoint))

    def _check_silence(self, known: KnownPeer, endpoint: Endpoint, now: float) -> None:
        if endpoint.expires_at > now:
            self._check_at(known, endpoint, endpoint.expires_at)
        elif self._table.is_connected(known.peer):
            self._events.append(PresenceSilent(known.presence()))
            self._check_at(known, endpoint, now + LIFETIME_BELIEVED_MIN_S)
        elif endpoint.probe is not None:
            self._check_at(known, endpoint, now + PROBE_TIMEOUT_S)
        else:
            self._ask_or_give_up(known, endpoint, now)

    def _ask_or_give_up(self, known: KnownPeer, endpoint: Endpoint, now: float) -> None:
        endpoint.probe = self._probes.ask_if_alive(
            known.peer, endpoint.source, endpoint.questions_owed, len(self), now
        )
        if endpoint.probe is not None:
            self._check_at(known, endpoint, now + PROBE_TIMEOUT_S)
        elif now >= endpoint.expires_at + (UNASKED_LIFETIMES - 1) * endpoint.lifetime_s:
            self._drop(known, endpoint, LeaveReason.SILENT)
        else:
            self._check_at(known, endpoint, now + SILENCE_CHECK_S)

    def _drop(self, known: KnownPeer, endpoint: Endpoint, reason: LeaveReason) -> None:
        if len(known.endpoints) == 1:
            self._leave(known, reason)
            return
        if endpoint.probe is not None:
            self._probes.close(endpoint.probe)
        known.endpoints.remove(endpoint)
        self._table.rank(known.peer)
        self._changed[known.peer] = known

    def _leave(self, known: KnownPeer, reason: LeaveReason) -> None:
        for endpoint in known.endpoints:
            if endpoint.probe is not None:
                self._probes.close(endpoint.probe)
        self._table.remove(known)
        self._changed.pop(known.peer, None)
        self._in_doubt.discard(known.peer)
        self._events.append(PresenceLeft(known.presence(), reason))
