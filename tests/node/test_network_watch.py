"""Addresses come and go: what stood on them is given up at once, and goes on elsewhere."""

import pytest

from lanmsg.model import NEW_NETWORK, Interface, TransferState
from lanmsg.node import bulk, connection
from lanmsg.node import network_watch as module
from lanmsg.node.air import Air, Ways
from lanmsg.node.events import Notice
from lanmsg.node.run import Run
from tests.node.neighbours import Heard, Neighbours, engine_of, story, until
from tests.node.transfer_story import SIZE, Disk, becomes, file_of, impatience, offer, saved


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    impatience(monkeypatch)
    monkeypatch.setattr(module, "MEET_OFFSETS_S", (0.05,))
    monkeypatch.setattr(bulk, "MOVED_STALL_S", 0.1)


def why(run: Run) -> str:
    """It was cut, or ""."""
    return run.stop.cut


def no_way(*hosts: str) -> Ways:
    return Ways(frozenset(hosts), frozenset(hosts))


@story
async def test_a_file_on_a_connection_whose_address_is_gone_goes_on_over_a_new_one(
    neighbours: Neighbours, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    sent, received = await offer(anna, ben, file_of(neighbours, size=SIZE))
    disk.stick()
    await ben.accept(received.number)
    await disk.is_stuck()
    run = engine_of(anna).desk.runs._runs[sent.number]
    engine_of(anna)._on_moved(no_way("192.0.2.1"), False)
    assert why(run) == ""  # loopback does not go
    with monkeypatch.context() as moved:
        moved.setattr(bulk, "is_lost", lambda _, ours: "192.0.2.7" not in ours)
        moved.setattr(connection, "is_lost", lambda _, ours: "192.0.2.7" not in ours)
        engine_of(anna)._on_moved(no_way("192.0.2.7"), False)
        assert why(run) == ""
        engine_of(anna)._on_moved(no_way("192.0.2.1"), False)
    assert why(run) == "the network of this side is another now"
    await until(lambda: not engine_of(anna).desk.runs._runs)
    engine_of(anna)._on_moved(no_way(), True)
    assert not engine_of(anna)._network._cut
    disk.go_on()
    await becomes(anna, sent, TransferState.DONE)
    assert len(saved(await becomes(ben, received, TransferState.DONE))) == SIZE


@story
async def test_a_file_that_stands_still_with_one_who_has_moved_is_cut_and_one_that_moves_is_not(
    neighbours: Neighbours, disk: Disk
) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    sent, received = await offer(anna, ben, file_of(neighbours, size=SIZE))
    disk.stick()
    await ben.accept(received.number)
    await disk.is_stuck()
    network, run = engine_of(ben)._network, engine_of(ben).desk.runs._runs[received.number]
    network.suspect(anna.id, run.remote)  # where it is
    network.suspect(ben.id)  # nothing runs with that one
    await network._cut_stalled(anna.id, run.remote)
    assert why(run) == ""
    before = engine_of(ben).sessions.live(anna.id)
    network.suspect(anna.id, "192.0.2.1")
    await until(lambda: bool(run.stop.cut))
    await until(lambda: before not in engine_of(ben).sessions.open_with(anna.id))
    disk.go_on()
    await becomes(anna, sent, TransferState.DONE)
    await becomes(ben, received, TransferState.DONE)


@story
async def test_that_there_is_no_network_to_use_is_said_once_each_time(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = await neighbours.open("anna")
    heard, network = Heard(anna), engine_of(anna)._network
    network.check(listening=True)  # this home asked for loopback, and has it
    network._names_interfaces = False
    network.check(listening=True)
    network.check(listening=True)
    network._names_interfaces = True
    network.check(listening=True)
    network._names_interfaces = False
    network.check(listening=True)
    for _ in range(2):
        assert (await heard.next(Notice)).text == "there is no network"
    monkeypatch.setattr(Air, "interfaces", (Interface("eth1", "192.0.2.1", 24, NEW_NETWORK),))
    network.check(listening=True)
    network.check(listening=True)
    assert (await heard.next(Notice)).text == f"quiet on eth1: {NEW_NETWORK}"
    network._notice("that was all", "")
    assert (await heard.next(Notice)).text == "that was all"
