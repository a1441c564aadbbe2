"""A host that lets nothing in goes to the others; here loopback is a network that it does not hear."""

import pytest

from lanmsg.model import PeerId, Trust
from lanmsg.node import closed_host as module
from lanmsg.node.air import Air
from lanmsg.node.node import Node
from tests.node.neighbours import Neighbours, engine_of, sees, story, until


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's broadcasts are heard on any interface."""
    monkeypatch.setattr(Air, "look_around", lambda _: frozenset({"lo"}))
    monkeypatch.setattr(module, "ECHO_S", 0.01)
    monkeypatch.setattr(module, "LOOK_S", 0.05)


def is_on_line(node: Node, peer: PeerId) -> bool:
    return engine_of(node).sessions.reaches_listener(peer)


@pytest.mark.usefixtures("closed")
@story
async def test_a_session_is_kept_with_whoever_is_there(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MEET_AGAIN_S", 0.1)

    anna, ben = await neighbours.open("anna"), await neighbours.open("ben")
    await until(lambda: is_on_line(anna, ben.id))
    assert engine_of(anna)._keeps_session(ben.id)
    connection = engine_of(anna).sessions.live(ben.id)
    assert connection is not None
    connection.abort()
    await until(lambda: engine_of(anna).sessions.live(ben.id) not in {None, connection})
    await neighbours.close(ben)
    await until(lambda: not sees(anna, ben.id))
    await until(lambda: not engine_of(anna)._closed.keeps_session(ben.id))


@pytest.mark.usefixtures("closed")
@story
async def test_with_more_than_a_few_the_pinned_come_first_and_the_blocked_never(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEPT_SESSIONS_MAX", 1)

    neighbours.pin("anna", "carla")
    ben, carla = await neighbours.open("ben"), await neighbours.open("carla")
    anna = await neighbours.open("anna")
    await until(lambda: sees(anna, ben.id) and is_on_line(anna, carla.id))
    await until(lambda: engine_of(anna)._closed._kept.keys() == {carla.id})
    await anna.set_trust(carla.id, Trust.BLOCKED)
    await until(lambda: engine_of(anna)._closed._kept.keys() == {ben.id})


@story
async def test_an_open_host_keeps_nobody(neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[frozenset[str]] = []
    monkeypatch.setattr(module, "ECHO_S", 0.01)
    monkeypatch.setattr(module, "REST_S", 0.01)
    look = Air.look_around

    def counted(air: Air) -> frozenset[str]:
        looks.append(look(air))
        return looks[-1]

    monkeypatch.setattr(Air, "look_around", counted)

    anna, ben = await neighbours.meet("anna", "ben")
    before = len(looks)
    await until(lambda: len(looks) > before + 4)
    assert not engine_of(anna)._closed.keeps_session(ben.id)
    assert set(looks) == {frozenset()}
