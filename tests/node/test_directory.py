"""Finding people: the one that is meant, as soon as it is here, and nobody else who uses the name."""

import asyncio
import errno
from collections.abc import Sequence

import pytest

from lanmsg.model import Address, Delivery, LanmsgError, PeerId, Trust
from lanmsg.node import directory as module
from lanmsg.node.channel import Ear
from lanmsg.node.clock import wall_clock
from lanmsg.node.connection import Connection
from lanmsg.storage.store import Store
from tests.node.neighbours import Neighbours, engine_of, identity, say_and_wait, sees, story, until
from tests.node.puppet import Line, puppet


@story
async def test_a_name_is_waited_for(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    looking = asyncio.get_running_loop().create_task(anna.find("BEN", wait=5))
    ben = await neighbours.open("ben")
    assert (await looking).id == ben.id


@pytest.mark.parametrize("is_heard", [True, False])
@story
async def test_a_command_waits_for_a_name_though_it_has_asked_three_times(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch, *, is_heard: bool
) -> None:
    """It hears who comes, and where the port is somebody else's alone it asks again."""
    monkeypatch.setattr("lanmsg.protocol.discovery.QUERY_OFFSETS_S", (0.0, 0.0))
    monkeypatch.setattr("lanmsg.protocol.pacing.SEEK_INTERVAL_MIN_S", 30.0 if is_heard else 0.2)
    command = await neighbours.open("anna", listen=False)
    looking = asyncio.get_running_loop().create_task(command.find("ben", wait=20))
    with monkeypatch.context() as patch:
        if not is_heard:
            patch.setattr("lanmsg.node.beacon.open_ear", no_port)
        await until(lambda: engine_of(command).air.discovery._seek_until > 0)
    ben = await neighbours.open("ben")
    assert (await looking).id == ben.id


def no_port(port: int) -> Ear:
    raise OSError(errno.EADDRINUSE, str(port))


@story
async def test_an_address_is_dialled_again_while_it_is_waited_for(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SEEK_AFTER_S", 0.0)
    monkeypatch.setattr(module, "DIAL_AGAIN_S", 0.05)
    command = await neighbours.open("anna", listen=False, quiet=True)
    where = Address(neighbours.address("ben"), neighbours.port)
    dialled: list[Address] = []
    sessions = engine_of(command).sessions
    first = sessions.open

    async def noted(
        addresses: Sequence[Address], expected: PeerId | None, *, bulk: bool = False
    ) -> Connection:
        dialled.extend(addresses)
        return await first(addresses, expected, bulk=bulk)

    monkeypatch.setattr(sessions, "open", noted)
    looking = asyncio.get_running_loop().create_task(command.find(str(where), wait=30))
    await until(lambda: dialled == [where, where])
    ben = await neighbours.open("ben", quiet=True)
    found = await looking
    assert (found.id, found.present) == (ben.id, True)


@story
async def test_nobody_of_that_name_is_an_error_with_a_suggestion(neighbours: Neighbours) -> None:
    anna, _ = await neighbours.meet("anna", "ben")
    with pytest.raises(LanmsgError) as failure:
        await anna.find("benn")
    assert (failure.value.code, failure.value.hint) == ("not_found", "did you mean ben?")


@story
async def test_one_who_is_known_and_away_is_found_as_such(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    await say_and_wait(anna, ben, "hello")
    await neighbours.close(ben)
    await until(lambda: not sees(anna, ben.id))
    found = await anna.find("ben")
    assert (found.id, found.present) == (ben.id, False)


@story
async def test_another_key_under_a_pinned_name_is_never_found_by_it(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    await say_and_wait(anna, ben, "hello")
    await neighbours.close(ben)
    eve = await neighbours.open("eve", name="Ben")
    await until(lambda: sees(anna, eve.id) and not sees(anna, ben.id))
    with pytest.raises(LanmsgError) as failure:
        await anna.find("ben")
    assert failure.value.code == "key_changed"
    named = await anna.find(eve.id.hex()[:16])
    assert named.trust is Trust.CHANGED
    with pytest.raises(LanmsgError) as failure:
        await say_and_wait(anna, named.id, "is it you?")
    assert failure.value.code == "key_changed"


@pytest.mark.parametrize("is_replaced", [True, False])
@story
async def test_a_key_that_nobody_doubts_any_more_does_not_keep_its_name_from_the_other(
    neighbours: Neighbours, *, is_replaced: bool
) -> None:
    """The old laptop is switched on, or an impostor who was found out is here; the one meant is away."""
    here, away = identity("eve").peer_id, identity("ben").peer_id
    store = Store.open(neighbours.settings("anna").home)
    for each in (here, away):
        store.peers.saw(each, nickname="ben", now=wall_clock(), proven=True)
    if is_replaced:
        store.peers.pin(here, now=wall_clock())
        store.peers.succeed(here, away, nickname="ben", now=wall_clock())
    else:
        store.peers.set_trust(here, Trust.CHANGED, wall_clock())
        store.peers.pin(away, now=wall_clock())
    store.close()
    anna = await neighbours.open("anna")
    eve = await neighbours.open("eve", name="ben")
    await until(lambda: sees(anna, eve.id))
    assert (await anna.find("ben")).id == away


@story
async def test_who_is_here_is_found_without_an_ear(neighbours: Neighbours) -> None:
    """Two sockets more, and what everybody announces, for a command that has found its peer."""
    ben = await neighbours.open("ben")
    command = await neighbours.open("anna", listen=False)
    await until(lambda: sees(command, ben.id))
    assert (await command.find("ben", wait=20)).id == ben.id
    assert engine_of(command).air._beacon._ear is None


@story
async def test_two_of_one_name_are_ambiguous(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    for name in ("ben", "eve"):
        await neighbours.open(name, name="sam")
    await until(lambda: len(anna.peers()) == 2)
    with pytest.raises(LanmsgError) as failure:
        await anna.find("sam")
    assert failure.value.code == "ambiguous"
    assert len(failure.value.candidates) == 2
    first = failure.value.candidates[0]
    assert (await anna.find(first)).id.hex().upper().startswith(first.partition("~")[2])


@story
async def test_an_address_is_dialled_and_whoever_is_there_is_known_by_name(neighbours: Neighbours) -> None:
    ben = await neighbours.open("ben", quiet=True)
    anna = await neighbours.open("anna")
    found = await anna.find(str(ben.tcp[0]))
    assert (found.id, found.nickname, found.proven, found.present) == (ben.id, "ben", True, True)
    assert (await say_and_wait(anna, ben, "found you")).state is Delivery.DELIVERED


@story
async def test_an_address_where_nobody_is_says_so(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    nowhere = neighbours.address("nowhere")
    with pytest.raises(LanmsgError, match="connection refused") as failure:
        await anna.connect(nowhere, neighbours.port)
    assert failure.value.code == "network"
    with pytest.raises(LanmsgError) as failure:
        await anna.find(nowhere)
    with pytest.raises(LanmsgError, match="nobody here is called"):
        await anna.find(nowhere, dial=False)
    assert failure.value.code == "not_found"


@story
async def test_our_own_address_is_nobody(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    with pytest.raises(LanmsgError):
        await anna.connect(anna.tcp[0].host, anna.tcp[0].port)


@story
async def test_one_who_does_not_want_to_talk_to_us_is_not_connected(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    await ben.set_trust(anna.id, Trust.BLOCKED)
    await until(lambda: engine_of(ben).roster.trust_of(anna.id) is Trust.BLOCKED)
    await neighbours.close(anna)
    anna = await neighbours.open("anna", listen=False, quiet=True)
    with pytest.raises(LanmsgError, match="hung up"):
        await anna.connect(ben.tcp[0].host, ben.tcp[0].port)


@story
async def test_one_who_proves_its_key_and_says_nothing_is_not_waited_for(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HANDSHAKE_TIMEOUT_S", 0.1)

    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:
        answering = asyncio.get_running_loop().create_task(answer_nothing(ben.arrivals))
        with pytest.raises(LanmsgError) as failure:
            await anna.connect(ben.host, ben.port)
        assert failure.value.code == "network"
        await answering


async def answer_nothing(arrivals: "asyncio.Queue[Line]") -> None:
    await (await arrivals.get()).open()


@story
async def test_an_identity_is_found_by_its_fingerprint(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    assert (await anna.find(identity("ben").peer_id.hex()[:8])).id == ben.id
