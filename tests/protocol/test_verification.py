"""Comparing words: both sides see the same, nobody in between does, nothing out of turn is put up with."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanmsg.model import PeerId
from lanmsg.protocol.errors import LocalProtocolError, RemoteProtocolError
from lanmsg.protocol.payload import Step, Verify
from lanmsg.protocol.verification import (
    Answered,
    Asked,
    Declined,
    Ready,
    Verification,
    VerificationEvent,
    VerificationState,
    Withdrawn,
    WordsShown,
    safety_number,
    verification_words,
)

LOW, HIGH = PeerId(b"\x01" * 32), PeerId(b"\x02" * 32)
SESSION, KEY = b"s" * 32, b"k" * 32
ASK_LOW, ASK_HIGH, AGAIN = b"l" * 16, b"h" * 16, b"x" * 16
R_A, R_B = b"a" * 16, b"b" * 16
OTHER = {LOW: HIGH, HIGH: LOW}


class Pair:
    """Two sides of one session; what each says reaches the other when it is carried."""

    def __init__(self) -> None:
        self.side = {who: machine(who) for who in (LOW, HIGH)}
        self.told: dict[PeerId, list[VerificationEvent]] = {LOW: [], HIGH: []}

    def carry(self) -> None:
        """Until nobody says anything any more; whoever is ready begins."""
        while any([self._carry(who) for who in (LOW, HIGH)]):  # noqa: C419 - both, each time
            pass

    def _carry(self, who: PeerId) -> bool:
        said = self.side[who].payloads_to_send()
        for payload in said:
            self.side[OTHER[who]].receive_payload(payload)
        for side in (LOW, HIGH):
            for event in self.side[side].events():
                self.told[side].append(event)
                if isinstance(event, Ready):
                    self.side[side].go(R_A if side == LOW else R_B)
        return bool(said)

    def words(self, who: PeerId) -> list[tuple[str, ...]]:
        return [event.words for event in self.told[who] if isinstance(event, WordsShown)]

    def compared(self) -> "Pair":
        self.side[LOW].ask(ASK_LOW)
        self.side[HIGH].ask(ASK_HIGH)
        self.carry()
        return self


def machine(me: PeerId) -> Verification:
    return Verification(me=me, peer=OTHER[me], session_id=SESSION, key=KEY)


def steps(side: Verification) -> list[Step]:
    return [payload.step for payload in side.payloads_to_send()]


@pytest.mark.parametrize(("first", "together"), list(product([LOW, HIGH], [True, False])))
def test_both_see_the_same_words_whoever_asks_first(first: PeerId, together: bool) -> None:
    pair = Pair()
    ids = {LOW: ASK_LOW, HIGH: ASK_HIGH}
    pair.side[first].ask(ids[first])
    if not together:
        pair.carry()
        assert pair.told[OTHER[first]] == [Asked()]
        assert pair.words(LOW) == []
    pair.side[OTHER[first]].ask(ids[OTHER[first]])
    pair.carry()
    assert pair.words(LOW) == pair.words(HIGH) == [verification_words(KEY, R_A, R_B)]
    assert {side.state for side in pair.side.values()} == {VerificationState.COMPARING}


def test_the_lower_fingerprint_commits_itself_before_it_sees_anything() -> None:
    low, high = machine(LOW), machine(HIGH)
    high.ask(ASK_HIGH)
    low.receive_payload(high.payloads_to_send()[0])
    low.ask(ASK_LOW)
    low.go(R_A)
    assert steps(low) == [Step.ASK, Step.COMMIT]
    assert steps(high) == []


@settings(max_examples=50)
@given(st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16))
def test_other_keys_sessions_and_bytes_make_other_words(committed: bytes, given_: bytes) -> None:
    """Four words can agree by chance, once in four thousand million."""
    words = verification_words(KEY, committed, given_)
    assert words != verification_words(b"K" * 32, committed, given_)
    assert words != verification_words(KEY, committed, bytes(b ^ 1 for b in given_))


def test_somebody_in_the_middle_shows_each_side_other_words() -> None:
    """Two sessions with keys of their own, all steps passed on as they come: the commitment does not fit."""
    towards_low = machine(LOW)
    towards_high = Verification(me=HIGH, peer=LOW, session_id=b"t" * 32, key=b"j" * 32)
    towards_low.ask(ASK_LOW)
    towards_high.ask(ASK_HIGH)
    towards_high.receive_payload(Verify(ASK_LOW, Step.ASK))
    towards_low.receive_payload(Verify(ASK_HIGH, Step.ASK))
    towards_low.go(R_A)
    commit = towards_low.payloads_to_send()[-1]
    towards_high.receive_payload(commit)
    towards_high.go(R_B)
    towards_low.receive_payload(towards_high.payloads_to_send()[-1])
    with pytest.raises(RemoteProtocolError, match="not kept"):
        towards_high.receive_payload(towards_low.payloads_to_send()[-1])
    assert towards_high.state is VerificationState.FAILED


@pytest.mark.parametrize(("low", "high"), list(product([True, False], repeat=2)))
def test_each_is_told_what_the_other_said(low: bool, high: bool) -> None:
    pair = Pair().compared()
    pair.side[LOW].answer(same=low)
    pair.side[HIGH].answer(same=high)
    pair.carry()
    assert pair.told[LOW][-1] == Answered(high)
    assert pair.told[HIGH][-1] == Answered(low)
    assert not pair.side[LOW].awaits_answer
    with pytest.raises(LocalProtocolError):
        pair.side[LOW].answer(same=low)


@pytest.mark.parametrize("who", [LOW, HIGH])
def test_after_an_answer_another_comparison_can_begin(who: PeerId) -> None:
    pair = Pair().compared()
    for side in pair.side.values():
        side.answer(same=True)
    pair.carry()
    pair.side[who].ask(AGAIN)
    pair.side[OTHER[who]].ask(b"y" * 16)
    pair.carry()
    assert len(pair.words(LOW)) == len(pair.words(HIGH)) == 2


@pytest.mark.parametrize("who", [LOW, HIGH])
def test_an_ask_that_is_taken_back_begins_nothing(who: PeerId) -> None:
    pair = Pair()
    pair.side[who].ask(ASK_LOW)
    pair.carry()
    assert pair.side[OTHER[who]].is_asked
    pair.side[who].withdraw()
    pair.carry()
    assert pair.told[OTHER[who]] == [Asked(), Withdrawn(VerificationState.IDLE)]
    pair.side[OTHER[who]].ask(ASK_HIGH)
    pair.carry()
    assert pair.words(LOW) == []
    pair.side[who].ask(AGAIN)
    pair.carry()
    assert pair.words(LOW) == pair.words(HIGH) != []


@pytest.mark.parametrize("who", [LOW, HIGH])
def test_an_ask_that_is_declined_is_over_until_it_is_asked_again(who: PeerId) -> None:
    pair = Pair()
    pair.side[who].ask(ASK_LOW)
    pair.carry()
    pair.side[OTHER[who]].decline()
    pair.side[OTHER[who]].decline()
    pair.carry()
    assert pair.told[who] == [Declined()]
    assert not pair.side[OTHER[who]].is_asked
    pair.side[OTHER[who]].ask(ASK_HIGH)
    pair.carry()
    assert pair.words(LOW) == []
    pair.side[who].ask(AGAIN)
    pair.carry()
    assert pair.words(LOW) == pair.words(HIGH) != []


def test_a_commitment_to_an_ask_that_was_taken_back_is_ignored() -> None:
    """It was under way while our person changed their mind, and changed it again."""
    low, high = machine(LOW), machine(HIGH)
    high.ask(ASK_HIGH)
    low.receive_payload(high.payloads_to_send()[0])
    low.ask(ASK_LOW)
    low.go(R_A)
    late = low.payloads_to_send()
    high.withdraw()
    high.ask(AGAIN)
    for payload in late:
        high.receive_payload(payload)
    assert high.state is VerificationState.IDLE
    for payload in high.payloads_to_send():
        low.receive_payload(payload)
    assert low.events()[-2:] == [Withdrawn(VerificationState.COMMITTED), Asked()]
    low.ask(b"z" * 16)
    assert low.events() == [Ready()]


@pytest.mark.parametrize("who", [LOW, HIGH])
def test_breaking_off_before_the_answer_is_told(who: PeerId) -> None:
    pair = Pair().compared()
    pair.side[who].withdraw()
    pair.carry()
    assert pair.told[OTHER[who]][-1] == Withdrawn(VerificationState.COMPARING)
    assert not pair.side[OTHER[who]].awaits_answer


def test_asking_twice_says_it_once() -> None:
    low = machine(LOW)
    low.ask(ASK_LOW)
    low.ask(AGAIN)
    assert steps(low) == [Step.ASK]


def test_a_refused_ask_is_over() -> None:
    low = machine(LOW)
    low.ask(ASK_LOW)
    assert not low.refused(AGAIN)
    assert not low.refused(None)
    assert low.refused(ASK_LOW)
    assert not low.refused(ASK_LOW)


def test_nothing_begins_before_both_have_asked_nor_after_one_has_gone() -> None:
    low = machine(LOW)
    low.ask(ASK_LOW)
    ready = [low.is_ready]
    for step in (Step.ASK, Step.CANCEL):
        low.receive_payload(Verify(ASK_HIGH, step))
        ready.append(low.is_ready)
    assert ready == [False, True, False]
    with pytest.raises(LocalProtocolError):
        low.go(R_A)


OUT_OF_TURN = [
    Verify(ASK_HIGH, Step.COMMIT, b"c" * 32),
    Verify(ASK_HIGH, Step.RANDOM, R_B),
    Verify(ASK_HIGH, Step.REVEAL, R_A),
    Verify(ASK_HIGH, Step.SAME),
    Verify(ASK_HIGH, Step.DIFFERENT),
]


@settings(max_examples=200)
@given(st.sampled_from([LOW, HIGH]), st.lists(st.sampled_from(OUT_OF_TURN), max_size=6), st.data())
def test_a_liar_never_gets_words_out_of_us_without_both_steps(
    who: PeerId, said: list[Verify], data: st.DataObject
) -> None:
    """Whatever it says in whatever order: an error, or nothing; words only after an exchange that fits."""
    side = machine(who)
    if data.draw(st.booleans()):
        side.ask(ASK_HIGH)
    shown = []
    for payload in said:
        try:
            side.receive_payload(payload)
        except RemoteProtocolError:
            assert side.state is VerificationState.FAILED
        events = side.events()
        shown += [event for event in events if isinstance(event, WordsShown)]
        if Ready() in events:
            side.go(R_B)
    assert shown == []


def test_a_failed_comparison_says_and_hears_no_more() -> None:
    side = machine(LOW)
    with pytest.raises(RemoteProtocolError):
        side.receive_payload(Verify(ASK_HIGH, Step.COMMIT, b"c" * 32))
    side.receive_payload(Verify(ASK_HIGH, Step.ASK))
    assert side.events() == []


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_a_safety_number_is_the_same_for_both(one: bytes, other: bytes) -> None:
    number = safety_number(PeerId(one), PeerId(other))
    assert number == safety_number(PeerId(other), PeerId(one))
    groups = number.number.split(" ")
    assert len(groups) == 12
    assert all(len(group) == 5 and group.isdigit() for group in groups)
    assert one[:30] == other[:30] or groups[:6] != groups[6:]
