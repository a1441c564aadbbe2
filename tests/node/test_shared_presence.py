"""Several processes of one home: the listener writes what it sees, the others read it and take over."""

import asyncio

import pytest

from lanmsg.model import Delivery, LanmsgError, Peer
from lanmsg.node import engine as module
from lanmsg.node.events import ListeningChanged, MessageAdded, Notice, PeerLeft
from lanmsg.node.node import Node
from lanmsg.node.shared_presence import SharedPresence
from lanmsg.storage.errors import StorageError
from tests.node.neighbours import Heard, Neighbours, engine_of, say_and_wait, sees, story, texts, until
from tests.node.puppet import puppet


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TAKE_OVER_S", 0.05)
    monkeypatch.setattr(module, "SETTLE_S", 0.3)


@story
async def test_a_second_screen_sees_what_the_first_one_does(neighbours: Neighbours) -> None:
    first = await neighbours.open("anna")
    second = await neighbours.open("anna")
    assert (first.listening, second.listening) == (True, False)
    heard = Heard(second)
    ben = await neighbours.open("ben")
    await until(lambda: sees(second, ben.id))
    await say_and_wait(ben, first, "hello")
    assert (await heard.next(MessageAdded)).message.text == "hello"
    sent = await say_and_wait(second, ben, "from the second screen")
    assert sent.state is Delivery.DELIVERED
    assert await texts(first) == ["hello", "from the second screen"]
    await neighbours.close(ben)
    await until(lambda: not sees(second, ben.id), 1.5)


@story
async def test_whom_the_listener_lost_has_left_for_a_second_screen_too(neighbours: Neighbours) -> None:
    _, ben = await neighbours.meet("anna", "ben")
    second = await neighbours.open("anna")
    await until(lambda: engine_of(second).roster.is_on_air(ben.id))  # ben has answered it as well
    await until(lambda: engine_of(second).roster._shared)
    await neighbours.close(ben)
    await until(lambda: not sees(second, ben.id), 1.5)


@story
async def test_a_second_screen_takes_over_and_loses_nobody_meanwhile(neighbours: Neighbours) -> None:
    first, ben = await neighbours.meet("anna", "ben")
    second = await neighbours.open("anna")
    await until(lambda: sees(second, ben.id))
    heard = Heard(second)
    await neighbours.close(first)
    assert (await heard.next(ListeningChanged)).listening
    await until(lambda: (peer := ben.peer(second.id)) and peer.present)
    assert (await say_and_wait(ben, second, "are you there?")).state is Delivery.DELIVERED
    await until(lambda: not engine_of(second).roster._shared)  # it has looked around
    assert sees(second, ben.id)
    assert not [event for event in heard.all if isinstance(event, PeerLeft)]


@story
async def test_who_left_while_nobody_listened_is_gone_once_the_new_listener_has_looked_around(
    neighbours: Neighbours,
) -> None:
    first, ben = await neighbours.meet("anna", "ben")
    second = await neighbours.open("anna")
    await until(lambda: sees(second, ben.id))
    heard = Heard(second)
    await neighbours.kill(first)
    await neighbours.kill(ben)
    assert (await heard.next(PeerLeft)).peer.id == ben.id


@story
async def test_a_second_screen_sees_also_whom_only_a_session_makes_present(neighbours: Neighbours) -> None:
    first, second = await neighbours.open("anna"), await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:
        line = await ben.call(first, note="by wire")
        await until(lambda: sees(second, ben.id))
        line.hang_up()
        await until(lambda: not sees(second, ben.id))


@story
async def test_a_new_listener_has_the_ports_and_tells_those_it_talks_to(neighbours: Neighbours) -> None:
    first, ben = await neighbours.meet("anna", "ben")
    second = await neighbours.open("anna")
    await until(lambda: sees(second, ben.id))
    await say_and_wait(second, ben, "as a view")
    await neighbours.close(first)
    await until(lambda: second.listening, 1.5)
    assert second.tcp[0].port == neighbours.port
    line = engine_of(ben).sessions.live(second.id)
    assert line is not None
    await until(lambda: line.peer_port == neighbours.port)


@story
async def test_one_that_cannot_listen_says_so_once_and_goes_on_trying(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await neighbours.open("anna"), await neighbours.open("anna")
    heard = Heard(second)

    def refuse(*args: object) -> None:
        raise LanmsgError("no TCP port can be had", code="network")

    with monkeypatch.context() as patch:
        patch.setattr(engine_of(second).air, "listen", refuse)
        await neighbours.close(first)
        assert (await heard.next(Notice)).text == "no TCP port can be had"
        with pytest.raises(TimeoutError):
            await heard.next(Notice, 0.2)
    await until(lambda: second.listening)


@story
async def test_what_a_full_disk_kept_from_the_others_is_written_later(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await neighbours.open("anna"), await neighbours.open("anna")
    failed = asyncio.Event()

    def full(sightings: object) -> None:
        failed.set()
        raise StorageError("no space left", code="no_space")

    with monkeypatch.context() as patch:
        patch.setattr(engine_of(first).disk.store.presence, "put_many", full)
        ben = await neighbours.open("ben")
        await failed.wait()
    assert not any(peer.id == ben.id for peer in await written(first))
    await neighbours.open("carla")
    await until(lambda: len(second.peers()) == 2)
    assert len(await written(first)) == 2


async def written(node: Node) -> list[Peer]:
    found = await SharedPresence(engine_of(node).disk, engine_of(node).roster, b"").read()
    assert found is not None
    return found
