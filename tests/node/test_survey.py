"""A look around: who answers, what comes back of our own, and who takes a connection."""

import asyncio
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from msgspec.structs import replace

from lanmsg.model import Address, PeerId
from lanmsg.node import survey as module
from lanmsg.node.diagnosis_facts import Dialled, Seen
from lanmsg.node.interfaces import Link, scan
from lanmsg.node.survey import REFUSED, LinkSurvey, Survey, Surveyor, try_connection
from tests.node.neighbours import Neighbours, engine_of, story

LOOKS_S = (0.3, 2.0, 10.0)
"""How long to look around: an answer takes milliseconds, but a loaded machine has its own idea of those."""


async def look_for(peer: PeerId, make: Callable[[], Surveyor]) -> Survey:
    """What is found once this peer is among them."""
    found = Survey([])
    for seconds in LOOKS_S:
        found = await make().look(seconds)
        if peer in found.heard and all(each.echo is not False for each in found.links):
            break
    return found


def surveyor(neighbours: Neighbours, **details: Any) -> Surveyor:
    """Anna's."""
    return Surveyor(links(neighbours, "anna"), port=neighbours.port, **{"me": None, **details})


def links(neighbours: Neighbours, name: str) -> list[Link]:
    return [link for link in scan([neighbours.address(name)]) if not link.skipped]


@story
async def test_who_is_there_answers_and_does_not_see_us(neighbours: Neighbours) -> None:
    ben = await neighbours.open("ben")
    found = await look_for(ben.id, partial(surveyor, neighbours))
    seen = found.seen[ben.id]
    assert (seen.name, seen.replied, seen.dialled) == ("ben", True, Dialled.CONNECTED)
    assert seen.address == Address(neighbours.address("ben"), neighbours.port)
    assert found.heard == {ben.id}
    assert [(each.echo, each.error, each.heard > 0) for each in found.links] == [(True, "", True)]
    assert ben.peers(absent=True) == []


@story
async def test_who_listens_for_this_home_is_nobody_else(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    found = await surveyor(neighbours, me=anna.id).look(0.2)
    assert found.seen == {}
    assert engine_of(anna).air.discovery.present() == ()


@story
async def test_without_broadcasts_only_those_who_are_named_are_asked(neighbours: Neighbours) -> None:
    ben = await neighbours.open("ben")
    where = Address(neighbours.address("ben"), neighbours.port)
    found = await look_for(ben.id, partial(surveyor, neighbours, ask=[where], broadcast=False))
    assert (found.seen[ben.id].answered, found.seen[ben.id].replied) == (True, False)
    assert found.links[0].echo is None


@story
async def test_somebody_whom_the_store_remembers_is_asked_and_dialled(neighbours: Neighbours) -> None:
    gone = Seen(PeerId(b"g" * 32), "gone", Address(neighbours.address("gone"), neighbours.port))
    looking = surveyor(neighbours, known=[gone])
    found = await looking.look(0.2)
    assert found.seen == {gone.peer: replace(gone, dialled=Dialled.REFUSED, why="connection refused")}
    assert found.heard == set()
    looking._dials.clear()
    looking._dial(gone.peer)
    assert not looking._dials, "whoever answers when the time is up"


def test_no_ear_means_that_nothing_is_known_of_our_own(loopback: Callable[[], str], free_port: int) -> None:
    async def look() -> Survey:
        return await Surveyor(scan([loopback()]), port=free_port, me=None).look(0.05)

    with socket.socket(type=socket.SOCK_DGRAM) as other:
        other.bind(("", free_port))
        found = asyncio.run(look())
    assert found.links[0].echo is None


def test_a_firewall_s_no_is_told_from_other_failures(loopback: Callable[[], str], free_port: int) -> None:
    async def noted(words: str) -> LinkSurvey:
        looking = Surveyor(scan([loopback()]), port=free_port, me=None)
        looking._open()
        each = looking.found.links[0]
        assert each.channel is not None
        each.channel.broken = words
        looking._note_failure(each)
        looking._close()
        return each

    assert asyncio.run(noted(next(iter(REFUSED)))).refused
    assert not asyncio.run(noted("Network is unreachable")).refused


def test_a_link_whose_address_is_gone_says_why(free_port: int) -> None:
    async def look() -> Survey:
        gone = Link("eth9", 9, "192.0.2.1", 24, "", ("192.0.2.255",))
        return await Surveyor([gone], port=free_port, me=None).look(0.01)

    (found,) = asyncio.run(look()).links
    assert (found.error != "", found.channel) == (True, None)


def test_connections(loopback: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DIAL_TIMEOUT_S", 0.2)
    host, source = loopback(), loopback()
    with socket.create_server((host, 0)) as server:
        port = server.getsockname()[1]
        assert asyncio.run(try_connection(Address(host, port), source)) == (Dialled.CONNECTED, "")
        taken, (host_of_caller, _) = server.accept()
        taken.close()
        assert host_of_caller == source
    assert asyncio.run(try_connection(Address(host, port)))[0] is Dialled.REFUSED
    assert asyncio.run(try_connection(Address(host, port), "192.0.2.1"))[0] is Dialled.FAILED


def test_a_connection_that_is_never_taken_is_given_up(
    loopback: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DIAL_TIMEOUT_S", 0.2)
    host = loopback()
    with socket.socket() as server:
        server.bind((host, 0))
        server.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for each in fillers:  # what the queue cannot take waits for ever
            each.setblocking(False)
            each.connect_ex(server.getsockname())
        outcome = asyncio.run(try_connection(Address(host, server.getsockname()[1])))
        for each in fillers:
            each.close()
    assert outcome == (Dialled.SILENT, "no answer")
