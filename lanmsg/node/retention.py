"""history.keep_days: what is older is deleted, by the listener, at its start and once a day."""

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial

from lanmsg.model import LanmsgError
from lanmsg.node.clock import wall_clock
from lanmsg.node.disk import Disk
from lanmsg.storage.forgetting import BATCH, Extent
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
        """Delete what is too old now, a batch at a time; how many messages. Told the first time."""
        now = wall_clock()
        extent = Extent(before=now - self._keep_s)
        if await self._disk.write(partial(_first_time, words=self._words)):
            self._notice(f"{self._words} here every day (history.keep_days)", "")
        after, deleted, count = 0, 0, BATCH
        while count == BATCH:
            count, after = await self._disk.write(partial(_forget_some, extent=extent, after=after))
            deleted += count
        await self._disk.write(lambda store: store.forgetting.forget_rest(extent, now))
        return deleted


def _forget_some(store: Store, *, extent: Extent, after: int) -> tuple[int, int]:
    return store.forgetting.forget_some(extent, after)


def _first_time(store: Store, *, words: str) -> bool:
    """Whether this home has not been told these words before."""
    return store.forgetting.note_rule(words)
