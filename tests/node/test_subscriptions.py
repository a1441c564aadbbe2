"""The event stream: nothing is lost, changes of one thing merge, and the end is told."""

import asyncio

from lanmsg.model import EVERYONE, Message, MessageId, Peer, PeerId
from lanmsg.node.events import MessageAdded, NodeEvent, Notice, PeerAppeared, PeerChanged, PeerLeft
from lanmsg.node.subscriptions import WAITING_MAX, Subscriptions

BEN = PeerId(b"b" * 32)


def message(number: int) -> Message:
    return Message(number, MessageId(number.to_bytes(16)), EVERYONE, BEN, "hi", 0.0, 0.0)


def read_all(*published: NodeEvent) -> list[NodeEvent]:
    async def run() -> list[NodeEvent]:
        subscriptions = Subscriptions()
        reader = subscriptions.new()
        for event in published:
            subscriptions.publish(event)
        subscriptions.end()
        return [event async for event in reader]

    return asyncio.run(run())


def test_every_message_arrives_in_order() -> None:
    events = [MessageAdded(message(number)) for number in range(1, 50)]
    assert read_all(*events) == events


def test_of_one_peers_changes_only_the_last_waits() -> None:
    before, after = PeerChanged(Peer(BEN, "ben")), PeerChanged(Peer(BEN, "benjamin"))
    assert read_all(before, MessageAdded(message(1)), after) == [after, MessageAdded(message(1))]


def test_who_left_and_came_back_is_last_told_as_it_is_now() -> None:
    old, new = Peer(BEN, "ben"), Peer(BEN, "benjamin")
    events = read_all(PeerChanged(old), PeerLeft(old), PeerAppeared(old), PeerChanged(new))
    assert events == [PeerLeft(old), PeerAppeared(old), PeerChanged(new)]


def test_of_what_nobody_reads_only_so_much_waits_and_the_reader_is_told() -> None:
    events = [MessageAdded(message(number)) for number in range(1, WAITING_MAX + 101)]
    notice, *rest = read_all(*events)
    assert isinstance(notice, Notice)
    assert notice.text.startswith("100 events")
    assert notice.missed == 100
    assert rest == events[100:]


def test_a_reader_that_was_dropped_hears_nothing_more() -> None:
    async def run() -> list[NodeEvent]:
        subscriptions = Subscriptions()
        reader = subscriptions.new()
        subscriptions.drop(reader)
        subscriptions.publish(MessageAdded(message(1)))
        reader.end()
        return [event async for event in reader]

    assert asyncio.run(run()) == []


def test_a_waiting_reader_is_woken() -> None:
    async def run() -> NodeEvent:
        subscriptions = Subscriptions()
        reader = subscriptions.new()
        asyncio.get_running_loop().call_soon(subscriptions.publish, MessageAdded(message(1)))
        return await anext(reader)

    assert asyncio.run(run()) == MessageAdded(message(1))
