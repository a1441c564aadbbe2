"""Who calls themselves something else: strangers at their word, known people once a session has proven it."""

from lanmsg.model import Peer
from lanmsg.node.node import Node
from tests.node.neighbours import Neighbours, say_and_wait, story, until


def name_at(node: Node, other: Node) -> str:
    peer: Peer | None = node.peer(other.id)
    return peer.nickname if peer else ""


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
