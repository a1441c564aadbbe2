"""Limits on strangers: a flood is stopped, and honest use never meets them."""

import pytest

from lanmsg.model import PeerId
from lanmsg.protocol.admission import Admission, StrangerTalk, network_of
from lanmsg.protocol.constants import (
    FAILED_HANDSHAKES_MAX,
    FAILED_HANDSHAKES_WINDOW_S,
    HANDSHAKES_BURST,
    HANDSHAKES_PER_ADDRESS_BURST,
    NEW_PEER_MESSAGES_BURST,
    NEW_PEER_MESSAGES_PER_S,
    SOURCES_REMEMBERED_MAX,
)

ANNA, EVE = "10.0.0.1", "10.0.0.66"


def test_a_script_of_somebody_known_may_go_on_all_day() -> None:
    admission = Admission()
    for step in range(40_000):
        assert admission.admit(ANNA, step * 0.05)
        admission.proved(ANNA)


def test_a_stranger_with_good_keys_may_knock_four_times_a_second() -> None:
    admission = Admission()
    assert all(admission.admit(ANNA, step * 0.25) for step in range(10_000))


def test_one_address_cannot_make_us_pay_for_more_than_its_share() -> None:
    admission = Admission()
    admitted = sum(admission.admit(EVE, 0.0) for _ in range(500))
    assert admitted == HANDSHAKES_PER_ADDRESS_BURST
    assert admission.admit(ANNA, 0.0)


def test_all_addresses_together_have_a_limit_too() -> None:
    admission = Admission()
    assert sum(admission.admit(f"10.1.{n // 250}.{n % 250}", 0.0) for n in range(5_000)) == HANDSHAKES_BURST


def test_failures_close_the_door_for_a_while_and_only_to_their_address() -> None:
    admission = Admission()
    for _ in range(FAILED_HANDSHAKES_MAX):
        assert admission.admit(EVE, 1.0)
        admission.failed(EVE, 1.0)
    assert not admission.admit(EVE, 2.0)
    assert admission.admit(ANNA, 2.0)
    assert admission.admit(EVE, 1.0 + FAILED_HANDSHAKES_WINDOW_S)


def test_what_is_remembered_of_failures_is_bounded() -> None:
    admission = Admission()
    for number in range(SOURCES_REMEMBERED_MAX + 500):
        admission.failed(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", 0.0)
    assert len(admission._failures) == SOURCES_REMEMBERED_MAX


def test_a_stranger_is_slowed_down_after_its_burst() -> None:
    talk, eve = StrangerTalk(), PeerId(b"e" * 32)
    assert sum(talk.may_say(eve, 0.0) for _ in range(1_000)) == NEW_PEER_MESSAGES_BURST
    assert sum(talk.may_say(eve, 1.0) for _ in range(1_000)) == NEW_PEER_MESSAGES_PER_S
    assert talk.may_say(PeerId(b"a" * 32), 1.0)


def test_what_comes_behind_a_refusal_does_not_overtake_it() -> None:
    talk, eve = StrangerTalk(), PeerId(b"e" * 32)
    while talk.may_say(eve, 0.0):
        pass
    assert not talk.may_say(eve, 0.3), "there is room again, and the refused one is still to come"
    assert talk.may_say(eve, 0.5)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("10.0.0.1", "10.0.0.2", False),
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2%eth0", False),
    ],
)
def test_a_machine_has_one_ipv4_address_or_a_whole_ipv6_network(one: str, other: str, same: bool) -> None:
    assert (network_of(one) == network_of(other)) is same
