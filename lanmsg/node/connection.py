"""One TCP socket and the session on it: bytes in, bytes out, one timer; protocol/session judges."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Collection

from lanmsg.model import Address, PeerId
from lanmsg.node.clock import steady_clock
from lanmsg.protocol.constants import CLOSE_TIMEOUT_S, OUTBOUND_QUEUE_MAX_BYTES, WRITE_STALL_S
from lanmsg.protocol.events import SessionClosed, SessionEstablished, SessionEvent
from lanmsg.protocol.payload import CloseCode, Payload
from lanmsg.protocol.session import BulkKeys, Session, SessionState

READ_BYTES = 1 << 16
WRITE_BYTES = 1 << 16

UNREAD_ANSWERS_MAX_BYTES = 4 * OUTBOUND_QUEUE_MAX_BYTES
"""A peer that asks and never reads our answers is not read either; far beyond what an honest one provokes."""

LAST_WORDS_S = 0.2
"""For an Abort or CLOSE to leave before the socket is shut on a peer that fell silent."""

Handler = Callable[["Connection", list[SessionEvent]], Awaitable[None]]
"""Awaited before more is read: a peer that sends faster than we store is slowed down by TCP itself."""


def is_lost(sock: socket.socket, ours: Collection[str]) -> bool:
    """Whether our own address on it is not one of `ours`; of IPv6 and loopback nothing is known."""
    try:
        local = str(sock.getsockname()[0])
    except OSError:
        return False
    return "." in local and not local.startswith("127.") and local not in ours


class Connection:
    """`peer` is None until the handshake has proven it. `run` returns when the session is over."""

    def __init__(self, sock: socket.socket, session: Session, remote: Address, on_events: Handler):
        self.session = session
        self.remote = remote
        self.peer: PeerId | None = None
        self.public_key = b""
        self.peer_port = 0
        self.purpose = ""
        self.is_incoming = False
        self.closed = False
        """Nothing more can be said; what the peer still says is dropped."""
        self.last_used = steady_clock()
        self.established = asyncio.Event()
        self.introduced = asyncio.Event()
        """The peer's profile has come and is stored, or the session is over."""
        self.ended = asyncio.Event()
        self.on_end: list[Callable[[], None]] = []
        self.close_reason = ""
        self.ended_cleanly = False
        self.is_unwelcome = False
        """The peer ended it because its person has blocked us."""
        self._sock = sock
        self._on_events = on_events
        self._is_over = False
        self._is_wanted = False
        """Somebody is taking the socket over."""
        self._outgoing = bytearray()
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._timer: asyncio.TimerHandle | None = None
        self._reader: asyncio.Task[None] | None = None

    @property
    def peer_address(self) -> Address | None:
        """Where the peer's listener is, as far as this session tells; None: it has none."""
        return Address(self.remote.host, self.peer_port) if self.peer_port else None

    def is_lost(self, ours: Collection[str]) -> bool:
        return is_lost(self._sock, ours)

    async def run(self) -> None:
        """Carry the session until either side ends it. Never raises for what the peer or the network does."""
        self._pump()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._write())
                self._reader = tasks.create_task(self._read())
        except* (OSError, TimeoutError):
            pass  # the network's or the peer's doing: the session is over, and its messages are still rows
        finally:
            self._end()

    def send(self, payload: Payload) -> None:
        """Hand a payload to the session. Raises ConnectionError when it is over."""
        if self.closed or self.peer is None:
            raise ConnectionError("the session is over")
        self.last_used = steady_clock()
        self.session.send(payload, self.last_used)
        self._pump()

    def answer(self, payload: Payload) -> None:
        """As `send`; to a peer that has hung up nothing is said: it will ask again."""
        if not self.closed:
            self.send(payload)

    async def room(self) -> None:
        """Return when less than OUTBOUND_QUEUE_MAX_BYTES wait for the peer's socket."""
        await self._room.wait()

    def ask_if_alive(self) -> None:
        """The peer fell silent elsewhere: have it answer here soon, or call the session lost."""
        if not self.closed:
            self.session.ask_if_alive(steady_clock())
            self._pump()

    def close(self, code: CloseCode) -> None:
        """Say why and end the session; what was sent before still goes out."""
        if self.ended.is_set():
            self.dispose()
        elif not self.closed:
            self.closed = True
            self.session.close(code, steady_clock())
            self._pump()
            self._hang_up_after(LAST_WORDS_S if self.peer is None else CLOSE_TIMEOUT_S)

    def dispose(self) -> None:
        """Close the socket of a connection that does not run, unless somebody has taken it."""
        if not self._is_wanted:
            self._sock.close()

    async def detach(self) -> tuple[socket.socket, BulkKeys]:
        """Take socket and keys out of the event loop, for a thread that carries bulk data.

        Not from the handler. The initiator calls it in the same step in which it sends its Bulk: the
        reader is cancelled before the peer can answer, so that no byte is lost. What was sent is flushed.
        Raises ConnectionError when it has ended meanwhile.
        """
        if self.session.state is SessionState.BULK:
            self._is_wanted = True
            if self._reader is not None:
                self._reader.cancel()
            self._wake.set()
            try:
                await self.ended.wait()
            except BaseException:
                self._is_wanted = False
                if self.ended.is_set():
                    self.dispose()
                raise
        if self.session.state is not SessionState.BULK:
            raise ConnectionError("the connection has ended")
        self._sock.setblocking(True)  # noqa: FBT003
        return self._sock, self.session.detach()

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._is_over and self.session.state is not SessionState.BULK:
            if len(self._outgoing) > UNREAD_ANSWERS_MAX_BYTES:
                await self._room.wait()
            try:
                data = await loop.sock_recv(self._sock, READ_BYTES)
            except OSError:
                data = b""
            now = steady_clock()
            if data:
                self.session.receive_data(data, now)
            else:
                self._is_over = True
                self.session.receive_eof(now)
            await self._handle()

    async def _handle(self) -> None:
        events: list[SessionEvent] = []
        for event in self.session.events():
            events.append(event)
            if isinstance(event, SessionEstablished):
                self.peer = event.peer
                self.established.set()
            elif isinstance(event, SessionClosed):
                self._note_closed(event)
        self._pump()
        if events:
            await self._on_events(self, events)
            self._pump()

    def _note_closed(self, event: SessionClosed) -> None:
        if self.peer is None or (event.clean and not self.closed):
            self._is_over = True  # a stranger, or the peer's own goodbye: nothing that matters will come
        elif not self.closed:
            # It broke a rule. Hanging up on unread bytes would reset the connection, and lose our CLOSE.
            self._hang_up_after(CLOSE_TIMEOUT_S)
        self.is_unwelcome = event.clean and not self.closed and event.code == CloseCode.BLOCKED
        self.closed = True
        self.close_reason = event.reason or event.code
        self.ended_cleanly = event.clean

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            while self._outgoing:
                data = self._take()
                async with asyncio.timeout(WRITE_STALL_S):
                    await loop.sock_sendall(self._sock, data)
            if self._is_wanted and self.session.state is SessionState.BULK:
                return
            if self.closed:
                self._sock.shutdown(socket.SHUT_WR)
                return
            self._wake.clear()
            await self._wake.wait()

    def _take(self) -> bytes:
        """A piece small enough that a slow link moves it in time."""
        data = bytes(self._outgoing[:WRITE_BYTES])
        del self._outgoing[:WRITE_BYTES]
        if len(self._outgoing) <= OUTBOUND_QUEUE_MAX_BYTES:
            self._room.set()
        return data

    def _pump(self) -> None:
        """Move what the session wants sent to the socket's queue, and keep its one timer set."""
        self._outgoing += self.session.data_to_send()
        if len(self._outgoing) > OUTBOUND_QUEUE_MAX_BYTES:
            self._room.clear()
        self._wake.set()
        if self._timer is not None:
            self._timer.cancel()
        deadline = self.session.next_deadline()
        if deadline is not None:
            delay = max(0.0, deadline - steady_clock())
            self._timer = asyncio.get_running_loop().call_later(delay, self._on_timer)

    def _on_timer(self) -> None:
        self.session.handle_deadline(steady_clock())
        self._pump()
        if self.session.state is SessionState.CLOSED:
            self.closed = True
            # Time for the writer's last words; then the reader sees the end of the stream and reports it.
            self._hang_up_after(LAST_WORDS_S)

    def _hang_up_after(self, seconds: float) -> None:
        asyncio.get_running_loop().call_later(seconds, self.abort)

    def abort(self) -> None:
        """Cut the connection; the peer sees the end of the stream without a word."""
        if not self.ended.is_set():
            with contextlib.suppress(OSError):  # it is gone already, which is what we want
                self._sock.shutdown(socket.SHUT_RDWR)

    def _end(self) -> None:
        self.closed = True
        self._room.set()
        self.established.set()
        self.introduced.set()
        if self._timer is not None:
            self._timer.cancel()
        if not (self._is_wanted and self.session.state is SessionState.BULK):
            self._sock.close()
        self.ended.set()
        for callback in self.on_end:
            callback()
