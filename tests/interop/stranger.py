"""A peer of lanmsg/1, written from protocol.md alone by somebody who has not seen the program."""

from __future__ import annotations

import contextlib
import secrets
import socket
import time
from collections.abc import Callable
from functools import partial
from types import TracebackType

from tests.interop.stranger_crypto import (
    AbortedError,
    Identity,
    Stream,
    StreamEndedError,
    handshake,
    initiate,
    respond,
)
from tests.interop.stranger_discovery import Discovery
from tests.interop.stranger_files import Begun, Item, offer_of, pour
from tests.interop.stranger_session import Session


class Stranger:
    """Discovery answers by itself; a session is led by whoever opened or accepted it, step by step."""

    def __init__(self, me: Identity, name: str, address: str, port: int, *, silent: bool = False) -> None:
        self.me, self.name, self.address, self.port = me, name, address, port
        self.sessions: list[Session] = []
        self.offers: dict[bytes, dict[str, object]] = {}
        self.listener = socket.create_server((address, port), backlog=16)
        try:
            self.discovery = Discovery(me.fingerprint, name, address, port, silent=silent)
        except OSError:
            self.listener.close()
            raise

    def __enter__(self) -> Stranger:
        self.discovery.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.leave(in_peace=error is None)

    def leave(self, *, in_peace: bool = True) -> None:
        for session in self.sessions:
            if session.stream.sock.fileno() >= 0:
                if in_peace:
                    session.close()
                session.stream.close()
        self.discovery.close()
        self.listener.close()

    def connect(self, address: str) -> Stream:
        sock = socket.socket()
        sock.settimeout(5)
        try:
            sock.bind((self.address, 0))
            sock.connect((address, self.port))
        except OSError:
            sock.close()
            raise
        return Stream(sock)

    def dial(
        self, address: str, expected: bytes, alter_m3: Callable[[bytes], bytes] | None = None
    ) -> Session:
        """The handshake as initiator; the first payload is the caller's."""
        stream = self.connect(address)
        same: Callable[[bytes], bytes] = alter_m3 or bytes
        keys = handshake(stream, lambda: initiate(stream, self.me, expected, alter_m3=same))
        return self._kept(Session(stream, keys))

    def talk(self, address: str, expected: bytes) -> Session:
        """A message session, both profiles exchanged."""
        session = self.dial(address, expected)
        session.introduce(self.name, self.port)
        session.hear("profile")
        return session

    def accept(self, seconds: float = 8.0) -> Session:
        """The handshake as responder, with the first that goes through with it."""
        end = time.monotonic() + seconds
        while True:
            self.listener.settimeout(max(0.001, end - time.monotonic()))
            stream = Stream(self.listener.accept()[0])
            with contextlib.suppress(AbortedError, StreamEndedError):  # a program that ended meanwhile
                return self._kept(Session(stream, handshake(stream, partial(respond, stream, self.me))))

    def accept_talk(self, seconds: float = 8.0) -> Session:
        session = self.accept(seconds)
        session.hear("profile")
        session.introduce(self.name, self.port)
        return session

    def _kept(self, session: Session) -> Session:
        self.sessions.append(session)
        return session

    # files

    def offer(self, session: Session, items: list[Item], text: str = "") -> bytes:
        """Make an offer, see it stored."""
        ident = secrets.token_bytes(16)
        self.offers[ident] = offer_of(ident, items, text)
        session.say("offer", **self.offers[ident])
        assert session.hear("ack", "refused") == {"t": "ack", "id": ident}
        return ident

    def bulk(self, address: str, expected: bytes, ident: bytes, role: str = "source") -> Session:
        session = self.dial(address, expected)
        session.bulk = True
        session.say("bulk", id=ident, role=role)
        return session

    def accept_bulk(self, ident: bytes, seconds: float = 20.0) -> Session:
        """As sink, after `accept`: the source dials us; and another program of its home may, to talk."""
        while True:
            session = self.accept(seconds)
            first = session.hear("bulk", "profile", seconds=seconds)
            if first["t"] == "bulk":
                session.bulk = True
                assert first == {"t": "bulk", "id": ident, "role": "source"}
                return session
            session.introduce(self.name, self.port)

    def deliver(
        self, address: str, expected: bytes, ident: bytes, items: list[Item]
    ) -> tuple[Begun, Session]:
        session = self.bulk(address, expected, ident)
        return pour(session, ident, items), session
