"""Texts that nobody should write, and peers that do: refused in words here, a closed session there."""

import asyncio
import os
from hashlib import sha256
from typing import Any

import msgspec
import pytest

from lanmsg.model import EVERYONE, Conversation, Delivery, LanmsgError, MessageId, Peer, PeerId, Trust
from lanmsg.node.clock import wall_clock
from lanmsg.protocol import payload as wire
from lanmsg.protocol import session
from lanmsg.protocol.constants import PAYLOAD_PLAINTEXT_MAX_BYTES, TEXT_MAX_BYTES
from lanmsg.protocol.errors import LocalProtocolError
from lanmsg.protocol.record import RecordKind
from tests.node.neighbours import Neighbours, engine_of, say_and_wait, story, texts, until
from tests.node.puppet import puppet

MEGABYTE = "m" * (1 << 20)
NAMESAKES = 1000


class Raw:
    """Bytes in the place of a payload, as a program sends them that keeps to no rule."""

    def __init__(self, **fields: Any):
        self.data = msgspec.msgpack.encode(fields)


@pytest.fixture
def unruly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions send what is Raw as it is."""
    monkeypatch.setattr(session, "encode", lambda it: it.data if isinstance(it, Raw) else wire.encode(it))


def raw_message(text: str | bytes) -> Any:
    """What no Payload is: Any, so that it may be said all the same."""
    return Raw(t="message", id=os.urandom(16), to="private", text=text, time=0)


@pytest.mark.parametrize(
    "text", ["x" * TEXT_MAX_BYTES, "ö" * (TEXT_MAX_BYTES // 2), "\ufeff\u202e\x1b[2J\r\n"]
)
@story
async def test_the_longest_and_the_oddest_text_arrive_as_they_are(neighbours: Neighbours, text: str) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    assert (await say_and_wait(anna, ben, text)).state is Delivery.DELIVERED
    assert await texts(ben) == [text]


@story
async def test_what_no_peer_takes_is_refused_before_it_is_a_row(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    for text in ("", " \n\t", "a\0b", "half \ud83d", "x" * (TEXT_MAX_BYTES + 1), MEGABYTE):
        for conversation in (EVERYONE, Conversation.with_peer(ben.id)):
            with pytest.raises(LanmsgError) as caught:
                await anna.send_text(conversation, text)
            assert caught.value.code == "usage"
    assert await texts(anna) == []
    known = anna.peer(ben.id)
    assert known is not None
    assert known.trust is Trust.NEW  # nothing was said to ben


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\0b",
        b"\xed\xa0\xbd",
        b"\xff",
        "x" * (TEXT_MAX_BYTES + 1),
        "x" * (PAYLOAD_PLAINTEXT_MAX_BYTES - 80),
    ],
    ids=["empty", "nul", "surrogate", "no utf-8", "a byte too long", "a whole record"],
)
@pytest.mark.usefixtures("unruly")
@story
async def test_a_peer_that_sends_it_ends_its_session_and_nothing_else(
    neighbours: Neighbours, text: Any
) -> None:
    # A str that holds no UTF-8 cannot be encoded, so its header is put before the bytes by hand.
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:
        line = await ben.call(anna)
        bad = raw_message(text if isinstance(text, str) else "?" * len(text))
        if isinstance(text, bytes):
            bad.data = bad.data.replace(b"?" * len(text), text)
        await line.say(bad)
        ended = await line.end()
        assert ended is not None
        assert ended.code == "protocol"
        line = await ben.call(anna)
        good = wire.Message(MessageId(os.urandom(16)), "private", "sorry", 0)
        await line.say(good)
        assert (await line.hear(wire.Ack)).id == good.id
        assert await texts(anna) == ["sorry"]


@pytest.mark.usefixtures("unruly")
@story
async def test_a_megabyte_fits_into_no_record(neighbours: Neighbours) -> None:
    """Our own side does not build one; a header that announces one ends the session before its body came."""
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:
        line = await ben.call(anna)
        with pytest.raises(LocalProtocolError):
            await line.say(raw_message(MEGABYTE))
        line.writer.write(bytes([RecordKind.PAYLOAD]) + (1 << 20).to_bytes(3))
        ended = await line.end()
        assert ended is not None
        assert ended.code == "protocol"
        assert await texts(anna) == []


@story
async def test_a_thousand_of_the_same_name_are_told_apart_and_the_pinned_one_is_meant(
    neighbours: Neighbours,
) -> None:
    crowd = [
        Peer(PeerId(sha256(bytes([number % 256, number // 256])).digest()), "ben", present=True)
        for number in range(1, NAMESAKES)
    ]

    anna, ben = await neighbours.meet("anna", "ben")
    engine_of(anna).roster.set_shared(crowd)
    assert len(anna.peers()) == NAMESAKES
    with pytest.raises(LanmsgError) as caught:
        await anna.find("ben")
    assert (caught.value.code, len(caught.value.candidates)) == ("ambiguous", NAMESAKES)
    assert len(set(caught.value.candidates)) == NAMESAKES
    await say_and_wait(anna, ben, "you, and no other")
    await until(lambda: engine_of(anna).roster.trust_of(ben.id) is Trust.PINNED)
    assert (await anna.find("ben")).id == ben.id
    assert all(peer.trust is Trust.CHANGED for peer in anna.peers() if peer.id != ben.id)


@story
async def test_answers_to_what_was_never_said_change_nothing(neighbours: Neighbours) -> None:
    """Acknowledged before it was sent, for another's message, twice, and refused after that."""
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:
        line = await ben.call(anna)
        waits = await anna.read(
            lambda store: store.history.add_outgoing(
                Conversation.with_peer(PeerId(b"c" * 32)),
                "for cara, who is away",
                [PeerId(b"c" * 32)],
                message_id=MessageId(b"w" * 16),
                now=wall_clock(),
            )
        )
        invented = os.urandom(16)
        await line.say(
            wire.Ack(invented), wire.Ack(invented), wire.Ack(waits.id), wire.Refused(waits.id, "blocked")
        )
        assert await line.heard_now(wire.Message) == []
        async with asyncio.timeout(10):
            found = await anna.read(lambda store: store.history.get(waits.number))
        assert found is not None
        assert [each.state for each in found.recipients] == [Delivery.QUEUED]
        assert await texts(anna) == ["for cara, who is away", "are you done?"]
