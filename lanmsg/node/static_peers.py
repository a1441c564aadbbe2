"""Peers that the person named by address: asked by datagram, and dialled when none comes back."""

import asyncio
import contextlib

from lanmsg.model import Address, PeerId
from lanmsg.node.air import Air
from lanmsg.node.dialer import UnreachableError
from lanmsg.node.roster import Roster
from lanmsg.node.sessions import Sessions
from lanmsg.node.tasks import Tasks

STATIC_DIAL_AFTER_S = 1.0
"""A static peer that does not answer a datagram by then is dialled: its network may carry only TCP."""

STATIC_DIAL_INTERVAL_S = 30.0


class StaticPeers:
    def __init__(self, air: Air, roster: Roster, sessions: Sessions, *, tasks: Tasks):
        self._air = air
        self._roster = roster
        self._sessions = sessions
        self._tasks = tasks

    async def reach_all(self) -> None:
        for address in await self._air.ask_static_peers():
            self._tasks.start(self._reach(address))

    async def _reach(self, address: Address) -> None:
        peer: PeerId | None = None
        await asyncio.sleep(STATIC_DIAL_AFTER_S)
        while True:
            if peer is None or not self._roster.is_present(peer):
                peer = self._somebody_at(address)
            if peer is None:
                with contextlib.suppress(UnreachableError, TimeoutError):
                    peer = (await self._sessions.open([address], None)).peer
            await asyncio.sleep(STATIC_DIAL_INTERVAL_S)

    def _somebody_at(self, address: Address) -> PeerId | None:
        return next((peer.id for peer in self._roster.present() if address in peer.addresses), None)
