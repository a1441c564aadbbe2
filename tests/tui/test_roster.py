"""The order of the list, who is in it, and numbers that stay."""

from lanmsg.api import MessageAdded, Status, Trust
from lanmsg.tui import roster
from lanmsg.tui.state import State
from lanmsg.tui.update import update
from tests.tui.double import NOON, Double, person
from tests.tui.given import BEN, state_of


def names(state: State) -> list[str]:
    state.roster_stale = True
    roster.refresh(state)
    return [state.title(conversation) for conversation in state.order]


def test_questions_then_unread_then_here_away_gone_then_names() -> None:
    node = Double()
    node.meet(
        person("ada"),
        person("bea", status=Status.AWAY),
        person("cyd", present=False),
        person("dan"),
        person("eva"),
        person("fay", trust=Trust.CHANGED),
    )
    node.hear("dan", "hello")
    node.offered("eva", "a.txt", 3)
    assert names(state_of(node)) == ["eva", "dan", "ada", "bea", "cyd", "everyone", "fay"]


def test_who_is_gone_without_a_word_is_only_counted() -> None:
    node = Double()
    node.meet(
        person("old", present=False, last_seen=NOON - 48 * 3600),
        person("today", present=False, last_seen=NOON - 3600),
        person("passer-by", present=False, trust=Trust.NEW),
        person("talker", present=False, last_seen=NOON - 48 * 3600),
        person("rude", trust=Trust.BLOCKED),
    )
    node.hear("talker", "hello", at=NOON - 50 * 3600)
    state = state_of(node)
    assert names(state) == ["talker", "today", "everyone"]
    assert state.faded == 2


def test_a_closed_conversation_is_off_the_list_until_somebody_writes() -> None:
    node = Double()
    node.meet(person("ben", present=False, last_seen=NOON))
    node.hear("ben", "hello")
    state = state_of(node)
    state.talk(BEN).unread = 0
    state.hidden.add(BEN)
    assert "ben" not in names(state)
    update(state, MessageAdded(node.hear("ben", "again")))
    assert "ben" in names(state)


def test_the_order_holds_while_somebody_walks_through_it() -> None:
    node = Double()
    node.meet(person("anna"), person("ben"))
    state = state_of(node)
    names(state)
    state.order_held = state.tick + 2
    update(state, MessageAdded(node.hear("ben", "hello")))
    roster.refresh(state)
    assert state.title(state.order[0]) == "anna"
    state.tick += 3
    roster.refresh(state)
    assert state.title(state.order[0]) == "ben"
