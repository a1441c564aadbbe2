"""Who is on the network: the machine behind every beacon (protocol.md, Discovery).

It asks when it starts, announces while it runs, answers who asks, and says goodbye. What it hears goes to
Sightings, which judges it; when and how often it speaks is for Pacing to say.
"""

from collections import deque
from collections.abc import Callable, Sequence

from lanmsg.model import Address, PeerId, Status
from lanmsg.protocol.announcement import (
    NO_TOKEN,
    Announcement,
    Broadcast,
    Datagram,
    Kind,
    Source,
    Unicast,
    decode_announcement,
    instance_of,
)
from lanmsg.protocol.constants import (
    ANNOUNCE_INTERVAL_MIN_S,
    ANNOUNCE_JITTER,
    BYE_COPIES,
    DEAF_QUERY_PEERS_MAX,
    DEAF_QUERY_PER_PEER_S,
    LATE_S,
    LEAVE_SECRET_BYTES,
    QUERY_OFFSETS_S,
    QUERY_ROUNDS_BURST,
    QUERY_ROUNDS_PER_S,
    REPLY_JITTER_MAX_S,
    TOKEN_BYTES,
)
from lanmsg.protocol.errors import RemoteProtocolError
from lanmsg.protocol.events import Presence, PresenceEvent
from lanmsg.protocol.neighbours import Neighbours
from lanmsg.protocol.pacing import (
    Caller,
    LoneCallers,
    ReplyPacing,
    TokenBucket,
    announce_interval,
    earliest,
    lifetime_of,
    seek_interval,
)
from lanmsg.protocol.sightings import Sightings
from lanmsg.protocol.static_peers import StaticPeers

__all__ = ["Broadcast", "Datagram", "Discovery", "Source", "Unicast"]

DEAF_S = QUERY_OFFSETS_S[1] + 2 * REPLY_JITTER_MAX_S
"""After a change of interfaces: by then the second question and its answers have had their time."""


class Discovery:
    """One node's presence. `announce=False`: it listens only, and asks as a dialer once it is told to.

    Made anew at each start of a node, as its secret and instance are. `now` is in seconds of a clock that
    never goes back.
    """

    def __init__(
        self,
        peer: PeerId,
        *,
        tcp_port: int,
        name: str,
        random_bytes: Callable[[int], bytes],
        now: float,
        status: Status = Status.AVAILABLE,
        announce: bool = True,
    ) -> None:
        self._peer = peer
        self._leave_secret = random_bytes(LEAVE_SECRET_BYTES)
        self._instance = instance_of(self._leave_secret)
        self._port = tcp_port if announce else 0
        self._name = name
        self._status = status
        self._announces = announce
        self._random_bytes = random_bytes
        self._sightings = Sightings(random_bytes, self._uniform, may_ask=announce)
        self._pacing = ReplyPacing(self._uniform)
        self._lone_callers = LoneCallers()
        self._static = StaticPeers(random_bytes)
        self._neighbours = Neighbours(random_bytes)
        self._rounds = TokenBucket(QUERY_ROUNDS_PER_S, QUERY_ROUNDS_BURST)
        self._out: list[Datagram] = []
        self._queries: deque[float] = deque()
        self._query_token = random_bytes(TOKEN_BYTES)
        self._queried_at = float("-inf")
        self._seek_until = float("-inf")
        self._interval = ANNOUNCE_INTERVAL_MIN_S
        self._announce_at: float | None = None
        self._left_at: float | None = None
        self.malformed = 0
        self.off_link = 0
        if announce:
            self.query_everyone(now)

    # --- what the node tells

    def query_everyone(self, now: float) -> None:
        """Ask who is here, three times. Who announces does so by itself, a dialer when it is told to."""
        self._sightings.allow_questions()
        self._query_token = self._random_bytes(TOKEN_BYTES)
        start = max(now, self._queried_at + QUERY_OFFSETS_S[1])
        self._queries = deque(start + offset for offset in QUERY_OFFSETS_S)
        self._announce_at = None

    def seek(self, until: float, now: float) -> None:
        """As a dialer: somebody is waited for until then, who may come later; everybody is asked again."""
        self._sightings.allow_questions()
        self._seek_until = until
        self._plan_seeking(now)

    def interfaces_changed(self, now: float) -> None:
        """Also after the machine slept: what was heard before may no longer be true, or was not heard."""
        if self._left_at is not None:
            return
        self._sightings.keep_for(DEAF_S if self._announces else lifetime_of(self._interval), now)
        if not self._rounds.take(now):
            # A loose contact: others hear that we are here, and we hear them when they announce.
            self._want_broadcast(now)
            return
        self._static.ask_all_again(now)
        if self._announces:
            self.query_everyone(now)

    def set_profile(self, name: str, status: Status, now: float) -> None:
        """Everybody hears of a change at once, or half a second after the last broadcast."""
        if (name, status) == (self._name, self._status):
            return
        self._name, self._status = name, status
        self._want_broadcast(now)

    def ask(self, host: str, port: int, now: float) -> None:
        """A static peer, named by the person: ask until somebody answers, and whenever they are gone."""
        self._static.add(host, port, now)

    def ask_neighbours(self, found: Sequence[Source] | None, now: float) -> None:
        """Where we hear no broadcasts, these are asked one by one. None: we hear them again."""
        if self._left_at is None:
            self._neighbours.update(found, now)

    def protect(self, peer: PeerId) -> None:
        """Never pushed out by others, and let in when the table is full: for peers that are pinned."""
        self._sightings.protect(peer)

    def unprotect(self, peer: PeerId) -> None:
        self._sightings.unprotect(peer)

    def confirm(self, peer: PeerId, now: float) -> None:
        """Ask whether it is where it is said to be, before anything is done because of it."""
        self._sightings.confirm(peer, now)

    def session_opened(self, peer: PeerId, address: Address | None, now: float) -> None:
        """A handshake proved `peer`, at `address` if that is known; it is not called silent while it is open.

        May be said again for further sessions; one `session_closed` or `session_lost` ends them all.
        """
        if address is not None:
            self._static.found(peer, address.host, address.port)
        self._sightings.session_opened(peer, address, now)

    def session_closed(self, peer: PeerId, now: float) -> None:
        """The last session ended by a CLOSE of either side."""
        self._sightings.session_closed(peer, now)

    def session_lost(self, peer: PeerId, now: float) -> None:
        """The last session ended without a CLOSE: the peer is asked at once whether it is still here."""
        self._sightings.session_lost(peer, now)

    def leave(self, now: float) -> None:
        """Say goodbye, and nothing after it."""
        if self._announces and self._left_at is None:
            bye = self._announcement(Kind.BYE, self._leave_secret)
            self._out = [Broadcast(bye)] * BYE_COPIES
            others = dict.fromkeys(self._static.addresses, "") | self._lone_callers.interfaces
            others |= {(e.host, e.port): e.interface for e in self._sightings.endpoints() if not e.on_link}
            self._out += [Unicast(bye, *address, interface) for address, interface in others.items()]
        self._left_at = now

    # --- what comes in

    def receive_datagram(self, data: bytes, source: Source, now: float) -> bool:
        """Whether somebody else said it. Cheap on purpose: anybody on the link can call it a hundred thousand
        times a second.
        """
        if self._left_at is not None:
            return False
        if not source.on_link and not self._static.has_host(source.host):
            self.off_link += 1
            return False
        try:
            said = decode_announcement(data)
        except RemoteProtocolError:
            self.malformed += 1
            return False
        if said.peer == self._peer:
            return False  # our own broadcast, or another process of this home
        if said.kind is Kind.QUERY:
            self._asked(said, source, now)
        elif said.kind is Kind.BYE:
            self._sightings.left(said)
        elif said.port and (said.kind is Kind.ANNOUNCE or self._is_answer(said, source, now)):
            self._heard(said, source, now)
        return True

    def _asked(self, said: Announcement, source: Source, now: float) -> None:
        if self._announces:
            caller = Caller(source.host, source.port, source.interface, said.token, said.port != 0)
            present = len(self._sightings)
            if not (source.to_everyone and said.port):
                self._lone_callers.note(caller)
            self._pacing.asked(caller, to_everyone=source.to_everyone, present=present, now=now)
        if said.port:
            self._heard(said, source, now)

    def _heard(self, said: Announcement, source: Source, now: float) -> None:
        self._static.found(said.peer, source.host, source.port)
        self._sightings.heard(said, source, now)

    def _is_answer(self, said: Announcement, source: Source, now: float) -> bool:
        """A REPLY to what we asked everyone, which is worth as much as an ANNOUNCE.

        One to what we asked this address alone is worth more, and done with here. Others are worth nothing.
        """
        if self._sightings.replied(said, source, now):
            return False
        by_neighbour = self._neighbours.is_answered_by(said.token, source)
        if by_neighbour or self._static.is_answered_by(said.token, source):
            self._static.found(said.peer, source.host, source.port)
            self._sightings.confirmed(said, source, now)
            return False
        return said.token == self._query_token

    # --- what goes out

    def datagrams_to_send(self, now: float) -> list[Datagram]:
        out, self._out = self._out, []
        if self._left_at is not None:
            return out
        for caller in self._pacing.replies_due(now):
            reply = self._announcement(Kind.REPLY, caller.token)
            out.append(Unicast(reply, caller.host, caller.port, caller.interface))
        for probe in self._sightings.probes_to_send():
            query = self._announcement(Kind.QUERY, probe.token)
            out.append(Unicast(query, probe.source.host, probe.source.port, probe.source.interface))
        return out

    def events(self) -> list[PresenceEvent]:
        return self._sightings.events()

    def present(self) -> tuple[Presence, ...]:
        return self._sightings.present()

    # --- time

    def next_deadline(self) -> float | None:
        if self._left_at is not None:
            return None
        return earliest(
            self._queries[0] if self._queries else None,
            self._announce_at,
            self._pacing.next_deadline(),
            self._static.next_deadline(),
            self._neighbours.next_deadline(),
            self._sightings.next_deadline(),
        )

    def handle_deadline(self, now: float) -> None:
        deadline = self.next_deadline()
        if deadline is None or deadline > now:
            return
        if now - deadline > LATE_S:
            self.interfaces_changed(now)
        if self._queries and self._queries[0] <= now:
            self._query(now)
        if self._announce_at is not None and self._announce_at <= now:
            self._plan_announcement(now, earliest=1 - ANNOUNCE_JITTER, latest=1 + ANNOUNCE_JITTER)
            self._announce(now)
        elif self._pacing.is_broadcast_due(now):
            self._broadcast(Kind.ANNOUNCE, NO_TOKEN, now)
        for static in self._static.due(now, self._sightings.is_present):
            query = self._announcement(Kind.QUERY, static.token)
            self._out.append(Unicast(query, static.host, static.port, ""))
        for neighbour in self._neighbours.due(now, self._hosts_present):
            query = self._announcement(Kind.QUERY, neighbour.token)
            self._out.append(Unicast(query, *neighbour.source[:3]))
        self._sightings.handle_deadline(now)

    def _hosts_present(self) -> set[str]:
        return {endpoint.host for endpoint in self._sightings.endpoints()}

    def _announce(self, now: float) -> None:
        """Where no announcements of others are heard, as a question: who answers makes itself known."""
        present = len(self._sightings)
        is_due = now >= self._queried_at + DEAF_QUERY_PER_PEER_S * present
        if self._neighbours.is_needed and present < DEAF_QUERY_PEERS_MAX and is_due:
            self._queried_at = now
            self._broadcast(Kind.QUERY, self._query_token, now)
        else:
            self._broadcast(Kind.ANNOUNCE, NO_TOKEN, now)

    def _query(self, now: float) -> None:
        while self._queries and self._queries[0] <= now:
            self._queries.popleft()
        self._queried_at = now
        if self._announces and not self._queries:
            # Anywhere in the first interval: those who started together do not announce together.
            self._plan_announcement(now, earliest=0, latest=1)
        self._plan_seeking(now)
        self._broadcast(Kind.QUERY, self._query_token, now)

    def _plan_seeking(self, now: float) -> None:
        at = max(now, self._queried_at + seek_interval(len(self._sightings)))
        if not self._announces and not self._queries and at < self._seek_until:
            self._queries.append(at)

    def _want_broadcast(self, now: float) -> None:
        if self._announces and self._left_at is None:
            self._pacing.want_broadcast(now, present=0)

    def _plan_announcement(self, now: float, *, earliest: float, latest: float) -> None:
        """The next one, in intervals from now; lifetimes told until then cover it."""
        self._interval = announce_interval(len(self._sightings))
        self._announce_at = now + self._interval * (earliest + self._uniform(latest - earliest))

    def _broadcast(self, kind: Kind, token: bytes, now: float) -> None:
        self._out.append(Broadcast(self._announcement(kind, token)))
        if self._announces:
            self._pacing.broadcast_sent(now)

    def _announcement(self, kind: Kind, token: bytes) -> bytes:
        # In a crowd that has just started, the interval in force is already too short to promise.
        lifetime = lifetime_of(max(self._interval, announce_interval(len(self._sightings))))
        said = Announcement(
            kind, self._peer, self._instance, token, self._port, lifetime, self._status, self._name
        )
        return said.encode()

    def _uniform(self, limit: float) -> float:
        """By chance between 0 and `limit`."""
        return limit * int.from_bytes(self._random_bytes(4), "big") / 2**32 if limit > 0 else 0.0
