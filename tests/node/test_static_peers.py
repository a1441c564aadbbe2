"""Peers named by address: dialled where datagrams do not come back, and a notice for what is no address."""

import pytest

from lanmsg.node import static_peers as module
from lanmsg.node.air import Ways
from lanmsg.node.events import Notice
from tests.node.neighbours import (
    Heard,
    Neighbours,
    engine_of,
    sees,
    until,
)
from tests.node.puppet import puppet


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STATIC_DIAL_AFTER_S", 0.05)


def test_a_static_peer_beyond_our_datagrams_is_dialled(neighbours: Neighbours) -> None:
    async def story() -> None:
        async with puppet(neighbours, "ben") as ben:
            anna = await neighbours.open("anna", peers=(str(ben.address),))
            await ben.answer()
            await until(lambda: sees(anna, ben.id))

    neighbours.run(story)


def test_a_static_peer_is_tried_again_as_soon_as_the_network_is_another(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STATIC_DIAL_INTERVAL_S", 3600.0)

    async def story() -> None:
        async with puppet(neighbours, "ben") as ben:
            anna = await neighbours.open("anna", peers=(str(ben.address),))
            line = await ben.answer()
            await until(lambda: sees(anna, ben.id))
            line.cut()
            await until(lambda: not sees(anna, ben.id))
            engine_of(anna)._on_moved(Ways(frozenset(), frozenset()), True)
            await ben.answer()

    neighbours.run(story)


def test_a_static_peer_that_nobody_can_resolve_is_a_notice_and_no_crash(neighbours: Neighbours) -> None:
    async def story() -> None:
        anna = await neighbours.open("anna", peers=("no such host", "127.0.0.1:99999"))
        heard = Heard(anna)
        first, second = await heard.next(Notice), await heard.next(Notice)
        assert "no such host" in first.text
        assert "99999" in second.text

    neighbours.run(story)
