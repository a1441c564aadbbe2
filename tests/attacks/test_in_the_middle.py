"""Attack: somebody on the path answers the one and dials the other, as both (man in the middle).

Property: towards a known peer it fails before our identity is sent. At first contact nobody can prevent it;
then the two have different sessions, and comparing words or fingerprints shows it. protocol.md, 7.4, 19.1
and 19.2.
"""

import pytest

from lanmsg.model import PeerId
from lanmsg.protocol.cipher import Role
from lanmsg.protocol.errors import RemoteProtocolError
from lanmsg.protocol.events import SessionEnd
from lanmsg.protocol.handshake import ABORT, InitiatorHandshake
from lanmsg.protocol.verification import Ready, Verification, VerificationState, WordsShown, safety_number
from tests.attacks.cast import mallory
from tests.protocol.people import person
from tests.protocol.session_pair import ALICE, BOB, SessionPair


@pytest.fixture
def towards_alice() -> SessionPair:
    """Alice dialled, and Mallory answered."""
    pair = SessionPair(responder=mallory())
    pair.run()
    return pair


@pytest.fixture
def towards_bob() -> SessionPair:
    """Mallory dialled Bob at the same time."""
    pair = SessionPair(initiator=mallory(), entropy="m")
    pair.run()
    return pair


def test_at_a_known_peer_he_learns_nothing_of_who_dials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Alice means Bob: at Mallory's M2 she breaks off, and M3 was never made."""
    made: list[bytes] = []
    monkeypatch.setattr(InitiatorHandshake, "_send_m3", lambda _, modulus: made.append(modulus))
    pair = SessionPair(expected=person("bob").peer_id, responder=mallory())
    pair.run()
    assert made == []
    assert pair.closed(ALICE).code == SessionEnd.UNEXPECTED_PEER
    assert pair.closed(ALICE).claimed == mallory().peer_id
    assert len(pair.wire[ALICE]) == 1227 + len(ABORT), "M1 and the Abort, and nothing between them"
    assert pair.wire[ALICE].endswith(ABORT)
    assert not pair.established(BOB)


def test_at_first_contact_the_two_have_nothing_in_common(
    towards_alice: SessionPair, towards_bob: SessionPair
) -> None:
    alice, bob = towards_alice.sessions[ALICE], towards_bob.sessions[BOB]
    assert alice.peer == bob.peer == mallory().peer_id, "each sees Mallory's key, and no other"
    assert alice.session_id != bob.session_id
    assert alice.verification_key != bob.verification_key


def test_the_words_that_the_two_compare_are_others(
    towards_alice: SessionPair, towards_bob: SessionPair
) -> None:
    """Mallory plays the comparison with each of them, by the rules."""
    assert words_on(towards_alice, ALICE) != words_on(towards_bob, BOB)


def words_on(pair: SessionPair, victim: Role) -> tuple[str, ...]:
    """What the victim reads out, after comparing with Mallory; who reads the same."""
    ends = {role: comparison(pair, role) for role in Role}
    for number, end in enumerate(ends.values()):
        end.ask(bytes((number,)) * 16)
    shown: dict[Role, tuple[str, ...]] = {}
    for _ in range(6):
        for number, (role, end) in enumerate(ends.items()):
            for payload in end.payloads_to_send():
                ends[Role.RESPONDER if role is Role.INITIATOR else Role.INITIATOR].receive_payload(payload)
            for event in end.events():
                if isinstance(event, WordsShown):
                    shown[role] = event.words
                elif isinstance(event, Ready):
                    end.go(bytes((number + 7,)) * 16)
    assert len(set(shown.values())) == 1, "on one session both see the same"
    return shown[victim]


def comparison(pair: SessionPair, role: Role) -> Verification:
    session, identity = pair.sessions[role], pair.identities[role]
    assert session.peer is not None
    return Verification(
        me=identity.peer_id, peer=session.peer, session_id=session.session_id, key=session.verification_key
    )


def test_a_comparison_that_is_passed_on_breaks_off(
    towards_alice: SessionPair, towards_bob: SessionPair
) -> None:
    """Mallory hands each one's steps to the other; by her fingerprint one of them commits, as usual.

    What that one commits itself to names its session, which is not the other's.
    """
    between = PeerId(b"\x80" * 32)
    sessions = towards_alice.sessions[ALICE], towards_bob.sessions[BOB]
    ends = [
        Verification(me=me, peer=between, session_id=session.session_id, key=session.verification_key)
        for me, session in zip((PeerId(b"\1" * 32), PeerId(b"\xfe" * 32)), sessions, strict=True)
    ]
    for end in ends:
        end.ask(b"a" * 16)
    with pytest.raises(RemoteProtocolError, match="not kept"):
        hand_on(*ends)
    assert ends[1].state is VerificationState.FAILED


def hand_on(one: Verification, other: Verification) -> None:
    for speaker, listener in ((one, other), (other, one)) * 6:
        for payload in speaker.payloads_to_send():
            listener.receive_payload(payload)
        for event in speaker.events():
            if isinstance(event, Ready):
                speaker.go(b"x" * 16)


def test_the_numbers_of_the_two_are_others() -> None:
    """Without a session in common: what each computes holds the key that it was shown."""
    pair = SessionPair()
    alice, bob = (pair.identities[role].peer_id for role in Role)
    seen = {safety_number(alice, mallory().peer_id), safety_number(bob, mallory().peer_id)}
    assert safety_number(alice, bob) not in seen
    assert len(seen) == 2
