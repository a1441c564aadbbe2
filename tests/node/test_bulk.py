"""Runs of transfers: one for each, within limits, and every end of one is noted or made good."""

import asyncio
import io
import os
import socket
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from lanmsg.config import Settings
from lanmsg.model import LanmsgError, PeerId, Transfer, TransferState
from lanmsg.node import bulk as module
from lanmsg.node.bulk import BulkRuns
from lanmsg.node.connection import Connection
from lanmsg.node.disk import Disk as StoreThread
from lanmsg.node.run import Run
from lanmsg.protocol.constants import BULK_SESSIONS_MAX, BULK_SESSIONS_PER_PEER_MAX
from lanmsg.protocol.payload import Accept, Bulk
from lanmsg.storage.errors import StorageError
from lanmsg.storage.store import Store
from tests.node.neighbours import SOON_S, Neighbours, engine_of, story, until
from tests.node.puppet import puppet
from tests.node.transfer_story import SIZE, Disk, an_offer, becomes, file_of, now, offer, offered, saved

pytestmark = pytest.mark.usefixtures("quick_transfers")

BEN, CARLA = PeerId(b"b" * 32), PeerId(b"c" * 32)


async def nothing(number: int) -> None:
    del number


def with_runs(home: Path, scene: Callable[[BulkRuns], Awaitable[None]]) -> None:
    async def whole() -> None:
        thread = StoreThread(Store.open(home))
        runs = BulkRuns(PeerId(b"a" * 32), thread, Settings(home, home / "downloads", "anna"), nothing)
        await scene(runs)
        await runs.stop_all()
        await thread.close()

    asyncio.run(whole())


def test_one_peer_cannot_take_all_the_room(home: Path) -> None:
    async def scene(runs: BulkRuns) -> None:
        for number in range(BULK_SESSIONS_PER_PEER_MAX):
            assert runs.may_begin(BEN)
            runs._runs[number] = Run(number, BEN)
        assert not runs.may_begin(BEN)
        assert runs.may_begin(CARLA)
        runs._runs.clear()

    with_runs(home, scene)


def test_the_room_has_an_end(home: Path) -> None:
    async def scene(runs: BulkRuns) -> None:
        for number in range(BULK_SESSIONS_MAX):
            runs._runs[number] = Run(number, BEN)
        assert not runs.may_begin(CARLA)
        runs._runs.clear()

    with_runs(home, scene)


@story
async def test_progress_and_the_end_are_in_the_store(
    neighbours: Neighbours, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PROGRESS_S", 0.01)

    anna, ben = await neighbours.meet("anna", "ben")
    sent, received = await offer(anna, ben, file_of(neighbours, size=SIZE))
    disk.stick()
    await ben.accept(received.number)
    await disk.is_stuck()
    async with asyncio.timeout(SOON_S):
        while not 0 < (await now(anna, sent.number)).done < SIZE:
            await asyncio.sleep(0.005)
    disk.go_on()
    assert (await becomes(anna, sent, TransferState.DONE)).done == SIZE
    assert (await becomes(ben, received, TransferState.DONE)).done == SIZE


@story
async def test_threads_take_short_turns_while_files_move(neighbours: Neighbours, disk: Disk) -> None:
    usual = sys.getswitchinterval()
    anna, ben = await neighbours.meet("anna", "ben")
    sent, received = await offer(anna, ben, file_of(neighbours, size=SIZE))
    disk.stick()
    await ben.accept(received.number)
    await disk.is_stuck()
    assert sys.getswitchinterval() < usual
    disk.go_on()
    await becomes(anna, sent, TransferState.DONE)
    await until(lambda: sys.getswitchinterval() == usual)


@story
async def test_a_stream_arrives_and_one_without_its_input_fails_on_both_sides(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    sent = await anna.offer(ben.id, [], stdin=io.BytesIO(b"a log" * 1000), stdin_name="a.log")
    received = (await offered(ben))[0]
    await ben.accept(received.number)
    await becomes(anna, sent, TransferState.DONE)
    done = await becomes(ben, received, TransferState.DONE)
    assert (saved(done), Path(done.paths[0]).name) == (b"a log" * 1000, "a.log")

    sent = await anna.offer(ben.id, [], stdin=io.BytesIO(b"gone"), stdin_name="b.log")
    received = (await offered(ben, 2))[1]
    engine_of(anna).desk.runs.streams.clear()
    await ben.accept(received.number)
    assert "its input ended" in (await becomes(anna, sent, TransferState.FAILED)).reason
    await becomes(ben, received, TransferState.FAILED)


@story
async def test_an_end_that_a_full_disk_kept_from_being_noted_is_made_good(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    path = file_of(neighbours)
    sent, received = await offer(anna, ben, path)
    for node in (anna, ben):
        forgetful(engine_of(node).disk.store, monkeypatch)
    await ben.accept(received.number)
    await becomes(anna, sent, TransferState.DONE)
    assert saved(await becomes(ben, received, TransferState.DONE)) == path.read_bytes()
    assert [each.name for each in ben.settings.downloads.iterdir() if each.is_file()] == ["report.pdf"]


def forgetful(store: Store, patch: pytest.MonkeyPatch) -> None:
    """The first two times that a transfer of this store is done, it cannot be written down."""
    move, failures = store.transfers.move, [1, 2]

    def full(number: int, state: TransferState, **changes: Any) -> Transfer | None:
        if state is TransferState.DONE and failures:
            failures.pop()
            raise StorageError("no space left", code="no_space")
        return move(number, state, **changes)

    patch.setattr(store.transfers, "move", full)


@story
async def test_a_transfer_has_one_run_at_a_time(neighbours: Neighbours, disk: Disk) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    sent, received = await offer(anna, ben, file_of(neighbours, size=SIZE))
    disk.stick()
    await ben.accept(received.number)
    await disk.is_stuck()
    second = await engine_of(anna).sessions.open(ben.tcp, ben.id, bulk=True)
    second.send(Bulk(sent.id, "source"))
    async with asyncio.timeout(SOON_S):
        with pytest.raises(ConnectionError):
            await ended(second)
    runs = engine_of(anna).desk.runs
    run = runs._runs[sent.number]
    third = await engine_of(anna).sessions.open(ben.tcp, ben.id, bulk=True)
    third.send(Bulk(sent.id, "source"))
    async with asyncio.timeout(SOON_S):
        await runs.serve(third, sent)
    assert (runs._runs[sent.number], third.closed) == (run, True)
    disk.go_on()
    await becomes(anna, sent, TransferState.DONE)


async def ended(connection: Connection) -> None:
    sock, _ = await connection.detach()
    with sock:
        loop = asyncio.get_running_loop()
        sock.setblocking(False)
        while await loop.sock_recv(sock, 4096):
            pass
    raise ConnectionError


@story
async def test_what_was_withdrawn_a_moment_before_does_not_run(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    sent, received = await offer(anna, ben, file_of(neighbours))
    begin = BulkRuns._begin

    async def late(runs: BulkRuns, sock: socket.socket, run: Run) -> None:
        if runs is engine_of(anna).desk.runs:
            await anna.read(lambda s: s.transfers.move(run.number, TransferState.CANCELLED, now=2e9))
        await begin(runs, sock, run)

    monkeypatch.setattr(BulkRuns, "_begin", late)
    await ben.accept(received.number)
    await becomes(anna, sent, TransferState.CANCELLED)
    await becomes(ben, received, TransferState.CANCELLED)
    assert not [each for each in ben.settings.downloads.glob("*") if each.is_file()]


@story
async def test_a_fault_in_the_thread_fails_that_transfer_only(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise LanmsgError("out of paper")

    anna, ben = await neighbours.meet("anna", "ben")
    sent, received = await offer(anna, ben, file_of(neighbours))
    with monkeypatch.context() as patch:
        patch.setattr(module, "sources_of", broken)
        await ben.accept(received.number)
        assert (await becomes(anna, sent, TransferState.FAILED)).reason == "out of paper"
    await until(lambda: not engine_of(anna).desk.runs._runs)


@story
async def test_folders_arrive_as_folders(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    folder = neighbours.folder / "photos"
    (folder / "2026").mkdir(parents=True)
    for name in ("a.jpg", "2026/b.jpg"):
        (folder / name).write_bytes(os.urandom(100))
    _, received = await offer(anna, ben, folder)
    assert received.title == "photos/"
    await ben.accept(received.number)
    done = await becomes(ben, received, TransferState.DONE)
    there = Path(done.paths[0])
    for name in ("a.jpg", "2026/b.jpg"):
        assert (there / name).read_bytes() == (folder / name).read_bytes()


@story
async def test_when_both_have_dialled_one_of_the_connections_goes_on(neighbours: Neighbours) -> None:
    ben = await neighbours.open("ben")
    async with puppet(neighbours, "anna") as anna:
        line = await anna.call(ben)
        await line.say(an_offer())
        received = (await offered(ben))[0]
        await ben.accept(received.number)
        await line.hear(Accept)
        runs = engine_of(ben).desk.runs
        dialled = runs._runs[received.number] = Run(received.number, anna.id, dialled=True)
        bulk = await anna.dial(ben)
        await bulk.say(Bulk(received.id, "source"))
        await until(dialled.stop.is_set)  # ours gives way to the one that the source dialled
        del runs._runs[received.number]
        dialled.ended.set()
        await becomes(ben, received, TransferState.RUNNING)
        bulk.cut()
        await becomes(ben, received, TransferState.PAUSED)
