"""The storage thread: every touch of the store by this process, one at a time, off the event loop.

But for two things: what takes long is read by a thread of its own, and whether anybody has written is asked
in the loop itself, as it touches memory only.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TypeVar

from lanmsg.storage.commits import Commits
from lanmsg.storage.store import Store

T = TypeVar("T")


class Disk:
    """Runs functions of the store in their own thread; `changed` is set after each that may have written."""

    def __init__(self, store: Store):
        self.store = store
        self.changed = asyncio.Event()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lanmsg-storage")
        self._searcher = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lanmsg-search")
        self._beside: Store | None = None
        self._commits: Commits | None = None
        self._over = Event()
        self._ended = False

    async def read(self, work: Callable[[Store], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, self.store)

    async def write(self, work: Callable[[Store], T]) -> T:
        """The rows are committed when this returns; the screens of this process hear of them at once."""
        try:
            return await self.read(work)
        finally:
            self.changed.set()

    async def search(self, work: Callable[[Store], T]) -> T:
        """For reading what may take seconds: messages come and go meanwhile. Cancelled, it ends at once."""
        if self._beside is None:
            self._beside = await self.read(lambda store: store.beside(self._is_over))
        beside, over = self._beside, Event()

        def look() -> T:
            self._over = over
            return work(beside)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._searcher, look)
        except asyncio.CancelledError:
            over.set()
            raise

    def _is_over(self) -> bool:
        return self._ended or self._over.is_set()

    async def watch(self) -> Commits:
        """Says whether anybody has written; for the event loop's own thread."""
        if self._commits is None:
            self._commits = await self.read(lambda store: store.database.commits())
        return self._commits

    async def close(self) -> None:
        self._ended = True
        self._searcher.shutdown(wait=True, cancel_futures=True)
        try:
            await self.read(self._close)
        finally:
            self._thread.shutdown(wait=True)

    def _close(self, store: Store) -> None:
        """The store last: only the last one to close folds the log into the database."""
        if self._commits is not None:
            self._commits.close()
        if self._beside is not None:
            self._beside.close()
        store.close()
