"""What the screens hear of people: each change once, a new key under a pinned name loudly."""

from lanmsg.model import Status, Trust
from lanmsg.node.events import KeyChanged, PeerChanged
from tests.node.neighbours import Heard, Neighbours, identity, say_and_wait, sees, story, until


@story
async def test_a_new_key_under_a_pinned_name_is_told_once(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    heard = Heard(anna)
    await anna.set_trust(identity("ben").peer_id, Trust.PINNED)
    await anna.rename(identity("ben").peer_id, "ben")
    eve = await neighbours.open("eve", name="ben")
    changed = await heard.next(KeyChanged)
    assert (changed.peer.id, changed.before) == (eve.id, identity("ben").peer_id)
    await eve.set_status(Status.AWAY)
    await say_and_wait(eve, anna, "it is me, ben")
    await until(lambda: (peer := anna.peer(eve.id)) and peer.status is Status.AWAY)
    await neighbours.close(eve)
    await until(lambda: not sees(anna, eve.id))
    await neighbours.close(anna)
    rest = [event async for event in heard._events]
    assert not [event for event in rest if isinstance(event, KeyChanged)]


@story
async def test_one_who_uses_a_name_before_it_is_pinned_is_marked_when_it_is(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    heard = Heard(anna)
    eve = await neighbours.open("eve", name="ben")
    await until(lambda: sees(anna, eve.id))
    await anna.rename(identity("ben").peer_id, "ben")
    await anna.set_trust(identity("ben").peer_id, Trust.PINNED)
    assert (await heard.next(KeyChanged)).peer.id == eve.id


@story
async def test_a_peer_that_changes_is_told_as_a_change(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    heard = Heard(anna)
    await ben.set_status(Status.AWAY)
    while (await heard.next(PeerChanged)).peer.status is not Status.AWAY:
        pass
