"""The storage thread: one thing at a time, off the event loop, and the screens hear of what was written."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import pytest

from lanmsg.node.disk import Disk
from lanmsg.storage.errors import StorageError
from lanmsg.storage.store import Store


def with_disk(home: Path, scene: Callable[[Disk], Awaitable[None]]) -> None:
    async def whole() -> None:
        disk = Disk(Store.open(home))
        try:
            await scene(disk)
        finally:
            await disk.close()

    asyncio.run(whole())


def test_work_is_done_in_one_other_thread_in_order(home: Path) -> None:
    async def scene(disk: Disk) -> None:
        done: list[tuple[int, str]] = []

        def work(_: Store, *, number: int) -> None:
            done.append((number, threading.current_thread().name))

        await asyncio.gather(*(disk.read(partial(work, number=number)) for number in range(20)))
        assert done == [(number, "lanmsg-storage_0") for number in range(20)]

    with_disk(home, scene)


def test_the_event_loop_goes_on_meanwhile(home: Path) -> None:
    async def scene(disk: Disk) -> None:
        may_end = threading.Event()
        waiting = asyncio.get_running_loop().create_task(disk.read(lambda _: may_end.wait(5)))
        await asyncio.sleep(0)
        may_end.set()  # only a loop that is not blocked comes here
        assert await waiting

    with_disk(home, scene)


def test_a_write_is_told_also_when_it_fails_half_way(home: Path) -> None:
    async def scene(disk: Disk) -> None:
        await disk.read(lambda store: store.revision())
        assert not disk.changed.is_set()
        await disk.write(lambda store: store.revision())
        assert disk.changed.is_set()
        disk.changed.clear()

        def fail(store: Store) -> None:
            raise StorageError("no space left")

        with pytest.raises(StorageError):
            await disk.write(fail)
        assert disk.changed.is_set()

    with_disk(home, scene)


def test_nothing_is_done_after_the_end(home: Path) -> None:
    async def run() -> None:
        disk = Disk(Store.open(home))
        await disk.close()
        with pytest.raises(RuntimeError):
            await disk.read(lambda store: store.revision())

    asyncio.run(run())


def test_a_search_holds_up_nobody_and_ends_with_whoever_waits_for_it(home: Path) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"

    async def scene(disk: Disk) -> None:
        searching = asyncio.get_running_loop().create_task(
            disk.search(lambda store: store.database.one(endless))
        )
        for _ in range(3):
            await disk.write(lambda store: store.revision())
        assert not searching.done()
        searching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await searching
        assert await disk.search(lambda store: store.revision()) == 0

    with_disk(home, scene)


def test_a_search_ends_with_the_program(home: Path) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"

    async def scene(disk: Disk) -> None:
        began = threading.Event()

        def work(store: Store) -> None:
            began.set()
            store.database.one(endless)

        searching = asyncio.get_running_loop().create_task(disk.search(work))
        await asyncio.to_thread(began.wait, 20)
        await disk.close()
        with pytest.raises(StorageError):
            await searching

    async def whole() -> None:
        await scene(Disk(Store.open(home)))

    asyncio.run(whole())
