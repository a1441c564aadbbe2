"""Attack: the attacker has *my* private key, and poses as my friend to me (key compromise impersonation).

Property: with my key one can be me, and nobody else: to be Ben towards me takes Ben's key, because Ben proves
himself by opening what is wrapped to it. protocol.md, 7.3 and 19.1. Over TCP: test_real_nodes.py.
"""

from lanmsg.protocol.cipher import Role
from lanmsg.protocol.handshake import Frame
from tests.protocol.handshake_pair import ALICE, BOB, impostor, initiator, refuses, responder, until


def test_a_thief_of_my_key_who_answers_my_call_is_not_my_friend() -> None:
    """As responder: M2 shows Bob's key, but what Alice wraps to it stays closed, and so does her identity."""
    ours, thief = initiator(expected=BOB.peer_id), responder(impostor(BOB, secrets_of=ALICE))
    m3 = until(Frame.M3, ours, thief)
    assert refuses(thief, m3)
    assert ours.proven is None


def test_whatever_that_thief_answers_instead_is_refused() -> None:
    """He does not stop at what he cannot read: M4 has to be sealed under a key from the secret he lacks."""
    ours, thief = initiator(expected=BOB.peer_id), responder(impostor(BOB, secrets_of=ALICE))
    until(Frame.M3, ours, thief)
    thief.schedule.derive(b"responder-auth", bytes(32))
    thief._send(Frame.M4, thief._wrap_and_seal(Role.RESPONDER, ALICE.modulus, b"r2i", bytes(32)))
    assert refuses(ours, thief.data_to_send())


def test_a_thief_of_my_key_who_calls_me_is_not_my_friend() -> None:
    """As initiator: M3 shows Bob's key and is in order; M5 takes the secret that M4 wraps to it."""
    ours = responder(ALICE)
    thief = initiator(impostor(BOB, secrets_of=ALICE))
    thief._check_modulus = lambda modulus: modulus  # type: ignore[method-assign]  # it is his own, after all
    m4 = until(Frame.M4, thief, ours)
    assert ours.proven is None
    thief.receive_data(m4)
    assert refuses(ours, thief.data_to_send())
