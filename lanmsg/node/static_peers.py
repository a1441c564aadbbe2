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


class StaticPeers:
    def __init__(self, air: Air, roster: Roster, sessions: Sessions, *, tasks: Tasks):
        self._air = air
        self._roster = roster
        self._sessions = sessions
        self._tasks = tasks
        self._news = asyncio.Event()

    async def reach_all(self) -> None:
        for address in await self._air.ask_static_peers():
            self._tasks.start(self._reach(address))

    def network_changed(self) -> None:
        """There may be a way now: a VPN came up, say."""
        self._air.ask_static_again()
        self._news.set()
        self._news = asyncio.Event()

    async def _reach(self, address: Address) -> None:
        peer: PeerId | None = None
        await asyncio.sleep(STATIC_DIAL_AFTER_S)
        while True:
            if peer is None or not self._roster.is_present(peer):
                peer = self._somebody_at(address)
            if peer is None:
                with contextlib.suppress(UnreachableError, TimeoutError):
                    peer = (await self._sessions.open([address], None)).peer
            await self._pause()

    async def _pause(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STATIC_DIAL_INTERVAL_S):
                await self._news.wait()
                await asyncio.sleep(STATIC_DIAL_AFTER_S)

    def _somebody_at(self, address: Address) -> PeerId | None:
        return next((peer.id for peer in self._roster.present() if address in peer.addresses), None)
