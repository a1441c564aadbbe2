"""Strangers come in crowds, one host with many keys: those who are known do not notice."""

import asyncio

import pytest

from lanmsg.model import TransferId
from lanmsg.node import offers, verifications
from lanmsg.node import sessions as module
from lanmsg.protocol import payload as wire
from lanmsg.protocol.constants import (
    BULK_SESSIONS_MAX,
    LISTEN_BACKLOG,
    SESSIONS_MAX,
    UNAUTHENTICATED_CONNECTIONS_MAX,
)
from tests.node.neighbours import Neighbours, engine_of, listening_at, story, until
from tests.node.puppet import puppet


@story
async def test_strangers_push_out_each_other_and_nobody_who_is_known(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One host with many keys: theirs are the sessions that go, also when somebody known is idler."""
    monkeypatch.setattr(module, "SESSIONS_MAX", 2)

    neighbours.pin("anna", "ben")
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben, puppet(neighbours, "eve") as eve:
        known = await ben.call(anna)
        strangers = [await eve.call(anna) for _ in range(4)]
        for line in strangers[:-1]:
            ended = await line.end()
            assert ended is not None
            assert ended.code == "idle"
        assert await known.heard_now(wire.Message) == []
        assert await strangers[-1].heard_now(wire.Message) == []


@story
async def test_the_strangers_of_one_host_have_so_many_sessions_and_those_of_others_theirs(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "NEW_PEERS_SESSIONS_PER_HOST_MAX", 2)

    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben, puppet(neighbours, "eve") as eve:
        elsewhere = await ben.call(anna)
        lines = [await eve.call(anna) for _ in range(3)]
        ended = await lines[0].end()
        assert ended is not None
        assert ended.code == "idle"
        for line in (elsewhere, *lines[1:]):
            assert await line.heard_now(wire.Message) == []


@story
async def test_who_was_known_at_an_address_gets_in_where_all_places_are_taken(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a home that has been opened again: the store says where he was."""
    monkeypatch.setattr(module, "UNAUTHENTICATED_CONNECTIONS_MAX", 2)

    neighbours.pin("anna", "ben")
    async with puppet(neighbours, "ben") as ben, puppet(neighbours, "eve") as eve:
        anna = await neighbours.open("anna")
        await ben.call(anna)
        await neighbours.close(anna)
        anna = await neighbours.open("anna")
        where = listening_at(anna)
        held = [
            await asyncio.open_connection(where.host, where.port, local_addr=(host, 0))
            for host in map(neighbours.address, ("mallory", "oscar"))
        ]
        try:
            with pytest.raises(AssertionError, match="no handshake"):
                await eve.dial(anna)
            await ben.call(anna)
        finally:
            for _, writer in held:
                writer.transport.abort()


def test_all_sockets_that_others_may_open_leave_room_for_our_own() -> None:
    """Of 1,024 descriptors, which is what a process gets on Linux without asking."""
    others = UNAUTHENTICATED_CONNECTIONS_MAX + SESSIONS_MAX + 2 * BULK_SESSIONS_MAX + LISTEN_BACKLOG
    assert others <= 1024 - 128


@story
async def test_one_peer_has_only_so_many_sessions(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MESSAGE_SESSIONS_PER_PEER_MAX", 2)

    neighbours.pin("anna", "ben")
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:
        for _ in range(2):
            await ben.call(anna)
        line = await ben.dial(anna)
        await line.say(ben.profile())
        ended = await line.end()
        assert ended is not None
        assert ended.code == "duplicate"


@pytest.mark.parametrize("limit", ["PENDING_OFFERS_PER_PEER_MAX", "PENDING_OFFERS_MAX"])
@story
async def test_a_known_peer_has_only_so_many_questions_open(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(offers, limit, 3)

    neighbours.pin("anna", "ben")
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:
        line = await ben.call(anna)
        for number in range(4):
            files = (wire.OfferedItem("a.txt", 5, folder=False),)
            await line.say(wire.Offer(TransferId(bytes((number,)) * 16), files, 1, 5, "", 600))
        assert (await line.hear(wire.Refused)).code == "busy"
        assert len(await anna.transfers()) == 3


@story
async def test_all_peers_together_ask_only_so_often_to_compare(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifications, "VERIFY_REQUESTS_ALL_MAX", 2)

    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben, puppet(neighbours, "eve") as eve:
        lines = [await ben.call(anna), await eve.call(anna)]
        for number, line in enumerate((*lines, lines[0])):
            await line.say(wire.Verify(bytes((number,)) * 16, wire.Step.ASK))
            if number < 2:
                await until(lambda: len(engine_of(anna).verifications._requests) == number + 1)  # noqa: B023
        assert (await lines[0].hear(wire.Refused)).code == "busy"
