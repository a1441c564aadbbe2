"""Keys for a crowd: six from the four primes of the vectors, at no cost, and further ones that are made."""

from functools import cache
from itertools import combinations

from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateNumbers,
    RSAPublicNumbers,
    rsa_crt_dmp1,
    rsa_crt_dmq1,
    rsa_crt_iqmp,
)
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from lanmsg.protocol.identity import LocalIdentity, generate_identity, load_identity
from tests.protocol.people import E, person

FRIENDS = ("anna", "ben", "carla", "dora")
READY = 6


@cache
def crowd_key(number: int) -> LocalIdentity:
    """0 to 3 are the friends'; from READY on each takes a third of a second."""
    if number >= READY:
        return generate_identity()
    primes = [prime for name in ("alice", "bob") for prime in _primes(person(name))]
    p, q = list(combinations(primes, 2))[number]
    d = pow(E, -1, (p - 1) * (q - 1))
    numbers = RSAPrivateNumbers(
        p, q, d, rsa_crt_dmp1(d, p), rsa_crt_dmq1(d, q), rsa_crt_iqmp(p, q), RSAPublicNumbers(E, p * q)
    )
    private = numbers.private_key(unsafe_skip_rsa_key_validation=True)
    return load_identity(private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))


def friend_key(name: str) -> LocalIdentity:
    return crowd_key(FRIENDS.index(name))


def _primes(identity: LocalIdentity) -> tuple[int, int]:
    numbers = identity.private_key.private_numbers()
    return numbers.p, numbers.q
