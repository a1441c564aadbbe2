"""The tasks of one node: each has an owner, a crash is the node's crash, and all of them end with it."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from lanmsg.model import LanmsgError

T = TypeVar("T")


class Tasks:
    """A TaskGroup whose tasks can be ended from outside, in one step."""

    def __init__(self, group: asyncio.TaskGroup):
        self._group = group
        self._running: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        task = self.begin(work)
        del task  # kept in _running

    def begin(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """The same for work with a result that somebody awaits."""
        task = self._group.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def end(self) -> None:
        while self._running:
            for task in self._running:
                task.cancel()
            await asyncio.wait(self._running)


def plainest(error: BaseException) -> BaseException:
    """One failure is that failure, and of several for people the first one will do; else the group."""
    if not isinstance(error, BaseExceptionGroup):
        return error
    found = [plainest(each) for each in error.exceptions]
    return found[0] if len(found) == 1 or all(isinstance(each, LanmsgError) for each in found) else error
