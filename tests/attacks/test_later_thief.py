"""Attack: everything was recorded; later a private key is stolen, a memory is read, or a computer breaks RSA.

Property: the traffic keys need both ephemeral secrets, X25519's and ML-KEM's, which nobody has after the
handshake; a key replaced by REKEY is gone as well. protocol.md, 7.3, 8.2 and 19.1.
"""

import gc
from collections.abc import Iterator

import pytest

from lanmsg.protocol.cipher import KeySchedule, Role
from lanmsg.protocol.constants import REKEY_INTERVAL_S
from lanmsg.protocol.errors import RemoteProtocolError
from tests.protocol.session_pair import SessionPair, message
from tests.vectors import reference

SEEN = reference.handshake(reference.person("alice"), reference.person("bob"), reference.draws("handshake"))
BOTH = SEEN.ephemeral["x25519"] + SEEN.ephemeral["mlkem_secret"]


def opened_with(agreed: bytes) -> bytes:
    """What whoever has recorded M1 and M2, and knows this of the ephemeral secrets, reads of M2."""
    thief = KeySchedule()
    thief.mix(SEEN.frames["M1"])
    thief.mix(SEEN.frames["M2"][:1127])
    thief.derive(b"ephemeral", agreed)
    return thief.open(Role.RESPONDER, SEEN.frames["M2"][1127:])


def test_both_ephemeral_secrets_open_it() -> None:
    """Otherwise the next test would show nothing."""
    assert opened_with(BOTH) == reference.person("bob").modulus


@pytest.mark.parametrize(
    "known",
    [bytes(64), BOTH[:32] + bytes(32), bytes(32) + BOTH[32:], BOTH[32:] + BOTH[:32]],
    ids=["neither", "X25519 is broken", "ML-KEM is broken", "in another order"],
)
def test_one_of_them_is_not_enough(known: bytes) -> None:
    """Nor are both identity keys, which no seal of M2 depends on: all that follows hangs on this one."""
    with pytest.raises(RemoteProtocolError):
        opened_with(known)


def in_memory(root: object) -> Iterator[bytes]:
    """All bytes that are reachable from here."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        found = waiting.pop()
        if id(found) in seen or isinstance(found, type):
            continue
        seen.add(id(found))
        if isinstance(found, bytes | bytearray):
            yield bytes(found)
        elif not callable(found) or hasattr(found, "__self__"):
            waiting += gc.get_referents(found)


@pytest.mark.parametrize("role", Role)
def test_an_open_session_has_forgotten_its_handshake(role: Role) -> None:
    """And after a REKEY its first keys: with one of them, all that came after could be computed."""
    pair = SessionPair()
    session = pair.sessions[role]
    handshake = session._handshake
    assert handshake is not None
    pair.run()
    assert handshake.proven is not None
    chaining_key = handshake.schedule.ck
    assert chaining_key not in set(in_memory(session))
    assert session._handshake is None
    for each in Role:
        assert pair.sessions[each]._send_key._key in set(in_memory(pair.sessions[each]))


@pytest.mark.parametrize("role", Role)
def test_a_replaced_key_is_gone(role: Role) -> None:
    pair = SessionPair.opened()
    first = {pair.sessions[role]._send_key._key, pair.sessions[role]._reader.key._key}
    assert first <= set(in_memory(pair.sessions[role]))
    pair.now += REKEY_INTERVAL_S
    for speaker in Role:
        pair.say(speaker, message(1))
    assert not first & set(in_memory(pair.sessions[role]))
