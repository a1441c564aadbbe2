"""Attack: a contact gone bad shows a recorded conversation around, as a proof of what was said.

Property: it proves nothing. Nobody signs; whoever has the two public keys can make up such a record, byte
for byte as a real one. protocol.md, 7.2 and 19.1.
"""

from dataclasses import dataclass

from tests.vectors import reference
from tests.vectors.reference import Direction, Person, Twist, person


@dataclass(frozen=True)
class PublicOnly(Person):
    """Somebody of whom only the public key is known."""

    shown: bytes = b""

    @property
    def modulus(self) -> bytes:
        return self.shown

    def unwrap(self, wrapped: bytes, label: bytes) -> bytes:
        raise AssertionError("that would take the private key")


def test_a_whole_conversation_can_be_made_up_from_public_keys() -> None:
    draws = reference.draws("handshake")
    real = reference.handshake(person("alice"), person("bob"), draws)
    alice, bob = (PublicOnly(0, 0, person(name).modulus) for name in ("alice", "bob"))
    forged = reference.handshake(alice, bob, draws, Twist(wrap_to_responder=bob.modulus))
    assert forged.frames == real.frames
    assert forged.keys == real.keys
    said = b"\x82\xa1t\xa4ping\xa5token\x01"
    assert Direction(forged.keys["i2r"]).record(0x10, said) == Direction(real.keys["i2r"]).record(0x10, said)
