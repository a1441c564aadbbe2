"""A peer in the hands of a test: it proves its key, says what it is told to, answers nothing by itself."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from lanmsg.model import Address, MessageId, PeerId
from lanmsg.node.clock import steady_clock
from lanmsg.node.node import Node
from lanmsg.protocol.ephemeral import Entropy
from lanmsg.protocol.events import PayloadReceived, SessionClosed, SessionEvent
from lanmsg.protocol.identity import LocalIdentity
from lanmsg.protocol.payload import Close, CloseCode, Message, Payload, Profile, decode
from lanmsg.protocol.record import RecordKind, RecordReader
from lanmsg.protocol.session import Session
from tests.node.neighbours import SOON_S, Neighbours, identity, listening_at, until

K = TypeVar("K")


class Line:
    """One session of the puppet."""

    def __init__(self, session: Session, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self.session = session
        self.writer = writer
        self.closed: SessionClosed | None = None
        self._reader = reader
        self._heard: list[SessionEvent] = []

    async def open(self) -> None:
        """Until the handshake is done."""
        self.flush()
        while self.session.peer is None and await self._read():
            pass
        assert self.session.peer is not None, "no handshake"

    async def say(self, *payloads: Payload) -> None:
        for payload in payloads:
            self.session.send(payload, steady_clock())
        self.flush()
        await self.writer.drain()

    async def hear(self, kind: type[K]) -> K:
        """The next payload of that kind; others before it are passed over."""
        async with asyncio.timeout(SOON_S):
            while True:
                while self._heard:
                    event = self._heard.pop(0)
                    if isinstance(event, PayloadReceived) and isinstance(event.payload, kind):
                        return event.payload
                await self._read()
                assert self._heard or self.closed is None, f"the line ended before a {kind.__name__}"

    def payloads(self) -> list[Payload]:
        """All that was said and nobody has waited for."""
        return [event.payload for event in self._heard if isinstance(event, PayloadReceived)]

    async def heard_now(self, kind: type[K]) -> list[K]:
        """What of that kind came before the answer to a question of ours: the node has handled all before."""
        found: list[K] = []
        unknown = Message(MessageId(os.urandom(16)), "private", "are you done?", 0)
        await self.say(unknown)
        async with asyncio.timeout(SOON_S):
            while True:
                while self._heard:
                    event = self._heard.pop(0)
                    if isinstance(event, PayloadReceived):
                        if getattr(event.payload, "id", None) == unknown.id:
                            return found
                        if isinstance(event.payload, kind):
                            found.append(event.payload)
                await self._read()
                assert self._heard or self.closed is None, "the line ended"

    async def end(self) -> SessionClosed | None:
        """Until the node hangs up; how it said so."""
        async with asyncio.timeout(SOON_S):
            while await self._read():
                pass
        return self.closed

    async def end_of_bulk(self) -> str:
        """The code of the CLOSE by which the node refuses a bulk session."""
        self.writer.write(self.session.data_to_send())
        keys = self.session.detach()
        async with asyncio.timeout(SOON_S):
            data = keys.pending + await self._reader.read()
        record = RecordReader(keys.receive, (RecordKind.CLOSE,))
        record.receive_data(data)
        found = record.next_record(steady_clock())
        assert found is not None, "it hung up without a word"
        said = decode(found.plaintext)
        assert isinstance(said, Close)
        return said.code

    def hang_up(self, code: CloseCode = CloseCode.BYE) -> None:
        """With a word."""
        self.session.close(code, steady_clock())
        self.flush()
        self.writer.close()

    def cut(self) -> None:
        """Without a word: the connection is reset."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.writer.transport.abort()

    def flush(self) -> None:
        self.writer.write(self.session.data_to_send())

    async def _read(self) -> bool:
        try:
            data = await self._reader.read(1 << 16)
        except ConnectionError:
            data = b""
        if data:
            self.session.receive_data(data, steady_clock())
        else:
            self.session.receive_eof(steady_clock())
        self.flush()
        for event in self.session.events():
            if isinstance(event, SessionClosed):
                self.closed = event
                self.writer.close()
            self._heard.append(event)
        return self.closed is None


class Puppet:
    """`port`: where it says that it can be dialled; `arrivals`: the lines of those who did."""

    def __init__(self, name: str, host: str):
        self.name = name
        self.host = host
        self.port = 0
        self.arrivals: asyncio.Queue[Line] = asyncio.Queue()
        self._lines: list[Line] = []
        self._server: asyncio.Server | None = None

    @property
    def identity(self) -> LocalIdentity:
        return identity(self.name)

    @property
    def id(self) -> PeerId:
        return self.identity.peer_id

    @property
    def address(self) -> Address:
        return Address(self.host, self.port)

    def profile(self, **changes: Any) -> Profile:
        return profile(**{"name": self.name, "port": self.port, **changes})

    async def listen(self) -> None:
        self._server = await asyncio.start_server(self._arrived, self.host, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def dial(self, node: Node) -> Line:
        """A session with the node, on which nothing has been said yet."""
        where, identity = listening_at(node), self.identity  # a new key may take longer than a node waits
        reader, writer = await asyncio.open_connection(where.host, where.port, local_addr=(self.host, 0))
        session = Session.initiator(identity, expected=None, entropy=Entropy(os.urandom), now=steady_clock())
        line = Line(session, reader, writer)
        self._lines.append(line)
        await line.open()
        return line

    async def call(self, node: Node, **changes: Any) -> Line:
        """A message session, after both have introduced themselves."""
        line = await self.dial(node)
        await line.say(self.profile(**changes))
        await line.hear(Profile)
        return line

    async def answer(self) -> Line:
        """The next message session that a node opens with us, after both have introduced themselves."""
        async with asyncio.timeout(SOON_S):
            line = await self.arrivals.get()
        await line.open()
        await line.hear(Profile)
        await line.say(self.profile())
        return line

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for line in self._lines:
            line.writer.transport.abort()
        while not self.arrivals.empty():
            self.arrivals.get_nowait().writer.transport.abort()

    async def _arrived(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session.responder(self.identity, entropy=Entropy(os.urandom), now=steady_clock())
        line = Line(session, reader, writer)
        self._lines.append(line)
        self.arrivals.put_nowait(line)


def profile(name: str = "puppet", port: int = 0, status: int = 0, note: str = "") -> Profile:
    return Profile(name, status, note, port, "puppet")


@asynccontextmanager
async def on_the_line(
    neighbours: Neighbours, name: str, caller: str
) -> AsyncIterator[tuple[Node, Puppet, Line]]:
    """A node that has been called, and knows by whom."""
    node = await neighbours.open(name)
    async with puppet(neighbours, caller) as made:
        line = await made.call(node)
        await until(node.peers)
        yield node, made, line


@asynccontextmanager
async def puppet(neighbours: Neighbours, name: str, *, listening: bool = True) -> AsyncIterator[Puppet]:
    """`listening`: it has a port, and so is present while a session with it is open."""
    made = Puppet(name, neighbours.address(name))
    if listening:
        await made.listen()
    try:
        yield made
    finally:
        await made.close()
