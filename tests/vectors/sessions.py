"""Records and payloads of the vectors, made by the reference alone."""

from collections.abc import Mapping
from typing import Any

from tests.vectors import reference
from tests.vectors.messagepack import Value, pack_value
from tests.vectors.reference import Direction, Json, changed, drawn, hexed, person


def records() -> Json:
    start = reference.handshake(person("alice"), person("bob"), reference.draws("handshake")).keys["i2r"]
    direction, stream = Direction(start), []
    plan = [
        (0x10, b"\x82\xa1t\xa4ping\xa5token\x01"),
        (0x11, bytes(range(256))),
        (0x13, b""),
        (0x10, b"\x82\xa1t\xa4ping\xa5token\x02"),
        (0x12, b"\x82\xa1t\xa5close\xa4code\xa3bye"),
    ]
    for kind, plaintext in plan:
        key, sequence = direction.key, direction.sequence
        record = direction.rekey() if kind == 0x13 else direction.record(kind, plaintext)
        stream.append(
            {
                "key": key.hex(),
                "sequence": sequence,
                "type": kind,
                "plaintext": plaintext.hex(),
                "record": record.hex(),
            }
        )
    return {
        "comment": "What alice sends after handshake.json. Each refused record is tried as the first one.",
        "key": start.hex(),
        "records": stream,
        "refused": hexed(_refused_records(start)),
    }


def _refused_records(key: bytes) -> dict[str, bytes]:
    good = Direction(key).record(0x10, b"\x82\xa1t\xa4ping\xa5token\x01")
    return {
        "a bit of the tag": good[:-1] + bytes((good[-1] ^ 1,)),
        "a bit of the ciphertext": changed(good, 4, bytes((good[4] ^ 1,))),
        "another type": changed(good, 0, b"\x12"),
        "the second record first": Direction(key, 1).record(0x10, b"\x82\xa1t\xa4ping\xa5token\x01"),
        "another key": Direction(bytes(32)).record(0x10, b"\x82\xa1t\xa4ping\xa5token\x01"),
        "type 0 (header alone)": b"\x00\x00\x00\x20",
        "shorter than a tag (header alone)": b"\x10\x00\x00\x0f",
        "65,537 bytes of payload (header alone)": b"\x10\x01\x00\x11",
        "131,073 bytes of data (header alone)": b"\x11\x02\x00\x11",
        "1,025 bytes of close (header alone)": b"\x12\x00\x04\x11",
        "a REKEY with content (header alone)": b"\x13\x00\x00\x11",
        "16 MiB of data (header alone)": b"\x11\xff\xff\xff",
    }


# ---------- Payloads

_ID = drawn("message id", 16)
_TRANSFER = drawn("transfer id", 16)
_DIGEST = drawn("digest", 32)


def payloads() -> Json:
    return {
        "comment": 'Each type of payload. Fields come in any order; bytes stand as {"hex": ...}. '
        '`unknown` is answered with Refused(id, "unknown"), `refused` closes the session.',
        "accepted": [
            {"fields": _shown(fields), "payload": pack_value(fields).hex()} for fields in _each_type()
        ],
        "unknown": hexed(_unknown()),
        "refused": hexed(_refused_payloads()),
    }


def _shown(value: Value) -> Any:
    match value:
        case bytes():
            return {"hex": value.hex()}
        case Mapping():
            return {key: _shown(item) for key, item in value.items()}
        case list():
            return [_shown(item) for item in value]
        case _:
            return value


def _each_type() -> list[dict[str, Value]]:
    folder: dict[str, Value] = {"name": "photos", "size": 1 << 33, "folder": True}
    stream: dict[str, Value] = {"name": "backup.tar", "size": None, "folder": False}
    profile: dict[str, Value] = {"t": "profile", "name": "Zoë@büro", "status": 1, "note": "back at 3"}
    offer: dict[str, Value] = {"t": "offer", "id": _TRANSFER}
    words: dict[str, Value] = {"text": "the trip", "expires": 600}
    text = "Mahlzeit! 🍲\nKommst du?"
    return [
        {**profile, "port": 2372, "client": "lanmsg 0.1.0", "caps": ["verify"]},
        {"t": "message", "id": _ID, "to": "private", "text": text, "time": 1_790_000_000_000, "reply": None},
        {"t": "message", "id": _ID, "to": "everyone", "text": "here", "time": 0, "reply": _DIGEST[:16]},
        {"t": "ack", "id": _ID},
        {"t": "ack", "id": _TRANSFER, "of": "cancel"},
        {"t": "refused", "id": _ID, "code": "full"},
        {"t": "refused", "id": None, "code": "unknown"},
        {**offer, "files": [folder], "count": 70_000, "total": 1 << 33, **words},
        {**offer, "files": [stream], "count": 1, "total": None, **words},
        {"t": "accept", "id": _TRANSFER, "entry": 0, "offset": 0, "digest": None},
        {"t": "accept", "id": _TRANSFER, "entry": 300, "offset": 65_536, "digest": _DIGEST},
        {"t": "decline", "id": _TRANSFER, "reason": "not now"},
        {"t": "cancel", "id": _TRANSFER, "reason": ""},
        {"t": "pause", "id": _TRANSFER},
        {"t": "resume", "id": _TRANSFER},
        {"t": "callback", "id": _TRANSFER},
        {"t": "bulk", "id": _TRANSFER, "role": "source"},
        {"t": "begin", "id": _TRANSFER, "entry": 300, "offset": 65_536},
        {"t": "done", "id": _TRANSFER, "entries": 70_000, "bytes": 1 << 33},
        {"t": "failed", "id": _TRANSFER, "code": "disk_full", "text": "3 GB are missing"},
        {"t": "verify", "id": _ID, "step": "ask"},
        {"t": "verify", "id": _ID, "step": "commit", "data": _DIGEST},
        {"t": "verify", "id": _ID, "step": "random", "data": _DIGEST[:16]},
        {"t": "verify", "id": _ID, "step": "reveal", "data": _DIGEST[16:]},
        {"t": "verify", "id": _ID, "step": "same"},
        {"t": "verify", "id": _ID, "step": "different"},
        {"t": "verify", "id": _ID, "step": "cancel"},
        {"t": "ping", "token": 2**64 - 1},
        {"t": "pong", "token": 2**64 - 1},
        {"t": "close", "code": "bye"},
    ]


def _unknown() -> dict[str, bytes]:
    return {
        "a later type": pack_value({"t": "reaction", "id": _ID, "emoji": "🎉", "more": {"x": [1, None]}}),
        "a later type whose id is no id": pack_value({"t": "reaction", "id": "seven"}),
        "a later type without an id": pack_value({"t": "typing"}),
    }


def _refused_payloads() -> dict[str, bytes]:
    message: dict[str, Value] = {"t": "message", "id": _ID, "to": "private", "text": "hi", "time": 0}
    wrong: dict[str, dict[str, Value]] = {
        "id of 15 bytes": {"id": _ID[:15]},
        "id as text": {"id": "x" * 16},
        "no text": {"text": ""},
        "U+0000 in the text": {"text": "a\0b"},
        "another conversation": {"to": "room"},
        "time after the year 9999": {"time": 253_402_300_800_000},
        "time as a text": {"time": "now"},
    }
    offer: dict[str, Value] = {
        "t": "offer",
        "id": _TRANSFER,
        "count": 1,
        "total": 0,
        "text": "",
        "expires": 1,
    }
    item: dict[str, Value] = {"name": "a", "size": 0, "folder": False}
    verify: dict[str, Value] = {"t": "verify", "id": _ID}
    return {
        "verify: a commitment of 31 bytes": pack_value({**verify, "step": "commit", "data": _DIGEST[:31]}),
        "verify: a reveal without its bytes": pack_value({**verify, "step": "reveal"}),
        "verify: an answer with bytes": pack_value({**verify, "step": "same", "data": b"x"}),
        "verify: another step": pack_value({**verify, "step": "shout"}),
        "verify: no id": pack_value({"t": "verify", "step": "ask"}),
        **{comment: pack_value({**message, **change}) for comment, change in wrong.items()},
        "no time": pack_value({key: value for key, value in message.items() if key != "time"}),
        "no type": pack_value({"id": _ID}),
        "a list": pack_value([message]),
        "cut short": pack_value(message)[:-1],
        "a byte too many": pack_value(message) + b"\0",
        "a surrogate in the text": pack_value(message).replace(b"\xa2hi", b"\xa3\xed\xa0\x80"),
        "a negative time": pack_value(message)[:-1] + b"\xff",
        "an offer of nothing": pack_value({**offer, "files": []}),
        "an offer of 101 names": pack_value({**offer, "files": [item] * 101}),
        "a name of 256 bytes": pack_value({**offer, "files": [{**item, "name": "n" * 256}]}),
        "a list that says it has 4,294,967,295 names": pack_value(offer)[:1].replace(b"\x86", b"\x87")
        + pack_value(offer)[1:]
        + b"\xa5files\xdd\xff\xff\xff\xff",
    }
