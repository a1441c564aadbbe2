"""Handshakes of the vectors, whole ones and refused ones, made by the reference alone."""

from dataclasses import asdict, dataclass

from tests.vectors import reference
from tests.vectors.reference import HONEST, Json, Transcript, Twist, changed, hexed, person

ABORT = b"\x06\0\0"


def handshake() -> Json:
    seen = reference.handshake(person("alice"), person("bob"), reference.draws("handshake"))
    return {
        "comment": "A whole handshake, alice dials bob: each random byte, step, frame and key.",
        "expect": "accepted",
        **_inputs(),
        "ephemeral": hexed(seen.ephemeral),
        "steps": seen.steps,
        "frames": hexed(seen.frames),
        "keys": hexed(seen.keys),
    }


def _inputs() -> Json:
    return {"initiator": "alice", "responder": "bob", "draws": hexed(asdict(reference.draws("handshake")))}


def handshake_later_version() -> Json:
    """A later initiator may set flags and offer more versions."""
    seen = _twisted(Twist(hello=b"LMSG\x01\x03\x80\x01"))
    comment = (
        "An initiator that speaks versions 1 to 3 and sets flags: version 1 is taken, the flags are left."
    )
    frames = hexed({name: seen.frames[name] for name in ("M1", "M3", "M5")})
    return {
        "comment": comment,
        "expect": "accepted",
        "at": "",
        "receiver": "responder",
        **_inputs(),
        "frames": frames,
    }


@dataclass(frozen=True)
class Refusal:
    """A handshake that `receiver` ends when it gets `at`."""

    comment: str
    receiver: str
    at: str
    twist: Twist = HONEST
    level: str = "handshake"
    expected: str | None = None
    change: tuple[int, bytes] | None = None

    def vector(self) -> Json:
        frames = dict(_twisted(self.twist).frames)
        if self.change is not None:
            frames[self.at] = changed(frames[self.at], *self.change)
        order = ("M1", "M3", "M5") if self.receiver == "responder" else ("M2", "M4")
        received = order[: order.index(self.at) + 1]
        return {
            "comment": self.comment,
            "expect": self.level,
            "at": self.at,
            "receiver": self.receiver,
            **({"expected_peer": self.expected} if self.expected else {}),
            "answer": "" if frames[self.at].startswith(ABORT) else ABORT.hex(),
            **_inputs(),
            "frames": hexed({name: frames[name] for name in received}),
        }


def _twisted(twist: Twist) -> Transcript:
    return reference.handshake(person("alice"), person("bob"), reference.draws("handshake"), twist)


def _even(modulus: bytes) -> bytes:
    return modulus[:-1] + bytes((modulus[-1] & 0xFE,))


def refusals() -> dict[str, Refusal]:
    echoed = reference.point(reference.draws("handshake").initiator_x25519)
    order_8 = bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")
    return {
        "frame-length": Refusal(
            "M1 whose header says one byte more", "responder", "M1", level="frame", change=(2, b"\xc9")
        ),
        "frame-type": Refusal(
            "M3 that calls itself M5", "responder", "M3", level="frame", change=(0, b"\x05")
        ),
        "frame-abort": Refusal("Abort instead of M2", "initiator", "M2", level="frame", change=(0, ABORT)),
        "magic": Refusal("another magic", "responder", "M1", Twist(hello=b"LMSX\x01\x01\0\0")),
        "version": Refusal("versions 2 to 3 only", "responder", "M1", Twist(hello=b"LMSG\x02\x03\0\0")),
        "choice": Refusal("version 2, not proposed", "initiator", "M2", Twist(choice=b"\x02\0\0\0")),
        "reserved": Refusal("reserved bytes not zero", "initiator", "M2", Twist(choice=b"\x01\0\0\x01")),
        "low-order-zero": Refusal("X25519 key zero", "responder", "M1", Twist(initiator_point=bytes(32))),
        "low-order-8": Refusal("X25519 key of order 8", "initiator", "M2", Twist(responder_point=order_8)),
        "mlkem-key": Refusal(
            "ML-KEM coefficients beyond q", "responder", "M1", Twist(mlkem_public=b"\xff" * 1184)
        ),
        "echo": Refusal(
            "the initiator's own X25519 key comes back", "initiator", "M2", Twist(responder_point=echoed)
        ),
        "own-key": Refusal(
            "the responder shows the initiator's identity",
            "initiator",
            "M2",
            Twist(responder_modulus=person("alice").modulus),
        ),
        "own-key-initiator": Refusal(
            "the initiator shows the responder's identity",
            "responder",
            "M3",
            Twist(initiator_modulus=person("bob").modulus),
        ),
        "even-modulus": Refusal(
            "an even modulus", "initiator", "M2", Twist(responder_modulus=_even(person("bob").modulus))
        ),
        "short-modulus": Refusal(
            "a modulus of 3071 bits",
            "responder",
            "M3",
            Twist(initiator_modulus=b"\x7f" + person("alice").modulus[1:]),
        ),
        "unexpected-peer": Refusal(
            "bob's key where alice's friend was dialled", "initiator", "M2", expected="00" * 32
        ),
        "wrap-label": Refusal(
            "M3 wraps under the other direction's label", "responder", "M3", Twist(i2r=b"r2i")
        ),
        "wrap-key": Refusal(
            "M3 wraps to another key", "responder", "M3", Twist(wrap_to_responder=person("alice").modulus)
        ),
        "m4-tag": Refusal("M4 with one bit changed", "initiator", "M4", change=(402, b"\0")),
    }
