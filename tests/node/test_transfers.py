"""Transfers from offer to end, with everything that may come between."""

import asyncio
from collections.abc import Sequence

import pytest

from lanmsg.model import Address, LanmsgError, PeerId, TransferId, TransferState, Trust
from lanmsg.node import engine, transfers
from lanmsg.node.connection import Connection
from lanmsg.node.dialer import UnreachableError
from lanmsg.node.node import Node
from lanmsg.protocol import payload as wire
from tests.node.neighbours import SOON_S, Neighbours, engine_of, identity, say_and_wait, sees, story, until
from tests.node.puppet import puppet
from tests.node.transfer_story import (
    SIZE,
    Disk,
    becomes,
    file_of,
    now,
    offer,
    offered,
    parts_in,
    saved,
)

pytestmark = pytest.mark.usefixtures("quick_transfers")

ACCEPTED = TransferState.ACCEPTED
CANCELLED = TransferState.CANCELLED
DECLINED = TransferState.DECLINED
DONE = TransferState.DONE
EXPIRED = TransferState.EXPIRED
FAILED = TransferState.FAILED
OFFERED = TransferState.OFFERED
RUNNING = TransferState.RUNNING


@story
async def test_a_file_that_is_accepted_arrives(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    path = file_of(neighbours)
    sent, received = await offer(anna, ben, path)
    assert (received.title, received.total) == ("report.pdf", 1000)
    await ben.accept(received.number)
    assert (await anna.transfer_ended(sent.number, timeout=SOON_S)).state is DONE
    done = await becomes(ben, received, DONE)
    assert saved(done) == path.read_bytes()
    assert done.done == 1000


@story
async def test_what_is_declined_is_declined_on_both_sides(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    sent, received = await offer(anna, ben, file_of(neighbours))
    await ben.decline(received.number, "not now, " + "please " * 40)
    ended = await becomes(anna, sent, DECLINED)
    assert ended.reason.startswith("not now, please")
    with pytest.raises(LanmsgError, match="already declined"):
        await ben.accept(received.number)


@story
async def test_an_offer_is_withdrawn(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    sent, received = await offer(anna, ben, file_of(neighbours))
    await anna.cancel(sent.number)
    await becomes(ben, received, CANCELLED)
    with pytest.raises(LanmsgError, match="already cancelled"):
        await ben.accept(received.number)


@pytest.mark.parametrize("who", ["sender", "receiver"])
@story
async def test_a_running_transfer_is_cancelled(neighbours: Neighbours, disk: Disk, who: str) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    sent, received = await offer(anna, ben, file_of(neighbours, size=SIZE))
    disk.stick()
    await ben.accept(received.number)
    await disk.is_stuck()
    if who == "sender":
        await anna.cancel(sent.number)
    else:
        await ben.cancel(received.number)
    await disk.go_on_once_stopped(anna if who == "sender" else ben)
    await becomes(anna, sent, CANCELLED)
    await becomes(ben, received, CANCELLED)
    await until(lambda: not engine_of(ben).desk.runs._runs)
    await until(lambda: not parts_in(ben.settings.downloads))


@story
async def test_several_at_once_in_both_directions(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    for node, other in ((anna, ben), (ben, anna)):
        await node.set_trust(other.id, Trust.PINNED)
    there = [await offer(anna, ben, file_of(neighbours, f"a{n}", 50_000)) for n in range(6)]
    back = [await offer(ben, anna, file_of(neighbours, f"b{n}", 50_000)) for n in range(6)]
    for _, received in there:
        await ben.accept(received.number)
    for _, received in back:
        await anna.accept(received.number)
    for sent, received in there:
        await becomes(anna, sent, DONE)
        await becomes(ben, received, DONE)
    for sent, received in back:
        await becomes(ben, sent, DONE)
        await becomes(anna, received, DONE)


@story
async def test_who_cannot_be_dialled_dials_back(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    sessions = engine_of(anna).sessions
    dial = sessions.open

    async def walled(
        addresses: Sequence[Address], expected: PeerId | None, *, bulk: bool = False
    ) -> Connection:
        if bulk:
            raise UnreachableError("a firewall")
        return await dial(addresses, expected, bulk=bulk)

    monkeypatch.setattr(sessions, "open", walled)
    path = file_of(neighbours)
    sent, received = await offer(anna, ben, path)
    await ben.accept(received.number)
    await becomes(anna, sent, DONE)
    assert saved(await becomes(ben, received, DONE)) == path.read_bytes()


@story
async def test_who_cannot_be_reached_is_asked_to_dial_now_and_then(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:
        line = await ben.call(anna)
        await until(anna.peers)
        sent = await anna.offer(ben.id, [file_of(neighbours)])

        async def walled(*_: object, **__: object) -> Connection:
            raise UnreachableError("a firewall")

        monkeypatch.setattr(engine_of(anna).sessions, "open", walled)
        await line.say(wire.Ack(sent.id), wire.Accept(sent.id, 0, 0))
        assert (await line.hear(wire.Callback)).id == sent.id
        await asyncio.sleep(10 * transfers.TICK_S)
        assert await line.heard_now(wire.Callback) == []
        monkeypatch.setattr(engine_of(anna).desk, "_call_back_at", {})  # the time has passed
        assert (await line.hear(wire.Callback)).id == sent.id


@story
async def test_where_nothing_can_be_written_both_sides_say_that_it_failed(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    path = file_of(neighbours)
    sent, received = await offer(anna, ben, path)
    with pytest.raises(LanmsgError, match="not a directory"):
        await ben.accept(received.number, destination=path / "no folder")
    # It was one when the person said yes, and is none any more.
    await engine_of(ben).desk.decisions.decide(received.number, ACCEPTED, destination=path / "no folder")
    assert "report.pdf" in (await becomes(ben, received, FAILED)).reason
    assert "other side" in (await becomes(anna, sent, FAILED)).reason


@story
async def test_a_file_that_is_gone_fails_on_both_sides_and_may_be_tried_again(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    path = file_of(neighbours)
    content = path.read_bytes()
    sent, received = await offer(anna, ben, path)
    path.unlink()
    await ben.accept(received.number)
    await becomes(anna, sent, FAILED)
    await becomes(ben, received, FAILED)
    path.write_bytes(content)
    await anna.retry_transfer(sent.number)
    await becomes(anna, sent, DONE)
    assert saved(await becomes(ben, received, DONE)) == content


@story
async def test_an_offer_that_nobody_answers_expires_on_both_sides(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    sent, received = await offer(anna, ben, file_of(neighbours))
    monkeypatch.setattr(transfers, "OFFER_LIFETIME_S", 0)
    assert (await becomes(anna, sent, EXPIRED)).reason == "nobody answered in time"
    assert (await becomes(ben, received, CANCELLED)).reason == "nobody answered in time"


@story
async def test_an_offer_waits_for_who_is_away(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    sent = await anna.offer(identity("ben").peer_id, [file_of(neighbours)])
    ben = await neighbours.open("ben")
    await becomes(anna, sent, OFFERED)
    assert len(await offered(ben)) == 1


@story
async def test_a_command_that_ends_leaves_its_offer_to_the_listener(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    command = await neighbours.open("anna", listen=False)
    await until(lambda: sees(command, ben.id))
    sent, received = await offer(command, ben, file_of(neighbours))
    await neighbours.close(command)
    await ben.accept(received.number)
    await becomes(anna, sent, DONE)
    await becomes(ben, received, DONE)


@story
async def test_a_command_sends_by_itself_where_no_listener_runs(neighbours: Neighbours) -> None:
    ben = await neighbours.open("ben")
    command = await neighbours.open("anna", listen=False)
    await until(lambda: sees(command, ben.id))
    sent, received = await offer(command, ben, file_of(neighbours))
    await ben.accept(received.number)
    await becomes(command, sent, DONE)
    await becomes(ben, received, DONE)


@story
async def test_a_command_tells_what_it_decides_where_no_listener_runs(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    sent, received = await offer(anna, ben, file_of(neighbours))
    await neighbours.close(ben)
    command = await neighbours.open("ben", listen=False)
    await until(lambda: sees(command, anna.id))
    await command.decline(received.number, "no, thank you")
    assert (await becomes(anna, sent, DECLINED)).reason == "no, thank you"


@story
async def test_a_second_process_decides_and_the_listener_receives(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    sent, received = await offer(anna, ben, file_of(neighbours))
    command = await neighbours.open("ben", listen=False)
    await command.accept(received.number)
    assert (await command.transfer_ended(received.number, timeout=SOON_S)).state is DONE
    await becomes(anna, sent, DONE)


@story
async def test_a_yes_that_got_lost_with_its_session_is_said_again(neighbours: Neighbours) -> None:
    ben = await neighbours.open("ben")
    async with puppet(neighbours, "anna") as anna:
        line = await anna.call(ben)
        await line.say(file_offer())
        received = (await offered(ben))[0]
        await ben.accept(received.number)
        await line.hear(wire.Accept)
        line.cut()
        line = await anna.call(ben)
        assert (await line.hear(wire.Accept)).id == received.id


@story
async def test_one_who_is_blocked_is_neither_offered_nor_sent_anything(
    neighbours: Neighbours, disk: Disk
) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    sent, received = await offer(anna, ben, file_of(neighbours, size=SIZE))
    disk.stick()
    await ben.accept(received.number)
    await disk.is_stuck()
    await anna.set_trust(ben.id, Trust.BLOCKED)
    await disk.go_on_once_stopped(anna)
    await becomes(anna, sent, CANCELLED)
    await becomes(ben, received, CANCELLED)
    with pytest.raises(LanmsgError, match="blocked"):
        await anna.offer(ben.id, [file_of(neighbours)])


@story
async def test_what_was_withdrawn_may_be_offered_again(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    sent, received = await offer(anna, ben, file_of(neighbours))
    await anna.cancel(sent.number)
    await becomes(ben, received, CANCELLED)
    with pytest.raises(LanmsgError, match="not your offer"):
        await ben.retry_transfer(received.number)
    async with asyncio.timeout(SOON_S):
        while not await anna.peer_knows(sent.number):
            await asyncio.sleep(0.005)
    await anna.retry_transfer(sent.number)
    again = (await offered(ben, 2))[-1]
    await ben.accept(again.number)
    await becomes(anna, sent, DONE)


@story
async def test_own_offers_are_not_for_us_to_accept(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    sent, _ = await offer(anna, ben, file_of(neighbours))
    with pytest.raises(LanmsgError, match="your own offer"):
        await anna.accept(sent.number)
    with pytest.raises(LanmsgError, match="no transfer 99"):
        await anna.decline(99)
    with pytest.raises(LanmsgError, match="cannot be tried again"):
        await anna.retry_transfer(sent.number)


@story
async def test_talk_goes_on_beside_a_transfer(neighbours: Neighbours, disk: Disk) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    sent, received = await offer(anna, ben, file_of(neighbours, size=SIZE))
    disk.stick()
    await ben.accept(received.number)
    await disk.is_stuck()
    await say_and_wait(anna, ben, "how is it going?")
    assert (await now(anna, sent.number)).state is RUNNING
    disk.go_on()
    await becomes(ben, received, DONE)


def file_offer(transfer: bytes = b"t" * 16, name: str = "a.txt") -> wire.Offer:
    items = (wire.OfferedItem(name, 5, folder=False),)
    return wire.Offer(TransferId(transfer), items, 1, 5, "", 600)


def leases(node: Node) -> dict[int, float]:
    return engine_of(node).desk._leases


@story
async def test_a_row_is_served_by_one_process(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    command = await neighbours.open("anna", listen=False)
    sent = await command.offer(identity("ben").peer_id, [file_of(neighbours)])
    ben = await neighbours.open("ben")
    await becomes(command, sent, OFFERED)
    assert sent.number in leases(command)
    assert sent.number not in leases(anna)
    assert len(await offered(ben)) == 1


def test_leases_are_renewed_in_time() -> None:
    assert transfers.LEASE_S / 2 > transfers.TICK_S
    assert transfers.LEASE_S > 2 * engine.HEARTBEAT_S
