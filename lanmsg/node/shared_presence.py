"""Presence among the processes of one home: the listener writes what it sees, the others read it."""

import asyncio
from collections.abc import Sequence
from functools import partial

from lanmsg.model import Peer, PeerId
from lanmsg.node.clock import wall_clock
from lanmsg.node.disk import Disk
from lanmsg.node.roster import Roster
from lanmsg.storage.errors import StorageError
from lanmsg.storage.store import Store

SHARE_S = 0.1
"""Presence is written to the store in batches of this time: 1,000 nodes that start together are a few."""


class SharedPresence:
    def __init__(self, disk: Disk, roster: Roster, owner: bytes):
        self._disk = disk
        self._owner = owner
        self._roster = roster
        self._unshared: set[PeerId] = set()
        self._some = asyncio.Event()

    async def begin(self) -> None:
        """This process is the listener now: what another one saw, and what it was serving, is over."""
        await self._disk.read(partial(_begin, owner=self._owner))

    def note(self, peer: PeerId) -> None:
        """It came, went or changed."""
        self._unshared.add(peer)
        self._some.set()

    async def run(self) -> None:
        """For ever, as the listener: write what was noted."""
        while True:
            await self._some.wait()
            await asyncio.sleep(SHARE_S)
            self._some.clear()
            noted, self._unshared = self._unshared, set()
            here = [peer for each in noted if (peer := self._roster.get(each)) is not None and peer.present]
            gone = noted - {peer.id for peer in here}
            try:
                await self._disk.read(partial(_share, here=here, gone=gone, now=wall_clock()))
            except StorageError:
                self._unshared |= noted  # a full disk: written with what is noted next

    async def read(self) -> list[Peer] | None:
        """What the home's listener sees; None when there is none."""
        return await self._disk.read(partial(_read, now=wall_clock()))


def _begin(store: Store, *, owner: bytes) -> None:
    before = store.presence.begin(owner, wall_clock())
    store.history.requeue_sent()
    store.history.release_leases(before)
    store.transfers.release_leases(before)


def _share(store: Store, *, here: Sequence[Peer], gone: set[PeerId], now: float) -> None:
    if here:
        store.presence.put_many([(p.id, p.nickname, p.status, p.note, p.addresses, now) for p in here])
    if gone:
        store.presence.remove_many(gone)


def _read(store: Store, *, now: float) -> list[Peer] | None:
    return store.presence.all() if store.presence.is_live(now) else None
