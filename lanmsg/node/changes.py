"""What any process of the home wrote, as events: the one way by which screens hear of rows."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial

from lanmsg.model import Transfer, TransferState
from lanmsg.node.clock import steady_clock
from lanmsg.node.disk import Disk
from lanmsg.storage.store import Changes, Store

POLL_S = 0.05
"""How soon another process's write is seen. Asking costs SQLite a few microseconds."""

RATE_WINDOW_S = 3.0
"""A rate over less time jumps too much to be read."""


class ChangeWatch:
    def __init__(self, disk: Disk, on_changes: Callable[[Changes], Awaitable[None]]):
        self._disk = disk
        self._on_changes = on_changes

    async def run(self, revision: int) -> None:
        """For ever; `revision` is where the caller has read everything up to."""
        version = -1
        while True:
            is_foreign = False
            try:
                async with asyncio.timeout(POLL_S):
                    await self._disk.changed.wait()
            except TimeoutError:
                seen = await self._disk.read(lambda store: store.data_version())
                if seen == version:
                    continue
                version, is_foreign = seen, True
            self._disk.changed.clear()
            changes = await self._disk.read(partial(Store.changes_since, revision=revision))
            # What another process did may be no news for a screen, and still be work: a lease given back.
            if is_foreign or changes.revision != revision:
                revision = changes.revision
                await self._on_changes(changes)


class RateMeter:
    """Bytes a second of each running transfer, from its progress in the store, whoever carries it."""

    def __init__(self) -> None:
        self._samples: dict[int, deque[tuple[float, int]]] = {}

    def rate(self, transfer: Transfer) -> float:
        if transfer.state is not TransferState.RUNNING:
            self._samples.pop(transfer.number, None)
            return 0.0
        now = steady_clock()
        samples = self._samples.setdefault(transfer.number, deque())
        if samples and transfer.done < samples[-1][1]:
            samples.clear()  # a new run, from an earlier place
        samples.append((now, transfer.done))
        while len(samples) > 2 and now - samples[0][0] > RATE_WINDOW_S:
            samples.popleft()
        (first, before), (last, after) = samples[0], samples[-1]
        return (after - before) / (last - first) if last > first else 0.0
