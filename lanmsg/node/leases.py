"""The rows that this process serves are its own; those that a dead one served are everybody's, at once."""

import asyncio
import contextlib
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from lanmsg.node.disk import Disk
from lanmsg.storage.burial import bury, free_rows
from lanmsg.storage.errors import StorageError
from lanmsg.storage.owner_locks import OwnerLocks
from lanmsg.storage.store import Store

LOOK_S = 1.0
"""How often processes of this home are looked for that have died."""


class Leases:
    """`owner` is this process's name on its rows. `freed`: called when rows of a dead one became free."""

    def __init__(self, home: Path, disk: Disk, freed: Callable[[], None]):
        self.owner = os.urandom(8)
        self._disk = disk
        self._freed = freed
        self._locks = OwnerLocks(home, self.owner)

    async def begin(self) -> None:
        await self._disk.read(self._begin)

    async def run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            with contextlib.suppress(StorageError):  # a full disk: looked at again
                if await self._disk.read(self._bury):
                    self._freed()

    def end(self, store: Store) -> None:
        """All back, so that others need not wait."""
        self._locks.release(partial(free_rows, store))

    def _begin(self, store: Store) -> None:
        self._locks.hold()
        with contextlib.suppress(StorageError):  # a full disk: looked at again
            self._bury(store)

    def _bury(self, store: Store) -> int:
        return bury(store, self._locks)
