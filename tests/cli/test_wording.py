"""How lines of text name people, files and states."""

import pytest

from lanmsg.api import VerificationChanged, VerificationStage
from lanmsg.cli.wording import (
    age,
    certain_name_of,
    columns,
    comparison_of,
    name_of,
    one_line,
    size_of,
    speaker_of,
    state_of,
    title_of,
    trust_remark,
    typed_name_of,
)
from lanmsg.model import (
    EVERYONE,
    Direction,
    Message,
    MessageId,
    OfferedFile,
    Peer,
    PeerId,
    Transfer,
    TransferId,
    TransferState,
    Trust,
)

BEN = PeerId(b"b" * 32)


def transfer(
    state: TransferState = TransferState.RUNNING, *, total: int | None = 200, done: int = 50
) -> Transfer:
    files = (OfferedFile("photos", total, is_folder=True), OfferedFile("b", 1), OfferedFile("c", 1))
    return Transfer(7, TransferId(b"t"), Direction.IN, BEN, state, files, 214, total, done=done)


def test_a_name_is_safe_and_never_empty() -> None:
    assert name_of(Peer(BEN, "ben\x1b[2J")) == "ben\\x1b[2J"
    assert name_of(Peer(BEN, "")) == "somebody"
    assert name_of(Peer(BEN, "ben", petname="Benny")) == "Benny"


def test_who_uses_a_known_name_does_not_speak_under_it() -> None:
    said_by = {speaker_of(Peer(BEN, "ben", trust=trust)) for trust in Trust}
    assert said_by == {"ben", "ben (KEY CHANGED)"}
    assert speaker_of(Peer(BEN, "b3n", lookalike_of="ben")) == "b3n (new, LOOKS LIKE ben)"


def test_where_something_is_decided_a_name_that_anybody_may_take_says_which_key() -> None:
    known = {trust: certain_name_of(Peer(BEN, "ben", trust=trust)) for trust in Trust}
    assert known == {
        Trust.NEW: "ben~62626262 (new)",
        Trust.PINNED: "ben",
        Trust.VERIFIED: "ben",
        Trust.CHANGED: "ben~62626262 (KEY CHANGED)",
        Trust.BLOCKED: "ben~62626262 (blocked)",
    }
    assert certain_name_of(Peer(BEN, "ben", petname="Benny")) == "Benny (new)"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("\u2713dave", "_dave"),
        ("dave (verified)", "dave (verified)"),
        ("you", "you"),
        ("ben~62626262", "ben_62626262"),
        ("everyone", "everyone"),
        ("saved a.txt from ben", "saved a.txt from ben"),
    ],
)
def test_a_name_like_a_mark_of_ours_says_everywhere_which_key_it_is(name: str, shown: str) -> None:
    label = f"{shown}~62626262"
    peer = Peer(BEN, name)
    assert (name_of(peer), speaker_of(peer), certain_name_of(peer)) == (label, label, f"{label} (new)")
    assert certain_name_of(Peer(BEN, name, trust=Trust.PINNED)) == label
    assert typed_name_of(peer) == "62626262"
    assert name_of(Peer(BEN, "ben", trust=Trust.CHANGED, replaced=True)) == "ben (old key)"


def test_a_name_that_a_command_would_not_take_is_given_by_its_key() -> None:
    names = ("ben", "anna@lab-2", "Frau Keller", "; rm", "", "a'b", "-v")
    assert [typed_name_of(Peer(BEN, name)) for name in names] == ["ben", "anna@lab-2", *["62626262"] * 5]


@pytest.mark.parametrize(
    ("stage", "ours", "sentence"),
    [
        ("asked", True, "you want to compare words with ben"),
        ("asked", False, "ben wants to compare words: lanmsg verify 62626262"),
        ("comparing", True, "words to compare with ben: aardvark adroitness"),
        ("same", True, "ben is verified"),
        ("same", False, "ben so it was"),
        ("different", True, "ben is NOT who you think: nothing is sent to this key any more"),
        ("different", False, "ben so it was"),
        ("failed", False, "no comparison with ben: so it was"),
        ("expired", False, "no comparison with ben: so it was"),
    ],
)
def test_how_a_comparison_stands(stage: str, ours: bool, sentence: str) -> None:
    peer = Peer(BEN, "ben", trust=Trust.PINNED)
    words = ("aardvark", "adroitness")
    event = VerificationChanged(peer, VerificationStage(stage), words, ours=ours, reason="so it was")
    assert comparison_of(event) == sentence


def test_what_a_name_does_not_tell_is_said() -> None:
    assert [trust_remark(Peer(BEN, "ben", trust=trust)) for trust in Trust] == [
        " (new)", "", "", " (KEY CHANGED)", " (blocked)",
    ]  # fmt: skip


def test_an_offer_is_named_after_its_first_file() -> None:
    assert title_of(transfer()) == "photos/ and 2 more"
    assert size_of(transfer()) == "200 B in 214 entries"
    assert size_of(transfer(total=None)) == "unknown size in 214 entries"
    ended = [transfer(state, total=None, done=1234) for state in (TransferState.DONE, TransferState.FAILED)]
    assert [size_of(each).partition(" in ")[0] for each in ended] == ["1.2 kB", "unknown size"]


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (TransferState.RUNNING, "running 25%"),
        (TransferState.PAUSED, "paused at 25%"),
        (TransferState.DONE, "done"),
    ],
)
def test_states_in_words(state: TransferState, words: str) -> None:
    assert state_of(transfer(state)) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-3, "0 s"), (59, "59 s"), (600, "10 min"), (7200, "2 h"), (200_000, "2 days")],
)
def test_ages(seconds: float, words: str) -> None:
    assert age(seconds) == words


def test_a_message_in_one_line() -> None:
    message = Message(1, MessageId(b"m"), EVERYONE, BEN, "a\r\nb\x07", 0.0, 0.0)
    assert one_line(message) == "a ⏎ b\\x07"


def test_columns_count_cells_and_not_characters() -> None:
    assert columns([["日本", "x"], ["ab", "y"]]) == ["日本  x", "ab    y"]
