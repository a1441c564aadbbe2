"""Identities and discovery datagrams of the vectors, made by the reference alone."""

from hashlib import sha256
from struct import pack

from tests.vectors.reference import Json, changed, drawn, hexed, person


def identity() -> Json:
    people = {name: person(name) for name in ("alice", "bob")}
    n = person("alice").modulus
    refused = {
        "even": n[:-1] + bytes((n[-1] & 0xFE,)),
        "top bit clear": bytes((n[0] & 0x7F,)) + n[1:],
        "one byte short": n[:-1],
        "one byte long": n + b"\x01",
        "zero": bytes(384),
        "16384 bits": n + bytes(1663) + b"\x01",
    }
    return {
        "comment": "Modulus and fingerprint of two keys (e = 65537), and moduli that are none.",
        "keys": {
            name: {
                "p": f"{person.p:0384x}",
                "q": f"{person.q:0384x}",
                "modulus": person.modulus.hex(),
                "fingerprint": person.fingerprint.hex(),
            }
            for name, person in people.items()
        },
        "refused": hexed(refused),
    }


def announcements() -> Json:
    secret, token = drawn("leave secret", 16), drawn("token", 16)
    instance = sha256(b"lanmsg/1 instance\0" + secret).digest()[:8]
    name = "Zoë@büro"
    accepted = [
        _datagram("a listener asks", 1, instance, token, 2372, name),
        _datagram("a dialer asks", 1, instance, token, 0, "script"),
        _datagram("it is here", 2, instance, bytes(16), 2372, name),
        _datagram("it answers", 3, instance, token, 40001, name, status=2),
        _datagram("it leaves, showing its leave secret", 4, instance, secret, 2372, name),
        _datagram("the longest name", 2, instance, bytes(16), 2372, "n" * 48, lifetime=144),
        _datagram("no name", 2, instance, bytes(16), 2372, ""),
    ]
    good = bytes.fromhex(accepted[2]["datagram"])
    later = {"an unknown flag": (6, b"\x80"), "an unknown status is available": (68, b"\x07")}
    wrong = {
        "another magic": (0, b"LMSX"),
        "another version": (4, b"\x02"),
        "type 0": (5, b"\x00"),
        "type 5": (5, b"\x05"),
        "no fingerprint": (8, bytes(32)),
        "a name of 49 bytes": (69, b"\x31"),
        "a name that is not UTF-8": (70, b"\xff\xfe"),
    }
    understood = []
    fields = {key: accepted[2][key] for key in _FIELDS} | {"status": 0}
    for comment, (at, change) in later.items():
        understood.append({"comment": comment, **fields, "datagram": changed(good, at, change).hex()})
    understood.append({"comment": "more fields behind", **fields, "datagram": (good + bytes(100)).hex()})
    refused = [
        {"comment": comment, "datagram": changed(good, at, change).hex()}
        for comment, (at, change) in wrong.items()
    ]
    refused.append({"comment": "127 bytes", "datagram": good[:127].hex()})
    refused.append({"comment": "513 bytes", "datagram": (good + bytes(385)).hex()})
    return {
        "comment": "Discovery datagrams. `later`: not sent yet, but accepted. `refused`: dropped.",
        "leave_secret": secret.hex(),
        "instance": instance.hex(),
        "accepted": accepted,
        "later": understood,
        "refused": refused,
    }


_FIELDS = ("type", "fingerprint", "instance", "token", "port", "lifetime", "status", "name")


def _datagram(
    comment: str,
    kind: int,
    instance: bytes,
    token: bytes,
    port: int,
    name: str,
    *,
    status: int = 0,
    lifetime: int = 12,
) -> Json:
    who, label = person("alice").fingerprint, name.encode()
    head = pack(
        ">4sBBH32s8s16sHHBB", b"LMSD", 1, kind, 0, who, instance, token, port, lifetime, status, len(label)
    )
    values = (kind, who.hex(), instance.hex(), token.hex(), port, lifetime, status, name)
    datagram = (head + label).ljust(128, b"\0")
    return {"comment": comment, **dict(zip(_FIELDS, values, strict=True)), "datagram": datagram.hex()}
