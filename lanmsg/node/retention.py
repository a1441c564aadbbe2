"""Deleting much without holding others up. history.keep_days: the listener does so, once a day."""

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial

from lanmsg.model import LanmsgError
from lanmsg.node.clock import wall_clock
from lanmsg.node.disk import Disk
from lanmsg.storage.forgetting import Extent, Forgotten
from lanmsg.storage.store import Store
from lanmsg.terminal import plural

DAY_S = 86_400.0

LOOK_S = 3600.0
"""A machine that sleeps at night has its day longer than the clock of the event loop says."""

FIRST_S = 10.0
"""After the start: who is here comes first."""


class Retention:
    def __init__(self, disk: Disk, keep_days: int, notice: Callable[[str, str], None]):
        self._disk = disk
        self._keep_s = keep_days * DAY_S
        self._words = f"messages and finished transfers older than {plural(keep_days, 'day')} are deleted"
        self._notice = notice

    async def run(self) -> None:
        """For ever, as the listener; without history.keep_days there is nothing to do."""
        if not self._keep_s:
            return
        await asyncio.sleep(FIRST_S)
        applied_at = 0.0
        while True:
            if abs(wall_clock() - applied_at) >= DAY_S:
                with contextlib.suppress(LanmsgError):  # a full disk: tried again within the hour
                    await self.apply()
                    applied_at = wall_clock()
            await asyncio.sleep(LOOK_S)

    async def apply(self) -> int:
        """Delete what is too old now; how many messages. Told the first time."""
        extent = Extent(before=wall_clock() - self._keep_s)
        if await self._disk.write(partial(_first_time, words=self._words)):
            self._notice(f"{self._words} here every day (history.keep_days)", "")
        return (await forget(self._disk, extent)).messages


async def forget(disk: Disk, extent: Extent) -> Forgotten:
    """A step at a time: whatever else there is to read and write meanwhile comes between two."""
    now = wall_clock()
    steps = await disk.read(lambda store: store.forgetting.steps(extent, now))
    gone = Forgotten()
    while (more := await disk.write(lambda _: next(steps, None))) is not None:
        gone = more
    return gone


def _first_time(store: Store, *, words: str) -> bool:
    """Whether this home has not been told these words before."""
    return store.forgetting.note_rule(words)
