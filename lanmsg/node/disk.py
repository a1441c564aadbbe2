"""The storage thread: every touch of the store by this process, one at a time, off the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from lanmsg.storage.store import Store

T = TypeVar("T")


class Disk:
    """Runs functions of the store in their own thread; `changed` is set after each that may have written."""

    def __init__(self, store: Store):
        self.store = store
        self.changed = asyncio.Event()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lanmsg-storage")

    async def read(self, work: Callable[[Store], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, self.store)

    async def write(self, work: Callable[[Store], T]) -> T:
        """The rows are committed when this returns; the screens of this process hear of them at once."""
        try:
            return await self.read(work)
        finally:
            self.changed.set()

    async def close(self) -> None:
        try:
            await self.read(lambda store: store.close())
        finally:
            self._thread.shutdown(wait=True)
