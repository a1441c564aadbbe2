"""Attack: somebody reads along, and keeps it all.

Property: the bytes of a session show neither what is said nor between whom: no modulus, fingerprint, name or
text. protocol.md, 7.3, 7.4 and 19.1. Between two real programs: test_real_nodes.py.
"""

import zlib

from lanmsg.protocol.cipher import Role
from tests.protocol.handshake_pair import ALICE, BOB, exchange, initiator, responder
from tests.protocol.people import person
from tests.protocol.session_pair import SessionPair, message

SECRETS = ("alice", "bob", "meet me at the mill at ten", "Mühlbach 7, zweiter Stock 🍲")


def test_identities_are_not_readable_in_a_handshake() -> None:
    captured = b"".join(data for _, data in exchange(initiator(), responder()))
    for identity in (ALICE, BOB):
        assert bytes(identity.peer_id) not in captured
        assert identity.peer_id.hex().encode() not in captured
        for at in range(0, 384, 8):
            assert identity.modulus[at : at + 8] not in captured


def test_nothing_that_was_said_is_readable_in_a_session() -> None:
    pair = SessionPair.opened()
    for number, text in enumerate(SECRETS):
        for role in Role:
            pair.say(role, message(number, text))
    for captured in pair.wire.values():
        for text in (*SECRETS, "message", "private", "profile"):
            assert text.encode() not in captured
        for who in ("alice", "bob"):
            assert person(who).modulus[:8] not in captured
            assert bytes(person(who).peer_id)[:8] not in captured


def test_what_is_said_twice_does_not_look_the_same() -> None:
    """Neither within a session nor across two; nor can it be packed, as text could."""
    wires = []
    for day in ("one", "two"):
        pair = SessionPair.opened(entropy=day)
        before = len(pair.wire[Role.INITIATOR])
        pair.say(Role.INITIATOR, message(1, "x" * 4000))
        pair.say(Role.INITIATOR, message(1, "x" * 4000))
        said = pair.wire[Role.INITIATOR][before:]
        half = len(said) // 2
        wires += [said[4:half], said[half + 4 :]]
        assert len(zlib.compress(said, 9)) > 0.99 * len(said)
    assert len({wire[:64] for wire in wires}) == 4
