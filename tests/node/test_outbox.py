"""Delivery: in order, once in the history, whatever the peer does with what it is sent."""

import asyncio
import os

import pytest

from lanmsg.model import EVERYONE, Conversation, Delivery, Message, MessageId, Peer, PeerId, Recipient, Trust
from lanmsg.node import outbox as module
from lanmsg.node.clock import wall_clock
from lanmsg.node.node import Node
from lanmsg.protocol import payload as wire
from lanmsg.protocol import session
from lanmsg.storage.errors import StorageError
from lanmsg.storage.store import Store
from tests.node.neighbours import (
    SOON_S,
    STORY_SECONDS,
    Neighbours,
    engine_of,
    identity,
    say,
    say_and_wait,
    story,
    texts,
    until,
)
from tests.node.puppet import Line, puppet

RETRY_S = (0.02, 0.04)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY_S", RETRY_S)


async def state_of(node: Node, message: Message) -> Recipient:
    found = await node.read(lambda store: store.history.get(message.number))
    assert found is not None
    return found.recipients[0]


async def becomes(node: Node, message: Message, state: Delivery) -> Recipient:
    async with asyncio.timeout(STORY_SECONDS):
        while (recipient := await state_of(node, message)).state is not state:
            await asyncio.sleep(0.005)
    return recipient


def queue(store: Store, peer: PeerId, said: list[str]) -> Message:
    """Many at once; the last one."""
    with store.database.transaction():
        made = [
            store.history.add_outgoing(
                Conversation.with_peer(peer), text, [peer], message_id=MessageId(os.urandom(16)), now=1.0
            )
            for text in said
        ]
    return made[-1]


async def hear_messages(line: Line, count: int) -> list[wire.Message]:
    return [await line.hear(wire.Message) for _ in range(count)]


@story
async def test_messages_arrive_in_order_and_once_while_the_line_breaks_again_and_again(
    neighbours: Neighbours,
) -> None:
    neighbours.pin("ben", "anna")

    anna, ben = await neighbours.meet("anna", "ben")
    said = [f"line {number}" for number in range(300)]
    for number, text in enumerate(said):
        await say(anna, ben, text)
        if number % 40 == 0:
            for connection in list(engine_of(ben).sessions._connections):
                connection.abort()
    assert (await say_and_wait(anna, ben, "last")).state is Delivery.DELIVERED
    assert await texts(ben) == [*said, "last"]


@story
async def test_a_thousand_messages_that_waited_are_delivered_when_the_peer_comes(
    neighbours: Neighbours,
) -> None:
    neighbours.pin("ben", "anna")

    anna = await neighbours.open("anna")
    said = [f"number {number}" for number in range(1000)]
    last = await anna.read(lambda store: queue(store, identity("ben").peer_id, said))
    ben = await neighbours.open("ben")
    await becomes(anna, last, Delivery.DELIVERED)
    assert await texts(ben) == said


@story
async def test_what_was_sent_and_not_acknowledged_is_sent_again_unchanged(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:
        line = await ben.call(anna)
        await say(anna, ben.id, "one")
        last = await say(anna, ben.id, "two")
        before = await hear_messages(line, 2)
        line.cut()
        line = await ben.call(anna)
        again = await hear_messages(line, 2)
        assert again == before
        assert [each.text for each in again] == ["one", "two"]
        await line.say(*(wire.Ack(each.id) for each in again))
        await becomes(anna, last, Delivery.DELIVERED)


@story
async def test_a_peer_that_answers_nothing_gets_a_new_session(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ACK_TIMEOUT_S", 0.1)

    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:
        line = await ben.call(anna)
        message = await say(anna, ben.id, "hello?")
        ended = await line.end()
        assert ended is not None
        assert ended.code == "internal"
        waiting = await becomes(anna, message, Delivery.QUEUED)
        assert waiting.reason == "the other side took it and did not answer"
        line = await ben.call(anna)
        again = await line.hear(wire.Message)
        await line.say(wire.Ack(again.id))
        await becomes(anna, message, Delivery.DELIVERED)


@story
async def test_an_ack_counts_once_and_only_for_what_was_sent_to_that_peer(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben, puppet(neighbours, "eve") as eve:
        to_ben, to_eve = await ben.call(anna), await eve.call(anna)
        await until(lambda: len(anna.peers()) == 2)
        message = await say(anna, ben.id, "for ben alone")
        heard = await to_ben.hear(wire.Message)
        await to_eve.say(wire.Ack(heard.id), wire.Ack(os.urandom(16)))
        assert await to_eve.heard_now(wire.Message) == []
        assert (await state_of(anna, message)).state is Delivery.SENT
        await to_ben.say(wire.Ack(heard.id), wire.Ack(heard.id))
        await becomes(anna, message, Delivery.DELIVERED)
        await to_ben.say(wire.Refused(heard.id, "invalid"))
        assert await to_ben.heard_now(wire.Message) == []
        assert (await state_of(anna, message)).state is Delivery.DELIVERED


@pytest.mark.parametrize("code", ["busy", "full"])
@story
async def test_a_peer_that_takes_nothing_now_is_asked_again(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    monkeypatch.setattr(module, "RETRY_S", (0.15,))

    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:
        line = await ben.call(anna)
        message = await say(anna, ben.id, "take it")
        first = await line.hear(wire.Message)
        await line.say(wire.Refused(first.id, code))
        async with asyncio.timeout(SOON_S):
            while "tried again later" not in (await state_of(anna, message)).reason:
                await asyncio.sleep(0.005)
        second = await line.hear(wire.Message)
        assert second == first
        await line.say(wire.Ack(second.id))
        await becomes(anna, message, Delivery.DELIVERED)


@story
async def test_what_was_taken_back_or_delivered_before_its_turn_is_not_sent(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By another process: this one was stopped for a while (SIGSTOP, say), and its leases were over."""
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:
        line = await ben.call(anna)
        outbox, connection = engine_of(anna).outbox, engine_of(anna).sessions.live(ben.id)
        assert connection is not None
        with monkeypatch.context() as patch:
            patch.setattr(outbox, "_may_try", lambda peer, now: False)
            first, second, third = [await say(anna, ben.id, text) for text in ("no, wait", "hello", "here")]
            rows = await outbox._waiting(ben.id)
            await anna.cancel_message(first.number)
            delivered = [(third.number, ben.id)]
            await anna.read(
                lambda s: s.history.set_deliveries(delivered, Delivery.DELIVERED, now=wall_clock())
            )
            await outbox._send_all(connection, ben.id, rows)
            await anna.cancel_message(second.number)
        assert [each.text for each in await line.heard_now(wire.Message)] == ["hello"]
        await becomes(anna, second, Delivery.SENT)


@story
async def test_pauses_grow_while_a_peer_refuses(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:
        line = await ben.call(anna)
        await say(anna, ben.id, "take it")
        await say(anna, ben.id, "and this")
        for _ in range(2):
            heard = await hear_messages(line, 2)
            await line.say(*(wire.Refused(each.id, "full") for each in heard))
        await hear_messages(line, 1)
        assert engine_of(anna).outbox._attempts[ben.id] == 2, "one for each time, not for each message"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("blocked", "the other side does not take messages from you"),
        ("invalid", "refused by the other side"),
        ("\x1b[2J of its own", "refused by the other side"),
    ],
)
@story
async def test_a_final_refusal_is_final_and_said_in_our_words(
    neighbours: Neighbours, code: str, reason: str
) -> None:
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:
        line = await ben.call(anna)
        refused = await say(anna, ben.id, "no?")
        await line.say(wire.Refused((await line.hear(wire.Message)).id, code))
        assert (await becomes(anna, refused, Delivery.FAILED)).reason == reason
        taken = await say(anna, ben.id, "yes?")
        await line.say(wire.Ack((await line.hear(wire.Message)).id))
        await becomes(anna, taken, Delivery.DELIVERED)


@story
async def test_who_has_blocked_us_is_not_dialled_again_by_itself(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:
        line = await ben.call(anna)
        message = await say(anna, ben.id, "friends again?")
        await line.hear(wire.Message)
        line.hang_up(wire.CloseCode.BLOCKED)
        failed = await becomes(anna, message, Delivery.FAILED)
        assert failed.reason == "the other side does not take messages from you"
        assert ben.arrivals.empty()


@story
async def test_who_is_blocked_gets_nothing_until_it_is_not(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:
        message = await say(anna, ben.id, "before we fell out")
        await anna.set_trust(ben.id, Trust.BLOCKED)
        await until(lambda: engine_of(anna).roster.trust_of(ben.id) is Trust.BLOCKED)
        line = await ben.dial(anna)
        await line.say(ben.profile())
        ended = await line.end()
        assert ended is not None
        assert ended.code == "blocked"
        assert (await state_of(anna, message)).state is Delivery.QUEUED
        await anna.set_trust(ben.id, Trust.PINNED)
        await until(lambda: engine_of(anna).roster.trust_of(ben.id) is Trust.PINNED)
        line = await ben.call(anna)
        assert (await line.hear(wire.Message)).text == "before we fell out"


@story
async def test_who_is_blocked_is_not_even_dialled(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    async with puppet(neighbours, "eve") as eve:
        await anna.set_trust(eve.id, Trust.BLOCKED)
        await until(lambda: engine_of(anna).roster.trust_of(eve.id) is Trust.BLOCKED)
        engine_of(anna).roster.set_shared([Peer(eve.id, "eve", addresses=(eve.address,))])
        await anna.read(lambda store: queue(store, eve.id, ["written before"]))
        for text in ("this one", "wakes", "the couriers"):
            await say_and_wait(anna, ben, text)
        assert eve.arrivals.empty()


@story
async def test_what_no_peer_takes_fails_and_holds_up_nobody(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:
        bad = await anna.read(
            lambda store: store.history.add_outgoing(
                Conversation.with_peer(ben.id), "a\0b", [ben.id], message_id=MessageId(b"m" * 16), now=1.0
            )
        )
        await say(anna, ben.id, "fine")
        line = await ben.call(anna)
        assert (await line.hear(wire.Message)).text == "fine"
        assert "cannot be sent" in (await becomes(anna, bad, Delivery.FAILED)).reason


@story
async def test_a_full_disk_here_delays_and_does_not_end_us(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    await say_and_wait(anna, ben, "first")
    history = engine_of(anna).disk.store.history

    def full(*args: object, **kwargs: object) -> int:
        raise StorageError("no space left", code="no_space")

    with monkeypatch.context() as patch:
        patch.setattr(history, "set_deliveries", full)
        message = await say(anna, ben, "second")
        async with asyncio.timeout(SOON_S):
            while await texts(ben) != ["first", "second"]:
                await asyncio.sleep(0.01)
    await becomes(anna, message, Delivery.DELIVERED)
    assert await texts(ben) == ["first", "second"]


@story
async def test_everyone_hears_a_broadcast_and_each_delivery_has_its_own_state(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    async with puppet(neighbours, "eve") as eve:
        line = await eve.call(anna)
        await until(lambda: len(anna.peers()) == 2)
        message = await anna.send_text(EVERYONE, "hello all")
        heard = await line.hear(wire.Message)
        assert heard.to == "everyone"
        async with asyncio.timeout(SOON_S):
            while True:
                found = await anna.read(lambda store: store.history.get(message.number))
                assert found is not None
                states = {each.peer: each.state for each in found.recipients}
                if states == {ben.id: Delivery.DELIVERED, eve.id: Delivery.SENT}:
                    break
                await asyncio.sleep(0.005)
        assert (await ben.history(EVERYONE))[0].text == "hello all"


@story
async def test_callbacks_do_not_pile_up_on_a_long_session(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    for number in range(20):
        await say_and_wait(anna, ben, str(number))
    connection = engine_of(anna).sessions.live(ben.id)
    assert connection is not None
    assert len(connection.on_end) <= 1


@story
async def test_a_command_that_cannot_hand_over_goes_on(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise StorageError("no space left", code="no_space")

    await neighbours.open("anna")
    command = await neighbours.open("anna", listen=False)
    await say(command, identity("ben").peer_id, "hello")
    monkeypatch.setattr(engine_of(command).disk.store.history, "hand_over", full)
    assert not await engine_of(command).outbox._handed_over(identity("ben").peer_id, "no answer")


@story
async def test_a_session_whose_other_end_is_gone_without_a_word_does_not_hold_up_what_waits(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DOUBT_AFTER_S", 0.05)
    monkeypatch.setattr(session, "SESSION_PROBE_TIMEOUT_S", 0.3)

    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:
        await ben.call(anna)
        message = await say(anna, ben.id, "where did you go?")
        await becomes(anna, message, Delivery.SENT)
        waiting = await becomes(anna, message, Delivery.QUEUED)  # long before ACK_TIMEOUT_S
        assert waiting.reason == "the connection broke"
        line = await ben.call(anna)
        await line.say(wire.Ack((await line.hear(wire.Message)).id))
        await becomes(anna, message, Delivery.DELIVERED)
