"""Peers named by address: dialled where datagrams do not come back, and a notice for what is no address."""

import pytest

from lanmsg.node import engine
from lanmsg.node import static_peers as module
from lanmsg.node.air import Ways
from lanmsg.node.connection import Connection
from lanmsg.node.events import Notice
from lanmsg.node.node import Node
from lanmsg.protocol import session
from lanmsg.protocol.payload import CloseCode
from tests.node.neighbours import Heard, Neighbours, engine_of, sees, story, until
from tests.node.puppet import puppet


def live(node: Node, other: Node) -> Connection | None:
    return engine_of(node).sessions.live(other.id)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STATIC_DIAL_AFTER_S", 0.05)


@story
async def test_a_static_peer_beyond_our_datagrams_is_dialled(neighbours: Neighbours) -> None:
    async with puppet(neighbours, "ben") as ben:
        anna = await neighbours.open("anna", peers=(str(ben.address),))
        await ben.answer()
        await until(lambda: sees(anna, ben.id))


@story
async def test_a_static_peer_is_tried_again_as_soon_as_the_network_is_another(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STATIC_DIAL_INTERVAL_S", 3600.0)

    async with puppet(neighbours, "ben") as ben:
        anna = await neighbours.open("anna", peers=(str(ben.address),))
        line = await ben.answer()
        await until(lambda: sees(anna, ben.id))
        line.cut()
        await until(lambda: not sees(anna, ben.id))
        engine_of(anna)._on_moved(Ways(frozenset(), frozenset()), True)
        await ben.answer()


@story
async def test_a_session_is_kept_with_a_static_peer_which_may_have_no_other_way(
    neighbours: Neighbours,
) -> None:
    ben = await neighbours.open("ben")
    anna = await neighbours.open("anna", peers=(str(ben.tcp[0]),))
    await until(lambda: live(anna, ben) and live(ben, anna))
    assert engine_of(anna)._keeps_session(ben.id)
    assert not engine_of(ben)._keeps_session(anna.id)
    before = live(anna, ben)
    engine_of(ben).sessions.close_peer(anna.id, CloseCode.IDLE)
    await until(lambda: live(anna, ben) is not before)
    engine_of(anna)._on_moved(Ways(frozenset(), frozenset()), True)
    await until(lambda: live(anna, ben))


@story
async def test_a_quiet_home_and_more_static_peers_than_a_few_open_no_sessions(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    ben = await neighbours.open("ben")
    quiet = await neighbours.open("anna", peers=(str(ben.tcp[0]),), quiet=True)
    await until(lambda: sees(quiet, ben.id))
    assert not engine_of(quiet)._static._may_keep(ben.id)
    monkeypatch.setattr(module, "KEPT_SESSIONS_MAX", 1)
    static = engine_of(ben)._static
    assert [static._may_keep(each) for each in (quiet.id, ben.id, quiet.id)] == [True, False, True]


@story
async def test_one_that_only_its_session_makes_present_is_asked_whether_it_lives(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    """90 s of silence would be the session's own limit."""
    monkeypatch.setattr(engine, "HEARTBEAT_S", 0.1)
    monkeypatch.setattr(session, "SESSION_PROBE_TIMEOUT_S", 0.5)

    async with puppet(neighbours, "ben") as ben:
        anna = await neighbours.open("anna", peers=(str(ben.address),))
        await ben.answer()  # and nothing more: the line is not cut, and nobody reads it
        await until(lambda: sees(anna, ben.id))
        await until(lambda: not sees(anna, ben.id))


@story
async def test_a_static_peer_that_nobody_can_resolve_is_a_notice_and_no_crash(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna", peers=("no such host", "127.0.0.1:99999"))
    heard = Heard(anna)
    first, second = await heard.next(Notice), await heard.next(Notice)
    assert "no such host" in first.text
    assert "99999" in second.text
