"""The whole look at a machine: facts gathered on real sockets and files, beside a running node or none."""

import asyncio
import os
import socket
import sys
from pathlib import Path

import pytest

from lanmsg.config import Settings
from lanmsg.model import Diagnosis, Finding
from lanmsg.node.clock import steady_clock
from lanmsg.node.diagnosis import diagnose
from lanmsg.node.node import Node
from lanmsg.storage.home import IDENTITY_FILE
from lanmsg.storage.store import Store
from tests.node.neighbours import Neighbours, identity, story, until

LOOKS_S = (0.3, 2.0, 10.0)
"""How long to look around: an answer takes milliseconds, but a loaded machine has its own idea of those."""


def by_code(diagnosis: Diagnosis) -> dict[str, Finding]:
    return {finding.code: finding for finding in diagnosis.findings}


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_mode, path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
    }


async def look(
    settings: Settings, *, wait: float, peer: str = "", node: Node | None = None
) -> dict[str, Finding]:
    return by_code(await diagnose(settings, node=node, wait=wait, peer=peer))


async def look_for(
    code: str, settings: Settings, *, peer: str = "", node: Node | None = None
) -> dict[str, Finding]:
    """The findings once this one is among them and good."""
    found: dict[str, Finding] = {}
    for seconds in LOOKS_S:
        found = await look(settings, wait=seconds, peer=peer, node=node)
        if code in found and found[code].ok:
            break
    return found


@story
async def test_a_lanmsg_that_runs_beside_others_is_well(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    sent = anna.interfaces[0].sent
    found = await look_for("people", anna.settings, node=anna)
    assert [each.code for each in found.values() if not each.ok] == []
    assert "it sees 1 peer" in found["listener"].message
    assert "ben" in found["people"].message
    assert int(found["traffic"].message.split(": ")[1].split(" ")[0]) > sent
    assert [each.id for each in ben.peers()] == [anna.id]


def test_nothing_is_made_and_nothing_is_changed(neighbours: Neighbours) -> None:
    settings = neighbours.settings("anna")
    before = snapshot(neighbours.folder)
    found = asyncio.run(look(settings, wait=0.1))
    assert snapshot(neighbours.folder) == before
    assert (found["store"].ok, found["listener-none"].ok, found["nobody"].ok) == (True, True, False)


def test_a_home_that_does_not_exist_is_not_made(home: Path, free_port: int, tmp_path: Path) -> None:
    settings = Settings(home, tmp_path / "saved", "anna", free_port, ("127.0.0.1",))
    asyncio.run(look(settings, wait=0.05))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="modes are for POSIX")
def test_a_key_that_others_may_read_stays_so_and_is_told(neighbours: Neighbours) -> None:
    settings = neighbours.settings("anna")
    key = settings.home / IDENTITY_FILE
    key.chmod(0o644)
    found = asyncio.run(look(settings, wait=0.05))
    assert found["key-open"].commands == (f"chmod 600 {key}",)
    assert key.stat().st_mode & 0o777 == 0o644


def test_a_key_that_is_none_is_told(neighbours: Neighbours) -> None:
    settings = neighbours.settings("anna")
    (settings.home / IDENTITY_FILE).write_bytes(b"not a key")
    assert not asyncio.run(look(settings, wait=0.05))["key-damaged"].ok


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is Linux's")
def test_another_program_on_the_port_is_named(neighbours: Neighbours) -> None:
    settings = neighbours.settings("anna")
    with (
        socket.create_server((neighbours.address("anna"), neighbours.port)),
        socket.socket(type=socket.SOCK_DGRAM) as other,
    ):
        other.bind(("", neighbours.port))
        found = asyncio.run(look(settings, wait=0.05))["port-taken"]
    assert f"TCP and UDP port {neighbours.port} is held by py" in found.message
    assert f"(process {os.getpid()}, " in found.message
    assert found.commands == ()


@story
async def test_the_way_to_somebody_by_name_and_by_address(neighbours: Neighbours) -> None:
    ben = await neighbours.open("ben")
    settings = neighbours.settings("anna")
    address = neighbours.address("ben")
    for word in ("BEN", ben.id.hex()[:8], address, f"{address}:{neighbours.port}"):
        assert (await look_for("peer", settings, peer=word))["peer"].ok, word
    assert "peer-unknown" in await look(settings, wait=0.05, peer="zoe")
    nowhere = await look(settings, wait=0.05, peer=f"{neighbours.address('nobody')}:{neighbours.port}")
    assert "no lanmsg takes connections" in nowhere["peer-unreachable"].message


def test_somebody_who_was_here_and_is_not_is_no_news(neighbours: Neighbours) -> None:
    settings = neighbours.settings("anna")
    store = Store.open(settings.home)
    store.peers.saw(identity("ben").peer_id, nickname="ben", now=1.0)
    store.close()
    found = asyncio.run(look(settings, wait=0.1))
    assert [each.code for each in found.values() if not each.ok] == ["nobody"]


def test_it_takes_about_as_long_as_it_is_told(neighbours: Neighbours) -> None:
    started = steady_clock()
    asyncio.run(look(neighbours.settings("anna"), wait=0.3))
    assert 0.3 <= steady_clock() - started < 30


@story
async def test_in_quiet_mode_nothing_is_sent_to_everyone(neighbours: Neighbours) -> None:
    ben = await neighbours.open("ben")
    await until(lambda: ben.interfaces[0].sent > 0)
    found = await look(neighbours.settings("anna", quiet=True), wait=0.2)
    assert not found["quiet"].ok
    assert ": 0 sent" in found["traffic"].message
