"""A bulk session in a thread of its own: records over a blocking socket, in buffers that are used again.

This is the one place that goes around `protocol/session`: in the event loop the same bytes take longer, and
keep everything else waiting. Framing, keys and limits are those of `protocol/record` all the same.
"""

import socket
import struct
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypeVar

from lanmsg.model import LanmsgError
from lanmsg.node.clock import steady_clock
from lanmsg.protocol.constants import (
    CLOSE_TIMEOUT_S,
    DATA_PLAINTEXT_MAX_BYTES,
    RECORD_HEADER_BYTES,
    TAG_BYTES,
    TRANSFER_STALL_S,
)
from lanmsg.protocol.errors import RemoteProtocolError
from lanmsg.protocol.payload import Close, CloseCode, Failed, Payload, Ping, UnknownPayload, decode, encode
from lanmsg.protocol.record import (
    RECORD_OVERHEAD_BYTES,
    RecordKind,
    open_record,
    open_record_into,
    parse_header,
    rekey_if_spent,
    seal_record,
    seal_record_into,
)
from lanmsg.protocol.session import BulkKeys

TICK_S: Final = 0.5
"""How soon a blocked thread notices that it shall stop."""

PING_INTERVAL_S: Final = 10.0
"""While a side hashes or syncs, this tells the other one that it lives; well below TRANSFER_STALL_S."""

RECORD_MAX_BYTES: Final = DATA_PLAINTEXT_MAX_BYTES + RECORD_OVERHEAD_BYTES
INBOX_BYTES: Final = 2 * RECORD_MAX_BYTES
EXPECTED: Final = (RecordKind.PAYLOAD, RecordKind.DATA, RecordKind.CLOSE)

DONT_WAIT: Final[int | None] = getattr(socket, "MSG_DONTWAIT", None)

PEER_REASONS: Final = {
    "cancelled": "cancelled by the other side",
    "paused": "the other side stopped for now",
    "disk_full": "the other side has no space left on its disk",
    "disk": "the other side's disk failed",
    "unreadable": "the other side cannot read the files",
    "changed": "the files changed on the other side since they were offered",
    "permission": "the other side may not write there",
    "too_large": "a file is too large for the other side's disk",
    "name": "a name is too long for the other side's disk, or not possible there",
    "invalid": "the other side found the data to break the protocol",
}
"""Our words for the peer's codes: a peer's own words could be made to look like ours."""

GOES_ON: Final = "it goes on where it stopped"

T = TypeVar("T")
U = TypeVar("U", bound=Payload)


class TransferError(LanmsgError):
    """Why a run of a transfer is over before its end. `by_peer`: the other side said so."""

    def __init__(self, message: str, *, code: str, by_peer: bool = False, hint: str = "") -> None:
        super().__init__(message, code=code, hint=hint)
        self.by_peer = by_peer


class Stop(threading.Event):
    """Ends a run from another thread. Its part stays for later, unless the transfer is cancelled.

    A sink that has everything commits itself, and publishes: from then on it is too late to cancel.
    """

    def __init__(self) -> None:
        super().__init__()
        self.code = "paused"
        self.why = ""
        """What the person is told of a pause that nobody asked for."""
        self.cut = ""
        """Why this side has broken the connection itself."""
        self._lock = threading.Lock()
        self._is_committed = False

    def call_off(self) -> bool:
        """From now on it is not published. False: it is too late for that. It runs on until `cancel`."""
        with self._lock:
            if not self._is_committed:
                self.code = "cancelled"
            return not self._is_committed

    def cancel(self) -> None:
        if self.call_off():
            self.set()

    def commit(self) -> bool:
        """False: it was stopped before."""
        with self._lock:
            self._is_committed = self.code != "cancelled" and not self.is_set()
            return self._is_committed


def lost(why: str) -> TransferError:
    return TransferError(f"the connection was lost: {why}", code="lost", hint=GOES_ON)


class BulkChannel:
    """Owns the socket. Raises TransferError for whatever ends the run.

    `plaintext` is where the next DATA record is put together, for `send_data`.
    """

    def __init__(
        self, sock: socket.socket, keys: BulkKeys, stop: Stop, *, stall: float = TRANSFER_STALL_S
    ) -> None:
        self._sock = sock
        self._send_key, self._receive_key = keys.send, keys.receive
        self._stop = stop
        self._stall = stall
        self._is_broken = False
        self._out = memoryview(bytearray(RECORD_MAX_BYTES))
        # Encrypted and decrypted in place: that halves the memory which each byte goes through.
        self.plaintext = self._out[RECORD_HEADER_BYTES : RECORD_HEADER_BYTES + DATA_PLAINTEXT_MAX_BYTES]
        self._in = memoryview(bytearray(max(INBOX_BYTES, len(keys.pending))))
        self._in[: len(keys.pending)] = keys.pending
        self._start, self._end = 0, len(keys.pending)
        _set_tick(sock)
        with suppress(OSError):  # not TCP, in a test
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    # Sending ------------------------------------------------------------------------------------------

    def send_data(self, length: int) -> None:
        """The first `length` bytes of `plaintext`, as one record."""
        if rekey := rekey_if_spent(self._send_key, steady_clock()):
            self._send(memoryview(rekey))
        size = seal_record_into(self._send_key, RecordKind.DATA, self.plaintext[:length], self._out)
        self._send(self._out[:size])

    def send(self, payload: Payload) -> None:
        kind = RecordKind.CLOSE if isinstance(payload, Close) else RecordKind.PAYLOAD
        self._send(memoryview(seal_record(self._send_key, kind, encode(payload), steady_clock())))

    def _send(self, data: memoryview) -> None:
        since = 0.0
        while data:
            try:
                data = data[self._sock.send(data) :]
                since = 0.0
            except (BlockingIOError, TimeoutError):
                self._is_broken = True  # until this record is out whole, no other may follow
                since = self._wait_on(since)
            except OSError as error:
                self._is_broken = True
                raise self._why_lost(error) from error
        self._is_broken = False

    def _wait_on(self, since: float) -> float:
        """Called at each tick of a wait that began at `since`, 0.0 at the first; returns when it began."""
        self.check_stop()
        now = steady_clock()
        if since and now - since >= self._stall:
            raise TransferError(
                "nothing moved for too long", code="stalled", hint="it goes on where it stopped"
            )
        return since or now

    def check_stop(self) -> None:
        if self._stop.is_set():
            raise self._stopped()

    def commit(self) -> None:
        """All has come, and is published now, whatever is wanted meanwhile."""
        if not self._stop.commit():
            self._stop.wait(CLOSE_TIMEOUT_S)  # called off a moment ago: its row comes first
            raise self._stopped()

    def _stopped(self) -> TransferError:
        why = self._stop.why if self._stop.code == "paused" else ""
        return TransferError(why or f"{self._stop.code} by this side", code=self._stop.code)

    def pause(self, seconds: float) -> None:
        """Wait, but no longer than until this side shall stop."""
        self._stop.wait(seconds)

    def _why_lost(self, error: OSError) -> TransferError:
        """What the other side said before it hung up, if anything: truer than "broken pipe"."""
        try:
            self.check_peer()
        except TransferError as said:
            return said
        except RemoteProtocolError:
            pass  # nonsense is no reason
        return lost(self._stop.cut or error.strerror or "it broke")

    # Receiving ----------------------------------------------------------------------------------------

    def next_data(self) -> memoryview:
        """The plaintext of the next DATA record; good until the next call. Raises RemoteProtocolError."""
        while True:
            kind, plaintext = self._next()
            if kind is RecordKind.DATA:
                return plaintext
            self._hear(kind, plaintext)

    def expect(self, kind: type[T], other: type[U] | None = None) -> T | U:
        """The next payload of one of these kinds. Raises RemoteProtocolError."""
        while True:
            record, plaintext = self._next()
            if record is RecordKind.DATA:
                raise RemoteProtocolError("file data where an answer belongs")
            payload = self._hear(record, plaintext)
            if isinstance(payload, kind) or (other is not None and isinstance(payload, other)):
                return payload

    def check_peer(self) -> None:
        """While we send: raises TransferError if the other side has given up. Never waits."""
        while self._fill_now():
            while (record := self._take()) is not None:
                if record[0] is not RecordKind.DATA:  # of a file that we gave up: there may be much of it
                    self._hear(*record)

    def _hear(self, kind: RecordKind, plaintext: memoryview) -> Payload | UnknownPayload:
        payload = decode(bytes(plaintext))
        if isinstance(payload, Failed):
            text = PEER_REASONS.get(payload.code, "something went wrong on the other side")
            raise TransferError(text, code=payload.code, by_peer=True)
        if isinstance(payload, Close) or kind is RecordKind.CLOSE:
            raise lost("the other side ended it")
        return payload

    def _next(self) -> tuple[RecordKind, memoryview]:
        while (record := self._take()) is None:
            self._fill()
        return record

    def _take(self) -> tuple[RecordKind, memoryview] | None:
        """The next record that is here whole, decrypted where it lies."""
        while self._end - self._start >= RECORD_HEADER_BYTES:
            body = self._start + RECORD_HEADER_BYTES
            header = bytes(self._in[self._start : body])
            try:
                kind, length = parse_header(header, EXPECTED)
                if self._end - body < length:
                    return None
                sealed = self._in[body : body + length]
                self._start = body + length
                plaintext = sealed[: length - TAG_BYTES]
                if kind is RecordKind.DATA:
                    open_record_into(self._receive_key, header, sealed, plaintext)
                else:
                    record = open_record(self._receive_key, header, sealed, steady_clock())
                    plaintext = memoryview(record.plaintext)
            except RemoteProtocolError as error:
                # Whoever is on the wire can cause this, so it is not held against the peer.
                raise lost(str(error)) from error
            if kind is not RecordKind.REKEY:
                return kind, plaintext
        return None

    def _fill(self) -> None:
        self._make_room()
        since = 0.0
        while True:
            try:
                size = self._sock.recv_into(self._in[self._end :])
            except (BlockingIOError, TimeoutError):
                since = self._wait_on(since)
                continue
            except OSError as error:
                raise lost(error.strerror or "it broke") from error
            if not size:
                raise lost(self._stop.cut or "the other side hung up")
            self._end += size
            return

    def _fill_now(self) -> bool:
        """Whether anything has come."""
        self._make_room()
        wait = self._sock.gettimeout()
        if DONT_WAIT is None:
            self._sock.setblocking(False)  # noqa: FBT003
        try:
            size = self._sock.recv_into(self._in[self._end :], 0, DONT_WAIT or 0)
        except OSError:
            return False  # nothing, or broken: whoever sends next will say so
        finally:
            if DONT_WAIT is None:
                self._sock.settimeout(wait)
        self._end += size
        return size > 0

    def _make_room(self) -> None:
        if self._start == self._end:
            self._start = self._end = 0
        elif len(self._in) - self._end < RECORD_MAX_BYTES:
            rest = self._end - self._start
            self._in[:rest] = self._in[self._start : self._end]
            self._start, self._end = 0, rest

    # Beside -------------------------------------------------------------------------------------------

    def work(self, task: Callable[[], T]) -> T:
        """The result of `task`, which may take long; the other side is told that we live."""
        results: list[T] = []
        errors: list[BaseException] = []

        def run() -> None:
            try:
                results.append(task())
            except BaseException as error:  # noqa: BLE001 - raised again below, in the thread that asked
                errors.append(error)

        thread = threading.Thread(target=run, name="lanmsg-transfer-work")
        thread.start()
        thread.join(PING_INTERVAL_S)
        while thread.is_alive():
            with suppress(TransferError):  # what becomes of the task matters more
                self.send(Ping(0))
            thread.join(PING_INTERVAL_S)
        if errors:
            raise errors[0]
        return results[0]

    def give_up(self, failed: Failed) -> None:
        """Tell the other side why, if it can still be told anything, and hang up."""
        if not self._is_broken:
            with suppress(TransferError):
                self.send(failed)
        self.hang_up()

    def hang_up(self) -> None:
        """After a CLOSE, wait a moment for the other side's: closing at once may undo what was just sent."""
        self._stop = Stop()
        self._stall = CLOSE_TIMEOUT_S
        try:
            if not self._is_broken:
                with suppress(TransferError):
                    self.send(Close(CloseCode.BYE))
            with suppress(OSError):
                self._sock.shutdown(socket.SHUT_WR)
            self._drain()
        finally:
            self._sock.close()

    def _drain(self) -> None:
        until = steady_clock() + CLOSE_TIMEOUT_S
        while steady_clock() < until:
            try:
                if not self._sock.recv_into(self._in):
                    return
            except (BlockingIOError, TimeoutError):
                continue
            except OSError:
                return


def _set_tick(sock: socket.socket) -> None:
    """Wake from waits now and then. By the system's own timeout where there is one: Python's asks the
    system before each send and receive whether it would wait.
    """
    if sys.platform == "win32":
        sock.settimeout(TICK_S)
        return
    sock.setblocking(True)  # noqa: FBT003
    tick = struct.pack("ll", int(TICK_S), int(TICK_S % 1 * 1_000_000))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, tick)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, tick)
