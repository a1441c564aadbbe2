"""Chapters 4 and 9.5 of protocol.md: the safety number, and comparing words step by step."""

from __future__ import annotations

import hmac
import re
import secrets
from pathlib import Path
from typing import Any

from tests.interop.stranger_crypto import sha256
from tests.interop.stranger_session import Session

DOCUMENT = (Path(__file__).parents[2] / "protocol.md").read_text(encoding="utf-8")
ENTRY = re.compile(r"(?<![0-9a-z])([0-9a-f]{2}) ([A-Za-z]+) +([A-Za-z]+)")
LIST = DOCUMENT.partition("### 9.6 ")[2].partition("## 10 ")[0]
WORDS = {int(byte, 16): (even, odd) for byte, even, odd in ENTRY.findall(LIST)}


def words_of(code: bytes) -> list[str]:
    return [WORDS[byte][place % 2] for place, byte in enumerate(code)]


def digits_of(fingerprint: bytes) -> list[str]:
    groups = [fingerprint[at : at + 5] for at in range(0, 30, 5)]
    return [f"{int.from_bytes(group, 'big') % 100_000:05}" for group in groups]


def safety_number(one: bytes, other: bytes) -> str:
    lower, higher = sorted((one, other))
    return " ".join(digits_of(lower) + digits_of(higher))


def commitment(session_id: bytes, secret: bytes) -> bytes:
    return sha256(b"lanmsg/1 sas commit" + session_id + secret)


class Comparison:
    """One side of it on one session, led step by step by whoever holds it."""

    def __init__(self, session: Session, me: bytes) -> None:
        self.session = session
        self.first = me < session.peer
        """We have the lower fingerprint: we commit."""
        self.mine, self.theirs, self.id = b"", b"", b""
        self.words: list[str] = []
        self.secret = secrets.token_bytes(16)
        """rA or rB."""

    def say(self, step: str, data: bytes | None = None, ident: bytes | None = None) -> None:
        fields = {"id": self.id if ident is None else ident, "step": step}
        self.session.say("verify", **fields, **({} if data is None else {"data": data}))

    def hear(self, *steps: str, seconds: float = 20.0) -> dict[str, Any]:
        """The next step, which must be one of these."""
        heard = self.session.hear("verify", "refused", seconds=seconds)
        assert heard.get("step") in steps, f"{heard} instead of {steps}"
        return heard

    def ask(self) -> bytes:
        self.mine = secrets.token_bytes(16)
        self.say("ask", ident=self.mine)
        return self.mine

    def asked(self, seconds: float = 20.0) -> bytes:
        self.theirs = bytes(self.hear("ask", seconds=seconds)["id"])
        return self.theirs

    def commit(self) -> None:
        """As the lower side, when both have asked: the id is that of the other side's `ask`."""
        self.id = self.theirs
        self.say("commit", commitment(self.session.session_id, self.secret))

    def taken(self) -> bytes:
        """As the higher side: a commitment for our `ask`."""
        heard = self.hear("commit")
        assert heard["id"] == self.mine
        self.id = self.mine
        return bytes(heard["data"])

    def exchange(self) -> list[str]:
        """Steps 2 to 5, in our role."""
        if self.first:
            self.commit()
            heard = self.hear("random")
            assert heard["id"] == self.id
            first, second = self.secret, bytes(heard["data"])
            self.say("reveal", first)
        else:
            promised = self.taken()
            self.say("random", self.secret)
            first, second = bytes(self.hear("reveal")["data"]), self.secret
            assert commitment(self.session.session_id, first) == promised
        assert (len(first), len(second)) == (16, 16)
        code = hmac.digest(self.session.sas, b"lanmsg/1 sas words" + first + second, "sha256")[:4]
        self.words = words_of(code)
        return self.words
