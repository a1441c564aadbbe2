"""What any process of the home wrote comes as one stream, and how fast a transfer is."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from lanmsg.model import EVERYONE, Direction, MessageId, PeerId, Transfer, TransferId, TransferState
from lanmsg.node import changes as module
from lanmsg.node.changes import ChangeWatch, RateMeter
from lanmsg.node.disk import Disk
from lanmsg.node.trouble import Trouble
from lanmsg.storage.store import Changes, Store

BEN = PeerId(b"b" * 32)

Scene = Callable[[Disk, Store, "asyncio.Queue[Changes]"], Awaitable[None]]


def ignore(text: str, hint: str) -> None:
    """Nobody reads notices here."""


def watched(home: Path, scene: Scene) -> None:
    """`scene` with this process's disk, another process's store, and what the watch told."""

    async def whole() -> None:
        disk, other = Disk(Store.open(home)), Store.open(home)
        told: asyncio.Queue[Changes] = asyncio.Queue()
        async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
            revision = await disk.read(lambda store: store.revision())
            watch = tasks.create_task(ChangeWatch(disk, told.put, Trouble(ignore)).run(revision))
            await scene(disk, other, told)
            watch.cancel()
        other.close()
        await disk.close()

    asyncio.run(whole())


def say(store: Store, text: str) -> None:
    store.history.add_incoming(BEN, MessageId(text.encode().ljust(16)), EVERYONE, text, sent_at=1.0, now=1.0)


async def next_text(told: "asyncio.Queue[Changes]") -> list[str]:
    while not (changes := await told.get()).messages:
        pass
    return [message.text for message in changes.messages]


def test_own_and_others_writes_arrive_alike_and_once(home: Path) -> None:
    async def scene(disk: Disk, other: Store, told: "asyncio.Queue[Changes]") -> None:
        await disk.write(lambda store: say(store, "mine"))
        assert await next_text(told) == ["mine"]
        say(other, "theirs")
        assert await next_text(told) == ["theirs"]
        await disk.write(lambda store: say(store, "mine again"))
        assert await next_text(told) == ["mine again"]

    watched(home, scene)


def test_another_process_is_heard_also_when_there_is_nothing_to_show(home: Path) -> None:
    async def scene(disk: Disk, other: Store, told: "asyncio.Queue[Changes]") -> None:
        other.history.release_leases(b"somebody")
        heard = await told.get()
        assert heard == Changes(heard.revision)

    watched(home, scene)


def test_it_is_quiet_while_nothing_changes(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "IDLE_POLL_S", 0.005)

    async def scene(disk: Disk, other: Store, told: "asyncio.Queue[Changes]") -> None:
        await told.get()  # the first look
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await told.get()

    watched(home, scene)


def transfer(done: int, state: TransferState = TransferState.RUNNING) -> Transfer:
    return Transfer(1, TransferId(b"t" * 16), Direction.IN, BEN, state, (), 1, 1000, done=done)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What time it is for the meter: the first of the list."""
    now = [100.0]
    monkeypatch.setattr(module, "steady_clock", lambda: now[0])
    return now


def test_a_rate_is_of_the_last_seconds(clock: list[float]) -> None:
    meter = RateMeter()
    assert meter.rate(transfer(0)) == 0.0
    for second in range(1, 11):
        clock[0] += 1
        assert meter.rate(transfer(second * 100)) == 100.0
    clock[0] += 1
    assert meter.rate(transfer(5000)) > 1000.0


def test_a_new_run_begins_anew_and_what_does_not_run_has_no_rate(clock: list[float]) -> None:
    meter = RateMeter()
    meter.rate(transfer(900))
    clock[0] += 1
    assert meter.rate(transfer(100)) == 0.0
    clock[0] += 1
    assert meter.rate(transfer(300)) == 200.0
    assert meter.rate(transfer(300, TransferState.PAUSED)) == 0.0
    assert meter._samples == {}


def test_peers_are_told_too(home: Path) -> None:
    async def scene(disk: Disk, other: Store, told: "asyncio.Queue[Changes]") -> None:
        other.peers.rename(BEN, "Ben from work", 1.0)
        while not (changes := await told.get()).peers:
            pass
        assert [each.name for each in changes.peers] == ["Ben from work"]

    watched(home, scene)
