"""What a person decides: paused and let go on from either side, and not where it makes no sense."""

import asyncio
import io

import pytest

from lanmsg.model import LanmsgError, Transfer, TransferState
from lanmsg.node.dialer import UnreachableError
from lanmsg.node.node import Node
from lanmsg.protocol import payload as wire
from tests.node.neighbours import SOON_S, Neighbours, engine_of, story, until
from tests.node.puppet import on_the_line, puppet
from tests.node.transfer_story import (
    SIZE,
    Disk,
    asks,
    becomes,
    file_of,
    is_asked,
    now,
    offer,
    offered,
    saved,
)

pytestmark = pytest.mark.usefixtures("quick_transfers")

DONE, PAUSED, RUNNING = TransferState.DONE, TransferState.PAUSED, TransferState.RUNNING


async def held(node: Node, number: int) -> Transfer:
    """The transfer, once this node knows that somebody has paused it."""
    async with asyncio.timeout(SOON_S):
        while not (found := await now(node, number)).is_held:
            await asyncio.sleep(0.005)
    return found


async def told(node: Node, number: int) -> bool:
    """Waits until the other side has said that it knows."""
    async with asyncio.timeout(SOON_S):
        while not await node.peer_knows(number):
            await asyncio.sleep(0.005)
    return True


@pytest.mark.parametrize("who", ["sender", "receiver"])
@story
async def test_what_a_person_pauses_waits_for_that_person(
    neighbours: Neighbours, disk: Disk, who: str
) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    path = file_of(neighbours, size=SIZE)
    sent, received = await offer(anna, ben, path)
    disk.stick()
    await ben.accept(received.number)
    await disk.is_stuck()
    one, own, other, theirs = (anna, sent, ben, received) if who == "sender" else (ben, received, anna, sent)
    paused = await one.pause(own.number)
    assert (paused.state, paused.held_here, paused.reason) == (PAUSED, True, "paused by you")
    await disk.go_on_once_stopped(one)
    await becomes(other, theirs, PAUSED)
    await until(lambda: not any(engine_of(node).desk.runs._runs for node in (anna, ben)))
    seen = await held(other, theirs.number)
    assert (seen.held_here, seen.held_there, seen.reason) == (False, True, "paused by the other side")
    with pytest.raises(LanmsgError, match="the other side has paused"):
        await other.resume(theirs.number)
    assert await told(one, own.number)
    assert (await now(one, own.number)).held_here
    await one.resume(own.number)
    await becomes(other, theirs, DONE)
    assert saved(await becomes(ben, received, DONE)) == path.read_bytes()


@story
async def test_what_both_have_paused_waits_for_both(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def walled(*_: object, **__: object) -> None:
        raise UnreachableError("a firewall")

    anna = await neighbours.open("anna")
    monkeypatch.setattr(engine_of(anna).sessions, "open", walled)
    async with puppet(neighbours, "ben") as ben:
        line = await ben.call(anna)
        await until(lambda: anna.peer(ben.id) is not None)
        sent = await is_asked(line, ben, anna, file_of(neighbours))
        with pytest.raises(LanmsgError, match="has not begun"):
            await anna.pause(sent.number)
        await line.say(wire.Accept(sent.id, 0, 0), wire.Pause(sent.id))
        assert (await line.hear(wire.Ack)).of == "pause"
        assert (await anna.pause(sent.number)).reason == "paused by both sides"
        assert (await line.hear(wire.Pause)).id == sent.id
        assert (await anna.resume(sent.number)).held_there
        assert (await line.hear(wire.Resume)).id == sent.id
        assert await line.heard_now(wire.Offer) == []
        await line.say(wire.Resume(sent.id))
        assert (await line.hear(wire.Offer)).id == sent.id


@story
async def test_an_offer_of_what_is_paused_here_is_answered_so(neighbours: Neighbours) -> None:
    async with on_the_line(neighbours, "ben", "anna") as (ben, _, line):
        made, received = await asks(line, ben)
        await ben.accept(received.number)
        await line.hear(wire.Accept)
        await ben.pause(received.number)
        await line.hear(wire.Pause)
        await line.say(made)
        assert (await line.hear(wire.Pause)).id == made.id
        assert (await now(ben, received.number)).held_here
        await line.say(wire.Callback(made.id))
        assert await line.heard_now(wire.Accept) == []
        await ben.resume(received.number)
        await line.hear(wire.Resume)
        await line.say(made)
        assert (await line.hear(wire.Accept)).id == made.id


@story
async def test_what_is_said_of_a_pause_is_said_until_it_is_known(neighbours: Neighbours) -> None:
    async with on_the_line(neighbours, "ben", "anna") as (ben, anna, line):
        _, received = await asks(line, ben, b"o" * 16)
        await ben.accept(received.number)
        await ben.pause(received.number)
        await line.hear(wire.Pause)
        assert not await ben.peer_knows(received.number)
        line.cut()
        second = await anna.call(ben)
        await second.hear(wire.Pause)
        await second.say(wire.Ack(received.id, "pause"))
        assert await told(ben, received.number)
        second.cut()
        third = await anna.call(ben)
        assert await third.heard_now(wire.Pause) == []


@story
async def test_a_stream_is_not_paused(neighbours: Neighbours, disk: Disk) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    sent = await anna.offer(ben.id, [], stdin=io.BytesIO(b"x" * SIZE))
    received = (await offered(ben))[0]
    disk.stick()
    await ben.accept(received.number)
    await disk.is_stuck()
    for node, transfer in ((anna, sent), (ben, received)):
        with pytest.raises(LanmsgError, match="a stream"):
            await node.pause(transfer.number)
    disk.go_on()
    await becomes(anna, sent, DONE)
    with pytest.raises(LanmsgError, match="already done"):
        await anna.pause(sent.number)
    with pytest.raises(LanmsgError, match="not paused"):
        await anna.resume(sent.number)
