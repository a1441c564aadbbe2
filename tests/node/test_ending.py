"""A node ends in the middle of anything, in time, and leaves nothing behind."""

import asyncio
import threading

import pytest

from lanmsg.model import LanmsgError, Peer, Trust
from lanmsg.node.engine import Engine
from lanmsg.protocol import payload as wire
from lanmsg.storage.errors import DamagedStoreError, StorageError
from tests.node.neighbours import Neighbours, engine_of, say, story, until
from tests.node.puppet import puppet


@story
async def test_it_ends_in_the_middle_of_dialling(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:  # accepts, and says nothing
        await anna.set_trust(ben.id, Trust.PINNED)
        engine = engine_of(anna)
        engine.roster.set_shared([Peer(ben.id, "ben", addresses=(ben.address,))])
        await say(anna, ben.id, "hello?")
        await until(lambda: not ben.arrivals.empty())
        async with asyncio.timeout(8.0):
            await neighbours.close(anna)


@story
async def test_it_ends_in_the_middle_of_a_delivery(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:
        line = await ben.call(anna)
        await say(anna, ben.id, "no answer to this")
        await line.hear(wire.Message)
        async with asyncio.timeout(8.0):
            await neighbours.close(anna)
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:
        line = await ben.call(anna)
        assert (await line.hear(wire.Message)).text == "no answer to this"


@story
async def test_it_ends_while_strangers_are_at_the_door(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    where = anna.tcp[0]
    held = [await asyncio.open_connection(where.host, where.port) for _ in range(3)]
    async with asyncio.timeout(8.0):
        await neighbours.close(anna)
    for _, writer in held:
        writer.transport.abort()


def test_a_crash_of_what_runs_in_the_background_is_the_nodes_crash(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def crash(self: Engine) -> None:
        raise RuntimeError("out of order")

    monkeypatch.setattr(Engine, "_keep_alive", crash)

    async def story() -> None:
        await neighbours.open("anna")
        await asyncio.Event().wait()

    with pytest.raises(RuntimeError, match="out of order"):
        neighbours.run(story)


def test_a_store_that_is_damaged_ends_the_node_and_says_why(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(*args: object, **kwargs: object) -> None:
        raise DamagedStoreError("the store is damaged")

    async def story() -> None:
        anna = await neighbours.open("anna")
        store = engine_of(anna).disk.store
        monkeypatch.setattr(store.history, "waiting_peers", damaged)
        close = store.close

        def close_badly() -> None:
            close()
            damaged()

        monkeypatch.setattr(store, "close", close_badly)
        engine_of(anna).outbox.wake()
        await asyncio.Event().wait()

    with pytest.raises(StorageError, match="the store is damaged"):
        neighbours.run(story)


def test_a_start_that_fails_leaves_nothing_behind(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: object, store: object) -> int:
        raise LanmsgError("the store is damaged")

    monkeypatch.setattr(Engine, "_load", fail)
    threads = threading.active_count()

    async def story() -> None:
        await neighbours.open("anna")

    with pytest.raises(LanmsgError, match="the store is damaged"):
        neighbours.run(story)
    assert threading.active_count() == threads


@story
async def test_the_next_start_is_free_to_listen(neighbours: Neighbours) -> None:
    for _ in range(3):
        anna = await neighbours.open("anna")
        assert anna.listening
        assert anna.tcp[0].port == neighbours.port
        await neighbours.close(anna)
