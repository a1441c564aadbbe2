"""A yes means the question that was said last, and no other."""

import pytest

from lanmsg.api import LanmsgError, Verification, VerificationStage, Wish
from lanmsg.tui import comparing
from lanmsg.tui.last_asked import LastAsked
from lanmsg.tui.state import Asking, State
from tests.tui.double import Double, peer_id, person
from tests.tui.given import state_of

FORGET = Asking("delete", "delete all?", ())


def asked_of(*names: str) -> tuple[State, LastAsked]:
    """Everybody by these names wants to compare, in this order; each was said as it came."""
    node = Double()
    node.meet(*(person(name) for name in (*names, "anna", "ben")))
    state = state_of(node)
    last = LastAsked(state)
    for name in names:
        came(state, last, name)
    return state, last


def came(state: State, last: LastAsked, who: str, *words: str) -> Verification:
    wish = Wish.COMPARE if words else Wish.NONE
    stage = VerificationStage.COMPARING if words else VerificationStage.ASKED
    question = Verification(peer_id(who), stage, ours=False, words=words, wish=wish)
    comparing.put(state, question)
    last.said(question, by_itself=True)
    return question


def over(state: State, who: str) -> None:
    comparing.put(state, Verification(peer_id(who), VerificationStage.EXPIRED, ours=False))


def test_the_last_one_is_answered_and_what_is_still_open_is_said_again() -> None:
    state, last = asked_of("anna", "ben")
    assert last.answered() == state.verifications[peer_id("ben")]
    assert last.to_say() == state.verifications[peer_id("anna")]
    assert last.to_say() is None


def test_words_that_came_while_something_else_was_asked_are_not_judged_by_its_yes() -> None:
    state, last = asked_of("ben")
    words = came(state, last, "anna", "acme", "bravo")
    assert last.answered() is None
    assert last.to_say() == words
    last.said(words)
    assert last.answered() == words
    assert last.to_say() == state.verifications[peer_id("ben")]


def test_other_words_of_the_same_person_are_asked_about_again() -> None:
    state, last = asked_of()
    came(state, last, "anna", "acme", "bravo")
    came(state, last, "anna", "other", "words")
    assert last.answered() is None


def test_words_after_a_yes_are_answered_at_once() -> None:
    state, last = asked_of("anna")
    assert last.answered() is not None
    words = came(state, last, "anna", "acme", "bravo")
    assert last.answered() == words


def test_a_question_of_a_command_is_not_answered_by_a_yes_to_what_came_after_it() -> None:
    state, last = asked_of()
    state.asking = FORGET
    assert last.to_say() is FORGET
    last.said(FORGET)
    came(state, last, "anna")
    assert last.answered() is None
    assert last.to_say() is FORGET
    last.said(FORGET)
    assert last.answered() is FORGET


def test_another_line_ends_a_question_of_a_command_and_no_comparison() -> None:
    state, last = asked_of()
    state.asking = FORGET
    last.said(FORGET)
    for line in ("/yes", "/no", "/quit"):
        last.entered(line)
        assert state.is_asked
    last.entered("hello")
    assert not state.is_asked
    with pytest.raises(LanmsgError, match="no question any more"):
        last.entered("/yes")
    last.entered("/yes")  # whoever says it again means an offer
    question = came(state, last, "anna")
    last.entered("/nonsense")
    last.entered("/yes")
    assert last.answered() == question


def test_an_answer_that_comes_too_late_is_for_nobody_else() -> None:
    state, last = asked_of("anna", "ben")
    over(state, "ben")
    last.entered("/yes")
    assert last.answered() is None
    assert last.to_say() == state.verifications[peer_id("anna")]
