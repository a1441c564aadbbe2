"""A great deal waits for one peer: the others do not notice, and nobody is surprised by the bound."""

import pytest

from lanmsg.model import Delivery, LanmsgError
from lanmsg.protocol import payload as wire
from tests.node.neighbours import Neighbours, identity, say, story, texts
from tests.node.puppet import puppet
from tests.node.test_outbox import becomes, queue


@story
async def test_ten_thousand_that_wait_for_one_hold_up_no_other(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben, puppet(neighbours, "eve") as eve:
        await anna.read(lambda store: queue(store, ben.id, ["waits"] * 10_000))
        to_ben = await ben.call(anna)
        await to_ben.hear(wire.Message)  # and does not acknowledge it
        line = await eve.call(anna)
        message = await say(anna, eve.id, "hello eve")
        await line.say(wire.Ack((await line.hear(wire.Message)).id))
        await becomes(anna, message, Delivery.DELIVERED)
        assert await anna.read(lambda store: len(store.history.waiting_messages())) == 10_000


@story
async def test_a_full_outbox_is_told_to_whoever_writes(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lanmsg.storage.outbox.OF_PEER_MAX", 2)

    anna = await neighbours.open("anna")
    for _ in range(2):
        await say(anna, identity("ben").peer_id, "waits")
    with pytest.raises(LanmsgError, match="the outbox is full") as caught:
        await say(anna, identity("ben").peer_id, "one too many")
    assert caught.value.code == "outbox_full"
    assert await texts(anna) == ["waits", "waits"]
