"""Many on one machine, as a program: real nodes in one process, or announcers that only speak UDP.

    python -m tests.lab.crowd nodes FIRST COUNT TOTAL PORT FOLDER [DEAF]
    python -m tests.lab.crowd announcers COUNT PORT

Says JSON lines, each with `at` on the monotonic clock, which is the same for all processes: `keys` when the
homes are there (then it waits for a line on stdin), `started`, `complete` when all of its nodes see TOTAL - 1
others, `heard` when all but the last DEAF nodes have a message. A deaf node takes messages and acknowledges
none. Each further line on stdin is answered by `datagrams`, the number that each node has heard.
"""

import asyncio
import json
import os
import random
import socket
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from lanmsg.api import MessageAdded, Node, PeerAppeared, PeerLeft, Settings, open_node, steady_clock
from lanmsg.model import PeerId, Status
from lanmsg.node.connection import Connection
from lanmsg.node.identity import home_identity
from lanmsg.protocol.announcement import (
    NO_TOKEN,
    Announcement,
    Kind,
    decode_announcement,
    instance_of,
)
from lanmsg.protocol.constants import (
    DATAGRAM_MAX_BYTES,
    LEAVE_SECRET_BYTES,
    PEER_ID_BYTES,
    REPLY_JITTER_MAX_S,
)
from lanmsg.protocol.errors import RemoteProtocolError
from lanmsg.protocol.pacing import announce_interval, lifetime_of
from lanmsg.protocol.payload import Message, Payload

EVERYBODY = "127.255.255.255"
TCP_PORT = 9
"""Where announcers say that they can be dialled: nobody is there."""


def say(kind: str, **fields: object) -> None:
    print(json.dumps({"type": kind, "at": steady_clock(), **fields}), flush=True)


async def lines() -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    return reader


def settings_of(number: int, port: int, folder: Path) -> Settings:
    return Settings(
        home=folder / str(number),
        downloads=folder / f"{number}-files",
        name=f"node {number}",
        port=port,
        interfaces=(f"127.72.{number >> 8}.{number & 255}",),
    )


class Crowd:
    """Real nodes, and how many of them have seen everybody and heard each text."""

    def __init__(self, total: int, deaf: int) -> None:
        self._others = total - 1
        self._deaf = deaf
        self.nodes: list[Node] = []
        self._complete: set[PeerId] = set()
        self._heard: dict[str, int] = {}

    async def watch(self, node: Node) -> None:
        seen = {peer.id for peer in node.peers()}
        self._note_seen(node, seen)
        async for event in node.events():
            if isinstance(event, PeerAppeared):
                seen.add(event.peer.id)
                self._note_seen(node, seen)
            elif isinstance(event, PeerLeft):
                seen.discard(event.peer.id)
            elif isinstance(event, MessageAdded):
                self._note(event.message.text)

    def _note_seen(self, node: Node, seen: set[PeerId]) -> None:
        if len(seen) >= self._others and node.id not in self._complete:
            self._complete.add(node.id)
            if len(self._complete) == len(self.nodes):
                say("complete")

    def _note(self, text: str) -> None:
        self._heard[text] = self._heard.get(text, 0) + 1
        if self._heard[text] == len(self.nodes) - self._deaf:
            say("heard", text=text)


def deafen(node: Node) -> None:
    hear = node._engine.payloads_received

    async def hear_nothing(connection: Connection, payloads: list[Payload]) -> None:
        await hear(connection, [each for each in payloads if not isinstance(each, Message)])

    node._engine.payloads_received = hear_nothing  # type: ignore[method-assign]


async def nodes(first: int, count: int, total: int, port: int, folder: Path, deaf: int = 0) -> None:
    settings = [settings_of(number, port, folder) for number in range(first, first + count)]
    for each in settings:
        home_identity(each.home)
    say("keys")
    commands = await lines()
    await commands.readline()
    crowd = Crowd(total, deaf)
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:
        for each in settings:
            node = await stack.enter_async_context(open_node(each, listen=True))
            crowd.nodes.append(node)
        for node in crowd.nodes[len(settings) - deaf :]:
            deafen(node)
        watching = [tasks.create_task(crowd.watch(node)) for node in crowd.nodes]
        say("started")
        while await commands.readline():
            heard = [sum(each.heard for each in node.interfaces if not each.skipped) for node in crowd.nodes]
            say("datagrams", heard=heard)
        for task in watching:
            task.cancel()


class Announcer:
    """One address that announces, answers who asks it, and cannot be dialled."""

    def __init__(self, number: int, count: int, port: int) -> None:
        self._port = port
        self._peer = PeerId(number.to_bytes(2, "big") * (PEER_ID_BYTES // 2))
        self._instance = instance_of(os.urandom(LEAVE_SECRET_BYTES))
        self._name = f"voice {number}"
        self._interval = announce_interval(count)
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.setblocking(False)
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self._sock.bind((f"127.73.{number >> 8}.{number & 255}", port))
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._sock, self._read)
        self._loop.call_later(random.uniform(0, self._interval), self._announce)

    def answer(self, data: bytes, where: tuple[str, int]) -> None:
        try:
            said = decode_announcement(data)
        except RemoteProtocolError:
            return
        if said.kind is Kind.QUERY:
            self._sock.sendto(self._say(Kind.REPLY, said.token), where)

    def _read(self) -> None:
        self.answer(*self._sock.recvfrom(DATAGRAM_MAX_BYTES))

    def _announce(self) -> None:
        self._sock.sendto(self._say(Kind.ANNOUNCE, NO_TOKEN), (EVERYBODY, self._port))
        self._loop.call_later(self._interval * random.uniform(0.9, 1.1), self._announce)

    def _say(self, kind: Kind, token: bytes) -> bytes:
        lifetime = lifetime_of(self._interval)
        return Announcement(
            kind, self._peer, self._instance, token, TCP_PORT, lifetime, Status.AVAILABLE, self._name
        ).encode()


async def announcers(count: int, port: int) -> None:
    crowd = [Announcer(number, count, port) for number in range(1, count + 1)]
    loop = asyncio.get_running_loop()
    ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    ear.bind(("", port))
    ear.setblocking(False)
    say("started")
    while True:
        data, where = await loop.sock_recvfrom(ear, DATAGRAM_MAX_BYTES)
        if where[0].startswith("127.73."):
            continue
        for each in crowd:
            loop.call_later(random.uniform(0, REPLY_JITTER_MAX_S), each.answer, data, where)


def main(words: Sequence[str]) -> None:
    if words[0] == "nodes":
        first, count, total, port = map(int, words[1:5])
        asyncio.run(nodes(first, count, total, port, Path(words[5]), *map(int, words[6:])))
    else:
        asyncio.run(announcers(*map(int, words[1:])))


if __name__ == "__main__":
    main(sys.argv[1:])
