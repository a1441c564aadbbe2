"""Limits on strangers: a flood is stopped, and honest use never meets them."""

from collections.abc import Iterator
from itertools import count

import pytest

from lanmsg.model import PeerId
from lanmsg.protocol.admission import Admission, StrangerOffers, StrangerTalk, network_of
from lanmsg.protocol.constants import (
    FAILED_HANDSHAKES_MAX,
    FAILED_HANDSHAKES_WINDOW_S,
    HANDSHAKES_BURST,
    HANDSHAKES_PER_ADDRESS_BURST,
    KNOWN_ADDRESS_HANDSHAKES_BURST,
    NEW_PEER_MESSAGES_BURST,
    NEW_PEER_MESSAGES_PER_S,
    NEW_PEERS_BYTES_PER_HOST_BURST,
    NEW_PEERS_BYTES_PER_HOST_PER_S,
    NEW_PEERS_MESSAGES_PER_HOST_BURST,
    NEW_PEERS_MESSAGES_PER_HOST_PER_S,
    NEW_PEERS_OFFERS_PER_HOST_BURST,
    NEW_PEERS_OFFERS_PER_HOST_PER_S,
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
    assert sum(talk.may_say(eve, EVE, 0.0) for _ in range(1_000)) == NEW_PEER_MESSAGES_BURST
    assert sum(talk.may_say(eve, EVE, 1.0) for _ in range(1_000)) == NEW_PEER_MESSAGES_PER_S
    assert talk.may_say(PeerId(b"a" * 32), EVE, 1.0)


def test_what_comes_behind_a_refusal_does_not_overtake_it() -> None:
    talk, eve = StrangerTalk(), PeerId(b"e" * 32)
    while talk.may_say(eve, EVE, 0.0):
        pass
    assert not talk.may_say(eve, EVE, 0.3), "there is room again, and the refused one is still to come"
    assert talk.may_say(eve, EVE, 0.5)


def keys() -> Iterator[PeerId]:
    return (PeerId(number.to_bytes(32)) for number in count())


def test_where_somebody_known_is_the_door_stays_open_whatever_others_do() -> None:
    """A thousand addresses knock, and fail; theirs is not the share that hers is taken from."""
    admission = Admission()
    admission.proved(ANNA)
    for number in range(1_000):
        host = f"10.9.{number // 250}.{number % 250}"
        admission.admit(host, 0.0)
        admission.failed(host, 0.0)
    for _ in range(FAILED_HANDSHAKES_MAX):
        admission.failed(ANNA, 0.0)
    assert not admission.admit("10.10.0.1", 0.0)
    assert admission.admit(ANNA, 0.0)


def test_where_somebody_known_is_others_have_their_share_and_no_more() -> None:
    admission = Admission()
    admission.proved(ANNA)
    assert sum(admission.admit(ANNA, 0.0) for _ in range(1_000)) == KNOWN_ADDRESS_HANDSHAKES_BURST
    assert admission.admit(EVE, 0.0)


def test_addresses_of_the_known_are_remembered_within_bounds() -> None:
    admission = Admission()
    for number in range(SOURCES_REMEMBERED_MAX + 500):
        admission.remember(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(admission._known) == SOURCES_REMEMBERED_MAX
    assert not admission.is_known("10.0.0.0")
    assert admission.is_known("10.0.17.1")


def test_a_host_has_no_more_to_say_with_many_keys() -> None:
    talk = StrangerTalk()
    assert sum(talk.may_say(peer, EVE, 0.0) for peer, _ in zip(keys(), range(9_000), strict=False)) == (
        NEW_PEERS_MESSAGES_PER_HOST_BURST
    )
    others = (PeerId(bytes((255,)) + number.to_bytes(31)) for number in range(9_000))
    assert sum(talk.may_say(peer, EVE, 1.0) for peer in others) == NEW_PEERS_MESSAGES_PER_HOST_PER_S
    assert talk.may_say(PeerId(b"a" * 32), ANNA, 1.0)


def test_two_who_are_new_behind_one_router_do_not_meet_its_limit() -> None:
    """Each pipes a log, and each gets as much as it would alone."""
    talk = StrangerTalk()
    one, other = PeerId(b"1" * 32), PeerId(b"2" * 32)
    for peer in (one, other):
        assert sum(talk.may_say(peer, ANNA, 0.0) for _ in range(1_000)) == NEW_PEER_MESSAGES_BURST


def test_a_host_fills_only_so_much_of_the_disk() -> None:
    talk, size = StrangerTalk(), 32_768
    stored = sum(size * talk.may_fill(EVE, size, 0.0) for _ in range(10_000))
    assert stored == NEW_PEERS_BYTES_PER_HOST_BURST
    a_day = sum(size * talk.may_fill(EVE, size, float(second)) for second in range(86_400))
    assert a_day <= 86_400 * NEW_PEERS_BYTES_PER_HOST_PER_S
    assert talk.may_fill(ANNA, size, 0.0)


def test_a_host_offers_no_more_with_many_keys() -> None:
    offers = StrangerOffers()
    assert sum(offers.may_ask(EVE, 0.0) for _ in range(500)) == NEW_PEERS_OFFERS_PER_HOST_BURST
    hour = sum(offers.may_ask(EVE, float(second)) for second in range(3_600))
    assert hour == pytest.approx(3_600 * NEW_PEERS_OFFERS_PER_HOST_PER_S, abs=1)
    assert offers.may_ask(ANNA, 0.0)


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
