"""What peers say is stored first and acknowledged then; what cannot be stored is refused."""

import asyncio
import os

import pytest
from msgspec.structs import replace

from lanmsg.model import Delivery, MessageId, PeerId, Status, TransferId
from lanmsg.node import inbox as module
from lanmsg.node import outbox
from lanmsg.node.events import MessageAdded, Notice
from lanmsg.node.node import Node
from lanmsg.node.outbox import NO_ROOM
from lanmsg.protocol import admission
from lanmsg.protocol import payload as wire
from lanmsg.storage.errors import StorageError
from tests.node.neighbours import SOON_S, Heard, Neighbours, engine_of, say, say_and_wait, story, texts, until
from tests.node.puppet import Puppet, puppet


def message(text: str, message_id: bytes | None = None) -> wire.Message:
    return wire.Message(MessageId(message_id or os.urandom(16)), "private", text, 1_790_000_000_000)


def break_the_store(node: Node, patch: pytest.MonkeyPatch) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise StorageError("no space left", code="no_space", hint="free some space")

    patch.setattr(engine_of(node).disk.store.history, "add_incoming_many", full)
    patch.setattr(engine_of(node).disk.store.peers, "saw", full)


@story
async def test_an_ack_comes_after_the_message_is_in_the_history(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:
        line = await ben.call(anna)
        said = [message(f"line {number}") for number in range(30)]
        await line.say(*said)
        assert [(await line.hear(wire.Ack)).id for _ in said] == [each.id for each in said]
        assert await texts(anna) == [each.text for each in said]


@story
async def test_a_message_that_comes_again_is_acknowledged_again_and_shown_once(
    neighbours: Neighbours,
) -> None:
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:
        line = await ben.call(anna)
        said = message("once")
        await line.say(said, said)
        await line.hear(wire.Ack)
        await line.hear(wire.Ack)
        line.cut()
        line = await ben.call(anna)
        await line.say(said, wire.Message(said.id, "everyone", "something else", 0))
        await line.hear(wire.Ack)
        await line.hear(wire.Ack)
        assert await texts(anna) == ["once"]


@story
async def test_two_peers_may_use_the_same_id(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben, puppet(neighbours, "eve") as eve:
        for each in (ben, eve):
            line = await each.call(anna)
            await line.say(message(f"from {each.name}", b"i" * 16))
            await line.hear(wire.Ack)
        history = await anna.history(None)
        assert [(each.sender, each.text) for each in history] == [
            (ben.id, "from ben"),
            (eve.id, "from eve"),
        ]


@story
async def test_what_cannot_be_stored_is_refused_for_now_and_told(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = await neighbours.open("anna")
    heard = Heard(anna)
    async with puppet(neighbours, "ben") as ben:
        line = await ben.call(anna)
        lost = message("too much")
        with monkeypatch.context() as patch:
            break_the_store(anna, patch)
            await line.say(lost)
            refused = await line.hear(wire.Refused)
        assert (refused.id, refused.code) == (lost.id, "full")
        assert (await heard.next(Notice)).hint == "free some space"
        await line.say(lost)
        assert (await line.hear(wire.Ack)).id == lost.id


@story
async def test_who_cannot_be_noted_on_a_full_disk_still_hears_why_nothing_is_taken(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "RETRY_S", (0.02,))
    anna, ben = await neighbours.meet("anna", "ben")
    with monkeypatch.context() as patch:
        break_the_store(ben, patch)
        said, reasons = list[str](), set[str]()
        patch.setattr(engine_of(ben).inbox._notice, "_notice", lambda text, hint: said.append(text))
        waiting = await say(anna, ben, "squeeze in")
        while engine_of(anna).outbox._attempts.get(ben.id, 0) < 3:
            reasons.add((await anna.delivered(waiting, timeout=0.01)).recipients[0].reason)
        assert said == [
            "who is there cannot be noted: no space left",
            "messages cannot be stored: no space left",
        ]
        assert NO_ROOM in reasons
    assert (await anna.delivered(waiting, timeout=SOON_S)).state is Delivery.DELIVERED


@story
async def test_what_was_put_off_is_not_overtaken_by_what_was_behind_it(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:
        line = await ben.call(anna)
        known, first, second = (message(text) for text in ("known", "first", "second"))
        await line.say(known)
        await line.hear(wire.Ack)
        with monkeypatch.context() as patch:
            break_the_store(anna, patch)
            await line.say(first)
            await line.hear(wire.Refused)
        await line.say(second, known)  # there is room again, but it is not their turn
        assert (await line.hear(wire.Ack)).id == known.id
        assert (await line.hear(wire.Refused)).id == second.id
        await line.say(first, second)
        assert [(await line.hear(wire.Ack)).id for _ in range(2)] == [first.id, second.id]
        assert await texts(anna) == ["known", "first", "second"]


@story
async def test_a_full_disk_delays_a_message_and_loses_none(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "RETRY_S", (0.02,))

    anna, ben = await neighbours.meet("anna", "ben")
    heard = Heard(ben)
    with monkeypatch.context() as patch:
        break_the_store(ben, patch)
        message = await say(anna, ben, "squeeze in")
        await heard.next(Notice)
    assert (await anna.delivered(message, timeout=SOON_S)).state is Delivery.DELIVERED
    assert await texts(ben) == ["squeeze in"]


@story
async def test_a_stranger_who_says_much_is_slowed_down_and_heard_in_order(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "RETRY_S", (0.06,))
    for name, value in (("BURST", 5), ("PER_S", 100)):
        monkeypatch.setattr(admission, f"NEW_PEER_MESSAGES_{name}", value)
    monkeypatch.setattr(admission, "REFUSAL_S", 0.05)

    anna, ben = await neighbours.meet("anna", "ben")
    answers, refused = set[str](), engine_of(anna).outbox.refused

    async def noted(peer: PeerId, message: MessageId, code: str) -> None:
        answers.add(code)
        await refused(peer, message, code)

    monkeypatch.setattr(engine_of(anna).outbox, "refused", noted)
    said = [f"word {number}" for number in range(40)]
    for text in said:
        await say(anna, ben, text)
    assert (await say_and_wait(anna, ben, "the end")).state is Delivery.DELIVERED
    assert answers == {"busy"}
    assert await texts(ben) == [*said, "the end"]


@story
async def test_a_stranger_cannot_fill_the_history(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "NEW_PEER_STORED_MESSAGES_MAX", 3)

    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:
        line = await ben.call(anna)
        await line.say(*(message(str(number)) for number in range(5)))
        assert [(await line.hear(wire.Refused)).code for _ in range(2)] == ["full", "full"]
        assert len(await texts(anna)) == 3


@story
async def test_a_host_cannot_fill_the_history_with_one_key_after_the_other(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "NEW_PEERS_BYTES_PER_HOST_BURST", 2_000)
    monkeypatch.setattr(admission, "NEW_PEERS_BYTES_PER_HOST_PER_S", 0.001)

    anna = await neighbours.open("anna")
    here = neighbours.address("eve")
    eve, mallory = Puppet("eve", here), Puppet("mallory", here)
    try:
        line = await eve.call(anna)
        await line.say(message("x" * 1_900))
        await line.hear(wire.Ack)
        line = await mallory.call(anna)
        await line.say(message("y" * 1_900))
        assert (await line.hear(wire.Refused)).code == "full"
        async with puppet(neighbours, "ben") as ben:
            honest = await ben.call(anna)
            await honest.say(message("z" * 1_900))
            await honest.hear(wire.Ack)
    finally:
        await eve.close()
        await mallory.close()


@story
async def test_what_a_stranger_says_to_everyone_fills_the_history_no_further(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "NEW_PEER_STORED_MESSAGES_MAX", 3)

    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:
        line = await ben.call(anna)
        await line.say(message("one"), message("two"))
        for text in ("three", "four"):
            await line.say(wire.Message(MessageId(os.urandom(16)), "everyone", text, 0))
        assert (await line.hear(wire.Refused)).code == "full"
        assert await texts(anna) == ["one", "two", "three"]


@story
async def test_what_comes_just_before_a_goodbye_counts(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    heard = Heard(anna)
    async with puppet(neighbours, "ben") as ben:
        line = await ben.call(anna)
        await until(anna.peers)
        sent = await say(anna, ben.id, "are you there?")
        asked = await line.hear(wire.Message)
        line.session.send(message("yes, and gone"), 0.0)
        line.session.send(wire.Ack(asked.id), 0.0)
        line.hang_up()
        while (await heard.next(MessageAdded)).message.text != "yes, and gone":
            pass
        assert (await anna.delivered(sent, timeout=SOON_S)).state is Delivery.DELIVERED


@story
async def test_a_profile_is_noted_with_the_key_that_was_proven(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:
        await ben.call(anna, name="Ben \x1b[31m", status=200, note="below zero")
        await until(anna.peers)
        peer = anna.peer(ben.id)
        assert peer is not None
        assert (peer.nickname, peer.status, peer.proven) == ("Ben \x1b[31m", Status.AVAILABLE, True)
        assert await anna.read(lambda store: store.peers.public_key(ben.id)) == ben.identity.modulus


@story
async def test_a_second_profile_replaces_the_first(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:
        line = await ben.call(anna, note="here")
        await line.say(ben.profile(note="away", status=1))
        async with asyncio.timeout(SOON_S):
            while (peer := anna.peer(ben.id)) is None or peer.note != "away":
                await asyncio.sleep(0.005)
        assert replace(peer, note="").status is Status.AWAY


@pytest.mark.parametrize(
    "payload",
    [
        wire.Refused(None, "unknown"),
        wire.Refused(b"?" * 16, "unknown"),
        wire.Ack(b"?" * 16),
        wire.Decline(TransferId(b"?" * 16), ""),
        wire.Begin(TransferId(b"?" * 16), 0, 0),
        wire.Failed(TransferId(b"?" * 16), "internal", ""),
    ],
)
@story
async def test_what_has_no_meaning_here_is_passed_over(neighbours: Neighbours, payload: wire.Payload) -> None:
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:
        line = await ben.call(anna)
        await line.say(payload)
        assert await line.heard_now(wire.Refused) == []
