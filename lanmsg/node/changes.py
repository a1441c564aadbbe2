"""What any process of the home wrote, as events: the one way by which screens hear of rows."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial

from lanmsg.model import Transfer, TransferState
from lanmsg.node.clock import steady_clock
from lanmsg.node.disk import Disk
from lanmsg.node.trouble import Trouble
from lanmsg.storage.commits import Commits
from lanmsg.storage.store import Changes, Store

POLL_S = 0.05
"""How soon another process's write is seen. The look is a few microseconds of the event loop's own time."""

IDLE_POLL_S = 0.1
"""The same where nobody has written for a while: every wake-up of an idle machine costs it sleep."""

LIVELY_S = 5.0
"""For so long after news from another process more of it is expected."""

SAFETY_S = 2.0
"""And so often the store itself is asked, whatever the quick look says."""

RATE_WINDOW_S = 3.0
"""A rate over less time jumps too much to be read."""


class ChangeWatch:
    def __init__(self, disk: Disk, on_changes: Callable[[Changes], Awaitable[None]], trouble: Trouble):
        self._disk = disk
        self._on_changes = on_changes
        self._trouble = trouble
        self._timer: asyncio.TimerHandle | None = None
        self._asked_at = 0.0
        self._lively_until = 0.0

    async def run(self, revision: int) -> None:
        """For ever; `revision` is where the caller has read everything up to. Raises StorageError."""
        commits = await self._trouble.outlast(self._disk.watch)
        self._look(commits)
        version = -1
        try:
            while True:
                await self._disk.changed.wait()
                self._disk.changed.clear()
                news = partial(self._disk.read, partial(_news, since=revision))
                seen, changes = await self._trouble.outlast(news)
                # What another process did may be no news for a screen, and still be work: a lease given back.
                if seen != version or changes.revision != revision:
                    if seen != version and changes.revision != revision:
                        self._lively_until = steady_clock() + LIVELY_S
                    version, revision = seen, changes.revision
                    await self._on_changes(changes)
        finally:
            if self._timer is not None:
                self._timer.cancel()

    def _look(self, commits: Commits) -> None:
        """Again and again, without a task: finding nothing costs a few microseconds."""
        now = steady_clock()
        if commits.any_new() or now - self._asked_at >= SAFETY_S:
            self._asked_at = now
            self._disk.changed.set()
        pause = POLL_S if now < self._lively_until else IDLE_POLL_S
        self._timer = asyncio.get_running_loop().call_later(pause, self._look, commits)


def _news(store: Store, *, since: int) -> tuple[int, Changes]:
    return store.data_version(), store.changes_since(since)


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
