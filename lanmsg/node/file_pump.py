"""The two ends of a bulk session: files into records, records into files. Blocking; each in its own thread.

The sink says where it stands (Accept), the source from where it goes on (Begin), then comes DATA to FINISH,
and Done once everything has its name and is on the disk (protocol.md, Files). What goes wrong is told to the
other side by its code, and raised here as TransferError with what a person should know.
"""

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from msgspec import Struct

from lanmsg.model import TransferId
from lanmsg.node.bulk_channel import BulkChannel, Stop, TransferError
from lanmsg.node.clock import steady_clock
from lanmsg.node.file_packing import PROGRESS_INTERVAL_S, Packing
from lanmsg.node.file_source import locate
from lanmsg.node.file_walk import LeftOut, Source
from lanmsg.protocol.entry import Offered, position_hash
from lanmsg.protocol.errors import RemoteProtocolError
from lanmsg.protocol.payload import Accept, Begin, Done, Failed
from lanmsg.protocol.session import BulkKeys
from lanmsg.protocol.transfer import (
    BlockEvent,
    BytesReceived,
    EntryEnded,
    EntryStarted,
    EntryVoided,
    Finished,
    Receiving,
)
from lanmsg.storage.downloads import PartialTransfer
from lanmsg.storage.errors import StorageError

LOST: Final = frozenset(("lost", "stalled"))
"""There is nobody to tell."""

FINAL: Final = frozenset(("cancelled", "invalid", "unreadable", "changed", "too_large"))
"""No later run can go on with what has come, so it is deleted. After anything else it stays."""

CODES: Final = {
    "no_space": "disk_full",
    "busy": "paused",
    "store": "disk",
    "permission": "permission",
    "too_large": "too_large",
    "unsafe_name": "invalid",
}
"""Of StorageError, as a transfer's; others stay what they are."""

WORDS: Final = {
    "cancelled": "cancelled",
    "paused": "paused",
    "disk_full": "no space left on the disk",
    "disk": "the disk failed",
    "unreadable": "the files cannot be read",
    "changed": "the files changed since they were offered",
    "permission": "not allowed to write there",
    "too_large": "too large for this disk",
    "name": "a name that this disk cannot hold",
    "invalid": "the data break the protocol",
}
"""What the other side is told: no paths, and nothing else of this system."""


class SendReport(Struct, frozen=True):
    """The sink has it all, and said so. `left_out` did not go; `changed` went while it was written to."""

    entries: int
    size: int
    left_out: LeftOut
    changed: LeftOut


class ReceiveReport(Struct, frozen=True):
    """`paths`: what was saved, the top-level ones. `missing`: entries that were offered and did not come.

    `renamed`: entries whose names could not be used as they are.
    """

    paths: tuple[Path, ...]
    entries: int
    size: int
    missing: int
    renamed: int


def send_files(
    sock: socket.socket,
    keys: BulkKeys,
    sources: Sequence[Source],
    *,
    transfer_id: TransferId,
    offered: Offered,
    stop: Stop,
    progress: Callable[[int], None],
    limit: int | None = None,
    begun: Callable[[Packing], None] = lambda _: None,
) -> SendReport:
    """Send what was offered and return once the sink has all of it. Closes `sock`. Raises TransferError.

    `begun` is handed what tells how far it is, while it runs.
    """
    channel = BulkChannel(sock, keys, stop)
    with _told(channel, transfer_id):
        answer = channel.expect(Accept, Done)
        if isinstance(answer, Done):  # it had everything when the last run broke
            return SendReport(answer.entries, answer.bytes, LeftOut(), LeftOut())
        start = channel.work(
            lambda: locate(sources, answer.entry, answer.offset, answer.digest, is_stopped=stop.is_set)
        )
        channel.check_stop()
        channel.send(Begin(transfer_id, start.entry, start.offset))
        packing = Packing(channel, offered, start, progress=progress, limit=limit)
        begun(packing)
        packing.run(sources)
        done = channel.expect(Done)
        if (done.entries, done.bytes) != (packing.entries, packing.size):
            raise RemoteProtocolError("a Done that is not of what was sent")
        return SendReport(packing.entries, packing.size, packing.left_out, packing.changed)


def receive_files(
    sock: socket.socket,
    keys: BulkKeys,
    partial: PartialTransfer,
    *,
    transfer_id: TransferId,
    offered: Offered,
    stop: Stop,
    progress: Callable[[int], None],
) -> ReceiveReport:
    """Receive what was agreed to, publish it and say so. Closes `sock`. Raises TransferError.

    `partial` stays open: once the end is noted where it cannot be forgotten, call its `discard`. Until then
    a crash does not make the transfer start again.
    """
    channel = BulkChannel(sock, keys, stop)
    try:
        with _told(channel, transfer_id):
            if not partial.is_complete:
                receiving = _agree_on_start(channel, partial, transfer_id, offered)
                _receive(channel, partial, receiving, progress)
            channel.commit()
            paths = channel.work(partial.publish)
            size = partial.position().size
            # It is saved, whether the other side can still be told so or asks again later.
            with suppress(TransferError):
                channel.send(Done(transfer_id, partial.kept, size))
    except TransferError as error:
        with suppress(StorageError):  # the reason why the run ended is the one to be told
            if error.code in FINAL:
                partial.discard()
            else:
                partial.pause()
        raise
    missing = max(0, offered.count - partial.kept)
    return ReceiveReport(tuple(paths), partial.kept, size, missing, partial.renamed)


def _agree_on_start(
    channel: BulkChannel, partial: PartialTransfer, transfer_id: TransferId, offered: Offered
) -> Receiving:
    position = partial.position()
    if offered.total is not None:
        partial.require(max(0, offered.total - position.done))
    entry, offset, digest = 0, 0, None
    if position.entry or position.offset:
        entry, offset = position.entry, position.offset
        digest = channel.work(lambda: _digest(channel, partial))
    channel.send(Accept(transfer_id, entry, offset, digest))
    begin = channel.expect(Begin)
    if (begin.entry, begin.offset) == (entry, offset):
        return Receiving(offered, entry=entry, offset=offset, size=position.size, chain=position.chain)
    if (begin.entry, begin.offset) != (0, 0):
        raise RemoteProtocolError("a Begin at a place that nobody named")
    partial.restart()
    return Receiving(offered)


def _digest(channel: BulkChannel, partial: PartialTransfer) -> bytes:
    position = partial.position()
    hashed = position_hash(position.chain, position.path)
    for data in partial.prefix():
        channel.check_stop()
        hashed.update(data)
    return hashed.digest()


def _receive(
    channel: BulkChannel, partial: PartialTransfer, receiving: Receiving, progress: Callable[[int], None]
) -> None:
    told = 0.0
    while not receiving.is_finished:
        channel.check_stop()
        events = receiving.receive_data(channel.next_data())
        partial.begin_record([each.header.path for each in events if isinstance(each, EntryStarted)])
        for event in events:
            _store(partial, event)
        partial.end_record()
        now = steady_clock()
        if now - told >= PROGRESS_INTERVAL_S:
            told = now
            progress(partial.position().done)
    if not partial.kept:
        raise TransferError("nothing of what was offered came", code="unreadable")
    progress(partial.position().done)


def _store(partial: PartialTransfer, event: BlockEvent) -> None:
    match event:
        case BytesReceived(data):
            partial.write(data)
        case EntryStarted(header):
            partial.start_entry(
                header.path, header.kind, header.size, header.mtime, executable=header.executable
            )
        case EntryEnded(chain):
            partial.end_entry(chain)
        case EntryVoided(chain):
            partial.void_entry(chain)
        case Finished():
            pass


@contextmanager
def _told(channel: BulkChannel, transfer_id: TransferId) -> Iterator[None]:
    """Ends the connection as the run ends, and sees to it that the other side learns why."""
    try:
        yield
    except TransferError as error:
        if error.by_peer or error.code in LOST:
            channel.hang_up()
        else:
            channel.give_up(failed(transfer_id, error.code))
        raise
    except RemoteProtocolError as error:
        channel.give_up(failed(transfer_id, "invalid"))
        raise TransferError(f"the other side broke the protocol: {error}", code="invalid") from error
    except StorageError as error:
        code = CODES.get(error.code, error.code)
        channel.give_up(failed(transfer_id, code))
        raise TransferError(str(error), code=code, hint=error.hint) from error
    except BaseException:
        channel.give_up(failed(transfer_id, "internal"))
        raise
    channel.hang_up()


def failed(transfer_id: TransferId, code: str) -> Failed:
    """What the other side is told of an end, in words that tell nothing else."""
    if code not in WORDS:
        code = "internal"
    return Failed(transfer_id, code, WORDS.get(code, "something went wrong"))


def refuse(sock: socket.socket, keys: BulkKeys, transfer_id: TransferId, error: StorageError) -> None:
    """There is no place to save to: say so instead of where we stand, and hang up."""
    BulkChannel(sock, keys, Stop()).give_up(failed(transfer_id, CODES.get(error.code, error.code)))
