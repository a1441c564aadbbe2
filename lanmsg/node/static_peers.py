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

STATIC_DIAL_INTERVAL_S = 10.0

KEPT_SESSIONS_MAX = 32
"""With so many of them a session is kept: beyond, the list is rather a directory than a few far friends."""


class StaticPeers:
    def __init__(self, air: Air, roster: Roster, sessions: Sessions, *, tasks: Tasks):
        self._air = air
        self._roster = roster
        self._sessions = sessions
        self._tasks = tasks
        self._news = asyncio.Event()
        self._kept: set[PeerId] = set()

    async def reach_all(self) -> None:
        for address in await self._air.ask_static_peers():
            self._tasks.start(self._reach(address))

    def network_changed(self) -> None:
        """There may be a way now: a VPN came up, say."""
        self._air.ask_static_again()
        self.look_again()

    def look_again(self) -> None:
        """Somebody appeared, who may be one of these."""
        self._news.set()
        self._news = asyncio.Event()

    def keeps_session(self, peer: PeerId) -> bool:
        return peer in self._kept

    async def _reach(self, address: Address) -> None:
        peer: PeerId | None = None
        await asyncio.sleep(STATIC_DIAL_AFTER_S)
        while True:
            if peer is None or not self._roster.is_present(peer):
                peer = self._somebody_at(address)
            if peer is None:
                with contextlib.suppress(UnreachableError, TimeoutError):
                    peer = (await self._sessions.open([address], None)).peer
            elif self._may_keep(peer) and self._sessions.live(peer) is None:
                await self._sessions.meet(peer)
            await self._pause()

    def _may_keep(self, peer: PeerId) -> bool:
        """A firewall or a router on the way may let only this side dial: our session is then the other's way.

        Nobody is to see a quiet home for that, and a command has no time to be talked to.
        """
        if self._air.announces and len(self._kept) < KEPT_SESSIONS_MAX:
            self._kept.add(peer)
        return peer in self._kept

    async def _pause(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STATIC_DIAL_INTERVAL_S):
                await self._news.wait()
                await asyncio.sleep(STATIC_DIAL_AFTER_S)

    def _somebody_at(self, address: Address) -> PeerId | None:
        return next((peer.id for peer in self._roster.present() if address in peer.addresses), None)
