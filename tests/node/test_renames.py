"""Who calls themselves something else: strangers at their word, known people once a session has proven it."""

from functools import partial

from lanmsg.model import Peer, Trust
from lanmsg.node.events import PeerChanged
from lanmsg.node.node import Node
from tests.node.neighbours import Heard, Neighbours, say_and_wait, story, until


def name_at(node: Node, other: Node) -> str:
    peer: Peer | None = node.peer(other.id)
    return peer.nickname if peer else ""


def is_called(node: Node, other: Node, name: str) -> bool:
    return name_at(node, other) == name


@story
async def test_a_known_peer_that_comes_back_under_another_name_is_found_by_it(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    await say_and_wait(anna, ben, "hello")
    await neighbours.close(ben)
    await until(lambda: not anna.peers())
    again = await neighbours.open("ben", name="benjamin")
    await until(lambda: name_at(anna, again) == "benjamin")
    assert (await anna.find("benjamin")).id == again.id


@story
async def test_a_stranger_is_called_what_it_says_now(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    await say_and_wait(ben, anna, "hello")
    await neighbours.close(ben)
    await until(lambda: not anna.peers())
    again = await neighbours.open("ben", name="benjamin")
    await until(lambda: name_at(anna, again) == "benjamin")


@story
async def test_somebody_known_who_takes_anothers_name_is_shown_as_before(neighbours: Neighbours) -> None:
    neighbours.pin("anna", "ben")
    anna, mia = await neighbours.meet("anna", "carla")
    await say_and_wait(anna, mia, "hello")
    heard = Heard(anna)
    for name in ("b\u0435n", "anna"):
        await mia.set_name(name)
        await until(partial(is_called, anna, mia, name))
        shown = anna.peer(mia.id)
        assert shown is not None
        assert (shown.name, shown.trust) == ("carla", Trust.PINNED)
    assert (await heard.next(PeerChanged)).peer.name == "carla"
