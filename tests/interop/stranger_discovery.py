"""Chapter 5 of protocol.md: one UDP endpoint that asks, announces, answers and says goodbye."""

from __future__ import annotations

import random
import secrets
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.interop.stranger_crypto import sha256

QUERY, ANNOUNCE, REPLY, BYE = 1, 2, 3, 4
BROADCAST = "127.255.255.255"
ASK_AT = (0.0, 0.5, 3.0)
INTERVAL = 5.0


def instance_of(leave_secret: bytes) -> bytes:
    return sha256(b"lanmsg/1 instance\x00" + leave_secret)[:8]


@dataclass(frozen=True)
class Datagram:
    kind: int
    fingerprint: bytes
    instance: bytes
    token: bytes = bytes(16)
    port: int = 0
    lifetime: int = 12
    status: int = 0
    name: str = ""

    def pack(self) -> bytes:
        name = self.name.encode()
        head = b"LMSD" + bytes([1, self.kind, 0, 0]) + self.fingerprint + self.instance + self.token
        head += self.port.to_bytes(2, "big") + self.lifetime.to_bytes(2, "big")
        return (head + bytes([self.status, len(name)]) + name).ljust(128, b"\x00")


def parse(data: bytes, own: bytes) -> Datagram | None:
    if not 128 <= len(data) <= 512 or data[:5] != b"LMSD\x01" or data[5] not in (QUERY, ANNOUNCE, REPLY, BYE):
        return None
    fingerprint, port, length = data[8:40], int.from_bytes(data[64:66], "big"), data[69]
    if fingerprint in (bytes(32), own) or length > 48 or (port == 0 and data[5] in (ANNOUNCE, REPLY)):
        return None
    try:
        name = data[70 : 70 + length].decode()
    except UnicodeDecodeError:
        return None
    lifetime = int.from_bytes(data[66:68], "big")
    return Datagram(data[5], fingerprint, data[40:48], data[48:64], port, lifetime, data[68], name)


def _moments() -> Iterator[tuple[float, int]]:
    """Seconds from the start, and what is broadcast then, for a network of few nodes."""
    yield from ((offset, QUERY) for offset in ASK_AT)
    due = ASK_AT[-1] + random.uniform(0, INTERVAL)
    while True:
        yield due, ANNOUNCE
        due += INTERVAL * random.uniform(0.9, 1.1)


@dataclass(frozen=True)
class Heard:
    said: Datagram
    source: tuple[str, int]
    broadcast: bool
    raw: bytes


class Discovery:
    def __init__(
        self, fingerprint: bytes, name: str, address: str, port: int, *, silent: bool = False
    ) -> None:
        self.fingerprint, self.name, self.address, self.port = fingerprint, name, address, port
        self.leave_secret = secrets.token_bytes(16)
        self.silent, self.mute = silent, False
        """It broadcasts nothing of itself; it does not even answer."""
        self.heard: list[Heard] = []
        self._news = threading.Condition()
        self._leave = threading.Event()
        self._own = self._socket(address)
        try:
            self._all = self._socket(BROADCAST)
        except OSError:
            self._own.close()
            raise
        self._thread = threading.Thread(target=self._run, name="stranger")

    def _socket(self, address: str) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        try:
            sock.bind((address, self.port))
        except OSError:
            sock.close()
            raise
        return sock

    def start(self) -> None:
        self._thread.start()

    def datagram(self, kind: int, token: bytes = bytes(16), port: int | None = None) -> Datagram:
        tcp = self.port if port is None else port
        return Datagram(kind, self.fingerprint, instance_of(self.leave_secret), token, tcp, 12, 0, self.name)

    def broadcast(self, datagram: Datagram) -> None:
        self._own.sendto(datagram.pack(), (BROADCAST, self.port))

    def ask(self, target: tuple[str, int], seconds: float = 2.0) -> Datagram:
        """A question: the one REPLY with our fresh token from that endpoint."""
        token = secrets.token_bytes(16)
        self._own.sendto(self.datagram(QUERY, token).pack(), target)
        return self.wait(
            lambda it: it.said.kind == REPLY and it.said.token == token and it.source == target, seconds
        ).said

    def wait(self, wanted: Callable[[Heard], bool], seconds: float) -> Heard:
        """The first datagram that is wanted, of those that came and those that will."""
        end = time.monotonic() + seconds
        with self._news:
            while True:
                for heard in self.heard:
                    if wanted(heard):
                        return heard
                if not self._news.wait(end - time.monotonic()):
                    raise TimeoutError(f"not heard in {seconds} s; heard {self.heard}")

    def _run(self) -> None:
        token = secrets.token_bytes(16)
        began = time.monotonic()
        moments = _moments()
        due, kind = next(moments)
        while not self._leave.is_set():
            left = began + due - time.monotonic()
            if left <= 0:
                if not self.silent:
                    self.broadcast(self.datagram(kind, token if kind == QUERY else bytes(16)))
                due, kind = next(moments)
                continue
            ready, _, _ = select.select([self._own, self._all], [], [], min(0.05, left))
            for sock in ready:
                self._take(sock)

    def _take(self, sock: socket.socket) -> None:
        data, source = sock.recvfrom(513)
        said = parse(data, self.fingerprint)
        if said is None:
            return
        if said.kind == QUERY and not self.mute:
            self._own.sendto(self.datagram(REPLY, said.token).pack(), source)
        with self._news:
            self.heard.append(Heard(said, source, sock is self._all, data))
            self._news.notify_all()

    def close(self, *, bye: bool = True) -> None:
        if self._leave.is_set():
            return
        self._leave.set()
        if self._thread.ident is not None:
            self._thread.join(5)
        for _ in range(2 if bye else 0):
            self.broadcast(self.datagram(BYE, self.leave_secret))
        self._own.close()
        self._all.close()
