"""Chapters 8, 9 and 10 of protocol.md: records, and the payloads in them."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import Any

from tests.interop.stranger_crypto import Keys, Stream, StreamEndedError, gcm_open, gcm_seal, hkdf
from tests.interop.stranger_pack import pack, unpack

PAYLOAD, DATA, CLOSE, REKEY = 0x10, 0x11, 0x12, 0x13
LONGEST = {PAYLOAD: 65552, DATA: 131088, CLOSE: 1040, REKEY: 16}
REKEY_AT = 1 << 20
KNOWN = {
    *("profile", "message", "ack", "refused", "offer", "accept", "decline", "cancel", "callback"),
    *("ping", "pong", "bulk", "begin", "done", "failed", "pause", "resume", "verify"),
}


class ClosedError(Exception):
    """The other side said CLOSE; the argument is its code."""


class BrokenRuleError(Exception):
    """A record of the other side breaks a rule."""


class Direction:
    def __init__(self, key: bytes) -> None:
        self.key, self.seq = key, 0

    def nonce(self) -> bytes:
        self.seq += 1
        return bytes(4) + (self.seq - 1).to_bytes(8, "big")

    def renew(self) -> None:
        self.key, self.seq = hkdf(b"", self.key, b"lanmsg/1 rekey", 32), 0


class Session:
    def __init__(self, stream: Stream, keys: Keys) -> None:
        self.stream, self.peer = stream, keys.peer
        self.session_id, self.sas = keys.session_id, keys.sas
        self.out, self.into = Direction(keys.sending), Direction(keys.receiving)
        self.profile: dict[str, Any] = {}
        self.bulk = False
        self.pings = 0

    # records

    def send_record(self, kind: int, plaintext: bytes) -> None:
        self.stream.send(self.sealed(kind, plaintext))

    def sealed(self, kind: int, plaintext: bytes) -> bytes:
        header = bytes([kind]) + (len(plaintext) + 16).to_bytes(3, "big")
        return header + gcm_seal(self.out.key, self.out.nonce(), plaintext, header)

    def rekey(self) -> None:
        self.send_record(REKEY, b"")
        self.out.renew()

    def record(self, seconds: float = 5.0) -> tuple[int, bytes]:
        """The next PAYLOAD or DATA; ClosedError at CLOSE."""
        end = time.monotonic() + seconds
        while True:
            header = self.stream.exactly(4, max(0.001, end - time.monotonic()))
            kind, length = header[0], int.from_bytes(header[1:], "big")
            if not 16 <= length <= LONGEST.get(kind, -1):
                raise BrokenRuleError(f"record header {header.hex()}")
            if self.into.seq == REKEY_AT and kind != REKEY:
                raise BrokenRuleError("a key used for too long")
            sealed = self.stream.exactly(length)
            try:
                plaintext = gcm_open(self.into.key, self.into.nonce(), sealed, header)
            except ValueError as error:
                raise BrokenRuleError("a record does not open") from error
            if kind == CLOSE:
                raise ClosedError(unpack(plaintext)["code"])
            if kind != REKEY:
                return kind, plaintext
            self.into.renew()

    # payloads

    def say(self, t: str, **fields: object) -> None:
        self.send_record(PAYLOAD, pack({"t": t, **fields}))

    def hear(self, *wanted: str, seconds: float = 5.0) -> dict[str, Any]:
        """The next payload of a type that is wanted; what else comes is answered as it must be."""
        end = time.monotonic() + seconds
        while True:
            kind, plaintext = self.record(max(0.001, end - time.monotonic()))
            if kind == DATA:
                raise BrokenRuleError("DATA between payloads")
            payload = unpack(plaintext)
            if payload["t"] == "profile":
                self.profile = payload
            if payload["t"] in wanted:
                return payload
            if payload["t"] == "ping":
                self.pings += 1
                if not self.bulk:
                    self.say("pong", token=payload["token"])
            elif payload["t"] not in KNOWN:
                self.say("refused", id=payload.get("id"), code="unknown")

    def introduce(self, name: str, port: int) -> None:
        self.say("profile", name=name, status=0, note="", port=port, client="stranger 1")

    def message(self, ident: bytes, text: str, to: str = "private") -> None:
        self.say("message", id=ident, to=to, text=text, time=time.time_ns() // 1_000_000)

    # the end

    def close(self, code: str = "bye") -> None:
        """Farewell, half-close, and nothing of what still comes; for 2 s at most."""
        with contextlib.suppress(OSError):
            self.send_record(CLOSE, pack({"t": "close", "code": code}))
            self.stream.sock.shutdown(socket.SHUT_WR)
            self.stream.rest(2.0)
        self.stream.close()

    def close_code(self, seconds: float = 5.0) -> str:
        """Wait for the farewell of the other side, which ends its half behind it; then close."""
        try:
            while True:
                self.record(seconds)
        except ClosedError as farewell:
            after = self.stream.rest(seconds)
            assert not after, f"{len(after)} bytes after CLOSE"
            return str(farewell.args[0])
        except StreamEndedError:
            return "no CLOSE"
        finally:
            self.stream.close()
