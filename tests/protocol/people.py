"""Two identities for all tests of the protocol: those of the vectors, since making new ones takes time."""

import json
from collections.abc import Callable
from functools import cache
from hashlib import shake_256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateNumbers,
    RSAPublicNumbers,
    rsa_crt_dmp1,
    rsa_crt_dmq1,
    rsa_crt_iqmp,
)
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from lanmsg.protocol.identity import LocalIdentity, load_identity

VECTORS = Path(__file__).parents[1] / "vectors" / "identity.json"
E = 65537


@cache
def person(name: str) -> LocalIdentity:
    """`alice` or `bob`."""
    key = json.loads(VECTORS.read_text(encoding="utf-8"))["keys"][name]
    p, q = int(key["p"], 16), int(key["q"], 16)
    d = pow(E, -1, (p - 1) * (q - 1))
    numbers = RSAPrivateNumbers(
        p, q, d, rsa_crt_dmp1(d, p), rsa_crt_dmq1(d, q), rsa_crt_iqmp(p, q), RSAPublicNumbers(E, p * q)
    )
    private = numbers.private_key(unsafe_skip_rsa_key_validation=True)
    return load_identity(private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))


def repeatable(seed: str) -> Callable[[int], bytes]:
    """Instead of the system's generator: other bytes at each call, the same ones in each run."""
    calls = 0

    def draw(count: int) -> bytes:
        nonlocal calls
        calls += 1
        return shake_256(f"{seed} {calls}".encode()).digest(count)

    return draw
