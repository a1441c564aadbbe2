"""What a screen or a script can ask of a node."""

from lanmsg.model import Delivery
from tests.node.neighbours import Neighbours, say_and_wait, texts


def test_a_message_is_delivered_and_in_both_histories(neighbours: Neighbours) -> None:
    async def story() -> None:
        anna, ben = await neighbours.meet("anna", "ben")
        sent = await say_and_wait(anna, ben, "hello ben")
        assert sent.state is Delivery.DELIVERED
        assert await texts(ben) == await texts(anna) == ["hello ben"]

    neighbours.run(story)
