"""What becomes of what has come: kept for as long as it can go on, deleted when it never can."""

import errno
import os
from collections.abc import Callable

import pytest

from lanmsg.model import TransferState
from lanmsg.node import bulk
from lanmsg.node.bulk import FAILED_PART_S
from lanmsg.node.clock import wall_clock
from lanmsg.storage.downloads import PartialTransfer
from lanmsg.storage.folder import disk_error
from lanmsg.storage.part_folder import part_name
from lanmsg.storage.store import Store
from lanmsg.terminal import human_size
from tests.node.neighbours import Neighbours, engine_of, story, until
from tests.node.transfer_story import SIZE, becomes, file_of, now, offer, parts_in, saved

pytestmark = pytest.mark.usefixtures("quick_transfers")

DONE, PAUSED = TransferState.DONE, TransferState.PAUSED


class FullDisk:
    """The receivers' disks take no more than half of the file, until somebody has made room."""

    def __init__(self, patch: pytest.MonkeyPatch):
        self.is_full = True
        write = PartialTransfer.write

        def limited(part: PartialTransfer, data: memoryview) -> None:
            if self.is_full and part.position().done > SIZE // 2:
                raise disk_error("write to", "downloads", OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
            write(part, data)

        patch.setattr(PartialTransfer, "write", limited)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> FullDisk:
    return FullDisk(monkeypatch)


@story
async def test_a_full_disk_pauses_both_sides_and_a_retry_goes_on(
    neighbours: Neighbours, disk: FullDisk
) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    path = file_of(neighbours, size=SIZE)
    sent, received = await offer(anna, ben, path)
    await ben.accept(received.number)
    here, there = await becomes(ben, received, PAUSED), await becomes(anna, sent, PAUSED)
    assert (here.code, there.code) == ("disk_full", "disk_full")
    assert "No space left" in here.reason
    assert there.reason == "the other side has no space left on its disk"
    await until(lambda: not engine_of(ben).desk.runs._runs)
    disk.is_full = False
    # A full disk is not tried at each offer.
    assert not engine_of(ben).desk.runs.may_try(await now(ben, received.number))
    await ben.resume(received.number)
    assert saved(await becomes(ben, received, DONE)) == path.read_bytes()
    await becomes(anna, sent, DONE)


@story
async def test_where_there_was_no_room_from_the_start_it_goes_on_when_there_is(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    path = file_of(neighbours, size=SIZE)
    with monkeypatch.context() as patch:
        patch.setattr("lanmsg.storage.downloads.free_bytes", lambda _: SIZE - 1)
        sent, received = await offer(anna, ben, path)
        await ben.accept(received.number)
        here, there = await becomes(ben, received, PAUSED), await becomes(anna, sent, PAUSED)
        assert f"{human_size(SIZE)} needed" in here.reason
        assert (here.code, there.code) == ("disk_full", "disk_full")
        await until(lambda: not engine_of(ben).desk.runs._runs)
    await ben.resume(received.number)
    assert saved(await becomes(ben, received, DONE)) == path.read_bytes()


@story
async def test_runs_that_bring_nothing_do_not_go_on_and_on(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "VAIN_S", (0.0, 0.0, 3600.0))
    anna, ben = await neighbours.meet("anna", "ben")
    sent, received = await offer(anna, ben, file_of(neighbours, size=SIZE))
    runs = engine_of(ben).desk.runs
    with PartialTransfer(runs._downloads, part_name(ben.id, anna.id, received.id), now=wall_clock):
        await ben.accept(received.number)  # and somebody else holds its part
        await until(lambda: runs._vain.get(received.number) == 2)
        assert not runs.may_try(await becomes(ben, received, PAUSED))
    await ben.resume(received.number)
    await becomes(ben, received, DONE)
    await becomes(anna, sent, DONE)


@pytest.mark.parametrize("who", ["sender", "receiver"])
@story
async def test_what_is_called_off_while_it_waits_leaves_nothing(
    neighbours: Neighbours, disk: FullDisk, who: str
) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    sent, received = await offer(anna, ben, file_of(neighbours, size=SIZE))
    await ben.accept(received.number)
    await becomes(ben, received, PAUSED)
    await becomes(anna, sent, PAUSED)
    await until(lambda: not engine_of(ben).desk.runs._runs)
    assert parts_in(ben.settings.downloads)
    await (anna.cancel(sent.number) if who == "sender" else ben.cancel(received.number))
    await becomes(anna, sent, TransferState.CANCELLED)
    await becomes(ben, received, TransferState.CANCELLED)
    await until(lambda: not parts_in(ben.settings.downloads))
    assert disk.is_full


def end_of(number: int, state: TransferState, at: float) -> Callable[[Store], object]:
    return lambda store: store.transfers.move(number, state, now=at)


@story
async def test_what_a_crash_left_of_something_that_is_over_is_swept(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    runs, parts = engine_of(ben).desk.runs, ben.settings.downloads / ".lanmsg-part"
    ends = {
        TransferState.CANCELLED: wall_clock(),
        TransferState.FAILED: wall_clock() - FAILED_PART_S - 1,
        DONE: wall_clock(),
    }
    kept = []
    for state, at in [*ends.items(), (TransferState.FAILED, wall_clock()), (PAUSED, wall_clock())]:
        _, received = await offer(anna, ben, file_of(neighbours, f"{state.value}-{at:.0f}"))
        name = part_name(ben.id, anna.id, received.id)
        PartialTransfer(ben.settings.downloads, name, now=wall_clock).close()
        await ben.read(end_of(received.number, state, at))
        kept += [name] if at > wall_clock() - 60 and state in {TransferState.FAILED, PAUSED} else []
    (parts / ("f" * 32)).mkdir()  # another home's
    await runs.sweep()
    assert {each.name for each in parts.iterdir()} == {*kept, "f" * 32}
