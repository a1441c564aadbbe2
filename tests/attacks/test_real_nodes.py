"""The same attacks on the real program, over TCP: somebody sits between two nodes, or holds a stolen key.

Ben is on another discovery port than Anna, so that all she knows of him is what the attacker announces: thus
far does a forged datagram lead. protocol.md, 5.5, 7 and 19.1.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from lanmsg.model import Delivery
from lanmsg.node.node import Node
from lanmsg.protocol.announcement import Kind
from lanmsg.protocol.constants import M1_BYTES, M2_BYTES, M3_BYTES
from lanmsg.protocol.handshake import ABORT
from lanmsg.protocol.identity import LocalIdentity
from tests.attacks.liar import liar
from tests.attacks.wiretap import Wiretap, wiretap
from tests.node.neighbours import Neighbours, engine_of, identity, say, sees, story, texts, until
from tests.node.puppet import Line, Puppet
from tests.protocol.handshake_pair import impostor

ANNA, BEN = identity("anna"), identity("ben")
SECRET = "the key is under the third flower pot, Mühlbach 7"
PATIENCE_S = 20.0
HANDSHAKE_BYTES = M1_BYTES + M3_BYTES + 19


@pytest.fixture
def elsewhere() -> int:
    """Another discovery port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@asynccontextmanager
async def misled(neighbours: Neighbours, anna: Node, tap: Wiretap) -> AsyncIterator[None]:
    """Anna believes that Ben is where the attacker listens, who answers her questions."""
    with liar(tap.address.host, neighbours.port) as eve:
        eve.say(anna, Kind.ANNOUNCE, BEN.peer_id, "ben", tcp_port=tap.address.port)
        async with asyncio.TaskGroup() as tasks:
            answering = tasks.create_task(eve.answer(anna, BEN.peer_id, "ben", tcp_port=tap.address.port))
            try:
                await until(lambda: sees(anna, BEN.peer_id), PATIENCE_S)
                yield
            finally:
                answering.cancel()


def readable(captured: bytes) -> list[str]:
    """What of Anna's and Ben's secrets stands in these bytes."""
    secrets = {
        "text": SECRET.encode(),
        "part of the text": b"flower pot",
        "a name": b"anna",
        "the other name": b"ben-at-home",
        "the program": b"lanmsg ",
        **{f"{who} fingerprint": bytes(key.peer_id) for who, key in (("anna", ANNA), ("ben", BEN))},
        **{f"{who} modulus": key.modulus[:16] for who, key in (("anna", ANNA), ("ben", BEN))},
    }
    return [what for what, secret in secrets.items() if secret in captured]


@story
async def test_who_carries_the_bytes_reads_nothing(neighbours: Neighbours, elsewhere: int) -> None:
    """The redirection works: bytes go through Eve. They reach Ben all the same, and nobody else."""
    anna = await neighbours.open("anna")
    ben = await neighbours.open("ben", port=elsewhere, name="ben-at-home")
    eve = wiretap(neighbours.address("eve"), ben.tcp[0])
    async with eve as tap, misled(neighbours, anna, tap):
        await anna.delivered(await say(anna, ben, SECRET), timeout=PATIENCE_S)
        assert await texts(ben) == [SECRET]
        assert len(tap.captured) > HANDSHAKE_BYTES
        assert readable(tap.captured) == []


def test_who_changes_a_byte_changes_no_message(neighbours: Neighbours, elsewhere: int) -> None:
    """A bit behind the handshake, once: that session ends, and the message comes in the next one, whole."""
    changed = 0

    def change(at: int, data: bytes) -> bytes:
        nonlocal changed
        place = HANDSHAKE_BYTES + 150 - at
        if changed or not 0 <= place < len(data):
            return data
        changed += 1
        return data[:place] + bytes((data[place] ^ 1,)) + data[place + 1 :]

    async def story() -> None:
        anna = await neighbours.open("anna")
        ben = await neighbours.open("ben", port=elsewhere)
        eve = wiretap(neighbours.address("eve"), ben.tcp[0], change)
        async with eve as tap, misled(neighbours, anna, tap):
            sent = await anna.delivered(await say(anna, ben, SECRET), timeout=PATIENCE_S)
            assert sent.state is Delivery.DELIVERED
            assert await texts(ben) == [SECRET]
            assert changed == 1
            assert len(tap.connections) >= 2

    neighbours.run(story)


class Thief(Puppet):
    """Shows one key, and has the private half of another."""

    def __init__(self, host: str, shown: LocalIdentity, secrets_of: LocalIdentity) -> None:
        super().__init__("thief", host)
        self._identity = impostor(shown, secrets_of=secrets_of)

    @property
    def identity(self) -> LocalIdentity:
        return self._identity


async def answered_by(
    neighbours: Neighbours, thief: Puppet, check: Callable[[Node, Wiretap, Line], object]
) -> None:
    """Anna writes to Ben, and that one answers; what it was told and what came of it."""
    anna = await neighbours.open("anna")
    await thief.listen()
    try:
        eve = wiretap(neighbours.address("eve"), thief.address)
        async with eve as tap, misled(neighbours, anna, tap):
            message = await say(anna, BEN.peer_id, SECRET)
            async with asyncio.timeout(PATIENCE_S):
                line = await thief.arrivals.get()
            line.flush()
            await line.end()
            check(anna, tap, line)
            assert engine_of(anna).sessions.live(BEN.peer_id) is None
            (kept,) = await anna.history(None, limit=5)
            assert kept.id == message.id
            assert kept.state is not Delivery.DELIVERED
            assert readable(tap.captured) == []
    finally:
        await thief.close()


def test_another_key_at_a_known_peers_address_is_told_nothing(neighbours: Neighbours) -> None:
    """The man in the middle of a pinned pair: after M2 comes an Abort, and no byte of who dials."""

    def check(anna: Node, tap: Wiretap, line: Line) -> None:
        assert line.session.peer is None
        assert bytes(tap.connections[0].dialler[M1_BYTES:]) == ABORT
        assert len(tap.connections[0].listener) == M2_BYTES

    neighbours.pin("anna", "ben")
    neighbours.run(lambda: answered_by(neighbours, Puppet("eve", neighbours.address("eve")), check))


def test_a_stolen_key_of_mine_does_not_answer_as_my_friend(neighbours: Neighbours) -> None:
    """Key compromise: it shows Ben's key, gets M3, and cannot go on with what is wrapped to Ben."""

    def check(anna: Node, tap: Wiretap, line: Line) -> None:
        assert line.session.peer is None
        assert line.closed is not None
        assert len(tap.connections[0].dialler) >= M1_BYTES + M3_BYTES

    neighbours.pin("anna", "ben")
    thief = Thief(neighbours.address("eve"), shown=BEN, secrets_of=ANNA)
    neighbours.run(lambda: answered_by(neighbours, thief, check))


@story
async def test_a_stolen_key_of_mine_does_not_call_as_my_friend(neighbours: Neighbours) -> None:
    neighbours.pin("anna", "ben")

    anna = await neighbours.open("anna")
    thief = Thief(neighbours.address("eve"), shown=BEN, secrets_of=ANNA)
    try:
        line = await thief.dial(anna)  # M4 opens: Anna is proven to it, and not the other way round
        await line.say(thief.profile())
        ended = await line.end()
        assert ended is not None
        assert not ended.clean
        assert not sees(anna, BEN.peer_id)
        assert engine_of(anna).sessions.live(BEN.peer_id) is None
    finally:
        await thief.close()


@story
async def test_a_recorded_call_played_again_is_not_answered(neighbours: Neighbours, elsewhere: int) -> None:
    """Ben gets M1, M3, M5 and all records of Anna's call once more: he says M2, as to anyone, and the end."""
    anna = await neighbours.open("anna")
    ben = await neighbours.open("ben", port=elsewhere)
    eve = wiretap(neighbours.address("eve"), ben.tcp[0])
    async with eve as tap, misled(neighbours, anna, tap):
        await anna.delivered(await say(anna, ben, SECRET), timeout=PATIENCE_S)
        recorded = tap.connections[0]
        where = ben.tcp[0]
        reader, writer = await asyncio.open_connection(where.host, where.port)
        writer.write(bytes(recorded.dialler))
        async with asyncio.timeout(PATIENCE_S):
            answer = await reader.read()
        writer.close()
        assert len(answer) == M2_BYTES + len(ABORT)
        assert answer.endswith(ABORT)
        assert answer[7:M2_BYTES] != bytes(recorded.listener[7:M2_BYTES])
        assert await texts(ben) == [SECRET]


@story
async def test_a_recorded_answer_is_not_taken_for_one(neighbours: Neighbours, elsewhere: int) -> None:
    """Anna dials again, and hears what Ben said the last time."""
    anna = await neighbours.open("anna")
    ben = await neighbours.open("ben", port=elsewhere)
    eve = wiretap(neighbours.address("eve"), ben.tcp[0])
    async with eve as tap, misled(neighbours, anna, tap):
        await anna.delivered(await say(anna, ben, SECRET), timeout=PATIENCE_S)
        recorded = bytes(tap.connections[0].listener)
    heard: asyncio.Queue[bytes] = asyncio.Queue()

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(recorded)
        heard.put_nowait(await reader.read())
        writer.close()

    server = await asyncio.start_server(play, tap.address.host, tap.address.port)
    await until(lambda: engine_of(anna).sessions.live(BEN.peer_id) is None, PATIENCE_S)
    async with misled(neighbours, anna, tap), asyncio.timeout(PATIENCE_S):
        await say(anna, ben, "are you there?")
        said = await heard.get()
    server.close()
    assert said[M1_BYTES:] == ABORT
    assert await texts(ben) == [SECRET]
