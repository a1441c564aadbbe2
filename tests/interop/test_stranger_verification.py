"""Comparing words, and the safety number, with a peer that was written from protocol.md alone."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.interop.conftest import identity
from tests.interop.program import Listening, Program
from tests.interop.stranger import Stranger
from tests.interop.stranger_keys import identity_beside
from tests.interop.stranger_session import Session
from tests.interop.stranger_words import DOCUMENT, Comparison, safety_number

SIDES = pytest.mark.parametrize("lower", [True, False], ids=["as the lower", "as the higher"])


@pytest.fixture(scope="package")
def made_fingerprint(made_home: Path) -> bytes:
    with Program(made_home, "made", "127.0.0.1", 1024, "id") as program:
        return bytes.fromhex(program.event_or_object(15)["id"])


@pytest.fixture
def meeting(
    tmp_path: Path,
    made_home: Path,
    made_fingerprint: bytes,
    loopback: Callable[[], str],
    free_port: int,
) -> Iterator[Meeting]:
    shutil.copytree(made_home, tmp_path / "ben")
    with ExitStack() as stack:
        yield Meeting(stack, tmp_path / "ben", made_fingerprint, loopback, free_port)


class Meeting:
    """Ben types `lanmsg verify stranger`, and the stranger is on one side or the other."""

    def __init__(
        self, stack: ExitStack, home: Path, ben: bytes, loopback: Callable[[], str], port: int
    ) -> None:
        self.stack, self.home, self.ben, self.loopback, self.port = stack, home, ben, loopback, port
        self.stranger: Stranger

    def comes(self, *, lower: bool) -> None:
        me = identity_beside(self.ben, lower=lower)
        self.stranger = self.stack.enter_context(Stranger(me, "stranger", self.loopback(), self.port))

    def program(self, *command: str) -> Program:
        return self.stack.enter_context(
            Program(self.home, "ben", self.loopback(), self.port, *command, typing=True)
        )

    def verify(self) -> tuple[Program, Comparison]:
        """Both have asked."""
        verify = self.program("verify", "stranger")
        session = self.stranger.accept_talk(20)
        comparison = Comparison(session, self.stranger.me.fingerprint)
        comparison.asked()
        comparison.ask()
        return verify, comparison


def words_shown(verify: Program) -> list[str]:
    return list(verify.event("verification", 20, stage="comparing")["words"])


@SIDES
def test_the_same_words_on_both_sides(meeting: Meeting, lower: bool) -> None:
    meeting.comes(lower=lower)
    verify, comparison = meeting.verify()
    assert comparison.first is lower
    assert comparison.exchange() == words_shown(verify)
    comparison.say("same")
    assert verify.event("verification", 20, stage="same")["ours"] is False
    verify.type("same")
    assert comparison.hear("same")["id"] == comparison.id
    assert verify.exit_code(20) == 0
    if not lower:
        return
    again = meeting.program("msg", "stranger", "--require-verified", "hello")
    session = meeting.stranger.accept_talk(20)
    session.say("ack", id=session.hear("message")["id"])
    assert again.exit_code(20) == 0


@SIDES
def test_different_ends_everything_with_that_key(meeting: Meeting, lower: bool) -> None:
    meeting.comes(lower=lower)
    verify, comparison = meeting.verify()
    assert comparison.exchange() == words_shown(verify)
    verify.type("different")
    assert comparison.hear("different")["id"] == comparison.id
    assert comparison.session.close_code(20) == "blocked"
    assert verify.exit_code(20) == 7
    if lower:
        assert meeting.program("msg", "stranger", "hello").exit_code(20) == 7


def test_the_others_different_is_told_and_changes_nothing(meeting: Meeting) -> None:
    meeting.comes(lower=True)
    verify, comparison = meeting.verify()
    comparison.exchange()
    comparison.say("different")
    assert verify.event("verification", 20, stage="different")["ours"] is False
    assert verify.exit_code(20) == 7
    msg = meeting.program("msg", "stranger", "hello")
    session = meeting.stranger.accept_talk(20)
    session.say("ack", id=session.hear("message", seconds=20)["id"])
    assert msg.exit_code(20) == 0


# what must not work


def wrong_commitment(it: Comparison) -> None:
    it.commit()
    it.hear("random")
    it.say("reveal", secrets.token_bytes(16))


def second_commitment(it: Comparison) -> None:
    it.commit()
    it.commit()


def commitment_of_the_higher(it: Comparison) -> None:
    it.taken()
    it.say("commit", bytes(32), ident=it.theirs)


def reveal_of_the_higher(it: Comparison) -> None:
    it.taken()
    it.say("reveal", it.secret)


def different_before_the_words(it: Comparison) -> None:
    it.taken()
    it.say("different")


LOWER = [wrong_commitment, second_commitment]
HIGHER = [commitment_of_the_higher, reveal_of_the_higher, different_before_the_words]


def fails(meeting: Meeting, offend: Callable[[Comparison], None]) -> None:
    verify, comparison = meeting.verify()
    offend(comparison)
    assert (offend.__name__, comparison.session.close_code(20)) == (offend.__name__, "protocol")
    assert verify.event("verification", 20, stage="failed")["peer"]["id"]
    assert verify.exit_code(20) == 7


def test_a_lower_side_out_of_turn_fails_and_is_closed(meeting: Meeting) -> None:
    meeting.comes(lower=True)
    for offend in LOWER:
        fails(meeting, offend)


def test_a_higher_side_out_of_turn_fails_and_the_fourth_try_is_none(meeting: Meeting) -> None:
    meeting.comes(lower=False)
    for offend in HIGHER:
        fails(meeting, offend)
    assert meeting.program("verify", "stranger").exit_code(20) == 7
    with Listening(meeting.home, meeting.loopback(), meeting.port) as ben:
        refused(meeting.stranger.talk(ben.address, ben.fingerprint))


# asking


def refused(session: Session) -> None:
    ident = Comparison(session, bytes(32)).ask()
    assert session.hear("refused", "verify", seconds=20) == {"t": "refused", "id": ident, "code": "busy"}


def test_a_person_is_asked_ten_times_and_no_more(anna: Listening, stranger: Stranger) -> None:
    session = stranger.talk(anna.address, anna.fingerprint)
    session.say("verify", id=secrets.token_bytes(16), step="same")  # of nothing: ignored
    for _ in range(10):
        ident = Comparison(session, stranger.me.fingerprint).ask()
        assert anna.event("verification", 20, stage="asked")["peer"]["name"] == "stranger"
        session.say("verify", id=ident, step="cancel")
    refused(session)
    session.say("verify", id=bytes(16), step="a step of later days")
    assert session.close_code(20) == "protocol"


def test_an_ask_is_taken_back(meeting: Meeting) -> None:
    meeting.comes(lower=True)
    verify = meeting.program("verify", "stranger")
    session = meeting.stranger.accept_talk(20)
    comparison = Comparison(session, meeting.stranger.me.fingerprint)
    asked = comparison.asked()
    verify.process.terminate()
    assert comparison.hear("cancel")["id"] == asked
    assert verify.exit_code(20) == 143


# the safety number


def test_the_safety_number_of_the_document() -> None:
    example = DOCUMENT.partition("vectors:begin safety-number")[2]
    alice, bob = identity("alice").fingerprint, identity("bob").fingerprint
    number = safety_number(bob, alice)
    assert number == safety_number(alice, bob)
    assert f"safety number        {number}\n" in example


@SIDES
def test_the_program_prints_the_same_safety_number(meeting: Meeting, lower: bool) -> None:
    meeting.comes(lower=lower)
    number = meeting.program("verify", "stranger", "--safety-number")
    printed = number.event_or_object(20)
    assert printed["safety_number"] == safety_number(meeting.ben, meeting.stranger.me.fingerprint)
