"""Messages through the node: to one, to everyone, to nobody, later, taken back; drafts and read marks."""

import pytest

from lanmsg.model import EVERYONE, Conversation, ConversationKind, Delivery, LanmsgError, Trust
from lanmsg.node.events import ReadMarkMoved
from tests.node.neighbours import (
    SOON_S,
    Heard,
    Neighbours,
    engine_of,
    identity,
    say,
    say_and_wait,
    story,
    texts,
    until,
)


@story
async def test_a_message_is_delivered_and_in_both_histories(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    sent = await say_and_wait(anna, ben, "hello ben")
    assert sent.state is Delivery.DELIVERED
    assert await texts(ben) == await texts(anna) == ["hello ben"]
    received = (await ben.history(Conversation.with_peer(anna.id)))[0]
    assert (received.sender, received.id) == (anna.id, sent.id)


@story
async def test_one_who_is_away_gets_it_later_and_the_row_says_so(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    waiting = await say(anna, identity("ben").peer_id, "for later")
    row = await anna.read(lambda store: store.history.get(waiting.number))
    assert row is not None
    assert (row.state, row.recipients[0].reason) == (Delivery.QUEUED, "not here")
    assert (await anna.delivered(waiting, timeout=0.05)).state is Delivery.QUEUED


@pytest.mark.parametrize("conversation", [EVERYONE, Conversation(ConversationKind.PRIVATE)])
@story
async def test_a_message_to_nobody_is_an_error(neighbours: Neighbours, conversation: Conversation) -> None:
    anna = await neighbours.open("anna")
    with pytest.raises(LanmsgError):
        await anna.send_text(conversation, "hello?")
    assert await texts(anna) == []


@story
async def test_a_broadcast_goes_to_neither_blocked_nor_changed_peers(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    await anna.set_trust(ben.id, Trust.BLOCKED)
    await until(lambda: engine_of(anna).roster.trust_of(ben.id) is Trust.BLOCKED)
    with pytest.raises(LanmsgError) as failure:
        await anna.send_text(EVERYONE, "not you")
    assert failure.value.code == "not_found"
    with pytest.raises(LanmsgError) as failure:
        await say(anna, ben, "nor alone")
    assert failure.value.code == "blocked"


@story
async def test_who_is_blocked_in_the_middle_of_a_talk_hears_so(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    await say_and_wait(ben, anna, "hello")
    await anna.set_trust(ben.id, Trust.BLOCKED)
    await until(lambda: engine_of(anna).sessions.live(ben.id) is None)
    refused = await say(ben, anna, "why?")
    assert (await ben.delivered(refused, timeout=0.3)).state is not Delivery.DELIVERED
    assert await texts(anna) == ["hello"]


@story
async def test_what_is_queued_is_taken_back_and_queued_again(neighbours: Neighbours) -> None:
    anna = await neighbours.open("anna")
    message = await say(anna, identity("ben").peer_id, "on second thoughts")
    await anna.cancel_message(message.number)
    assert (await anna.delivered(message, timeout=SOON_S)).state is Delivery.FAILED
    await anna.retry(message.number)
    ben = await neighbours.open("ben")
    assert (await anna.delivered(message, timeout=SOON_S)).state is Delivery.DELIVERED
    assert await texts(ben) == ["on second thoughts"]


@story
async def test_drafts_and_read_marks_are_kept(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    await say_and_wait(ben, anna, "one")
    await say_and_wait(ben, anna, "two")
    talk = Conversation.with_peer(ben.id)
    await anna.set_draft(talk, "I will")
    summary = (await anna.conversations())[0]
    assert (summary.unread, summary.draft) == (2, "I will")
    first = (await anna.history(talk))[0]
    await anna.mark_read(talk, first.number)
    assert (await anna.conversations())[0].unread == 1
    assert [each.text for each in await anna.search("TWO", talk)] == ["two"]


@story
async def test_what_one_screen_has_read_the_other_screen_of_the_home_hears_of(neighbours: Neighbours) -> None:
    neighbours.pin("anna", "ben")
    anna, ben = await neighbours.meet("anna", "ben")
    second = await neighbours.open("anna")
    with_ben = Conversation.with_peer(ben.id)
    await say_and_wait(ben, anna, "one")
    await say_and_wait(ben, anna, "two")
    await until(lambda: engine_of(second)._last_message == 2)
    first, last = await anna.history(with_ben)
    heard = Heard(second)
    await anna.mark_read(with_ben, first.number)
    assert await heard.next(ReadMarkMoved) == ReadMarkMoved(with_ben, first.number, 1, last.number)
    await anna.mark_read(with_ben, last.number)
    assert await heard.next(ReadMarkMoved) == ReadMarkMoved(with_ben, last.number)


@story
async def test_what_is_deleted_here_stays_with_the_other(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    with_ben, with_anna = Conversation.with_peer(ben.id), Conversation.with_peer(anna.id)
    sent = await say_and_wait(anna, ben, "one")
    await say_and_wait(anna, ben, "two")
    await anna.delete_message(sent.number)
    assert await texts(anna) == ["two"]
    with pytest.raises(LanmsgError):
        await anna.delete_message(sent.number)
    await anna.delete_conversation(with_ben)
    assert await anna.history(with_ben) == []
    assert [each.text for each in await ben.history(with_anna)] == ["one", "two"]
