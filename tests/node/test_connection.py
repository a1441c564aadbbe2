"""One socket and its session: what is said arrives, and whatever a peer does ends it in time."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from lanmsg.model import Address, Delivery, MessageId, TransferId
from lanmsg.node import connection as module
from lanmsg.node.clock import steady_clock
from lanmsg.node.connection import Connection
from lanmsg.node.node import Node
from lanmsg.protocol import session as session_module
from lanmsg.protocol.ephemeral import Entropy
from lanmsg.protocol.events import PayloadReceived, SessionEvent
from lanmsg.protocol.payload import Bulk, CloseCode, Message, Payload
from lanmsg.protocol.session import Session, SessionState
from tests.node.neighbours import SOON_S, Neighbours, engine_of, identity, say_and_wait, story, until
from tests.node.puppet import profile, puppet

M1_START = b"\x01\x04\xc8LMSG\x01\x01\x00\x00"
NOWHERE = Address("127.0.0.1", 9)


@dataclass
class End:
    """One end of a connection between two of ours, with what it has heard."""

    connection: Connection
    heard: list[Payload] = field(default_factory=list)
    may_go_on: asyncio.Event = field(default_factory=asyncio.Event)
    """While it is not set, nothing more is read."""


@asynccontextmanager
async def two_ends() -> AsyncIterator[tuple[End, End]]:
    """Anna, who dialled, and Ben, after the handshake."""
    ends: list[End] = []
    left, right = socket.socketpair()
    for sock in (left, right):
        sock.setblocking(False)
    entropy, now = Entropy(os.urandom), steady_clock()
    sessions = [
        Session.initiator(identity("anna"), expected=identity("ben").peer_id, entropy=entropy, now=now),
        Session.responder(identity("ben"), entropy=entropy, now=now),
    ]
    for sock, session in zip((left, right), sessions, strict=True):
        ends.append(End(Connection(sock, session, NOWHERE, take_note(ends))))
    async with asyncio.timeout(SOON_S), asyncio.TaskGroup() as tasks:
        for end in ends:
            tasks.create_task(end.connection.run())
        for end in ends:
            end.may_go_on.set()
            await end.connection.established.wait()
        yield ends[0], ends[1]
        for end in ends:
            end.may_go_on.set()
            end.connection.close(CloseCode.BYE)


def take_note(ends: list[End]) -> Callable[[Connection, list[SessionEvent]], Awaitable[None]]:
    async def handle(connection: Connection, events: list[SessionEvent]) -> None:
        own = next(end for end in ends if end.connection is connection)
        own.heard += [event.payload for event in events if isinstance(event, PayloadReceived)]
        await own.may_go_on.wait()

    return handle


def play(scene: Callable[[End, End], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with two_ends() as (anna, ben):
            await scene(anna, ben)

    asyncio.run(whole())


def message(text: str = "hello") -> Message:
    return Message(MessageId(os.urandom(16)), "private", text, 0)


def test_what_is_said_arrives_in_order() -> None:
    async def scene(anna: End, ben: End) -> None:
        said: list[Payload] = [profile("anna"), *(message(f"number {number}") for number in range(50))]
        for payload in said:
            anna.connection.send(payload)
        await until(lambda: len(ben.heard) == len(said))
        assert ben.heard == said

    play(scene)


def test_each_side_knows_whom_it_talks_to() -> None:
    async def scene(anna: End, ben: End) -> None:
        assert anna.connection.peer == identity("ben").peer_id
        assert ben.connection.peer == identity("anna").peer_id

    play(scene)


def test_the_other_side_hears_why_it_ends_after_all_that_was_said() -> None:
    async def scene(anna: End, ben: End) -> None:
        anna.connection.send(profile("anna"))
        anna.connection.send(message("last words"))
        anna.connection.close(CloseCode.IDLE)
        await ben.connection.ended.wait()
        await anna.connection.ended.wait()
        assert len(ben.heard) == 2
        assert (ben.connection.ended_cleanly, anna.connection.ended_cleanly) == (True, True)

    play(scene)


def test_nothing_more_is_said_once_it_is_closed() -> None:
    async def scene(anna: End, ben: End) -> None:
        anna.connection.send(profile("anna"))
        anna.connection.close(CloseCode.BYE)
        with pytest.raises(ConnectionError):
            anna.connection.send(message())
        anna.connection.answer(message())
        await ben.connection.ended.wait()
        assert ben.heard == [profile("anna")]

    play(scene)


def test_a_cut_is_no_goodbye() -> None:
    async def scene(anna: End, ben: End) -> None:
        anna.connection.abort()
        await ben.connection.ended.wait()
        assert not ben.connection.ended_cleanly

    play(scene)


def test_one_that_has_gone_silent_is_not_talked_to_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "PING_AFTER_SILENCE_S", 0.02)
    monkeypatch.setattr(session_module, "DEAD_AFTER_SILENCE_S", 0.06)

    async def scene(anna: End, ben: End) -> None:
        ben.may_go_on.clear()
        anna.connection.send(profile("anna"))
        await until(lambda: anna.connection.session.state is SessionState.CLOSED)
        with pytest.raises(ConnectionError):
            anna.connection.send(message())
        ben.may_go_on.set()
        await anna.connection.ended.wait()
        assert not anna.connection.ended_cleanly

    play(scene)


def test_who_waits_for_the_end_is_told() -> None:
    async def scene(anna: End, ben: End) -> None:
        told = asyncio.Event()
        ben.connection.on_end.append(told.set)
        anna.connection.abort()
        await told.wait()
        assert ben.connection.closed

    play(scene)


def test_a_bulk_connection_is_handed_over_with_what_was_sent() -> None:
    async def scene(anna: End, ben: End) -> None:
        anna.connection.send(Bulk(TransferId(b"t" * 16), "source"))
        first, keys = await anna.connection.detach()
        await until(lambda: ben.heard)
        second, others = await ben.connection.detach()
        with first, second:
            assert (keys.send._key, keys.receive._key) == (others.receive._key, others.send._key)
            first.sendall(b"by hand")
            assert second.recv(100) == b"by hand"

    play(scene)


def test_a_bulk_connection_that_broke_cannot_be_handed_over() -> None:
    async def scene(anna: End, ben: End) -> None:
        anna.connection.abort()
        for end in (anna, ben):
            with pytest.raises(ConnectionError):
                await end.connection.detach()

    play(scene)


def test_a_peer_that_never_reads_is_not_read_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "UNREAD_ANSWERS_MAX_BYTES", 1 << 20)

    async def scene(anna: End, ben: End) -> None:
        anna.connection.send(profile("anna"))
        ben.may_go_on.clear()
        anna.connection.send(message())
        await until(lambda: ben.heard)
        ben.connection.send(profile("ben"))
        await until(lambda: anna.heard)
        for _ in range(80):
            anna.connection.send(message("an answer" * 3000))
        ben.connection.send(message("one more question"))  # what makes anna notice
        await until(lambda: len(anna.heard) == 2)
        for _ in range(20):
            ben.connection.send(message("and more"))
        with pytest.raises(TimeoutError):
            await until(lambda: len(anna.heard) > 2, seconds=0.1)
        ben.may_go_on.set()
        await until(lambda: len(anna.heard) == 22 and len(ben.heard) == 82)

    play(scene)


def test_a_peer_that_takes_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WRITE_STALL_S", 0.1)

    async def scene(anna: End, ben: End) -> None:
        ben.may_go_on.clear()
        anna.connection.send(profile("anna"))
        for _ in range(80):
            anna.connection.send(message("x" * 32_000))
        full = asyncio.get_running_loop().create_task(anna.connection.room())
        await anna.connection.ended.wait()
        await full  # who waits for room is not left waiting
        ben.may_go_on.set()

    play(scene)


async def raw(node: Node, neighbours: Neighbours) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    where = node.tcp[0]
    return await asyncio.open_connection(
        where.host, where.port, local_addr=(neighbours.address("stranger"), 0)
    )


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", id="another protocol"),
        pytest.param(b"MSG" + b"A" * 500_000, id="half a megabyte"),
        pytest.param(M1_START + b"A" * 500_000, id="a good start, then half a megabyte"),
        pytest.param(M1_START, id="a good start, then silence"),
        pytest.param(b"\xff\xff\xff\xff", id="a bad frame"),
        pytest.param(b"\x06\x00\x00", id="an abort"),
        pytest.param(b"", id="silence"),
    ],
)
@story
async def test_a_stranger_is_hung_up_on_and_harms_nobody(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr(session_module, "FIRST_BYTE_TIMEOUT_S", 0.15)
    monkeypatch.setattr(session_module, "HANDSHAKE_TIMEOUT_S", 0.3)

    anna, ben = await neighbours.meet("anna", "ben")
    reader, writer = await raw(ben, neighbours)
    try:
        writer.write(said)
        assert (await say_and_wait(anna, ben, "meanwhile")).state is Delivery.DELIVERED
        async with asyncio.timeout(SOON_S):
            await reader.read()
    except ConnectionError:
        pass
    finally:
        writer.transport.abort()
    await until(lambda: all(each.peer for each in engine_of(ben).sessions._connections))


@story
async def test_a_peer_that_breaks_a_rule_hears_so(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:
        line = await ben.call(anna)
        line.writer.write(b"\x10\x00\x00\x20" + b"A" * 500_000)
        ended = await line.end()
        assert ended is not None
        assert ended.code == "protocol"
