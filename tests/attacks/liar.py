"""A stranger with a UDP socket: says in datagrams what it likes, and answers questions as it likes."""

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from lanmsg.model import PeerId, Status
from lanmsg.node.node import Node
from lanmsg.protocol.announcement import NO_TOKEN, Announcement, Kind, decode_announcement, instance_of

PATIENCE_S = 20.0


class Liar:
    def __init__(self, sock: socket.socket, discovery_port: int) -> None:
        self._sock = sock
        self._port = discovery_port
        self.heard = 0
        """Bytes that came back."""
        self.said = 0

    def say(
        self, node: Node, kind: Kind, peer: PeerId, name: str, *, tcp_port: int, token: bytes = NO_TOKEN
    ) -> None:
        """To that node alone; its broadcasts and ours never meet, so that no other test hears of it."""
        instance = instance_of(b"a secret of ours")
        said = Announcement(kind, peer, instance, token, tcp_port, 12, Status.AVAILABLE, name)
        self._send(node, said.encode())

    async def until_read(self, node: Node) -> None:
        """All that was said has been read: the node answers a QUERY behind it, with no more bytes than it."""
        token = os.urandom(16)
        self.say(node, Kind.QUERY, PeerId(b"\x77" * 32), "", tcp_port=0, token=token)
        while (await self._hear()).token != token:
            pass

    async def until_asked(self) -> None:
        """The node has sent a question here, which is not answered."""
        while (await self._hear()).kind is not Kind.QUERY:
            pass

    async def _hear(self) -> Announcement:
        async with asyncio.timeout(PATIENCE_S):
            data = await asyncio.get_running_loop().sock_recv(self._sock, 2048)
        self.heard += len(data)
        return decode_announcement(data)

    async def answer(self, node: Node, peer: PeerId, name: str, *, tcp_port: int) -> None:
        """Run until cancelled: yes to every question, as if we were that peer."""
        while True:
            asked = decode_announcement(await asyncio.get_running_loop().sock_recv(self._sock, 2048))
            if asked.kind is Kind.QUERY:
                self.say(node, Kind.REPLY, peer, name, tcp_port=tcp_port, token=asked.token)

    def _send(self, node: Node, data: bytes) -> None:
        self.said += len(data)
        self._sock.sendto(data, (node.tcp[0].host, self._port))


@contextmanager
def liar(host: str, discovery_port: int) -> Iterator[Liar]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((host, 0))
        sock.setblocking(False)
        yield Liar(sock, discovery_port)


@contextmanager
def trap(host: str) -> Iterator[socket.socket]:
    """A TCP socket that waits for somebody to be led to it."""
    with socket.create_server((host, 0)) as sock:
        sock.setblocking(False)
        yield sock


def caught(sock: socket.socket) -> bool:
    try:
        sock.accept()[0].close()
    except BlockingIOError:
        return False
    return True
