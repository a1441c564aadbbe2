"""Two sessions on a wire that cuts, delays, disturbs and ends; and keys that change under way."""

from collections.abc import Callable
from itertools import chain, repeat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanmsg.protocol.cipher import Role
from lanmsg.protocol.constants import REKEY_INTERVAL_S, REKEY_RECORDS
from lanmsg.protocol.events import PayloadReceived, SessionEstablished
from lanmsg.protocol.payload import CloseCode, Payload
from lanmsg.protocol.session import SessionState
from tests.protocol.session_pair import ALICE, BOB, OTHER, SessionPair, message, profile

# ---------- Cuts


@pytest.mark.parametrize("role", Role)
def test_any_cut_of_the_stream_is_noticed(role: Role) -> None:
    """Wherever the wire is cut, its reader says so: there is no shorter stream that ends well."""
    whole = SessionPair.opened()
    whole.say(role, message(1))
    whole.hang_up(role, CloseCode.BYE)
    for length in range(0, len(whole.wire[role]), 13):
        pair, left = SessionPair(), length

        def cut(sender: Role, data: bytes) -> bytes:
            nonlocal left
            if sender is not role:
                return data
            data, left = data[:left], max(0, left - len(data))
            return data

        talk(pair, role, cut)
        pair.end(OTHER[role])
        assert not pair.closed(OTHER[role]).clean


def talk(pair: SessionPair, role: Role, change: Callable[[Role, bytes], bytes]) -> None:
    """A whole conversation, as far as the wire lets it."""
    pair.run(change=change)
    for speaker, payload in ((ALICE, profile()), (BOB, profile()), (role, message(1))):
        heard = any(isinstance(event, PayloadReceived) for event in pair.events[BOB])
        if pair.sessions[speaker].state is SessionState.OPEN and (speaker is ALICE or heard):
            pair.sessions[speaker].send(payload, 0.0)
            pair.run(change=change)
    pair.sessions[role].close(CloseCode.BYE, 0.0)
    pair.run(change=change)


# ---------- Rekey


@pytest.mark.parametrize("role", Role)
def test_keys_change_after_an_hour_and_nobody_notices(role: Role) -> None:
    pair = SessionPair.opened()
    key = pair.sessions[role]._send_key._key
    pair.now += REKEY_INTERVAL_S
    pair.say(role, message(1), message(2))
    assert pair.sessions[role]._send_key._key != key
    assert pair.sessions[role]._send_key.sequence == 2
    assert pair.sessions[OTHER[role]]._reader.key._key == pair.sessions[role]._send_key._key


@pytest.mark.parametrize("role", Role)
def test_keys_change_after_many_records(role: Role) -> None:
    pair = SessionPair.opened()
    for key in (pair.sessions[role]._send_key, pair.sessions[OTHER[role]]._reader.key):
        key.sequence = REKEY_RECORDS - 1
    pair.say(role, message(1), message(2), message(3))
    assert pair.sessions[role]._send_key.sequence == 2


# ---------- Any wire


SPOKEN: dict[Role, list[Payload]] = {
    ALICE: [profile("alice"), message(1), message(2, "x" * 5000)],
    BOB: [profile("bob"), message(3)],
}


@settings(max_examples=60)
@given(st.lists(st.integers(1, 1500), max_size=60))
def test_any_way_to_cut_the_bytes_gives_the_same_events(sizes: list[int]) -> None:
    pair = SessionPair()
    portions = chain(sizes, repeat(4000))
    pair.run(portions)
    for role in Role:
        for payload in SPOKEN[role]:
            pair.sessions[role].send(payload, 0.0)
        pair.run(portions)
    pair.sessions[ALICE].close(CloseCode.BYE, 0.0)
    pair.run(portions)
    for role in Role:
        established, *received, closed = pair.events[role]
        assert established == SessionEstablished(
            pair.identities[OTHER[role]].peer_id, pair.identities[OTHER[role]].modulus
        )
        assert received == [PayloadReceived(payload) for payload in SPOKEN[OTHER[role]]]
        assert closed == pair.closed(role)
        assert pair.closed(role).clean


@settings(max_examples=150)
@given(st.integers(0, 2400), st.binary(min_size=1, max_size=40), st.sampled_from(Role))
def test_noise_on_the_wire_is_never_taken_for_the_peer(at: int, noise: bytes, role: Role) -> None:
    """From some byte on the wire says something else: what got through is the truth."""
    sent = 0

    def disturb(sender: Role, data: bytes) -> bytes:
        nonlocal sent
        start, sent = sent, sent + len(data) * (sender is role)
        if sender is not role or not start <= at < sent:
            return data
        return data[: at - start] + bytes((data[at - start] ^ noise[0] or 1,)) + noise

    pair = SessionPair()
    talk(pair, role, disturb)
    for end in Role:
        pair.end(end)
    truth = [PayloadReceived(profile()), PayloadReceived(message(1))]
    received = [event for event in pair.events[OTHER[role]] if isinstance(event, PayloadReceived)]
    assert received == truth[: len(received)]
