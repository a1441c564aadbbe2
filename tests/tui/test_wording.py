"""One phrase for every state, with what peers wrote made safe in it."""

import pytest
from msgspec.structs import replace

from lanmsg.api import Delivery, Direction, FileRule, OfferedFile, Recipient, Status, TransferState, Trust
from lanmsg.cli.wording import trust_remark
from lanmsg.terminal import fingerprint
from lanmsg.tui.theme import ASCII, FANCY
from lanmsg.tui.wording import (
    delivery_mark,
    ending,
    failure,
    likeness,
    percent,
    presence_glyph,
    presence_word,
    rule_words,
    transfer_size,
    transfer_state,
    transfer_title,
    trust_words,
    warning,
    who,
    with_hint,
)
from tests.tui.double import Double, peer_id, person
from tests.tui.given import state_of


@pytest.mark.parametrize("trust", Trust)
def test_trust_is_said_in_words(trust: Trust) -> None:
    word = "KEY CHANGED" if trust is Trust.CHANGED else trust.word
    node = Double()
    node.meet(person("ben", trust=trust))
    state = state_of(node)
    assert trust_words(person("ben", trust=trust), FANCY).endswith(word)
    pinned = trust in (Trust.PINNED, Trust.VERIFIED)
    offered = who(state, node.offered("ben", "a", 1))
    assert offered.endswith(f"{word})" if pinned else f"{word} {fingerprint(peer_id('ben'), 2)})")
    assert trust_remark(person("ben", trust=trust)) in ("", f" ({word})")


def test_presence_has_a_sign_and_a_word() -> None:
    peers = [
        person("a"),
        person("b", status=Status.AWAY),
        person("c", status=Status.BUSY),
        person("d", present=False),
    ]
    assert [presence_word(peer) for peer in peers] == ["here", "away", "busy", "gone"]
    assert [presence_glyph(peer, ASCII) for peer in peers] == ["*", "~", "~", "o"]


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("state", TransferState)
def test_every_state_of_a_transfer_has_a_phrase(direction: Direction, state: TransferState) -> None:
    node = Double()
    node.meet(person("ben"))
    transfer = node.offered("ben", "a.txt", 10, direction=direction, state=state, reason="no \x1b[31mroom")
    phrase = transfer_state(state_of(node), transfer)
    assert phrase
    assert "\x1b" not in phrase
    assert "{" not in phrase


def test_a_transfer_is_called_by_its_files() -> None:
    node = Double()
    transfer = node.offered("ben", "photos", 5, folder=True, count=214)
    assert transfer_title(transfer) == "photos/ (214 entries)"
    two = replace(transfer, files=(OfferedFile("a\u202e.txt", 1), OfferedFile("b", 1)))
    assert transfer_title(two) == "a\\u202e.txt and 1 more"
    assert transfer_title(replace(transfer, files=())) == "nothing"
    assert transfer_size(replace(transfer, total=None)) == "unknown size"
    assert [percent(replace(transfer, total=t, done=d)) for t, d in ((None, 5), (0, 0), (200, 101))] == [
        None,
        100,
        50,
    ]


@pytest.mark.parametrize(
    ("name", "said"), [("a.EXE", "a program"), ("run.sh", "a program"), ("a.pdf", ""), ("exe", "")]
)
def test_programs_are_called_programs(name: str, said: str) -> None:
    assert warning(Double().offered("ben", name, 1)) == said


def test_who_offers_is_marked_with_what_is_known_of_the_key() -> None:
    node = Double()
    node.meet(person("ben", trust=Trust.VERIFIED), person("eve", trust=Trust.NEW))
    state = state_of(node)
    assert who(state, node.offered("ben", "a", 1)) == "ben (✓ verified)"
    assert who(state, node.offered("eve", "a", 1)) == f"eve (+ new {fingerprint(peer_id('eve'), 2)})"


def test_marks_of_delivery_count_when_there_are_several() -> None:
    node = Double()
    message = node.tell("ben", "hi", state=Delivery.QUEUED)
    assert delivery_mark(message, FANCY)[1] == "…"
    assert delivery_mark(node.deliver(message), ASCII)[1] == "ok"
    many = replace(
        message,
        recipients=(Recipient(peer_id("a"), Delivery.DELIVERED), Recipient(peer_id("b"), Delivery.SENT)),
    )
    assert delivery_mark(many, FANCY)[1] == "→ 1/2"
    assert delivery_mark(replace(many, recipients=many.recipients[:1] * 2), FANCY)[1] == "✓ 2"


def test_a_failure_says_why_and_what_to_do() -> None:
    node = Double()
    failed = node.deliver(node.tell("ben", "hi"), Delivery.FAILED, "refused: full")
    assert failure(failed) == "not delivered: refused: full; /retry sends it again"
    assert delivery_mark(failed, FANCY) == ("class:bad", "✗")
    assert failure(node.tell("ben", "hi")) == ""


@pytest.mark.parametrize(
    ("reason", "brief", "phrase"),
    [
        ("cancelled by the other side", "cancelled by the other side", "cancelled by the other side"),
        ("disk full", "cancelled disk full", "cancelled: disk full"),
        ("", "cancelled", "cancelled"),
        ("\x1b[31m", "cancelled \\x1b[31m", "cancelled: \\x1b[31m"),
    ],
)
def test_an_ending_is_said_once(reason: str, brief: str, phrase: str) -> None:
    node = Double()
    transfer = node.offered("ben", "a", 1, state=TransferState.CANCELLED, reason=reason)
    assert ending(transfer) == brief
    assert transfer_state(state_of(node), transfer) == phrase


def test_a_hint_follows_a_question_as_its_own_sentence() -> None:
    assert with_hint("which address?", "/connect 10.0.0.1") == "which address? /connect 10.0.0.1"
    assert with_hint("nobody is called zoe", "/who") == "nobody is called zoe; /who"
    assert with_hint("no", "") == "no"


def test_a_name_that_looks_like_anothers_says_so() -> None:
    state = state_of()
    assert likeness(state, person("b3n", lookalike_of="ben")) == "looks like ben, but is not"
    assert "several alphabets" in likeness(state, person("b\u0435n"))
    assert likeness(state, person("b3n", lookalike_of="ben", petname="Benno")) == ""
    assert likeness(state, person("ben")) == ""


def test_an_offer_of_somebody_who_looks_like_another_says_so() -> None:
    node = Double()
    node.meet(person("b3n", trust=Trust.NEW, lookalike_of="ben"))
    offered = who(state_of(node), node.offered("b3n", "a", 1))
    assert offered.endswith(", !! looks like ben, but is not)")


@pytest.mark.parametrize(
    ("rule", "most", "words"),
    [
        (FileRule.DEFAULT, None, "you are asked, as with everybody"),
        (FileRule.ACCEPT, 2_000_000, "accepted without a question up to 2.0 MB"),
        (FileRule.REFUSE, None, "declined without a question"),
    ],
)
def test_rules_for_files_in_words(rule: FileRule, most: int | None, words: str) -> None:
    node = Double()
    peer = person("ben", file_rule=rule, file_rule_max=most)
    node.meet(peer)
    assert rule_words(state_of(node), peer) == f"files of ben: {words}"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("", "waits for ben at 40 %"),
        ("held", "paused by you at 40 %"),
        ("held_there", "paused by ben at 40 %"),
        ("held_both", "paused by you and ben at 40 %"),
        ("disk", "stopped at 40 %"),
    ],
)
def test_who_paused_it(code: str, words: str) -> None:
    node = Double()
    node.meet(person("ben"))
    transfer = node.offered("ben", "a", 10, state=TransferState.PAUSED, done=4, code=code)
    assert transfer_state(state_of(node), transfer) == words
