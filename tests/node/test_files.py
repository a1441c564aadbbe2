"""Files through the node: what cannot be offered, how long one waits for an end, and what is listed."""

from pathlib import Path

import pytest

from lanmsg.model import LanmsgError, TransferState
from tests.node.neighbours import Neighbours, identity, story, until
from tests.node.transfer_story import SIZE, Disk, becomes, file_of, impatience, offer


@story
async def test_an_offer_of_nothing_is_an_error_that_names_the_path(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    with pytest.raises(LanmsgError, match="missing") as failure:
        await anna.offer(identity("ben").peer_id, [Path("/nowhere/missing")])
    assert failure.value.code == "unreadable"
    assert await anna.transfers() == []


@story
async def test_waiting_for_an_end_gives_the_row_as_it_is(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    sent, received = await offer(anna, ben, file_of(neighbours))
    assert (await anna.transfer_ended(sent.number, timeout=0.05)).state is TransferState.OFFERED
    await ben.decline(received.number)
    assert (await anna.transfer_ended(sent.number, timeout=10)).state is TransferState.DECLINED
    assert await anna.transfers(open_only=True) == []
    with pytest.raises(LanmsgError, match="no transfer 99"):
        await anna.transfer_ended(99, timeout=0.05)


@story
async def test_each_side_can_say_which_file_it_is_at(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatience(monkeypatch)
    disk = Disk(monkeypatch)

    anna, ben = await neighbours.meet("anna", "ben")
    first, second = file_of(neighbours, "a.txt"), file_of(neighbours, "b.bin", SIZE)
    sent, received = await offer(anna, ben, first, second)
    disk.stick_after(2)
    await ben.accept(received.number)
    await disk.is_stuck()
    await until(lambda: anna.file_in_progress(sent.number))
    at = ben.file_in_progress(received.number)
    assert at is not None
    assert (at.number, at.path) == (2, "b.bin")
    ours = anna.file_in_progress(sent.number)
    assert ours is not None
    assert (ours.path, ours.size) in {("a.txt", 1000), ("b.bin", SIZE)}
    disk.go_on()
    await becomes(ben, received, TransferState.DONE)
    assert ben.file_in_progress(received.number) is None
