"""A look around the network for `lanmsg doctor`: asks as a dialer does, and listens beside whoever listens.

It announces nothing and keeps no port; what it hears is counted for each link.
"""

import asyncio
import contextlib
import errno
import os
import socket
from collections.abc import Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from lanmsg.model import Address, PeerId, Status
from lanmsg.node.channel import Arrival, Channel, Ear, contains, heard, open_channel, open_ear, spoken
from lanmsg.node.diagnosis_facts import Dialled, Seen
from lanmsg.node.interfaces import Link, index_of
from lanmsg.protocol.announcement import Announcement, Kind, decode_announcement
from lanmsg.protocol.constants import INSTANCE_ID_BYTES, PEER_ID_BYTES, TOKEN_BYTES
from lanmsg.protocol.errors import RemoteProtocolError

ASK_AT = (0.0, 0.25, 0.5)
"""When it asks, in shares of the time that there is; answers to the last question may take half a second."""

DIAL_TIMEOUT_S = 1.5
DIALS_MAX = 16
"""So many peers are tried: one of them shows what holds for all."""

ASKED_MAX = 16
REFUSED = frozenset(os.strerror(number) for number in (errno.EPERM, errno.EACCES))
"""What a firewall on this machine makes of a datagram that it does not let out."""


class LinkSurvey(Struct):
    """`echo`: our own broadcast was heard on this link; None: there was no ear to hear it."""

    link: Link
    channel: Channel | None = None
    heard: int = 0
    echo: bool | None = None
    error: str = ""
    refused: bool = False


class Survey(Struct):
    """What was found; `seen` are other nodes by their id, of which `heard` spoke to us."""

    links: list[LinkSurvey]
    seen: dict[PeerId, Seen] = field(default_factory=dict)
    heard: set[PeerId] = field(default_factory=set)


class Surveyor:
    """One look around. `known` are nodes that somebody else sees or saw, and `ask` addresses, asked alone.

    Without `broadcast` nobody else is asked.
    """

    def __init__(
        self,
        links: Sequence[Link],
        *,
        port: int,
        me: PeerId | None,
        known: Sequence[Seen] = (),
        ask: Sequence[Address] = (),
        broadcast: bool = True,
    ) -> None:
        self._port = port
        self._identity = me or PeerId(os.urandom(PEER_ID_BYTES))
        self._instance = os.urandom(INSTANCE_ID_BYTES)
        self._tokens = (os.urandom(TOKEN_BYTES), os.urandom(TOKEN_BYTES))
        self._broadcasts = broadcast
        self._ask = [*ask, *(each.address for each in known)]
        self._ear: Ear | None = None
        self._dials: dict[PeerId, asyncio.Task[tuple[Dialled, str]]] = {}
        self._tasks: asyncio.TaskGroup | None = None
        self._is_over = False
        self.found = Survey([LinkSurvey(link) for link in links if not link.skipped])
        self.found.seen = {each.peer: each for each in known if each.peer != me}

    async def look(self, seconds: float) -> Survey:
        """Takes about so long, and at most DIAL_TIMEOUT_S more."""
        self._open()
        try:
            async with asyncio.TaskGroup() as self._tasks:
                self._dial_all()
                for share in ASK_AT:
                    self._tasks.create_task(self._ask_after(share * seconds))
                await asyncio.sleep(seconds)
                self._is_over = True  # a group that has ended takes no more dials
        finally:
            self._close()
        for peer, dial in self._dials.items():
            outcome, why = dial.result()
            self.found.seen[peer] = replace(self.found.seen[peer], dialled=outcome, why=why)
        return self.found

    def _open(self) -> None:
        with contextlib.suppress(OSError):  # another program holds it for itself alone
            self._ear = open_ear(self._port)
        for each in self.found.links:
            try:
                each.channel = open_channel(each.link, 0)
            except OSError as error:
                each.error = error.strerror or "cannot be used"
                continue
            each.echo = False if self._ear is not None and self._broadcasts else None
            self._read(each.channel.sock, asked_alone=True)
        if self._ear is not None:
            self._ear.join([each.link for each in self.found.links])
            for sock in self._ear.sockets:
                self._read(sock, asked_alone=False)

    def _close(self) -> None:
        loop = asyncio.get_running_loop()
        sockets = [each.channel.sock for each in self.found.links if each.channel is not None]
        for sock in sockets + (self._ear.sockets if self._ear is not None else []):
            loop.remove_reader(sock)
            sock.close()

    def _read(self, sock: socket.socket, *, asked_alone: bool) -> None:
        reader = spoken if asked_alone else heard
        links = [each.link for each in self.found.links]

        def drain() -> None:
            while (arrival := reader(sock, links)) is not None:
                self._receive(arrival)

        asyncio.get_running_loop().add_reader(sock, drain)

    # what goes out

    async def _ask_after(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        everyone, alone = (self._query(token) for token in self._tokens)
        for each in self.found.links:
            if each.channel is not None and self._broadcasts:
                each.channel.broadcast(everyone, self._port)
                self._note_failure(each)
        for address in dict.fromkeys(self._ask[:ASKED_MAX]):
            channel = self._channel_to(address.host)
            if channel is not None:
                # The port of its TCP is that of its UDP too, unless somebody else was there first.
                channel.send(alone, address.host, address.port)

    def _query(self, token: bytes) -> bytes:
        return Announcement(
            Kind.QUERY, self._identity, self._instance, token, 0, 0, Status.AVAILABLE, ""
        ).encode()

    def _note_failure(self, each: LinkSurvey) -> None:
        """Of the broadcast; what is sent to one address may fail for reasons of that address."""
        if each.channel is not None and each.channel.broken:
            each.error = each.channel.broken
            each.refused = each.error in REFUSED

    def _channel_to(self, host: str) -> Channel | None:
        channels = [each.channel for each in self.found.links if each.channel is not None]
        family = [each for each in channels if each.link.is_ipv6 == (":" in host)]
        return next((each for each in family if contains(each.link, host)), next(iter(family), None))

    # what comes in

    def _receive(self, arrival: Arrival) -> None:
        try:
            said = decode_announcement(arrival.data)
        except RemoteProtocolError:
            return
        on_link = next((each for each in self.found.links if each.link == arrival.link), None)
        if said.peer == self._identity and said.token in self._tokens and on_link is not None:
            on_link.echo = True
        if said.peer == self._identity:
            return  # ours, or of the lanmsg of this home that listens
        if on_link is not None:
            on_link.heard += 1
        if said.port:
            self._saw(said, arrival)

    def _saw(self, said: Announcement, arrival: Arrival) -> None:
        scope = f"%{arrival.link.name}" if arrival.link is not None and arrival.link.is_ipv6 else ""
        address = Address(arrival.host + scope, said.port)
        self.found.heard.add(said.peer)
        before = self.found.seen.get(said.peer) or Seen(said.peer, said.name, address)
        everyone, alone = (said.kind is Kind.REPLY and said.token == token for token in self._tokens)
        self.found.seen[said.peer] = replace(
            before,
            name=said.name or before.name,
            address=address,
            replied=before.replied or everyone,
            answered=before.answered or alone,
        )
        self._dial(said.peer)

    # connections

    def _dial_all(self) -> None:
        for peer in list(self.found.seen):
            self._dial(peer)

    def _dial(self, peer: PeerId) -> None:
        if self._tasks is None or self._is_over or peer in self._dials or len(self._dials) >= DIALS_MAX:
            return
        address = self.found.seen[peer].address
        links = [each.link for each in self.found.links]
        source = next(
            (link.address for link in links if not link.is_ipv6 and contains(link, address.host)), ""
        )
        self._dials[peer] = self._tasks.create_task(try_connection(address, source))


async def try_connection(address: Address, source: str = "") -> tuple[Dialled, str]:
    """Whether a TCP connection can be opened; it is closed at once."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    host, _, scope = address.host.partition("%")
    where = (host, address.port, 0, index_of(scope)) if ":" in host else (host, address.port)
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.setblocking(False)  # noqa: FBT003
        try:
            if source:
                sock.bind((source, 0))
            async with asyncio.timeout(DIAL_TIMEOUT_S):
                await asyncio.get_running_loop().sock_connect(sock, where)
        except TimeoutError:
            return Dialled.SILENT, "no answer"
        except ConnectionRefusedError:
            return Dialled.REFUSED, "connection refused"
        except OSError as error:
            return Dialled.FAILED, os.strerror(error.errno).lower() if error.errno else "failed"
    return Dialled.CONNECTED, ""
