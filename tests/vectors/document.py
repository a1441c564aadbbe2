"""The golden bytes as protocol.md shows them: each block between its markers, made from the JSON files.

`python -m tests.vectors.document` writes them into protocol.md; tests/test_protocol_document.py compares.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
DOCUMENT = FOLDER.parents[1] / "protocol.md"

BLOCK = re.compile(r"(<!-- vectors:begin ([\w-]+) -->\n).*?(<!-- vectors:end -->)", re.DOTALL)
HEX_DIGITS_A_LINE = 128
NAME_WIDTH = 20

FIELDS = {
    "M1": (("type, length", 3), ("magic", 4), ("vmin, vmax, flags", 4), ("eI", 32), ("kI", 1184)),
    "M2": (("type, length", 3), ("version, zeros", 4), ("eR", 32), ("ct", 1088), ("sealed nR", 400)),
    "M3": (("type, length", 3), ("sealed wrap for R", 400), ("sealed nI", 400)),
    "M4": (("type, length", 3), ("sealed wrap for I", 400)),
    "M5": (("type, length", 3), ("sealed nothing", 16)),
}
"""What stands in each frame, and how long it is (protocol.md, Handshake)."""

ANNOUNCEMENT = (
    ("magic", 4),
    ("version, type, flags", 4),
    ("fingerprint", 32),
    ("instance", 8),
    ("token", 16),
    ("TCP port", 2),
    ("lifetime", 2),
    ("status, name length", 2),
    ("name", 10),
    ("padding", 48),
)

DRAWS = {
    "initiator_x25519": "eI, private",
    "mlkem_seed": "kI, seed d, z",
    "responder_x25519": "eR, private",
    "mlkem_message": "Encaps, m",
    "initiator_secret": "sI",
    "responder_secret": "sR",
    "i2r_oaep_seed": "OAEP seed, i2r",
    "r2i_oaep_seed": "OAEP seed, r2i",
}
"""The random bytes of the handshake, by what this document calls them."""


def load(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def filled(document: str) -> str:
    """`document` with every block as the vectors have it. Raises KeyError for a name that nothing makes."""
    return BLOCK.sub(lambda match: f"{match[1]}```\n{text_of(match[2])}\n```\n{match[3]}", document)


def text_of(block: str) -> str:
    return "\n".join(MAKERS[block]())


def _identity() -> Iterator[str]:
    key = load("identity")["keys"]["alice"]
    yield from _named("n", key["modulus"])
    yield from _named("fingerprint", key["fingerprint"])


def _announce() -> Iterator[str]:
    vectors = load("announcements")
    datagram = next(each for each in vectors["accepted"] if each["type"] == 2)["datagram"]
    yield from _named("leave secret", vectors["leave_secret"])
    yield ""
    yield from _divided(datagram, ANNOUNCEMENT)


def _keys() -> Iterator[str]:
    for name in ("alice", "bob"):
        key = load("identity")["keys"][name]
        yield from _named(f"{name}, p", key["p"])
        yield from _named(f"{name}, q", key["q"])
    yield ""
    draws = load("handshake")["draws"]
    for name, label in DRAWS.items():
        yield from _named(label, draws[name])


def _handshake() -> Iterator[str]:
    frames = load("handshake")["frames"]
    for name, fields in FIELDS.items():
        if name != "M1":
            yield ""
        yield f"{name}, {len(frames[name]) // 2} bytes"
        yield from _divided(frames[name], fields)


def _session_keys() -> Iterator[str]:
    vector = load("handshake")
    for step in vector["steps"]:
        if step["step"] == "key":
            yield from _named(f"{step['label']}: ck", step["ck"])
    for name, label in {"i2r": "k_i2r", "r2i": "k_r2i", "sas": "k_sas", "session_id": "session id"}.items():
        yield from _named(label, vector["keys"][name])


def _message() -> Iterator[str]:
    vector = next(each for each in load("payloads")["accepted"] if each["fields"]["t"] == "message")
    for name, value in vector["fields"].items():
        shown = value["hex"] if isinstance(value, dict) else json.dumps(value, ensure_ascii=False)
        yield f"{name:<{NAME_WIDTH}} {shown}"
    yield from _named("payload", vector["payload"])


def _safety_number() -> Iterator[str]:
    vector = load("verification")
    for name in ("bob", "alice"):
        yield from _named(f"fingerprint, {name}", load("identity")["keys"][name]["fingerprint"])
    yield from _named("safety number", vector["safety_number"])


def _verification() -> Iterator[str]:
    exchange = load("verification")["exchanges"][0]
    for name in ("rA", "rB", "code"):
        yield from _named(name, exchange[name])
    yield from _named("words", " ".join(exchange["words"]))
    for step in exchange["steps"]:
        yield from _named(f"{step['from']}, {step['step']}", step["payload"])


def _record() -> Iterator[str]:
    records = load("records")["records"]
    for at, record in enumerate(records):
        if record["type"] == 0x11:
            continue  # 256 bytes that show nothing more
        if at:
            yield ""
        yield from _named("key", record["key"])
        yield from _named("seq", str(record["sequence"]))
        if record["plaintext"]:
            yield from _named("plaintext", record["plaintext"])
        yield from _named("record", record["record"])


def _divided(data: str, fields: tuple[tuple[str, int], ...]) -> Iterator[str]:
    position = 0
    for name, size in fields:
        yield from _named(name, data[position : position + 2 * size])
        position += 2 * size
    if position != len(data):
        raise ValueError(f"{len(data) // 2} bytes, and fields for {position // 2}")


def _named(name: str, data: str) -> Iterator[str]:
    """The name and its bytes on one line, or long bytes on lines of their own below it."""
    if len(data) <= HEX_DIGITS_A_LINE - NAME_WIDTH:
        yield f"{name:<{NAME_WIDTH}} {data}"
        return
    yield name
    yield from (data[at : at + HEX_DIGITS_A_LINE] for at in range(0, len(data), HEX_DIGITS_A_LINE))


MAKERS = {
    "identity": _identity,
    "announce": _announce,
    "keys": _keys,
    "handshake": _handshake,
    "session-keys": _session_keys,
    "record": _record,
    "message": _message,
    "safety-number": _safety_number,
    "verification": _verification,
}


if __name__ == "__main__":
    DOCUMENT.write_text(filled(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
