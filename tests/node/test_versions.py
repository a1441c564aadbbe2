"""Who once spoke a newer version of the protocol is not spoken to in an older one."""

import asyncio

from lanmsg.model import Delivery, Peer
from lanmsg.node.events import Notice
from lanmsg.node.node import Node
from lanmsg.protocol import payload as wire
from lanmsg.protocol.constants import PROTOCOL_VERSION
from lanmsg.storage.store import Store
from tests.node.neighbours import (
    SOON_S,
    Heard,
    Neighbours,
    engine_of,
    identity,
    say,
    say_and_wait,
    story,
    until,
)
from tests.node.puppet import puppet

BEN = identity("ben").peer_id


def spoke(neighbours: Neighbours, version: int) -> None:
    """Anna has pinned Ben, and he has spoken that version with her; before her node is opened."""
    store = Store.open(neighbours.settings("anna").home)
    store.peers.pin(BEN, nickname="ben", now=1.0)
    store.peers.raise_version(BEN, version)
    store.close()


async def remembered(node: Node) -> int:
    return await engine_of(node).disk.read(lambda store: store.peers.version(BEN))


@story
async def test_a_session_leaves_its_version_behind(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    assert await remembered(anna) == 0
    await say_and_wait(ben, anna, "hello")
    assert await remembered(anna) == PROTOCOL_VERSION


@story
async def test_who_dials_with_an_older_version_is_turned_away(neighbours: Neighbours) -> None:
    spoke(neighbours, PROTOCOL_VERSION + 1)

    anna = await neighbours.open("anna")
    heard = Heard(anna)
    async with puppet(neighbours, "ben") as ben:
        for _ in range(2):
            line = await ben.dial(anna)
            await line.say(ben.profile())
            ended = await line.end()
            assert ended is not None
            assert ended.code == wire.CloseCode.PROTOCOL
            assert line.payloads() == []
        notice = await heard.next(Notice)
        assert "ben speaks an older version" in notice.text
        assert await remembered(anna) == PROTOCOL_VERSION + 1
    assert [event for event in heard.all if isinstance(event, Notice)] == [notice]


@story
async def test_who_answers_in_an_older_version_is_told_nothing(neighbours: Neighbours) -> None:
    spoke(neighbours, PROTOCOL_VERSION + 1)

    anna = await neighbours.open("anna")
    heard = Heard(anna)
    async with puppet(neighbours, "ben") as ben:
        engine_of(anna).roster.set_shared([Peer(ben.id, "ben", addresses=(ben.address,))])
        message = await say(anna, ben.id, "for the newer one only")
        async with asyncio.timeout(SOON_S):
            line = await ben.arrivals.get()
        await line.open()
        ended = await line.end()
        assert ended is not None
        assert ended.code == wire.CloseCode.PROTOCOL
        assert line.payloads() == []
        await heard.next(Notice)
        waiting = await anna.history(None, limit=1)
        assert waiting[0].number == message.number
        assert waiting[0].state in {Delivery.QUEUED, Delivery.SENT}


@story
async def test_the_same_version_as_before_is_fine(neighbours: Neighbours) -> None:
    spoke(neighbours, PROTOCOL_VERSION)

    anna, ben = await neighbours.meet("anna", "ben")
    assert (await say_and_wait(ben, anna, "as ever")).state is Delivery.DELIVERED
    await until(ben.peers)
