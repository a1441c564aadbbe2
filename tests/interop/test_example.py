"""The handshake of protocol.md 18.2, done again by the stranger, byte for byte."""

from __future__ import annotations

import re
import socket
import threading

from kyber_py.ml_kem import ML_KEM_768

from tests.interop.conftest import DOCUMENT, identity
from tests.interop.stranger_crypto import Draws, Keys, Stream, initiate, respond
from tests.interop.stranger_session import PAYLOAD, Session


def block(name: str) -> str:
    found = re.search(rf"vectors:begin {name} -->\n```\n(.*?)```", DOCUMENT, re.DOTALL)
    assert found is not None
    return found[1]


def value(text: str, label: str) -> bytes:
    found = re.search(rf"^{re.escape(label)}\s+((?:[0-9a-f]+\n)+)", text, re.MULTILINE)
    assert found is not None, label
    return bytes.fromhex(found[1].replace("\n", ""))


class Recorded(Stream):
    def __init__(self, sock: socket.socket) -> None:
        self.sock, self.said, self._come = sock, b"", bytearray()

    def send(self, data: bytes, seconds: float = 5.0) -> None:
        self.said += data
        super().send(data, seconds)


def test_the_example_of_the_document() -> None:
    keys, seeds = block("keys"), {}
    for role in ("i2r", "r2i"):
        seeds[role] = value(keys, f"OAEP seed, {role}")
    kem, m = value(keys, "kI, seed d, z"), value(keys, "Encaps, m")
    initiator = Draws(
        x25519=value(keys, "eI, private"),
        keygen=lambda: ML_KEM_768._keygen_internal(kem[:32], kem[32:]),
        secret=value(keys, "sI"),
        oaep=lambda _: seeds["i2r"],
    )
    responder = Draws(
        x25519=value(keys, "eR, private"),
        encaps=lambda key: ML_KEM_768._encaps_internal(key, m),
        secret=value(keys, "sR"),
        oaep=lambda _: seeds["r2i"],
    )
    alice, bob = identity("alice"), identity("bob")
    answer: list[Keys] = []
    near, far = (Recorded(sock) for sock in socket.socketpair())
    other = threading.Thread(target=lambda: answer.append(respond(far, bob, responder)))
    other.start()
    mine = initiate(near, alice, bob.fingerprint, initiator)
    other.join(10)

    frames = [bytes.fromhex(part) for part in re.split(r"M\d, \d+ bytes\n", dehexed(block("handshake")))[1:]]
    assert near.said == frames[0] + frames[2] + frames[4]
    assert far.said == frames[1] + frames[3]
    expected = block("session-keys")
    assert mine.sending == answer[0].receiving == value(expected, "k_i2r")
    assert mine.receiving == answer[0].sending == value(expected, "k_r2i")
    assert mine.session_id == answer[0].session_id == value(expected, "session id")
    assert alice.fingerprint == answer[0].peer == value(block("identity"), "fingerprint")

    session = Session(near, mine)
    records = [
        bytes.fromhex(found) for found in re.findall(r"^record +(\w+)$", block("record"), re.MULTILINE)
    ]
    assert session.sealed(PAYLOAD, bytes.fromhex("82a174a470696e67a5746f6b656e01")) == records[0]
    session.out.seq = 2
    assert session.sealed(0x13, b"") == records[1]
    session.out.renew()
    assert session.sealed(PAYLOAD, bytes.fromhex("82a174a470696e67a5746f6b656e02")) == records[2]
    near.close()
    far.close()


def dehexed(text: str) -> str:
    """Only the headings of the frames, and all hexadecimal behind them."""
    kept = re.findall(r"^M\d, \d+ bytes\n|(?:^| )[0-9a-f]{8,}$|0[1-5][0-9a-f]{4}$", text, re.MULTILINE)
    return "".join(part if part.endswith("\n") else part.strip() for part in kept)
