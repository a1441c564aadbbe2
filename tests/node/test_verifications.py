"""Comparing words between real nodes: whichever processes two homes run, and whatever a peer tries."""

import os

import pytest

from lanmsg.model import Delivery, LanmsgError, PeerId, Trust, VerificationStage
from lanmsg.node import people, verifications
from lanmsg.node.clock import wall_clock
from lanmsg.node.events import VerificationChanged
from lanmsg.node.node import Node
from lanmsg.protocol.payload import CloseCode, Message, Refused, RefusedCode, Step, Verify
from lanmsg.protocol.verification import Verification as Machine
from lanmsg.storage.store import Store
from tests.node.neighbours import (
    Heard,
    Neighbours,
    engine_of,
    identity,
    say,
    see_each_other,
    story,
    texts,
    until,
)
from tests.node.puppet import Line, Puppet, puppet

ASKED, COMPARING = VerificationStage.ASKED, VerificationStage.COMPARING
SAME, DIFFERENT = VerificationStage.SAME, VerificationStage.DIFFERENT
FAILED, EXPIRED = VerificationStage.FAILED, VerificationStage.EXPIRED


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifications, "LOOK_S", 0.05)


async def stage(heard: Heard, wanted: VerificationStage) -> VerificationChanged:
    while (event := await heard.next(VerificationChanged)).stage is not wanted:
        pass
    assert isinstance(event, VerificationChanged)
    return event


async def compared(one: Node, other: Node) -> tuple[Heard, Heard]:
    """Both persons have the words in front of them."""
    heard = Heard(one), Heard(other)
    await one.verify(other.id)
    await other.verify(one.id)
    words = [(await stage(each, COMPARING)).words for each in heard]
    assert words[0] == words[1]
    assert len(words[0]) == 4
    return heard


def trust(node: Node, peer: PeerId) -> Trust:
    return engine_of(node).roster.trust_of(peer)


@pytest.mark.parametrize("names", [("anna", "ben"), ("ben", "anna")], ids="-".join)
@story
async def test_two_people_compare_and_each_verifies_for_themselves(
    neighbours: Neighbours, names: tuple[str, str]
) -> None:
    anna, ben = await neighbours.meet(*names)
    at_ben = Heard(ben)
    await anna.verify(ben.id)
    asked = await stage(at_ben, ASKED)
    assert (asked.peer.id, asked.ours, asked.words) == (anna.id, False, ())
    at_anna = Heard(anna)
    await ben.verify(anna.id)
    words = (await stage(at_anna, COMPARING)).words
    assert len(words) == 4
    assert (await stage(at_ben, COMPARING)).words == words
    peer = await anna.answer_verification(ben.id, same=True)
    assert peer.trust is Trust.VERIFIED
    assert peer.verified_at > peer.first_seen
    told = await stage(at_ben, SAME)
    assert not told.ours
    assert told.words
    assert trust(ben, anna.id) is Trust.NEW
    await ben.answer_verification(anna.id, same=True)
    await until(lambda: trust(ben, anna.id) is Trust.VERIFIED)
    while (await stage(at_anna, SAME)).ours:
        pass


@story
async def test_different_words_stop_everything_towards_that_key(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    at_anna, _ = await compared(anna, ben)
    await anna.answer_verification(ben.id, same=True)
    await ben.answer_verification(anna.id, same=False)
    told = await stage(at_anna, DIFFERENT)
    assert not told.ours
    assert "DIFFERENT" in told.reason
    assert trust(anna, ben.id) is Trust.VERIFIED  # whoever sits in the middle would not have passed it on
    await until(lambda: trust(ben, anna.id) is Trust.CHANGED)
    await until(lambda: anna.id not in engine_of(ben).sessions.peers())
    with pytest.raises(LanmsgError, match="nothing was sent") as caught:
        await say(ben, anna, "hello?")
    assert caught.value.code == "key_changed"


@story
async def test_what_is_queued_for_a_key_that_was_found_out_stays(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:
        line = await ben.call(anna)
        await until(lambda: anna.peer(ben.id))
        line.hang_up()
        await line.end()
        message = await say(anna, ben.id, "wait for me")
        await anna.set_trust(ben.id, Trust.CHANGED)
        await until(lambda: trust(anna, ben.id) is Trust.CHANGED)
        line = await ben.call(anna)
        assert await line.heard_now(Message) == []
        row = await anna.read(lambda store: store.history.get(message.number))
        assert row is not None
        assert row.state is Delivery.QUEUED


@story
async def test_whatever_processes_two_homes_run(neighbours: Neighbours) -> None:
    """A listener and a command in each: the commands are what two people look at."""
    listeners = await neighbours.meet("anna", "ben")
    anna = await neighbours.open("anna")
    ben = await neighbours.open("ben")
    assert not anna.listening
    await see_each_other(anna, ben)
    heard = [Heard(each) for each in listeners]
    await compared(anna, ben)
    for each in heard:
        assert (await stage(each, COMPARING)).words
    await anna.answer_verification(ben.id, same=True)
    await listeners[1].answer_verification(anna.id, same=True)
    await until(lambda: trust(listeners[0], ben.id) is Trust.VERIFIED)
    await until(lambda: trust(ben, anna.id) is Trust.VERIFIED)


@story
async def test_a_process_without_any_listener_serves_itself(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna", listen=False)
    ben = await neighbours.open("ben")
    await until(lambda: anna.peer(ben.id))
    at_ben = Heard(ben)
    await anna.verify(ben.id)
    await stage(at_ben, ASKED)
    await compared(anna, ben)


@story
async def test_a_wish_outlives_the_listener(neighbours: Neighbours) -> None:
    first, ben = await neighbours.meet("anna", "ben")
    second = await neighbours.open("anna")
    await see_each_other(second, ben)
    at_ben = Heard(ben)
    await second.verify(ben.id)
    await stage(at_ben, ASKED)
    await neighbours.close(first)
    await until(lambda: second.listening)
    await compared(second, ben)


@story
async def test_breaking_off_is_told(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    at_anna, at_ben = Heard(anna), Heard(ben)
    await anna.verify(ben.id)
    await stage(at_ben, ASKED)
    await anna.cancel_verification(ben.id)
    assert (await stage(at_anna, FAILED)).ours
    assert (await stage(at_ben, FAILED)).reason == verifications.BROKEN_OFF
    with pytest.raises(LanmsgError):
        await ben.answer_verification(anna.id, same=True)
    at_anna, at_ben = await compared(anna, ben)
    await ben.cancel_verification(anna.id)
    assert (await stage(at_anna, FAILED)).reason == verifications.BROKEN_OFF
    with pytest.raises(LanmsgError, match="no words"):
        await anna.answer_verification(ben.id, same=True)


@pytest.mark.parametrize("asks_in_a_command", [False, True])
@story
async def test_who_does_not_want_to_says_so_and_may_be_asked_again(
    neighbours: Neighbours, asks_in_a_command: bool
) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    asking = anna
    if asks_in_a_command:
        asking = await neighbours.open("anna")
        await until(lambda: asking.peer(ben.id))
    at_anna, at_ben = Heard(asking), Heard(ben)
    for _ in range(2):
        await asking.verify(ben.id)
        await stage(at_ben, ASKED)
        await ben.cancel_verification(anna.id)
        told = await stage(at_anna, FAILED)
        assert (told.ours, told.reason) == (False, verifications.DECLINED)
    await compared(asking, ben)


@story
async def test_nobody_answers_for_ever(neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "VERIFY_TIMEOUT_S", 60)  # less than ben's
    anna, ben = await neighbours.meet("anna", "ben")
    at_anna, at_ben = Heard(anna), Heard(ben)
    await anna.verify(ben.id)
    await stage(at_ben, ASKED)
    monkeypatch.setattr(verifications, "wall_clock", lambda: wall_clock() + 61)
    await stage(at_anna, EXPIRED)
    assert (await stage(at_ben, FAILED)).reason == verifications.BROKEN_OFF


@story
async def test_three_times_an_hour_is_enough(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    for _ in range(3):
        await compared(anna, ben)
        await anna.answer_verification(ben.id, same=True)
        await ben.answer_verification(anna.id, same=True)
    with pytest.raises(LanmsgError, match="are enough") as caught:
        await anna.verify(ben.id)
    assert caught.value.code == "security"
    await neighbours.close(anna)
    anna = await neighbours.open("anna")
    await see_each_other(anna, ben)
    with pytest.raises(LanmsgError, match="are enough"):
        await anna.verify(ben.id)


@story
async def test_a_blocked_peer_and_oneself_are_not_compared_with(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    await anna.set_trust(ben.id, Trust.BLOCKED)
    await until(lambda: trust(anna, ben.id) is Trust.BLOCKED)
    for peer, code in ((ben.id, "blocked"), (anna.id, "not_found"), (PeerId(bytes(32)), "not_found")):
        with pytest.raises(LanmsgError) as caught:
            await anna.verify(peer)
        assert caught.value.code == code


@story
async def test_a_new_key_whose_words_are_the_same_takes_the_place_of_the_old_one(
    neighbours: Neighbours,
) -> None:
    neighbours.pin("ben", "carla")
    ben, anna = await neighbours.meet("ben", "anna")
    await anna.set_name("carla")
    await until(lambda: trust(ben, anna.id) is Trust.CHANGED)
    await compared(ben, anna)
    await ben.answer_verification(anna.id, same=True)
    await until(lambda: trust(ben, anna.id) is Trust.VERIFIED)
    old = identity("carla").peer_id
    await until(lambda: trust(ben, old) is Trust.CHANGED)
    assert (await ben.find("carla")).id == anna.id


# ---------- Liars, and programs that cannot


def machine_of(liar: Puppet, line: Line, node: Node) -> Machine:
    session = line.session
    return Machine(me=liar.id, peer=node.id, session_id=session.session_id, key=session.verification_key)


async def spoken(machine: Machine, line: Line) -> None:
    await line.say(*machine.payloads_to_send())


@story
async def test_a_commitment_that_is_not_kept_ends_it(neighbours: Neighbours) -> None:
    """Whoever has the lower fingerprint commits itself, so the puppet has to be that one."""
    low, high = sorted(("anna", "ben"), key=lambda name: identity(name).peer_id)
    node = await neighbours.open(high)
    async with puppet(neighbours, low) as liar:
        line = await liar.call(node)
        heard = Heard(node)
        machine = machine_of(liar, line, node)
        machine.ask(os.urandom(16))
        await spoken(machine, line)
        await stage(heard, ASKED)
        await node.verify(liar.id)
        machine.receive_payload(await line.hear(Verify))
        machine.go(b"a" * 16)
        await spoken(machine, line)
        answer = await line.hear(Verify)
        assert answer.step is Step.RANDOM
        await line.say(Verify(answer.id, Step.REVEAL, b"c" * 16))
        assert (await stage(heard, FAILED)).reason == verifications.CHEATED
        closed = await line.end()
        assert closed is not None
        assert closed.code == CloseCode.PROTOCOL


@story
async def test_a_peer_gets_one_try_for_each_wish(neighbours: Neighbours) -> None:
    """It sees our bytes first, does not like the words, and tries again on another session: not with us."""
    low, high = sorted(("anna", "ben"), key=lambda name: identity(name).peer_id)
    node = await neighbours.open(high)
    async with puppet(neighbours, low) as liar:
        lines = [await liar.call(node), await liar.call(node)]
        heard = Heard(node)
        machines = [machine_of(liar, line, node) for line in lines]
        for machine, line in zip(machines, lines, strict=True):
            machine.ask(os.urandom(16))
            await spoken(machine, line)
        await stage(heard, ASKED)
        await node.verify(liar.id)
        for machine, line in zip(machines, lines, strict=True):
            machine.receive_payload(await line.hear(Verify))
        machines[0].go(b"a" * 16)
        await spoken(machines[0], lines[0])
        assert (await lines[0].hear(Verify)).step is Step.RANDOM
        machines[1].go(b"b" * 16)
        await spoken(machines[1], lines[1])
        assert (await lines[1].hear(Verify)).step is Step.CANCEL
        lines[0].cut()
        assert (await stage(heard, FAILED)).reason == verifications.BROKEN_LINE


@pytest.mark.parametrize(
    ("code", "reason"), list(verifications.REFUSALS.items()), ids=lambda value: str(value)[:10]
)
@story
async def test_a_program_that_cannot_or_will_not_says_so(
    neighbours: Neighbours, code: RefusedCode, reason: str
) -> None:
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as old:
        line = await old.call(anna)
        heard = Heard(anna)
        await until(lambda: anna.peer(old.id))
        await anna.verify(old.id)
        asked = await line.hear(Verify)
        await line.say(Refused(id=asked.id, code=code))
        assert (await stage(heard, FAILED)).reason == reason


@story
async def test_a_person_is_not_buried_in_questions(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as pest:
        line = await pest.call(anna)
        for number in range(12):
            await line.say(Verify(number.to_bytes(16), Step.ASK))
        for number in (10, 11):
            refused = await line.hear(Refused)
            assert (refused.id, refused.code) == (number.to_bytes(16), RefusedCode.BUSY)


@story
async def test_whoever_asked_and_left_asks_no_more(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:
        line = await ben.call(anna)
        heard = Heard(anna)
        await line.say(Verify(os.urandom(16), Step.ASK))
        await stage(heard, ASKED)
        line.hang_up()
        assert (await stage(heard, FAILED)).reason == verifications.LEFT


@story
async def test_words_stand_when_the_other_side_has_hung_up(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    await compared(anna, ben)
    await ben.answer_verification(anna.id, same=True)
    await neighbours.close(ben)
    peer = await anna.answer_verification(ben.id, same=True)
    assert peer.trust is Trust.VERIFIED
    assert await texts(anna) == []


@story
async def test_words_that_a_process_left_behind_are_void(neighbours: Neighbours) -> None:
    """It was killed; whoever held the session is gone, and so is what the words stood for."""
    ben, carla = identity("ben").peer_id, identity("carla").peer_id
    store = Store.open(neighbours.settings("anna").home)
    for peer in (ben, carla):
        store.verifications.wish(peer, now=wall_clock(), until=wall_clock() + 300)
    store.verifications.compare(ben, ("a", "b", "c", "d"), until=wall_clock() + 300)
    store.close()

    anna = await neighbours.open("anna")
    left, wish = await anna.verification(ben), await anna.verification(carla)
    assert left is not None
    assert wish is not None
    assert (left.stage, left.reason) == (FAILED, verifications.CLOSED)
    assert wish.is_open
