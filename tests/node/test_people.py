"""People as a node tells of them: known, present, named by this person."""

import pytest

from lanmsg.model import Delivery, FileRule, LanmsgError, TransferState, Trust
from lanmsg.node.events import KeyChanged, PeerChanged, TransferAdded
from tests.node.neighbours import (
    Heard,
    Neighbours,
    engine_of,
    identity,
    say,
    say_and_wait,
    sees,
    story,
    texts,
    until,
)
from tests.node.puppet import puppet


@story
async def test_the_first_message_pins_the_key(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    assert (anna.peer(ben.id) or ben).trust is Trust.NEW  # type: ignore[union-attr]  # it is seen
    await say_and_wait(anna, ben, "hello")
    await until(lambda: engine_of(anna).roster.trust_of(ben.id) is Trust.PINNED)
    assert engine_of(ben).roster.trust_of(anna.id) is Trust.NEW


@story
async def test_a_petname_is_what_this_home_calls_somebody(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    await anna.rename(ben.id, "the boss")
    await until(lambda: (peer := anna.peer(ben.id)) and peer.name == "the boss")
    assert (await anna.find("the boss")).id == ben.id


@story
async def test_known_people_are_listed_when_asked_for(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    async with puppet(neighbours, "ben") as ben:
        line = await ben.call(anna)
        await until(lambda: sees(anna, ben.id))
        line.hang_up()
        await until(lambda: not sees(anna, ben.id))
    assert anna.peers() == []
    assert [each.nickname for each in anna.peers(absent=True)] == ["ben"]


@story
async def test_what_is_decided_about_one_persons_files_and_calls_stays(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    await anna.set_muted(ben.id, muted=True)
    await anna.set_file_rule(ben.id, FileRule.REFUSE, 1000)
    await until(lambda: (peer := anna.peer(ben.id)) and peer.muted and peer.file_rule_max == 1000)
    known = anna.peer(ben.id)
    assert known is not None
    assert known.file_rule is FileRule.REFUSE


@story
async def test_another_key_under_a_pinned_name_gets_nothing_of_what_was_meant_for_it(
    neighbours: Neighbours,
) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    await say_and_wait(anna, ben, "hello")
    await neighbours.close(ben)
    await until(lambda: not sees(anna, ben.id))
    waiting = await say(anna, ben.id, "for the real ben")
    heard = Heard(anna)
    eve = await neighbours.open("carla")
    await eve.set_name("BEN")
    changed = await heard.next(KeyChanged)
    assert (changed.peer.id, changed.before) == (eve.id, ben.id)
    with pytest.raises(LanmsgError) as found:
        await anna.find("ben")
    assert found.value.code == "key_changed"
    with pytest.raises(LanmsgError) as said:
        await say(anna, eve.id, "hello again")
    assert said.value.code == "key_changed"
    await anna.set_trust(eve.id, Trust.PINNED)
    await until(lambda: engine_of(anna).roster.trust_of(ben.id) is Trust.CHANGED)
    assert (await anna.find("ben")).id == eve.id
    await say_and_wait(anna, eve, "you are the new one")
    ben = await neighbours.open("ben")
    await until(lambda: sees(anna, ben.id))
    await say_and_wait(ben, anna, "I am still here")
    row = await anna.read(lambda store: store.history.get(waiting.number))
    assert row is not None
    assert (row.state, row.recipients[0].peer) == (Delivery.QUEUED, ben.id)
    assert await texts(eve) == ["you are the new one"]


@story
async def test_blocking_a_key_that_uses_a_pinned_name_leaves_the_pin_alone(neighbours: Neighbours) -> None:
    neighbours.pin("anna", "ben")
    anna, eve = await neighbours.meet("anna", "carla")
    await eve.set_name("ben")
    roster = engine_of(anna).roster
    await until(lambda: roster.trust_of(eve.id) is Trust.CHANGED)
    assert (await anna.set_trust(eve.id, Trust.BLOCKED)).trust is Trust.BLOCKED
    assert roster.trust_of(identity("ben").peer_id) is Trust.PINNED


@story
async def test_the_first_names_key_is_verified_by_hand_with_a_date(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    peer = await anna.set_trust(ben.id, Trust.VERIFIED)
    assert peer.verified_at >= anna.started_at
    assert (await anna.set_trust(ben.id, Trust.PINNED)).verified_at == 0.0
    assert anna.safety_number(ben.id) == ben.safety_number(anna.id)


@story
async def test_a_stranger_is_not_meant_by_a_name_that_looks_like_a_known_one(neighbours: Neighbours) -> None:
    neighbours.pin("anna", "ben")
    anna, eve = await neighbours.meet("anna", "carla")
    await eve.set_name("b\u0435n")
    await until(lambda: (peer := anna.peer(eve.id)) and peer.lookalike_of == "ben")
    with pytest.raises(LanmsgError, match="looks like ben") as refused:
        await anna.find("b\u0435n")
    assert refused.value.code == "security"
    assert (await anna.find(eve.id.hex()[:8])).id == eve.id
    await eve.set_name("Anna")
    await until(lambda: (peer := anna.peer(eve.id)) and peer.lookalike_of == "anna")
    with pytest.raises(LanmsgError, match="uses your own name"):
        await anna.find("Anna")
    heard = Heard(anna)
    while (await heard.next(PeerChanged)).peer.lookalike_of != "anna":
        pass
    await anna.set_name("mira")
    while (await heard.next(PeerChanged)).peer.lookalike_of:
        pass


@story
async def test_whom_one_blocks_is_refused_what_waits_and_has_back_what_was_decided(
    neighbours: Neighbours,
) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    await say_and_wait(anna, ben, "hello")
    await say_and_wait(ben, anna, "look at this")
    (path := neighbours.folder / "prank.txt").write_text("boo")
    heard = Heard(anna)
    await ben.offer(anna.id, [path])
    offer = (await heard.next(TransferAdded)).transfer
    await anna.set_trust(ben.id, Trust.BLOCKED)
    assert (await anna.transfers())[0].state is TransferState.DECLINED
    assert (offer.state, (await anna.conversations())[0].unread) == (TransferState.OFFERED, 0)
    with pytest.raises(LanmsgError, match="is blocked"):
        await say(anna, ben, "still there?")
    assert (await anna.set_trust(ben.id, Trust.NEW)).trust is Trust.PINNED


@story
async def test_nothing_is_sent_to_a_key_that_was_replaced(neighbours: Neighbours) -> None:
    neighbours.pin("anna", "ben")
    anna, eve = await neighbours.meet("anna", "carla")
    await eve.set_name("ben")
    ben = identity("ben").peer_id
    await until(lambda: engine_of(anna).roster.trust_of(eve.id) is Trust.CHANGED)
    heard = Heard(anna)
    await anna.set_trust(eve.id, Trust.PINNED)
    await until(lambda: (peer := anna.peer(ben)) and peer.is_old_key)
    with pytest.raises(LanmsgError, match="took the place of"):
        await say(anna, ben, "for the old key")
    await anna.set_trust(ben, Trust.PINNED)  # a mistake, taken back
    await until(lambda: (peer := anna.peer(eve.id)) and peer.is_old_key)
    assert getattr(anna.peer(ben), "name", "") == "ben"
    await neighbours.close(anna)
    warned = [event.peer.id async for event in heard._events if isinstance(event, KeyChanged)]
    assert warned == [eve.id]  # before it was trusted; neither replacement is an alarm
