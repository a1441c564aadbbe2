"""Files through the node: what cannot be offered, how long one waits for an end, and what is listed."""

from pathlib import Path

import pytest

from lanmsg.model import LanmsgError, TransferState
from tests.node.neighbours import Neighbours, identity
from tests.node.transfer_story import file_of, offer


def test_an_offer_of_nothing_is_an_error_that_names_the_path(neighbours: Neighbours) -> None:
    async def story() -> None:
        anna = await neighbours.open("anna")
        with pytest.raises(LanmsgError, match="missing") as failure:
            await anna.offer(identity("ben").peer_id, [Path("/nowhere/missing")])
        assert failure.value.code == "unreadable"
        assert await anna.transfers() == []

    neighbours.run(story)


def test_waiting_for_an_end_gives_the_row_as_it_is(neighbours: Neighbours) -> None:
    async def story() -> None:
        anna, ben = await neighbours.meet("anna", "ben")
        sent, received = await offer(anna, ben, file_of(neighbours))
        assert (await anna.transfer_ended(sent.number, timeout=0.05)).state is TransferState.OFFERED
        await ben.decline(received.number)
        assert (await anna.transfer_ended(sent.number, timeout=10)).state is TransferState.DECLINED
        assert await anna.transfers(open_only=True) == []
        with pytest.raises(LanmsgError, match="no transfer 99"):
            await anna.transfer_ended(99, timeout=0.05)

    neighbours.run(story)
