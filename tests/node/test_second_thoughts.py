"""Taken back and offered again in one breath; refused after it was agreed; a key that is another one now."""

import pytest

from lanmsg.model import FileRule, TransferState, Trust
from lanmsg.protocol import payload as wire
from tests.node.neighbours import Neighbours, engine_of, story
from tests.node.puppet import on_the_line
from tests.node.transfer_story import SIZE, Disk, becomes, file_of, offer, saved

pytestmark = pytest.mark.usefixtures("quick_transfers")

CANCELLED, DECLINED, DONE, FAILED, OFFERED, PAUSED = (
    TransferState.CANCELLED,
    TransferState.DECLINED,
    TransferState.DONE,
    TransferState.FAILED,
    TransferState.OFFERED,
    TransferState.PAUSED,
)


@pytest.mark.parametrize("is_heard", [True, False])
@story
async def test_who_has_heard_of_the_withdrawal_is_offered_another_one(
    neighbours: Neighbours, *, is_heard: bool
) -> None:
    """The receiver says that the old one is over; once, as from then on it is its own word."""
    async with on_the_line(neighbours, "anna", "ben") as (anna, ben, line):
        sent = await anna.offer(ben.id, [file_of(neighbours)])
        first = await line.hear(wire.Offer)
        await line.say(wire.Ack(first.id))
        await becomes(anna, sent, OFFERED)
        await anna.cancel(sent.number)
        await line.hear(wire.Cancel)
        await anna.retry_transfer(sent.number)
        again = await line.hear(wire.Offer)
        assert again.id == first.id
        await line.say(wire.Ack(again.id))
        if is_heard:
            await line.say(wire.Cancel(again.id, ""))
            again = await line.hear(wire.Offer)
            assert again.id != first.id
            await line.say(wire.Ack(again.id), wire.Cancel(again.id, ""))
            await becomes(anna, sent, CANCELLED)
        else:
            assert await line.heard_now(wire.Cancel) == []
            assert (await becomes(anna, sent, OFFERED)).id == first.id


@story
async def test_what_failed_does_not_go_on_once_its_sender_is_refused(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    path = file_of(neighbours)
    sent, received = await offer(anna, ben, path)
    content = path.read_bytes()
    path.unlink()
    await ben.accept(received.number)
    await becomes(anna, sent, FAILED)
    await becomes(ben, received, FAILED)
    path.write_bytes(content)
    await ben.set_file_rule(anna.id, FileRule.REFUSE)
    await anna.retry_transfer(sent.number)
    for node, transfer in ((anna, sent), (ben, received)):
        assert (await becomes(node, transfer, DECLINED)).reason == "takes no files from you"
    assert not any(engine_of(ben).settings.downloads.glob("*.pdf"))


@story
async def test_a_pause_for_another_key_says_which_key(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)
    anna, ben = await neighbours.meet("anna", "ben")
    sent, received = await offer(anna, ben, file_of(neighbours, size=SIZE))
    disk.stick()
    await ben.accept(received.number)
    await disk.is_stuck()
    await anna.set_trust(ben.id, Trust.CHANGED)
    await disk.go_on_once_stopped(anna)
    paused = await becomes(anna, sent, PAUSED)
    assert (paused.code, paused.is_held) == ("key_changed", False)
    assert ben.id.hex()[:8].upper() in paused.reason
    assert (await becomes(ben, received, PAUSED)).reason == "the other side stopped for now"
    await anna.set_trust(ben.id, Trust.PINNED)
    await becomes(anna, sent, DONE)
    assert len(saved(await becomes(ben, received, DONE))) == SIZE
