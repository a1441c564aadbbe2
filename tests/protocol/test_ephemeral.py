"""Ephemeral keys: both sides agree, and points and keys that an attacker chose are refused."""

import pytest

from lanmsg.protocol.ephemeral import Entropy, InitiatorKeys, ResponderKeys
from lanmsg.protocol.errors import RemoteProtocolError
from tests.protocol.people import repeatable

P = 2**255 - 19
LOW_ORDER = [
    point.to_bytes(32, "little")
    for point in (
        0,
        1,
        325606250916557431795983626356110631294008115727848805560023387167927233504,
        39382357235489614581723060781553021112529911719440698176882885853963445705823,
        P - 1,
        P,
        P + 1,
    )
]
"""All points of order 1, 2, 4 and 8 (https://cr.yp.to/ecdh.html)."""


def keys() -> InitiatorKeys:
    return InitiatorKeys(Entropy(repeatable("initiator")))


def test_both_sides_agree() -> None:
    initiator = keys()
    responder = ResponderKeys(
        Entropy(repeatable("responder")), initiator.x25519_public, initiator.mlkem_public
    )
    assert initiator.agree(responder.x25519_public, responder.ciphertext) == responder.agreed
    assert (len(initiator.x25519_public), len(initiator.mlkem_public)) == (32, 1184)
    assert (len(responder.ciphertext), len(responder.agreed)) == (1088, 64)


def test_another_ciphertext_gives_another_secret() -> None:
    """ML-KEM rejects implicitly: the handshake fails later, at a seal."""
    initiator = keys()
    responder = ResponderKeys(
        Entropy(repeatable("responder")), initiator.x25519_public, initiator.mlkem_public
    )
    agreed = initiator.agree(responder.x25519_public, bytes(1088))
    assert agreed[:32] == responder.agreed[:32]
    assert agreed[32:] != responder.agreed[32:]


@pytest.mark.parametrize("point", LOW_ORDER, ids=bytes.hex)
def test_a_point_of_low_order_is_refused(point: bytes) -> None:
    initiator = keys()
    with pytest.raises(RemoteProtocolError):
        ResponderKeys(Entropy(repeatable("responder")), point, initiator.mlkem_public)
    with pytest.raises(RemoteProtocolError):
        initiator.agree(point, bytes(1088))


@pytest.mark.parametrize(
    "public", [b"\xff" * 1184, b"\x01\x0d\x00" * 384 + bytes(32)], ids=["all ones", "3329"]
)
def test_an_ml_kem_key_with_coefficients_beyond_q_is_refused(public: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        ResponderKeys(Entropy(repeatable("responder")), keys().x25519_public, public)


def test_our_own_key_echoed_is_refused() -> None:
    initiator = keys()
    with pytest.raises(RemoteProtocolError):
        initiator.agree(initiator.x25519_public, bytes(1088))


def test_all_random_bytes_come_from_the_caller() -> None:
    asked: list[int] = []

    def draw(count: int) -> bytes:
        asked.append(count)
        return bytes(count)

    entropy = Entropy(draw)
    entropy.x25519_private(), entropy.mlkem_seed(), entropy.secret(), entropy.rejection_secret()
    assert asked == [32, 64, 32, 32]
