"""Comparing words: what is asked when, that no key answers unseen words, and what is said when it is over."""

import pytest

from lanmsg.api import (
    Conversation,
    LanmsgError,
    Trust,
    Verification,
    VerificationChanged,
    VerificationStage,
    Wish,
)
from lanmsg.tui import comparing, moves
from lanmsg.tui.state import State
from lanmsg.tui.update import update
from tests.tui.double import Double, peer_id, person
from tests.tui.given import ANNA, BEN, open_talk, picture, state_of

STAGES = VerificationStage
WORDS = "acme bravo tango zulu"


def met() -> tuple[Double, State]:
    node = Double()
    node.meet(person("ben"), person("anna"))
    state = state_of(node)
    node.queues.append(_Straight(state))  # type: ignore[arg-type]  # an event goes right into the state
    return node, state


class _Straight:
    def __init__(self, state: State) -> None:
        self._state = state

    def put_nowait(self, event: object) -> None:
        update(self._state, event)  # type: ignore[arg-type]  # what the double emits


def standing(state: State) -> tuple[str, str]:
    """What is asked, and the command of a yes."""
    verification = comparing.asked(state)
    if verification is None:
        return "", ""
    return comparing.question(state, verification), comparing.line(state, verification, "yes")


def test_who_is_asked_may_join_or_not() -> None:
    node, state = met()
    open_talk(state, node)
    node.compare("ben", STAGES.ASKED, ours=False)
    assert standing(state) == ("ben wants to compare words with you", "/verify ben")
    verification = comparing.asked(state)
    assert verification is not None
    assert comparing.line(state, verification, "no") == "/verify ben stop"
    assert "[^Y] compare   [^N] not now" in picture(state)


def test_who_asked_waits_and_is_told_how() -> None:
    node, state = met()
    open_talk(state, node)
    comparing.put(state, Verification(peer_id("ben"), STAGES.ASKED, ours=True, wish=Wish.COMPARE))
    assert standing(state) == ("", "")
    assert "Asking ben to compare words" in picture(state)
    node.compare("ben", STAGES.EXPIRED)
    assert "was not answered in time" in picture(state, 120, 36)
    assert "Asking ben" not in picture(state, 120, 36)


def test_words_in_sight_are_answered_by_a_key() -> None:
    node, state = met()
    open_talk(state, node)
    comparing.put(state, Verification(peer_id("ben"), STAGES.ASKED, ours=True, wish=Wish.COMPARE))
    node.compare("ben", STAGES.COMPARING, words=WORDS)
    assert standing(state) == ("does ben see the same words?", "/verify ben same")
    assert "ACME   BRAVO   TANGO   ZULU" in picture(state)
    assert "[^Y] same" in picture(state)
    assert "ACME" in picture(state, 50, 20)
    assert "ACME" in picture(state, 40, 10)


def test_words_that_were_not_seen_cannot_be_judged() -> None:
    node, state = met()
    moves.open_conversation(state, ANNA)
    comparing.put(state, Verification(peer_id("ben"), STAGES.ASKED, ours=True, wish=Wish.COMPARE))
    node.compare("ben", STAGES.COMPARING, words=WORDS)
    assert standing(state) == ("the words to compare with ben are there", "/msg ben")
    moves.open_conversation(state, BEN)
    assert standing(state)[1] == "/verify ben same"


@pytest.mark.parametrize("size", [(80, 24), (50, 20), (40, 12), (24, 9)])
def test_the_words_take_the_place_of_the_card_about_a_changed_key(size: tuple[int, int]) -> None:
    node, state = changed()
    assert "CHANGED" in picture(state, *size)
    node.compare("other", STAGES.COMPARING, words=WORDS)
    shown = picture(state, *size)
    assert all(word.upper() in shown for word in WORDS.split())
    assert "^Y" in picture(state, *size)
    assert standing(state)[1] == f"/verify ben~{peer_id('other').hex()[:4].upper()} same"


def test_no_words_no_answer_but_that_there_is_no_room() -> None:
    node, state = changed()
    node.compare("other", STAGES.COMPARING, words=WORDS)
    small = picture(state, 20, 6)
    assert "ACME" not in small
    assert "same" not in small
    assert standing(state) == (comparing.NO_ROOM, "")
    with pytest.raises(LanmsgError, match="no room for words"):
        comparing.require_sight(state, peer_id("other"))
    verification = comparing.asked(state)
    assert verification is not None
    assert comparing.line(state, verification, "no").endswith(" stop")
    moves.settle_question(state)
    state.tick += 60
    assert "ACME" in picture(state, 80, 24)
    moves.settle_question(state)
    assert state.question_since == state.tick  # a key on its way meant something else
    comparing.require_sight(state, peer_id("other"))
    moves.open_conversation(state, ANNA)
    with pytest.raises(LanmsgError, match="first look at the words"):
        comparing.require_sight(state, peer_id("other"))


def changed() -> tuple[Double, State]:
    """Ben's key has changed; his new one is in sight, and its words were asked for."""
    node, state = met()
    node.meet(person("ben", key="other", trust=Trust.CHANGED))
    node.meet(person("ben", present=False))
    open_talk(state, node, Conversation.with_peer(peer_id("other")))
    return node, state


def test_a_key_on_its_way_to_join_does_not_answer_the_words() -> None:
    node, state = met()
    open_talk(state, node)
    node.compare("ben", STAGES.ASKED, ours=False)
    comparing.put(state, Verification(peer_id("ben"), STAGES.ASKED, ours=False, wish=Wish.COMPARE))
    moves.settle_question(state)
    state.tick += 60
    node.compare("ben", STAGES.COMPARING, words=WORDS)
    moves.settle_question(state)
    assert state.question_since == state.tick


def test_what_the_other_says_is_told_and_does_not_answer_for_us() -> None:
    node, state = met()
    open_talk(state, node)
    comparing.put(state, Verification(peer_id("ben"), STAGES.ASKED, ours=True, wish=Wish.COMPARE))
    node.compare("ben", STAGES.COMPARING, words=WORDS)
    picture(state)
    moves.settle_question(state)
    state.tick += 60
    node.compare("ben", STAGES.SAME, ours=False)
    assert "ben says that the words are the same" in picture(state)
    moves.settle_question(state)
    # The same question as before: an answer that is on its way counts.
    assert state.question_since == state.tick - 60
    assert standing(state)[1] == "/verify ben same"
    node.compare("ben", STAGES.SAME)
    assert standing(state) == ("", "")
    assert "✓ ben is verified" in picture(state)
    # Their answer after ours asks nothing again.
    node.compare("ben", STAGES.SAME, ours=False)
    assert standing(state) == ("", "")


def test_different_words_are_an_alarm() -> None:
    node, state = met()
    moves.open_conversation(state, ANNA)
    node.compare("ben", STAGES.DIFFERENT, ours=False)
    assert state.notice is not None
    assert state.notice.text == "!! ben says that the words differ: somebody may sit between you"
    assert state.notice.style == "class:alert"


def test_a_reason_is_shown_as_it_is() -> None:
    node, state = met()
    peer = node.known[peer_id("ben")]
    event = VerificationChanged(peer, STAGES.FAILED, reason="{peer} \x1b[2J")
    assert comparing.outcome(state, event) == "the comparison with ben ended: {peer} \\x1b[2J"


def test_an_answer_counts_though_only_the_others_word_is_told() -> None:
    """The store keeps the latest word: two that come together are one event."""
    node, state = met()
    open_talk(state, node)
    comparing.put(state, Verification(peer_id("ben"), STAGES.ASKED, ours=True, wish=Wish.COMPARE))
    node.compare("ben", STAGES.COMPARING, words=WORDS)
    comparing.answered(state, peer_id("ben"), same=True)
    node.compare("ben", STAGES.SAME, ours=False)
    assert standing(state) == ("", "")
    assert "ben is verified" in picture(state)
    assert "Compare with" not in picture(state)
