"""This host lets nothing in but answers, as many do: then we go to the others (protocol.md, Discovery).

They hear us and cannot reach us: what they send first is dropped on our side. So those that our system knows
of are asked, and a session is kept with each one found, for them to write on.
"""

import asyncio

from lanmsg.model import PeerId, Trust
from lanmsg.node.air import Air
from lanmsg.node.channel import ECHO_S
from lanmsg.node.clock import steady_clock
from lanmsg.node.roster import PINNED_STATES, Roster
from lanmsg.node.sessions import Sessions
from lanmsg.node.tasks import Tasks
from lanmsg.protocol.events import Presence

LOOK_S = 0.5
"""How soon a new neighbour is asked."""

REST_S = 2.0
"""How soon it is noticed that this host has closed itself, or is on a network that it does not trust."""

MEET_AGAIN_S = 20.0

KEPT_SESSIONS_MAX = 32
"""Of those of 64 neighbours; pinned people first."""


class ClosedHost:
    def __init__(self, air: Air, roster: Roster, sessions: Sessions, *, tasks: Tasks):
        self._air = air
        self._roster = roster
        self._sessions = sessions
        self._tasks = tasks
        self._kept: dict[PeerId, float] = {}
        """When to go there again if no session is open then."""

    def keeps_session(self, peer: PeerId) -> bool:
        return peer in self._kept

    async def run(self) -> None:
        """For ever."""
        pause = 2 * ECHO_S
        while True:
            await asyncio.sleep(pause)
            closed = self._air.look_around()
            self._meet(self._on(closed) if self._air.announces else [])
            pause = LOOK_S if closed else REST_S

    def _on(self, closed: frozenset[str]) -> list[Presence]:
        return [each for each in self._air.discovery.present() if each.interface in closed] if closed else []

    def _meet(self, there: list[Presence]) -> None:
        """Only where our own question was answered: a datagram alone aims no connection."""
        now = steady_clock()
        chosen = self._chosen(there)
        self._kept = {each.peer: self._kept.get(each.peer, now) for each in chosen}
        for each in chosen:
            if now < self._kept[each.peer] or self._sessions.reaches_listener(each.peer):
                continue
            if each.confirmed:
                self._kept[each.peer] = now + MEET_AGAIN_S
                self._tasks.start(self._sessions.meet(each.peer))
            else:
                self._air.confirm(each.peer)

    def _chosen(self, there: list[Presence]) -> list[Presence]:
        welcome = [each for each in there if self._roster.trust_of(each.peer) is not Trust.BLOCKED]
        welcome.sort(key=self._is_second_choice)
        return welcome[:KEPT_SESSIONS_MAX]

    def _is_second_choice(self, presence: Presence) -> tuple[bool, bool]:
        is_known = self._roster.trust_of(presence.peer) in PINNED_STATES
        return not is_known, presence.peer not in self._kept
