"""What a screen or a script can ask of a node, and what it is told when that cannot be."""

import asyncio

import pytest

from lanmsg.model import EVERYONE, Conversation, ConversationKind, Delivery, LanmsgError, Status, Trust
from lanmsg.node.events import MessageAdded, MessageChanged
from lanmsg.node.node import Node
from tests.node.neighbours import (
    Heard,
    Neighbours,
    engine_of,
    identity,
    say,
    say_and_wait,
    sees,
    texts,
    until,
)
from tests.node.puppet import puppet


def test_a_message_is_delivered_and_in_both_histories(neighbours: Neighbours) -> None:
    async def story() -> None:
        anna, ben = await neighbours.meet("anna", "ben")
        sent = await say_and_wait(anna, ben, "hello ben")
        assert sent.state is Delivery.DELIVERED
        assert await texts(ben) == await texts(anna) == ["hello ben"]
        received = (await ben.history(Conversation.with_peer(anna.id)))[0]
        assert (received.sender, received.id) == (anna.id, sent.id)

    neighbours.run(story)


def test_what_a_node_says_of_itself(neighbours: Neighbours) -> None:
    async def story() -> None:
        anna = await neighbours.open("anna")
        assert (anna.id, anna.name, anna.listening) == (identity("anna").peer_id, "anna", True)
        assert anna.tcp[0].host == neighbours.address("anna")
        assert (anna.tcp[0].port, anna.udp_port) == (neighbours.port, neighbours.port)
        assert anna.interfaces[0].address == neighbours.address("anna")
        await anna.set_status(Status.AWAY, "at lunch")
        assert (anna.status, anna.note) == (Status.AWAY, "at lunch")
        dialer = await neighbours.open("ben", listen=False)
        assert (dialer.tcp, dialer.listening) == ((), False)

    neighbours.run(story)


def test_the_first_message_pins_the_key(neighbours: Neighbours) -> None:
    async def story() -> None:
        anna, ben = await neighbours.meet("anna", "ben")
        assert (anna.peer(ben.id) or ben).trust is Trust.NEW  # type: ignore[union-attr]  # it is seen
        await say_and_wait(anna, ben, "hello")
        await until(lambda: engine_of(anna).roster.trust_of(ben.id) is Trust.PINNED)
        assert engine_of(ben).roster.trust_of(anna.id) is Trust.NEW

    neighbours.run(story)


def test_one_who_is_away_gets_it_later_and_the_row_says_so(neighbours: Neighbours) -> None:
    async def story() -> None:
        anna = await neighbours.open("anna")
        waiting = await say(anna, identity("ben").peer_id, "for later")
        row = await anna.read(lambda store: store.history.get(waiting.number))
        assert row is not None
        assert (row.state, row.recipients[0].reason) == (Delivery.QUEUED, "not here")
        assert (await anna.delivered(waiting, timeout=0.05)).state is Delivery.QUEUED

    neighbours.run(story)


@pytest.mark.parametrize("conversation", [EVERYONE, Conversation(ConversationKind.PRIVATE)])
def test_a_message_to_nobody_is_an_error(neighbours: Neighbours, conversation: Conversation) -> None:
    async def story() -> None:
        anna = await neighbours.open("anna")
        with pytest.raises(LanmsgError):
            await anna.send_text(conversation, "hello?")
        assert await texts(anna) == []

    neighbours.run(story)


def test_a_broadcast_goes_to_neither_blocked_nor_changed_peers(neighbours: Neighbours) -> None:
    async def story() -> None:
        anna, ben = await neighbours.meet("anna", "ben")
        await anna.set_trust(ben.id, Trust.BLOCKED)
        await until(lambda: engine_of(anna).roster.trust_of(ben.id) is Trust.BLOCKED)
        with pytest.raises(LanmsgError) as failure:
            await anna.send_text(EVERYONE, "not you")
        assert failure.value.code == "not_found"
        with pytest.raises(LanmsgError) as failure:
            await say(anna, ben, "nor alone")
        assert failure.value.code == "blocked"

    neighbours.run(story)


def test_who_is_blocked_in_the_middle_of_a_talk_hears_so(neighbours: Neighbours) -> None:
    async def story() -> None:
        anna, ben = await neighbours.meet("anna", "ben")
        await say_and_wait(ben, anna, "hello")
        await anna.set_trust(ben.id, Trust.BLOCKED)
        await until(lambda: engine_of(anna).sessions.live(ben.id) is None)
        refused = await say(ben, anna, "why?")
        assert (await ben.delivered(refused, timeout=0.3)).state is not Delivery.DELIVERED
        assert await texts(anna) == ["hello"]

    neighbours.run(story)


def test_what_is_queued_is_taken_back_and_queued_again(neighbours: Neighbours) -> None:
    async def story() -> None:
        anna = await neighbours.open("anna")
        message = await say(anna, identity("ben").peer_id, "on second thoughts")
        await anna.cancel_message(message.number)
        assert (await anna.delivered(message, timeout=5)).state is Delivery.FAILED
        await anna.retry(message.number)
        ben = await neighbours.open("ben")
        assert (await anna.delivered(message, timeout=5)).state is Delivery.DELIVERED
        assert await texts(ben) == ["on second thoughts"]

    neighbours.run(story)


def test_events_tell_each_step_of_a_message(neighbours: Neighbours) -> None:
    async def story() -> None:
        anna, ben = await neighbours.meet("anna", "ben")
        here, there = Heard(anna), Heard(ben)
        await say(anna, ben, "step by step")
        assert (await here.next(MessageAdded)).message.text == "step by step"
        assert (await there.next(MessageAdded)).message.sender == anna.id
        while (await here.next(MessageChanged)).message.state is not Delivery.DELIVERED:
            pass

    neighbours.run(story)


def test_the_stream_of_events_ends_with_the_node(neighbours: Neighbours) -> None:
    async def story() -> None:
        anna = await neighbours.open("anna")
        events = anna.events()
        await neighbours.close(anna)
        async with asyncio.timeout(1):
            told = [event async for event in events]
        with pytest.raises(StopAsyncIteration):
            await anext(events)
        assert not [event for event in told if isinstance(event, MessageAdded)]

    neighbours.run(story)


def test_drafts_and_read_marks_are_kept(neighbours: Neighbours) -> None:
    async def story() -> None:
        anna, ben = await neighbours.meet("anna", "ben")
        await say_and_wait(ben, anna, "one")
        await say_and_wait(ben, anna, "two")
        talk = Conversation.with_peer(ben.id)
        await anna.set_draft(talk, "I will")
        summary = (await anna.conversations())[0]
        assert (summary.unread, summary.draft) == (2, "I will")
        first = (await anna.history(talk))[0]
        await anna.mark_read(talk, first.number)
        assert (await anna.conversations())[0].unread == 1
        assert [each.text for each in await anna.search("TWO", talk)] == ["two"]

    neighbours.run(story)


def test_a_petname_is_what_this_home_calls_somebody(neighbours: Neighbours) -> None:
    async def story() -> None:
        anna, ben = await neighbours.meet("anna", "ben")
        await anna.rename(ben.id, "the boss")
        await until(lambda: (peer := anna.peer(ben.id)) and peer.name == "the boss")
        assert (await anna.find("the boss")).id == ben.id

    neighbours.run(story)


def test_a_single_failure_is_raised_as_itself(neighbours: Neighbours) -> None:
    async def story() -> None:
        async with Node.running(neighbours.settings("anna"), listen=True):
            raise LanmsgError("the reason")

    with pytest.raises(LanmsgError, match="the reason"):
        neighbours.run(story)


def test_known_people_are_listed_when_asked_for(neighbours: Neighbours) -> None:
    async def story() -> None:
        anna = await neighbours.open("anna")
        async with puppet(neighbours, "ben") as ben:
            line = await ben.call(anna)
            await until(lambda: sees(anna, ben.id))
            line.hang_up()
            await until(lambda: not sees(anna, ben.id))
        assert anna.peers() == []
        assert [each.nickname for each in anna.peers(absent=True)] == ["ben"]

    neighbours.run(story)
