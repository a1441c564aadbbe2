"""Attack: keys that are none: points whose secret anybody knows, keys that leak, moduli that are no modulus.

Property: each of them ends the handshake, from whichever side it comes. protocol.md, 4 and 7.5 (3, 4). Keys
alone are in protocol/test_ephemeral.py and test_identity.py, and against Wycheproof in primitives.
"""

from collections.abc import Callable

import pytest

from lanmsg.protocol.constants import FRAME_HEADER_BYTES, M2_BYTES, MLKEM_CIPHERTEXT_BYTES
from lanmsg.protocol.handshake import Frame
from lanmsg.protocol.identity import LocalIdentity
from tests.protocol.handshake_pair import ALICE, BOB, initiator, refuses, responder, until
from tests.protocol.test_ephemeral import LOW_ORDER, P

SHIFTED = [(point + 2**255).to_bytes(32, "little") for point in (0, 1, P - 1, P, P + 1)]
"""The same with the top bit set, which X25519 does not look at."""

M1_POINT = FRAME_HEADER_BYTES + 8
M2_POINT = FRAME_HEADER_BYTES + 4
M2_CIPHERTEXT = M2_POINT + 32


def replaced(data: bytes, at: int, by: bytes) -> bytes:
    return data[:at] + by + data[at + len(by) :]


@pytest.mark.parametrize("point", [*LOW_ORDER, *SHIFTED], ids=bytes.hex)
def test_a_point_of_low_order_ends_it_on_either_side(point: bytes) -> None:
    assert refuses(responder(), replaced(initiator().data_to_send(), M1_POINT, point))
    ours = initiator()
    assert refuses(ours, replaced(until(Frame.M2, ours, responder()), M2_POINT, point))


@pytest.mark.parametrize("coefficient", [0, 1, 511, 767])
@pytest.mark.parametrize("value", [3329, 3330, 4095])
def test_an_ml_kem_key_that_is_not_reduced_ends_it(coefficient: int, value: int) -> None:
    """Two keys that are one would be two transcripts for one secret (FIPS 203, 7.2)."""
    m1 = bytearray(initiator().data_to_send())
    at = M1_POINT + 32 + coefficient // 2 * 3
    pair = int.from_bytes(m1[at : at + 3], "little")
    pair = (pair & 0xFFF) | value << 12 if coefficient % 2 else (pair & 0xFFF000) | value
    m1[at : at + 3] = pair.to_bytes(3, "little")
    assert refuses(responder(), bytes(m1))


@pytest.mark.parametrize("ciphertext", [bytes(1088), b"\xff" * 1088], ids=["zeros", "ones"])
def test_another_ml_kem_ciphertext_ends_it(ciphertext: bytes) -> None:
    """It gives another secret, by implicit rejection; the seal of the responder's key does not open then."""
    assert len(ciphertext) == MLKEM_CIPHERTEXT_BYTES
    ours = initiator()
    m2 = until(Frame.M2, ours, responder())
    assert len(m2) == M2_BYTES
    assert refuses(ours, replaced(m2, M2_CIPHERTEXT, ciphertext))


BAD_MODULI: dict[str, Callable[[bytes], bytes]] = {
    "even": lambda n: n[:-1] + bytes((n[-1] & 0xFE,)),
    "top bit clear": lambda n: bytes((n[0] & 0x7F,)) + n[1:],
    "of 2,048 bits": lambda n: bytes(128) + n[128:],
    "zero": lambda n: bytes(384),
    "a power of two": lambda n: b"\x80" + bytes(383),
}


@pytest.mark.parametrize("change", BAD_MODULI.values(), ids=BAD_MODULI)
def test_a_modulus_that_is_none_ends_it_on_either_side(change: Callable[[bytes], bytes]) -> None:
    """Correctly sealed by whoever shows it, so that nothing but the modulus is wrong."""
    ours = initiator()
    assert refuses(ours, until(Frame.M2, ours, responder(showing(BOB, change))))
    theirs = responder()
    assert refuses(theirs, until(Frame.M3, initiator(showing(ALICE, change)), theirs))


def showing(owner: LocalIdentity, change: Callable[[bytes], bytes]) -> LocalIdentity:
    return LocalIdentity(owner.private_key, change(owner.modulus), owner.peer_id)


@pytest.mark.parametrize("tail", [b"\x01", b"\x03", b"\x05"])
def test_a_modulus_with_small_factors_harms_only_whoever_shows_it(tail: bytes) -> None:
    """It is not looked for (chapter 4): what is wrapped to it is that one's own loss."""
    weak = b"\x80" + bytes(382) + tail
    ours, theirs = initiator(), responder(LocalIdentity(BOB.private_key, weak, BOB.peer_id))
    m3 = until(Frame.M3, ours, theirs)
    assert refuses(theirs, m3)
    assert ours.proven is None
