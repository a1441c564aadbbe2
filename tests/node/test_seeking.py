"""A command that waits for somebody finds them when they come back, though it hears no announcement."""

import pytest

from lanmsg.model import Delivery, TransferState
from tests.node.neighbours import Neighbours, identity, say, sees, story, until
from tests.node.transfer_story import becomes, file_of, offered


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking everybody by itself is over at once, so that whoever is found was sought."""
    monkeypatch.setattr("lanmsg.protocol.discovery.QUERY_OFFSETS_S", (0.0, 0.0))
    monkeypatch.setattr("lanmsg.node.engine.HEARTBEAT_S", 0.1)


@story
async def test_a_message_of_a_command_reaches_who_comes_back(neighbours: Neighbours) -> None:
    ben = await neighbours.open("ben")
    command = await neighbours.open("anna", listen=False)
    await until(lambda: sees(command, ben.id))
    first = await say(command, ben, "are you there?")
    assert (await command.delivered(first, timeout=10)).state is Delivery.DELIVERED
    await neighbours.close(ben)
    await until(lambda: not sees(command, ben.id))
    waiting = await say(command, identity("ben").peer_id, "and now?")
    assert (await command.delivered(waiting, timeout=0.2)).state is Delivery.QUEUED
    await neighbours.open("ben")
    assert (await command.delivered(waiting, timeout=10)).state is Delivery.DELIVERED


@story
async def test_an_offer_of_a_command_reaches_who_comes_back_elsewhere(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lanmsg.node.seeking.EVERYONE_INTERVAL_S", 0.2)

    command = await neighbours.open("anna", listen=False)
    sent = await command.offer(identity("ben").peer_id, [file_of(neighbours)])
    ben = await neighbours.open("ben")
    received = (await offered(ben, 1))[0]
    await ben.accept(received.number)
    await becomes(command, sent, TransferState.DONE)
