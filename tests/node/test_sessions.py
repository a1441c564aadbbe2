"""Who is on the line: one session serves both, strangers are few, and a fault ends one connection."""

import asyncio
import os
import socket

import pytest

from lanmsg.model import Delivery, LanmsgError, MessageId, Peer, PeerId
from lanmsg.node import sessions as module
from lanmsg.node.connection import Connection
from lanmsg.node.dialer import UnreachableError
from lanmsg.node.events import Notice
from lanmsg.node.inbox import Inbox
from lanmsg.node.node import Node
from lanmsg.protocol import payload as wire
from lanmsg.storage.errors import StorageError
from tests.node.neighbours import (
    SOON_S,
    Heard,
    Neighbours,
    engine_of,
    identity,
    say,
    say_and_wait,
    story,
    texts,
    until,
)
from tests.node.puppet import puppet


def sessions_with(node: Node, other: Node) -> list[int]:
    return sessions_of(node, other.id)


def sessions_of(node: Node, peer: PeerId) -> list[int]:
    return [each.peer_port for each in engine_of(node).sessions._by_peer.get(peer, ())]


@story
async def test_a_session_serves_both_directions_whoever_dialled(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    await say_and_wait(anna, ben, "hello")
    await say_and_wait(ben, anna, "hello yourself")
    assert len(sessions_with(anna, ben)) == len(sessions_with(ben, anna)) == 1


@story
async def test_both_may_dial_in_the_same_moment(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    await asyncio.gather(
        *(say(*pair, f"at once {n}") for n in range(3) for pair in ((anna, ben), (ben, anna)))
    )
    last = await asyncio.gather(say_and_wait(anna, ben, "last"), say_and_wait(ben, anna, "last"))
    assert [each.state for each in last] == [Delivery.DELIVERED] * 2
    for node in (anna, ben):
        said = await texts(node)
        assert sorted(said) == sorted(2 * ["at once 0", "at once 1", "at once 2", "last"])


@story
async def test_many_who_want_the_same_peer_share_one_dial(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    found = await asyncio.gather(*(engine_of(anna).sessions.to(ben.id) for _ in range(10)))
    assert len(set(map(id, found))) == 1


@story
async def test_who_dials_us_while_we_dial_in_vain_is_the_one(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:  # takes connections, and does not say a word
        engine_of(anna).roster.set_shared([Peer(ben.id, "ben", addresses=(ben.address,))])
        await say(anna, ben.id, "hello?")
        await until(lambda: not ben.arrivals.empty())
        line = await ben.call(anna)
        assert (await line.hear(wire.Message)).text == "hello?"


@story
async def test_a_session_that_is_being_closed_is_not_used(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    await say_and_wait(anna, ben, "hello")
    engine_of(anna).sessions.close_peer(ben.id, wire.CloseCode.IDLE)
    assert engine_of(anna).sessions.live(ben.id) is None
    assert (await say_and_wait(anna, ben, "again")).state is Delivery.DELIVERED


@story
async def test_the_session_with_a_listener_is_preferred_to_a_visit(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:
        visit = await ben.call(anna, port=0)
        line = await ben.call(anna)
        await ben.call(anna, port=0)
        await until(anna.peers)
        await say(anna, ben.id, "to your listener")
        assert (await line.hear(wire.Message)).text == "to your listener"
        assert await visit.heard_now(wire.Message) == []


@story
async def test_the_newest_session_is_used_as_older_ones_may_lead_nowhere(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:
        before = await ben.call(anna)
        await until(anna.peers)
        line = await ben.call(anna)
        await until(lambda: len(sessions_of(anna, ben.id)) == 2)
        await say(anna, ben.id, "where you are now")
        assert (await line.hear(wire.Message)).text == "where you are now"
        assert await before.heard_now(wire.Message) == []


@story
async def test_a_session_from_an_address_that_is_gone_is_lost_and_others_are_asked(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:
        line = await ben.call(anna)
        await until(anna.peers)
        engine_of(anna).sessions.network_changed({"192.0.2.1"}, is_better=True)
        connection = engine_of(anna).sessions.live(ben.id)
        assert connection is not None
        assert connection.session._pings == 1
        with monkeypatch.context() as moved:
            moved.setattr(
                Connection, "is_lost", lambda _, ours: "192.0.2.7" not in ours
            )  # no loopback address ever goes
            engine_of(anna).sessions.network_changed({"192.0.2.7"}, is_better=False)
            assert sessions_of(anna, ben.id)
            engine_of(anna).sessions.network_changed({"192.0.2.1"}, is_better=False)
        ended = await line.end()
        assert ended is not None
        assert not ended.clean
        await until(lambda: not sessions_of(anna, ben.id))


@story
async def test_a_goodbye_of_the_listener_leaves_visits_alone(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:
        visit, line = await ben.call(anna, port=0), await ben.call(anna)
        await until(anna.peers)
        engine_of(anna).sessions.close_listener(ben.id, wire.CloseCode.IDLE)
        ended = await line.end()
        assert ended is not None
        assert ended.code == "idle"
        assert await visit.heard_now(wire.Message) == []
        await until(lambda: not anna.peers())


@story
async def test_an_address_may_have_only_so_many_connections_that_prove_nothing(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "UNAUTHENTICATED_PER_ADDRESS_MAX", 3)

    anna, ben = await neighbours.meet("anna", "ben")
    where = anna.tcp[0]
    held = [
        await asyncio.open_connection(where.host, where.port, local_addr=(neighbours.address("eve"), 0))
        for _ in range(5)
    ]
    try:
        async with asyncio.timeout(SOON_S):
            assert [await reader.read() for reader, _ in held[3:]] == [b"", b""]
        assert (await say_and_wait(ben, anna, "I can still talk")).state is Delivery.DELIVERED
    finally:
        for _, writer in held:
            writer.transport.abort()


@story
async def test_dialling_somebody_else_than_meant_is_refused(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    with pytest.raises(UnreachableError):
        await engine_of(anna).sessions.open([ben.tcp[0]], identity("carla").peer_id)
    with pytest.raises(UnreachableError):
        await engine_of(anna).sessions.open([anna.tcp[0]], None)


@story
async def test_a_fault_in_handling_what_was_said_ends_that_connection_only(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stumble(*args: object) -> None:
        raise RuntimeError("a fault of ours")

    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben, puppet(neighbours, "eve") as eve:
        good, bad = await ben.call(anna), await eve.call(anna)
        with monkeypatch.context() as patch:
            patch.setattr(Inbox, "_store", stumble)
            await bad.say(wire.Message(MessageId(os.urandom(16)), "private", "x", 0))
            ended = await bad.end()
        assert ended is not None
        assert ended.code == "internal"
        assert str(neighbours.faults.pop()["exception"]) == "a fault of ours"
        assert await good.heard_now(wire.Message) == []


@story
async def test_who_cannot_be_noted_is_talked_to_all_the_same(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or a full disk of ours would look like a line that breaks."""

    def full(*args: object, **kwargs: object) -> None:
        raise StorageError("no space left", code="no_space")

    anna = await neighbours.open("anna")
    heard = Heard(anna)
    async with puppet(neighbours, "ben") as ben:
        with monkeypatch.context() as patch:
            patch.setattr(engine_of(anna).disk.store.peers, "saw", full)
            line = await ben.call(anna)
            assert (await heard.next(Notice)).text == "who is there cannot be noted: no space left"
        said = wire.Message(MessageId(os.urandom(16)), "private", "x", 0)
        await line.say(said)
        assert (await line.hear(wire.Ack)).id == said.id


@pytest.mark.parametrize("payload", [wire.Ack(b"a" * 16), wire.Refused(b"a" * 16, "full")])
@story
async def test_a_store_that_fails_ends_the_session_and_says_so(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch, payload: wire.Payload
) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise StorageError("no space left", code="no_space")

    anna = await neighbours.open("anna")
    heard = Heard(anna)
    store = engine_of(anna).disk.store
    async with puppet(neighbours, "ben") as ben:
        line = await ben.call(anna)
        with monkeypatch.context() as patch:
            patch.setattr(store.history, "set_deliveries", full)
            await line.say(payload)
            ended = await line.end()
        assert ended is not None
        assert ended.code == "internal"
        assert (await heard.next(Notice)).text == "a session was ended: no space left"
        await ben.call(anna)


@story
async def test_the_idlest_of_too_many_sessions_is_closed(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SESSIONS_MAX", 1)
    monkeypatch.setattr(module, "SWEEP_INTERVAL_S", 0.05)

    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben, puppet(neighbours, "eve") as eve:
        older = await ben.call(anna)
        newer = await eve.call(anna)
        ended = await older.end()
        assert ended is not None
        assert ended.code == "idle"
        assert await newer.heard_now(wire.Message) == []


@story
async def test_what_is_received_is_use_too(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:
        line = await ben.call(anna)
        connection = engine_of(anna).sessions.live(ben.id)
        assert connection is not None
        connection.last_used = 0.0
        await line.say(wire.Ack(b"a" * 16))
        await until(lambda: connection.last_used > 0.0)


@story
async def test_nobody_is_dialled_without_an_address(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    with pytest.raises(UnreachableError, match="no address is known"):
        await engine_of(anna).sessions.to(identity("carla").peer_id)


@story
async def test_who_accepts_and_says_nothing_is_no_peer(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch, free_port: int
) -> None:
    monkeypatch.setattr(module, "HANDSHAKE_TIMEOUT_S", -0.9)

    anna = await neighbours.open("anna")
    with (
        socket.create_server((neighbours.address("mute"), 0)) as mute,
        pytest.raises(LanmsgError) as failure,
    ):
        await anna.connect(*mute.getsockname())
    assert failure.value.code == "network"


@story
async def test_a_key_of_its_own_is_no_way_around_the_limits_for_strangers(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "UNAUTHENTICATED_PER_ADDRESS_MAX", 3)

    anna = await neighbours.open("anna")
    async with puppet(neighbours, "eve") as eve:
        await eve.call(anna)
        for _ in range(3):
            await eve.dial(anna)
        with pytest.raises(AssertionError, match="no handshake"):
            await eve.dial(anna)


@story
async def test_only_a_known_peer_on_the_line_frees_its_address_of_limits(neighbours: Neighbours) -> None:
    neighbours.pin("anna", "ben")
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "eve") as eve, puppet(neighbours, "ben") as ben:
        for each in (eve, ben):
            await each.call(anna)
        sessions = engine_of(anna).sessions
        freed = [all(sessions._may_begin(each.host) for _ in range(100)) for each in (eve, ben)]
        assert freed == [False, True]


@story
async def test_who_proves_a_key_and_then_says_nothing_is_hung_up_on(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HANDSHAKE_TIMEOUT_S", 0.2)

    anna = await neighbours.open("anna")
    async with puppet(neighbours, "eve") as eve:
        silent, talking = await eve.dial(anna), await eve.call(anna)
        ended = await silent.end()
        assert ended is not None
        assert ended.code == "idle"
        await talking.say(wire.Message(MessageId(b"m" * 16), "private", "still here", 0))
        await talking.hear(wire.Ack)
