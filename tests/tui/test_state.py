"""Keys that changed, questions, and what may be sent."""

from msgspec.structs import replace

from lanmsg.api import EVERYONE, Conversation, TransferState, Trust
from tests.tui.double import Double, peer_id, person
from tests.tui.given import BEN, state_of


def test_a_stranger_who_takes_a_name_stops_no_talk_with_whom_is_here() -> None:
    state = state_of()
    state.put_peer(person("ben"))
    state.put_peer(person("ben", key="other", trust=Trust.CHANGED))
    assert state.may_not_send(BEN) == ""
    state.put_peer(person("ben", present=False))
    assert "key has changed" in state.may_not_send(BEN)
    assert "key has changed" in state.may_not_send(Conversation.with_peer(peer_id("other")))


def test_nothing_is_said_to_the_blocked_or_unknown() -> None:
    state = state_of()
    assert state.may_not_send(EVERYONE) == ""
    assert state.may_not_send(BEN)
    state.put_peer(person("ben", trust=Trust.BLOCKED))
    assert "/unblock" in state.may_not_send(BEN)


def test_offers_queue_as_questions() -> None:
    node = Double()
    node.meet(person("ben"))
    state = state_of(node)
    first, second = node.offered("ben", "a", 1), node.offered("ben", "b", 1)
    state.put_transfer(first)
    state.put_transfer(second)
    assert state.questions == [1, 2]
    state.put_transfer(replace(first, state=TransferState.ACCEPTED))
    assert state.questions == [2]


def test_who_is_here_is_counted_as_they_come_and_go() -> None:
    state = state_of()
    state.put_peer(person("ben"))
    state.put_peer(person("anna"))
    state.put_peer(person("anna", present=False))
    assert state.here == 1


def test_what_waits_for_a_key_is_counted() -> None:
    node = Double()
    node.meet(person("ben"))
    state = state_of(node)
    assert state.held_back(peer_id("ben")) == (0, 0)


def test_a_notice_that_quotes_a_name_is_safe() -> None:
    state = state_of()
    state.say("nobody is called \x1b[31m")
    assert state.notice is not None
    assert state.notice.text == "nobody is called \\x1b[31m"
