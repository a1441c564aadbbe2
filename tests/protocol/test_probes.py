"""Questions to one address: how many, how often, and what counts as an answer."""

import random

import pytest

from lanmsg.model import PeerId
from lanmsg.protocol.announcement import Source
from lanmsg.protocol.constants import CLAIMS_BURST, PROBES_BURST, QUESTIONS_MAX
from lanmsg.protocol.probes import Probe, Probes

BOB = PeerId(b"b" * 32)
AT = Source("10.0.0.2", 2372, "eth0", on_link=True, to_everyone=False)


def probes(*, may_ask: bool = True) -> Probes:
    return Probes(random.Random(1).randbytes, lambda limit: limit, may_ask=may_ask)


def peer(number: int) -> PeerId:
    return PeerId(number.to_bytes(32, "big"))


def sent_at(agenda: Probes, end: float) -> list[float]:
    times = []
    while (at := agenda.next_deadline()) is not None and at <= end:
        agenda.handle_deadline(at)
        times += [at] * len(agenda.to_send())
    return times


def ask_if_alive(agenda: Probes, who: PeerId = BOB, times: int = 3, now: float = 0.0) -> Probe:
    probe = agenda.ask_if_alive(who, AT, times, 1, now)
    assert probe is not None
    return probe


def test_a_silent_peer_is_asked_three_times_and_given_up_after_the_timeout() -> None:
    agenda = probes()
    probe = ask_if_alive(agenda, now=10.0)
    assert sent_at(agenda, 11.4) == [10.0, 10.5, 11.0]
    assert agenda.next_deadline() == 11.5
    assert agenda.handle_deadline(11.5) == [probe]
    assert agenda.next_deadline() is None


def test_an_answer_ends_it() -> None:
    agenda = probes()
    probe = ask_if_alive(agenda)
    agenda.handle_deadline(0.0)
    agenda.close(probe)
    agenda.close(probe)
    assert agenda.to_send() == []
    assert agenda.next_deadline() is None
    assert agenda.handle_deadline(9.0) == []


def test_only_the_token_from_the_address_asked_is_an_answer() -> None:
    agenda = probes()
    probe = ask_if_alive(agenda)
    assert probe.is_answered_by(probe.token, AT._replace(interface="other", to_everyone=True))
    assert not probe.is_answered_by(bytes(16), AT)
    assert not probe.is_answered_by(probe.token, AT._replace(host="10.0.0.3"))
    assert not probe.is_answered_by(probe.token, AT._replace(port=1))
    agenda.close(probe)
    assert not probe.is_answered_by(probe.token, AT)


def test_tokens_differ() -> None:
    agenda = probes()
    assert len({ask_if_alive(agenda, peer(number)).token for number in range(100)}) == 100


def test_one_claim_about_a_peer_at_a_time() -> None:
    agenda = probes()
    agenda.ask_about_claim(BOB, AT, 1, 0.0)
    first = agenda.claim_about(BOB)
    agenda.ask_about_claim(BOB, AT._replace(host="10.0.0.9"), 1, 0.1)
    assert agenda.claim_about(BOB) is first
    assert sent_at(agenda, 1.0) == [0.0]
    assert agenda.handle_deadline(1.5) == [first]
    assert agenda.claim_about(BOB) is None
    agenda.ask_about_claim(BOB, AT, 1, 2.0)
    assert agenda.claim_about(BOB) not in {None, first}


def test_who_may_not_ask_does_not() -> None:
    agenda = probes(may_ask=False)
    agenda.ask_about_claim(BOB, AT, 1, 0.0)
    assert agenda.claim_about(BOB) is None
    assert agenda.ask_if_alive(BOB, AT, 3, 1, 0.0) is None
    assert agenda.ask_rival(BOB, AT, 1, 0.0) is None
    assert agenda.next_deadline() is None


@pytest.mark.parametrize(("present", "asked"), [(10, CLAIMS_BURST), (1000, CLAIMS_BURST // 10)])
def test_a_flood_of_claims_makes_few_questions(present: int, asked: int) -> None:
    agenda = probes()
    for number in range(10_000):
        agenda.ask_about_claim(peer(number), AT, present, 0.0)
    assert len(sent_at(agenda, 60.0)) == asked


def test_a_liar_does_not_use_up_the_questions_about_silence() -> None:
    agenda = probes()
    for number in range(10_000):
        agenda.ask_about_claim(peer(number), AT, 10, 0.0)
    assert agenda.ask_if_alive(BOB, AT, 3, 10, 0.0) is not None


def test_a_switch_that_fails_makes_bounded_questions() -> None:
    agenda = probes()
    asked = sum(agenda.ask_if_alive(peer(number), AT, 3, 100, 0.0) is not None for number in range(1000))
    assert asked == PROBES_BURST // 3


def test_all_who_heard_a_claim_do_not_ask_at_once() -> None:
    agenda = probes()
    agenda.ask_about_claim(BOB, AT._replace(to_everyone=True), 200, 0.0)
    agenda.ask_about_claim(peer(1), AT._replace(to_everyone=True), 1000, 0.0)
    agenda.ask_about_claim(peer(2), AT, 1000, 0.0)  # only we heard that one
    assert sent_at(agenda, 60.0) == [0.0, 0.0, 8.0]


def test_the_number_of_questions_is_bounded() -> None:
    agenda = probes()
    now = 0.0
    while not agenda._outstanding >= QUESTIONS_MAX:
        agenda.ask_if_alive(BOB, AT, 3, 1, now)
        now += 1e6  # any budget is full again
    assert agenda.ask_if_alive(BOB, AT, 3, 1, now) is None
    agenda.handle_deadline(now)
    assert agenda.ask_if_alive(BOB, AT, 3, 1, now) is not None
