"""Transfers that are interrupted: they go on from there, by themselves, whoever was away."""

import asyncio

import pytest

from lanmsg.model import TransferState
from lanmsg.node import transfers
from lanmsg.node.clock import wall_clock
from lanmsg.node.connection import Connection
from tests.node.neighbours import SOON_S, Neighbours, engine_of, story
from tests.node.transfer_story import SIZE, Disk, becomes, file_of, now, offer, saved

pytestmark = pytest.mark.usefixtures("quick_transfers")

CANCELLED = TransferState.CANCELLED
DONE = TransferState.DONE
PAUSED = TransferState.PAUSED
RUNNING = TransferState.RUNNING


@pytest.mark.parametrize("who", ["sender", "receiver"])
@story
async def test_a_paused_transfer_is_cancelled(neighbours: Neighbours, disk: Disk, who: str) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    sent, received = await offer(anna, ben, file_of(neighbours, size=SIZE))
    disk.stick()
    await ben.accept(received.number)
    await disk.is_stuck()
    leaving, staying = (ben, anna) if who == "sender" else (anna, ben)
    left, stayed = (received, sent) if who == "sender" else (sent, received)
    await asyncio.gather(neighbours.close(leaving), disk.go_on_once_stopped(leaving))
    await becomes(staying, stayed, PAUSED)
    await staying.cancel(stayed.number)
    again = await neighbours.open(leaving.name)
    await becomes(again, left, CANCELLED)


@pytest.mark.parametrize("who", ["anna", "ben"])
@story
async def test_a_transfer_goes_on_by_itself_when_who_left_is_back(
    neighbours: Neighbours, disk: Disk, who: str
) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    path = file_of(neighbours, size=SIZE)
    sent, received = await offer(anna, ben, path)
    disk.stick()
    await ben.accept(received.number)
    await disk.is_stuck()
    leaving = anna if who == "anna" else ben
    await asyncio.gather(neighbours.close(leaving), disk.go_on_once_stopped(leaving))
    await becomes(*((ben, received) if who == "anna" else (anna, sent)), PAUSED)
    again = await neighbours.open(who)
    anna, ben = (again, ben) if who == "anna" else (anna, again)
    await becomes(anna, sent, DONE)
    assert saved(await becomes(ben, received, DONE)) == path.read_bytes()


@story
async def test_a_line_that_breaks_is_taken_up_again(neighbours: Neighbours, disk: Disk) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    path = file_of(neighbours, size=SIZE)
    socks: list[Connection] = []
    detach = Connection.detach

    async def keep(connection: Connection) -> object:
        socks.append(connection)
        return await detach(connection)

    sent, received = await offer(anna, ben, path)
    disk.stick()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Connection, "detach", keep)
        await ben.accept(received.number)
        await disk.is_stuck()
    for each in socks:
        each._sock.shutdown(2)
    disk.go_on()
    await becomes(anna, sent, DONE)
    assert saved(await becomes(ben, received, DONE)) == path.read_bytes()


@story
async def test_a_run_whose_process_died_is_taken_over(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfers, "LEASE_S", 0.3)

    anna, ben = await neighbours.meet("anna", "ben")
    sent, received = await offer(anna, ben, file_of(neighbours))

    await anna.read(lambda store: store.transfers.move(sent.number, RUNNING, now=1.0))
    await anna.read(lambda store: store.transfers.release_leases(engine_of(anna).owner))
    await anna.read(
        lambda store: store.transfers.take_lease(
            sent.number, b"the dead", wall_clock() + 0.3, now=wall_clock()
        )
    )
    engine_of(anna).desk._leases.clear()
    await ben.accept(received.number)
    await becomes(anna, sent, DONE)
    await becomes(ben, received, DONE)


@story
async def test_it_ends_in_the_middle_of_a_transfer(neighbours: Neighbours, disk: Disk) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    sent, received = await offer(anna, ben, file_of(neighbours, size=SIZE))
    disk.stick()
    await ben.accept(received.number)
    await disk.is_stuck()
    async with asyncio.timeout(SOON_S):
        await asyncio.gather(
            neighbours.close(anna), neighbours.close(ben), disk.go_on_once_stopped(anna, ben)
        )
    for name, transfer in (("anna", sent), ("ben", received)):
        home = await neighbours.open(name, listen=False)
        assert (await now(home, transfer.number)).state is PAUSED
        await neighbours.close(home)
