"""What a screen or a script can ask of a node, and what it is told when that cannot be."""

import pytest

from lanmsg.model import LanmsgError, Status
from lanmsg.node.node import Node
from tests.node.neighbours import Neighbours, identity, story


@story
async def test_what_a_node_says_of_itself(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    assert (anna.id, anna.name, anna.listening) == (identity("anna").peer_id, "anna", True)
    assert anna.tcp[0].host == neighbours.address("anna")
    assert (anna.tcp[0].port, anna.udp_port) == (neighbours.port, neighbours.port)
    assert anna.interfaces[0].address == neighbours.address("anna")
    await anna.set_status(Status.AWAY, "at lunch")
    assert (anna.status, anna.note) == (Status.AWAY, "at lunch")
    dialer = await neighbours.open("ben", listen=False)
    assert (dialer.tcp, dialer.listening) == ((), False)


def test_a_single_failure_is_raised_as_itself(neighbours: Neighbours) -> None:
    async def story() -> None:
        async with Node.running(neighbours.settings("anna"), listen=True):
            raise LanmsgError("the reason")

    with pytest.raises(LanmsgError, match="the reason"):
        neighbours.run(story)
