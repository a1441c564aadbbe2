"""The two ends of a bulk session on loopback, each in its thread, with made-up keys."""

import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from lanmsg.model import TransferId
from lanmsg.node.bulk_channel import BulkChannel, Stop, TransferError
from lanmsg.node.file_pump import ReceiveReport, SendReport, receive_files, send_files
from lanmsg.node.file_source import scan, sources_of
from lanmsg.node.file_walk import LeftOut, Source, walk
from lanmsg.protocol.cipher import DirectionKey
from lanmsg.protocol.entry import NO_ENTRIES, Offered, chained, encode_entry
from lanmsg.protocol.session import BulkKeys
from lanmsg.storage.downloads import PartialTransfer

ID = TransferId(b"t" * 16)
PART = "part"
NOW = 2_000_000_000.0
SECONDS = 10.0

T = TypeVar("T")


def key_pairs() -> tuple[BulkKeys, BulkKeys]:
    """What both sides of one session have."""

    def key(seed: bytes) -> DirectionKey:
        return DirectionKey(seed * 32, 0.0)

    return BulkKeys(key(b"1"), key(b"2"), b""), BulkKeys(key(b"2"), key(b"1"), b"")


def socket_pair() -> tuple[socket.socket, socket.socket]:
    """TCP, unlike socket.socketpair: with its buffers, and its ways to end."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        near = socket.create_connection(server.getsockname())
        far, _ = server.accept()
    return near, far


class Beside(Generic[T]):
    """Something done in another thread; `result` waits for it."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._results: list[T] = []
        self._errors: list[BaseException] = []
        self._thread = threading.Thread(target=self._run, args=(work,))
        self._thread.start()

    def _run(self, work: Callable[[], T]) -> None:
        try:
            self._results.append(work())
        except BaseException as error:  # noqa: BLE001 - raised where the test asks for it
            self._errors.append(error)

    def result(self) -> T:
        self._thread.join(SECONDS)
        assert not self._thread.is_alive(), "it hangs"
        if self._errors:
            raise self._errors[0]
        return self._results[0]

    def error(self) -> TransferError:
        try:
            self.result()
        except TransferError as error:
            return error
        raise AssertionError("it did not fail")


def offered_of(sources: Sequence[Source]) -> Offered:
    listing = scan(sources)
    return Offered(listing.count, listing.total, {each.name: each.is_folder for each in listing.files})


def chain_of(sources: Sequence[Source], entries: int) -> bytes:
    """What stands for the first `entries` of a walk."""
    chain = NO_ENTRIES
    for _, opened in zip(range(entries), walk(sources, LeftOut(), now=0), strict=False):
        chain = chained(chain, encode_entry(opened.header))
    return chain


@dataclass
class Run:
    """One run of a transfer from `paths` to `root`."""

    paths: Sequence[Path]
    root: Path
    sources: tuple[Source, ...] = ()
    offered: Offered | None = None
    limit: int | None = None
    options: dict[str, object] = field(default_factory=dict)
    source_stop: Stop = field(default_factory=Stop)
    sink_stop: Stop = field(default_factory=Stop)
    source_progress: list[int] = field(default_factory=list)
    sink_progress: list[int] = field(default_factory=list)
    on_source_progress: Callable[[int], None] = lambda _: None
    on_sink_progress: Callable[[int], None] = lambda _: None

    def start(self) -> "Run":
        self.sources = self.sources or sources_of(self.paths)
        self.offered = self.offered or offered_of(self.sources)
        near, far = socket_pair()
        ours, theirs = key_pairs()
        self.source = Beside(lambda: self._send(near, ours))
        self.sink = Beside(lambda: self._receive(far, theirs))
        return self

    def _send(self, sock: socket.socket, keys: BulkKeys) -> SendReport:
        assert self.offered is not None

        def progress(done: int) -> None:
            self.source_progress.append(done)
            self.on_source_progress(done)

        return send_files(
            sock,
            keys,
            self.sources,
            transfer_id=ID,
            offered=self.offered,
            stop=self.source_stop,
            progress=progress,
            limit=self.limit,
        )

    def _receive(self, sock: socket.socket, keys: BulkKeys) -> ReceiveReport:
        assert self.offered is not None

        def progress(done: int) -> None:
            self.sink_progress.append(done)
            self.on_sink_progress(done)

        with part(self.root, **self.options) as partial:
            report = receive_files(
                sock,
                keys,
                partial,
                transfer_id=ID,
                offered=self.offered,
                stop=self.sink_stop,
                progress=progress,
            )
            partial.discard()
            return report

    def reports(self) -> tuple[SendReport, ReceiveReport]:
        try:
            return self.source.result(), self.sink.result()
        finally:
            self.join()

    def errors(self) -> tuple[TransferError, TransferError]:
        try:
            return self.source.error(), self.sink.error()
        finally:
            self.join()

    def join(self) -> None:
        for end in (self.source, self.sink):
            with suppress(TransferError, AssertionError):
                end.result()


def part(root: Path, **options: object) -> PartialTransfer:
    return PartialTransfer(root, PART, now=lambda: NOW, **options)  # type: ignore[arg-type] # any option


def channels(*, stall: float = SECONDS) -> tuple[BulkChannel, BulkChannel]:
    near, far = socket_pair()
    ours, theirs = key_pairs()
    return BulkChannel(near, ours, Stop(), stall=stall), BulkChannel(far, theirs, Stop(), stall=stall)


def seen(root: Path) -> dict[str, bytes | None]:
    """What a person sees in `root`."""
    return {
        str(path.relative_to(root)): None if path.is_dir() else path.read_bytes()
        for path in sorted(root.rglob("*"))
        if ".lanmsg-part" not in path.parts
    }
