"""Decisions are told in each session until the peer acknowledges them: both sides call an end the same."""

import asyncio

import pytest

from lanmsg.model import TransferId, TransferState
from lanmsg.node import telling
from lanmsg.node.clock import wall_clock
from lanmsg.node.telling import clipped
from lanmsg.protocol import payload as wire
from tests.node.neighbours import SOON_S, Neighbours, engine_of, story, until
from tests.node.puppet import on_the_line, puppet
from tests.node.transfer_story import asks, becomes, file_of, is_asked, now, offer

pytestmark = pytest.mark.usefixtures("quick_transfers")

CANCELLED, DECLINED, FAILED = TransferState.CANCELLED, TransferState.DECLINED, TransferState.FAILED


@pytest.mark.parametrize("word", [wire.Decline, wire.Cancel])
@story
async def test_what_was_decided_is_told_until_it_is_acknowledged(
    neighbours: Neighbours, word: type[wire.Decline | wire.Cancel]
) -> None:
    async with on_the_line(neighbours, "ben", "anna") as (ben, anna, line):
        _, received = await asks(line, ben, b"o" * 16)
        await (ben.decline if word is wire.Decline else ben.cancel)(received.number)
        assert (await line.hear(word)).id == received.id
        assert not await ben.peer_knows(received.number)
        line.cut()
        second = await anna.call(ben)
        assert (await second.hear(word)).id == received.id
        await second.say(wire.Ack(received.id, "offer"), wire.Ack(received.id, "pause"))
        assert not await ben.peer_knows(received.number)
        await second.say(wire.Ack(received.id, "decline" if word is wire.Decline else "cancel"))
        await second.heard_now(word)
        assert await ben.peer_knows(received.number)
        second.cut()
        third = await anna.call(ben)
        assert await third.heard_now(word) == []


@story
async def test_it_is_told_again_in_a_session_that_stays(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "TELL_AGAIN_S", 0.2)

    async with on_the_line(neighbours, "ben", "anna") as (ben, _, line):
        _, received = await asks(line, ben)
        await ben.decline(received.number)
        for _ in range(2):
            assert (await line.hear(wire.Decline)).id == received.id


@pytest.mark.parametrize("word", ["decline", "cancel", "failed", "pause", "resume"])
@story
async def test_what_is_unknown_here_is_acknowledged_all_the_same(neighbours: Neighbours, word: str) -> None:
    said: dict[str, wire.Decision] = {
        "decline": wire.Decline(TransferId(b"?" * 16), ""),
        "cancel": wire.Cancel(TransferId(b"?" * 16), ""),
        "failed": wire.Failed(TransferId(b"?" * 16), "disk_full", ""),
        "pause": wire.Pause(TransferId(b"?" * 16)),
        "resume": wire.Resume(TransferId(b"?" * 16)),
    }

    async with on_the_line(neighbours, "ben", "anna") as (ben, _, line):
        await line.say(said[word])
        assert await line.hear(wire.Ack) == wire.Ack(b"?" * 16, word)
        assert await ben.transfers() == []


@story
async def test_a_failure_that_the_run_could_not_tell_is_told_beside_it(neighbours: Neighbours) -> None:
    async with on_the_line(neighbours, "anna", "ben") as (anna, ben, line):
        sent = await anna.offer(ben.id, [file_of(neighbours)])
        await line.hear(wire.Offer)
        await line.say(wire.Ack(sent.id), wire.Accept(sent.id, 0, 0))
        await becomes(anna, sent, TransferState.ACCEPTED)
        await line.say(wire.Failed(sent.id, "permission", "ignored: it may pretend to be ours"))
        failed = await becomes(anna, sent, FAILED)
        assert (failed.code, failed.reason) == ("permission", "the other side may not write there")
        assert (await line.hear(wire.Ack)).of == "failed"
        assert await anna.peer_knows(sent.number)


@story
async def test_a_failure_of_ours_is_told(neighbours: Neighbours) -> None:
    async with on_the_line(neighbours, "ben", "anna") as (ben, _, line):
        made, received = await asks(line, ben)
        await ben.read(
            lambda store: store.transfers.move(received.number, FAILED, now=wall_clock(), code="too_large")
        )
        assert (await line.hear(wire.Failed)).code == "too_large"
        await line.say(made)  # not a retry: the source has not heard yet
        assert (await line.hear(wire.Failed)).code == "too_large"
        assert (await now(ben, received.number)).state is FAILED
        await line.say(wire.Ack(made.id, "failed"))
        async with asyncio.timeout(SOON_S):
            while not await ben.peer_knows(received.number):
                await asyncio.sleep(0.005)
        await line.say(made)
        assert (await line.hear(wire.Accept)).id == made.id


@story
async def test_a_cancel_that_came_too_late_is_answered_with_done(neighbours: Neighbours) -> None:
    ben = await neighbours.open("ben")
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "cleo") as cleo:
        line = await cleo.call(ben)
        made, received = await asks(line, ben)
        await ben.accept(received.number)
        await becomes(ben, received, TransferState.ACCEPTED)
        await ben.read(
            lambda store: store.transfers.move(received.number, TransferState.DONE, now=wall_clock(), done=5)
        )
        await line.say(wire.Cancel(made.id, ""))
        assert (await line.hear(wire.Done)).bytes == 5
        assert (await now(ben, received.number)).state is TransferState.DONE

        line = await cleo.call(anna)
        sent = await is_asked(line, cleo, anna, file_of(neighbours))
        await anna.cancel(sent.number)
        await line.hear(wire.Cancel)
        await line.say(wire.Done(sent.id, 1, 1000))
        await becomes(anna, sent, TransferState.DONE)


def test_a_reason_is_cut_to_what_a_peer_takes_and_not_inside_a_character() -> None:
    assert clipped("ä" * 100) == "ä" * 70
    assert clipped("a\0b\udc80") == "ab?"


@story
async def test_what_is_over_and_told_is_kept_in_mind_no_more(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    sent, received = await offer(anna, ben, file_of(neighbours))
    assert engine_of(anna).desk._asked
    await ben.decline(received.number)
    await becomes(anna, sent, DECLINED)
    await until(lambda: not engine_of(anna).desk._asked)
    await until(lambda: not engine_of(ben).desk.telling._said)
    assert await ben.peer_knows(received.number)
