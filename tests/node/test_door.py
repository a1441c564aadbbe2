"""What the parts of a node share: the stream of events."""

import asyncio

import pytest

from lanmsg.model import Delivery
from lanmsg.node.events import MessageAdded, MessageChanged
from tests.node.neighbours import SOON_S, Heard, Neighbours, say, story


@story
async def test_events_tell_each_step_of_a_message(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    here, there = Heard(anna), Heard(ben)
    await say(anna, ben, "step by step")
    assert (await here.next(MessageAdded)).message.text == "step by step"
    assert (await there.next(MessageAdded)).message.sender == anna.id
    while (await here.next(MessageChanged)).message.state is not Delivery.DELIVERED:
        pass


@story
async def test_the_stream_of_events_ends_with_the_node(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    events = anna.events()
    await neighbours.close(anna)
    async with asyncio.timeout(SOON_S):
        told = [event async for event in events]
    with pytest.raises(StopAsyncIteration):
        await anext(events)
    assert not [event for event in told if isinstance(event, MessageAdded)]
