"""What peers say about transfers counts only for the row it names, and in a state that allows it."""

import asyncio
import os
from collections.abc import Callable

import pytest

from lanmsg.model import Direction, TransferId, TransferState, Trust
from lanmsg.node import offers as module
from lanmsg.node.clock import wall_clock
from lanmsg.node.events import Notice
from lanmsg.protocol import admission
from lanmsg.protocol import payload as wire
from lanmsg.protocol.constants import PENDING_OFFERS_PER_NEW_PEER_MAX
from lanmsg.storage.errors import StorageError
from tests.node.neighbours import SOON_S, Heard, Neighbours, engine_of, story, until
from tests.node.puppet import Puppet, on_the_line, puppet
from tests.node.transfer_story import an_offer, asks, becomes, file_of, now, offer, offered

pytestmark = pytest.mark.usefixtures("quick_transfers")

Answer = wire.Accept | wire.Decline | wire.Cancel | wire.Done


def accept(transfer: TransferId) -> wire.Accept:
    return wire.Accept(transfer, 0, 0)


@story
async def test_an_offer_is_acknowledged_once_it_is_stored_and_again_when_repeated(
    neighbours: Neighbours,
) -> None:
    async with on_the_line(neighbours, "ben", "anna") as (ben, anna, line):
        made = an_offer(text="the minutes")
        await line.say(made)
        assert (await line.hear(wire.Ack)).id == made.id
        await line.say(made)
        assert (await line.hear(wire.Ack)).id == made.id
        received = await offered(ben)
        assert [(each.text, each.peer) for each in received] == [("the minutes", anna.id)]


@story
async def test_a_stranger_may_ask_only_so_much_and_a_known_peer_more(neighbours: Neighbours) -> None:
    async with on_the_line(neighbours, "ben", "anna") as (ben, anna, line):
        for _ in range(PENDING_OFFERS_PER_NEW_PEER_MAX):
            await line.say(an_offer())
            await line.hear(wire.Ack)
        await line.say(an_offer())
        assert (await line.hear(wire.Refused)).code == "busy"
        await ben.set_trust(anna.id, Trust.PINNED)
        await until(lambda: engine_of(ben).roster.trust_of(anna.id) is Trust.PINNED)
        again = an_offer()
        await line.say(again)
        assert (await line.hear(wire.Ack)).id == again.id


@story
async def test_strangers_leave_room_for_the_known(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PENDING_OFFERS_NEW_PEERS_MAX", 2)
    monkeypatch.setattr(module, "PENDING_OFFERS_MAX", 3)

    neighbours.pin("ben", "carla")
    ben = await neighbours.open("ben")
    async with puppet(neighbours, "anna") as anna, puppet(neighbours, "eve") as eve:
        lines = [await each.call(ben) for each in (anna, eve)]
        for line in lines:
            await line.say(an_offer())
            await line.hear(wire.Ack)
        await lines[1].say(an_offer())
        assert (await lines[1].hear(wire.Refused)).code == "busy"
        async with puppet(neighbours, "carla") as carla:
            known = await carla.call(ben)
            await known.say(an_offer())
            await known.hear(wire.Ack)


@story
async def test_a_host_makes_only_so_many_offers_with_whatever_keys(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "NEW_PEERS_OFFERS_PER_HOST_BURST", 2)

    ben = await neighbours.open("ben")
    here = neighbours.address("eve")
    eve, mallory = Puppet("eve", here), Puppet("mallory", here)
    try:
        lines = [await each.call(ben) for each in (eve, mallory)]
        for line in lines:
            await line.say(an_offer())
            await line.hear(wire.Ack)
        await lines[1].say(an_offer())
        assert (await lines[1].hear(wire.Refused)).code == "busy"
    finally:
        await eve.close()
        await mallory.close()


@story
async def test_a_stranger_cannot_fill_the_store_with_offers_that_it_withdraws(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "NEW_PEER_OFFERS_MAX", 3)

    async with on_the_line(neighbours, "ben", "anna") as (ben, _, line):
        for _ in range(3):
            made = an_offer()
            await line.say(made, wire.Cancel(made.id, "never mind"))
            await line.hear(wire.Ack)
        await line.say(an_offer())
        assert (await line.hear(wire.Refused)).code == "busy"
        assert len(await ben.transfers()) == 3


@story
async def test_an_offer_that_is_put_off_is_made_again(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PENDING_OFFERS_PER_PEER_MAX", 1)
    monkeypatch.setattr(module, "PENDING_OFFERS_PER_NEW_PEER_MAX", 1)

    anna, ben = await neighbours.meet("anna", "ben")
    _, first = await offer(anna, ben, file_of(neighbours, "first"))
    second = await anna.offer(ben.id, [file_of(neighbours, "second")])
    async with asyncio.timeout(SOON_S):
        while not (await now(anna, second.number)).reason:
            await asyncio.sleep(0.005)
    waiting = await now(anna, second.number)
    assert (waiting.state, "offered again later" in waiting.reason) == (TransferState.QUEUED, True)
    await ben.decline(first.number)
    await becomes(anna, second, TransferState.OFFERED)


@story
async def test_an_offer_that_cannot_be_stored_is_refused_for_now(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**kwargs: object) -> None:
        raise StorageError("no space left", code="no_space")

    async with on_the_line(neighbours, "ben", "anna") as (ben, _, line):
        with monkeypatch.context() as patch:
            patch.setattr(engine_of(ben).disk.store.transfers, "add", full)
            notices = Heard(ben)
            await line.say(an_offer())
            assert (await line.hear(wire.Refused)).code == "full"
            again = an_offer()
            await line.say(again, again, an_offer())
            assert (await notices.next(Notice)).text == "an offer cannot be stored: no space left"
            with pytest.raises(TimeoutError):  # once for all
                await notices.next(Notice, seconds=0.1)


@pytest.mark.parametrize("say", [accept, lambda each: wire.Done(each, 1, 1000)])
@story
async def test_only_the_one_who_was_asked_can_answer(
    neighbours: Neighbours, say: Callable[[TransferId], wire.Payload]
) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    sent, _ = await offer(anna, ben, file_of(neighbours))
    async with puppet(neighbours, "eve") as eve:
        line = await eve.call(anna)
        answer = say(sent.id)
        await line.say(answer, wire.Decline(sent.id, "no"), wire.Cancel(sent.id, "no"))
        assert await line.heard_now(wire.Accept) == []
        assert (await now(anna, sent.number)).state is TransferState.OFFERED


@story
async def test_a_yes_to_what_was_never_offered_is_ignored(neighbours: Neighbours) -> None:
    async with on_the_line(neighbours, "anna", "ben") as (_, _, line):
        await line.say(accept(TransferId(os.urandom(16))))
        assert await line.heard_now(wire.Cancel) == []


@pytest.mark.parametrize("state", [TransferState.CANCELLED, TransferState.EXPIRED, TransferState.FAILED])
@story
async def test_a_yes_that_comes_too_late_is_told_so(neighbours: Neighbours, state: TransferState) -> None:
    async with on_the_line(neighbours, "anna", "ben") as (anna, ben, line):
        sent = await anna.offer(ben.id, [file_of(neighbours)])
        made = await line.hear(wire.Offer)
        await anna.read(lambda store: store.transfers.move(sent.number, state, now=wall_clock()))
        await anna.read(lambda store: store.transfers.set_told(sent.number, state))
        await line.say(accept(made.id))
        assert (await line.hear(wire.Cancel)).id == made.id


@story
async def test_an_offer_made_again_while_it_runs_is_answered_when_the_run_has_broken(
    neighbours: Neighbours,
) -> None:
    async with on_the_line(neighbours, "ben", "anna") as (ben, anna, line):
        made, received = await asks(line, ben)
        await ben.accept(received.number)
        await line.hear(wire.Accept)
        bulk = await anna.dial(ben)
        await bulk.say(wire.Bulk(made.id, "source"))
        await becomes(ben, received, TransferState.RUNNING)
        await line.say(made, made)
        assert await line.heard_now(wire.Accept) == []
        bulk.cut()
        assert (await line.hear(wire.Accept)).id == made.id
        await becomes(ben, received, TransferState.ACCEPTED)
        assert await line.heard_now(wire.Accept) == []


@story
async def test_a_second_bulk_session_for_what_runs_is_a_duplicate(neighbours: Neighbours) -> None:
    async with on_the_line(neighbours, "ben", "anna") as (ben, anna, line):
        made, received = await asks(line, ben)
        await ben.accept(received.number)
        await (await anna.dial(ben)).say(wire.Bulk(made.id, "source"))
        await becomes(ben, received, TransferState.RUNNING)
        second = await anna.dial(ben)
        await second.say(wire.Bulk(made.id, "source"))
        assert await second.end_of_bulk() == "duplicate"


@pytest.mark.parametrize("role", ["source", "sink"])
@story
async def test_a_bulk_session_for_what_was_not_agreed_is_refused(neighbours: Neighbours, role: str) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    sent, received = await offer(anna, ben, file_of(neighbours))
    async with puppet(neighbours, "eve") as eve:
        for node in (anna, ben):
            line = await eve.dial(node)
            await line.say(wire.Bulk(sent.id, "source" if role == "source" else "sink"))
            assert await line.end_of_bulk() == "protocol"
    assert (await now(ben, received.number)).state is TransferState.OFFERED


@story
async def test_no_bytes_are_taken_before_the_person_has_said_yes(neighbours: Neighbours) -> None:
    async with on_the_line(neighbours, "ben", "anna") as (ben, anna, line):
        made = an_offer()
        await line.say(made)
        await line.hear(wire.Ack)
        bulk = await anna.dial(ben)
        await bulk.say(wire.Bulk(made.id, "source"))
        assert await bulk.end_of_bulk() == "protocol"
        assert not ben.settings.downloads.exists()


@pytest.mark.parametrize(
    ("decided", "kind"),
    [
        (TransferState.DECLINED, wire.Decline),
        (TransferState.CANCELLED, wire.Cancel),
        (TransferState.EXPIRED, wire.Cancel),
        (TransferState.DONE, wire.Done),
        (TransferState.PAUSED, wire.Accept),
        (TransferState.RUNNING, wire.Accept),
    ],
)
@story
async def test_an_offer_made_again_is_answered_by_what_was_decided(
    neighbours: Neighbours, decided: TransferState, kind: type[Answer]
) -> None:
    async with on_the_line(neighbours, "ben", "anna") as (ben, _, line):
        made = an_offer()
        await line.say(made)
        await line.hear(wire.Ack)
        number = (await offered(ben))[0].number
        await ben.read(lambda store: store.transfers.move(number, decided, now=2e9, reason="x" * 300))
        await ben.read(lambda store: store.transfers.set_told(number, decided))
        await line.say(made)
        assert (await line.hear(kind)).id == made.id


@story
async def test_a_done_from_who_has_it_all_ends_what_was_paused(neighbours: Neighbours) -> None:
    async with on_the_line(neighbours, "anna", "ben") as (anna, ben, line):
        sent = await anna.offer(ben.id, [file_of(neighbours)])
        made = await line.hear(wire.Offer)
        await line.say(wire.Ack(made.id), wire.Done(made.id, 1, 1000))
        await becomes(anna, sent, TransferState.DONE)


@story
async def test_a_refused_offer_has_failed_in_our_words(neighbours: Neighbours) -> None:
    async with on_the_line(neighbours, "anna", "ben") as (anna, ben, line):
        sent = await anna.offer(ben.id, [file_of(neighbours)])
        await line.say(wire.Refused((await line.hear(wire.Offer)).id, "done\x1b[1A"))
        assert (await becomes(anna, sent, TransferState.FAILED)).reason == "refused by the other side"


@story
async def test_who_has_blocked_us_is_not_dialled_again_by_itself(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with on_the_line(neighbours, "anna", "ben") as (anna, ben, line):
        monkeypatch.setattr(engine_of(anna).desk, "_reaches", lambda _: True)  # it is seen all the time
        sent = await anna.offer(ben.id, [file_of(neighbours)])
        await line.hear(wire.Offer)
        line.hang_up(wire.CloseCode.BLOCKED)
        assert (await becomes(anna, sent, TransferState.FAILED)).code == "refused"
        assert ben.arrivals.empty()


@story
async def test_a_call_back_for_nothing_dials_nobody(neighbours: Neighbours) -> None:
    async with on_the_line(neighbours, "ben", "anna") as (_, anna, line):
        made = an_offer()
        await line.say(made, wire.Callback(made.id), wire.Callback(TransferId(b"?" * 16)))
        assert await line.heard_now(wire.Accept) == []
        assert anna.arrivals.empty()


@story
async def test_the_same_id_may_go_both_ways(neighbours: Neighbours) -> None:
    async with on_the_line(neighbours, "ben", "anna") as (ben, anna, line):
        sent = await ben.offer(anna.id, [file_of(neighbours)])
        made = await line.hear(wire.Offer)
        await line.say(wire.Ack(made.id), an_offer(made.id))
        await becomes(ben, sent, TransferState.OFFERED)
        await line.hear(wire.Ack)
        directions = {each.direction for each in await ben.transfers()}
        assert directions == set(Direction)
