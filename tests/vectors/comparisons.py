"""Comparing words and safety numbers, made by the reference alone; the words are read in protocol.md."""

import hmac
import re
from functools import cache
from hashlib import sha256
from pathlib import Path

from tests.vectors import reference
from tests.vectors.messagepack import Value, pack_value
from tests.vectors.reference import Json, Person, drawn, person

DOCUMENT = Path(__file__).parents[2] / "protocol.md"
WORD_ROW = re.compile(r"\b([0-9a-f]{2}) ([A-Za-z]+) +([A-Za-z]+)")


@cache
def word_list() -> dict[int, tuple[str, str]]:
    """Each byte's word at an even place and at an odd one, from the block under its heading."""
    text = DOCUMENT.read_text(encoding="utf-8").split("### 9.6 The words", 1)[1].split("```")[1]
    return {int(match[1], 16): (match[2], match[3]) for match in WORD_ROW.finditer(text)}


def words_of(code: bytes) -> list[str]:
    return [word_list()[byte][place % 2] for place, byte in enumerate(code)]


def safety_number(one: Person, other: Person) -> str:
    both = b"".join(sorted(key.fingerprint[:30] for key in (one, other)))
    return " ".join(str(int(both[at : at + 5].hex(), 16) % 10**5).rjust(5, "0") for at in range(0, 60, 5))


def qr_text(one: Person, other: Person) -> str:
    return ":".join(["LANMSG1", *sorted(key.fingerprint.hex().upper() for key in (one, other))])


def verification() -> Json:
    alice, bob = person("alice"), person("bob")
    keys = reference.handshake(alice, bob, reference.draws("handshake")).keys
    return {
        "comment": "In the session of handshake.json. `from` says a step; of `refused` the last one fails.",
        "session_id": keys["session_id"].hex(),
        "sas": keys["sas"].hex(),
        "safety_number": safety_number(alice, bob),
        "qr": qr_text(alice, bob),
        "exchanges": [_exchange(keys, number) for number in range(3)],
        "refused": _refused(keys),
    }


def _names() -> tuple[str, str]:
    """The one that commits itself, and the other."""
    first, second = sorted(("alice", "bob"), key=lambda name: person(name).fingerprint)
    return first, second


def _exchange(keys: dict[str, bytes], number: int) -> Json:
    low, high = _names()
    ask_low, ask_high, r_a, r_b = (
        drawn(f"comparison {number} {name}", 16) for name in ("a", "b", "rA", "rB")
    )
    commit = sha256(b"lanmsg/1 sas commit" + keys["session_id"] + r_a).digest()
    code = hmac.digest(keys["sas"], b"lanmsg/1 sas words" + r_a + r_b, "sha256")[:4]
    steps = [
        _step(low, ask_low, "ask"),
        _step(high, ask_high, "ask"),
        _step(low, ask_high, "commit", commit),
        _step(high, ask_high, "random", r_b),
        _step(low, ask_high, "reveal", r_a),
        _step(high, ask_high, "same"),
        _step(low, ask_high, "different" if number else "same"),
    ]
    return {
        "commits": low,
        "rA": r_a.hex(),
        "rB": r_b.hex(),
        "code": code.hex(),
        "words": words_of(code),
        "steps": steps,
    }


def _step(who: str, ask_id: bytes, step: str, data: bytes = b"") -> Json:
    fields: dict[str, Value] = {"t": "verify", "id": ask_id, "step": step}
    return {"from": who, "step": step, "payload": pack_value(fields | ({"data": data} if data else {})).hex()}


def _refused(keys: dict[str, bytes]) -> Json:
    """What the other side has said in turn, and then what it must not say."""
    low, high = _names()
    steps = _exchange(keys, 0)["steps"]
    ask_low, ask_high = (drawn(f"comparison 0 {name}", 16) for name in ("a", "b"))
    other = drawn("comparison 0 another", 16)
    return {
        "a reveal that does not fit": [*steps[:4], _step(low, ask_high, "reveal", other)],
        "a commitment of the higher side": [*steps[:2], _step(high, ask_low, "commit", other * 2)],
        "a second commitment": [*steps[:4], _step(low, ask_high, "commit", other * 2)],
        "a reveal before our random bytes": [*steps[:3], _step(low, ask_high, "reveal", other)],
        "random bytes of the committing side": [*steps[:4], _step(low, ask_high, "random", other)],
        "random bytes twice": [*steps[:5], _step(high, ask_high, "random", other)],
        "a verdict before the words": [*steps[:4], _step(low, ask_high, "same")],
        "a verdict twice": [*steps[:6], _step(high, ask_high, "different")],
    }
