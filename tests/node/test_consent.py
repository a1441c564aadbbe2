"""Nothing comes or goes without a yes, and what a person has taken back is not given by a peer's word."""

import pytest

from lanmsg.model import Transfer, TransferId, TransferState, Trust
from lanmsg.node.transfer_rows import TransferRows
from lanmsg.protocol import payload as wire
from tests.node.neighbours import Neighbours, engine_of, story, until
from tests.node.puppet import Line, on_the_line
from tests.node.transfer_story import SIZE, Disk, asks, becomes, file_of, now, offer

pytestmark = pytest.mark.usefixtures("quick_transfers")

CANCELLED, DONE, FAILED, OFFERED, PAUSED = (
    TransferState.CANCELLED,
    TransferState.DONE,
    TransferState.FAILED,
    TransferState.OFFERED,
    TransferState.PAUSED,
)


def about(transfer: TransferId) -> list[wire.Payload]:
    return [
        wire.Failed(transfer, "internal", "it broke"),
        wire.Pause(transfer),
        wire.Resume(transfer),
        wire.Accept(transfer, 0, 0),
        wire.Callback(transfer),
        wire.Done(transfer, 1, 5),
    ]


async def say_again(line: Line, offer: wire.Offer) -> list[wire.Accept]:
    """Offer it once more; the yes that came for it, if any, when the node has done all that it does then."""
    await line.say(offer)
    while (await line.hear(wire.Ack)).of:
        pass
    return await line.heard_now(wire.Accept)


@pytest.mark.parametrize("index", range(6))
@story
async def test_an_offer_is_not_agreed_by_anything_that_its_sender_says(
    neighbours: Neighbours, index: int
) -> None:
    async with on_the_line(neighbours, "ben", "anna") as (ben, anna, line):
        made, received = await asks(line, ben)
        await line.say(about(received.id)[index])
        assert await say_again(line, made) == []
        assert (await now(ben, received.number)).state is OFFERED
        bulk = await anna.dial(ben)
        await bulk.say(wire.Bulk(made.id, "source"))
        assert await bulk.end_of_bulk() == "protocol"


@story
async def test_a_no_that_is_said_while_it_is_offered_again_counts(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with on_the_line(neighbours, "ben", "anna") as (ben, _, line):
        made, received = await asks(line, ben)
        await ben.read(lambda store: store.transfers.move(received.number, FAILED, now=2e9))
        await ben.read(lambda store: store.transfers.set_told(received.number, FAILED))
        told = TransferRows.told

        async def meanwhile(rows: TransferRows, number: int) -> str:
            found = await told(rows, number)
            await ben.read(lambda store: store.transfers.move(number, CANCELLED, now=2e9, only_from={FAILED}))
            return found

        monkeypatch.setattr(TransferRows, "told", meanwhile)
        await say_again(line, made)
        assert (await now(ben, received.number)).state is CANCELLED


@story
async def test_nothing_goes_on_with_a_key_that_is_not_the_one_that_was_meant(
    neighbours: Neighbours, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    sent, received = await offer(anna, ben, file_of(neighbours, size=SIZE))
    disk.stick()
    await ben.accept(received.number)
    await disk.is_stuck()
    await anna.set_trust(ben.id, Trust.CHANGED)
    await disk.go_on_once_stopped(anna)
    await becomes(anna, sent, PAUSED)
    await becomes(ben, received, PAUSED)
    desk, steps = engine_of(anna).desk, list[TransferState]()
    step = desk._step

    async def counted(transfer: Transfer) -> None:
        steps.append(transfer.state)
        await step(transfer)

    with monkeypatch.context() as patch:
        patch.setattr(desk, "_step", counted)
        await until(lambda: len(steps) > 5)
    assert set(steps) == {PAUSED}
    assert not desk._asked, "it is not offered"
    await anna.set_trust(ben.id, Trust.PINNED)
    await becomes(anna, sent, DONE)
    await becomes(ben, received, DONE)
