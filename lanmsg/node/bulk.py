"""Runs of transfers: which are under way in this process, their threads, and what becomes of their rows."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO

from lanmsg.model import Direction, LanmsgError, PeerId, Transfer, TransferState
from lanmsg.node.bulk_channel import Stop, TransferError
from lanmsg.node.clock import wall_clock
from lanmsg.node.connection import Connection
from lanmsg.node.disk import Disk
from lanmsg.node.file_pump import SendReport, receive_files, refuse, send_files
from lanmsg.node.file_source import sources_of
from lanmsg.protocol.constants import (
    BULK_SESSIONS_MAX,
    BULK_SESSIONS_PER_PEER_MAX,
    DISK_RESERVE_BYTES,
    DISK_RESERVE_SHARE,
    OFFER_NAMES_MAX,
)
from lanmsg.protocol.entry import Offered
from lanmsg.protocol.payload import CloseCode
from lanmsg.protocol.session import BulkKeys
from lanmsg.storage.disk_space import free_space
from lanmsg.storage.downloads import PartialTransfer
from lanmsg.storage.errors import StorageError
from lanmsg.storage.part_folder import PARTS_FOLDER, part_name
from lanmsg.storage.store import Store

PROGRESS_S = 0.25
"""How often progress goes to the store, where every screen of the home reads it."""

GOES_ON_LATER = frozenset({"paused", "stalled", "lost"})
"""Ends of a run that are not the end of the transfer."""

MAY_RUN = frozenset({TransferState.ACCEPTED, TransferState.PAUSED, TransferState.RUNNING})

LISTED = 3
"""Names in the one line about what did not go."""


@dataclass(slots=True)
class Run:
    """One transfer at work. `done` is written by its thread, and read by the event loop."""

    number: int
    peer: PeerId
    stop: Stop = field(default_factory=Stop)
    done: int = 0
    part: PartialTransfer | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def progress(self, done: int) -> None:
        self.done = done


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: the row's next state, and what belongs to it."""

    state: TransferState
    reason: str = ""
    code: str = ""
    done: int | None = None
    paths: tuple[str, ...] | None = None


class BulkRuns:
    """`claim` makes a row this process's own: whoever runs it, serves it."""

    def __init__(self, me: PeerId, disk: Disk, downloads: Path, claim: Callable[[int], Awaitable[None]]):
        self._me = me
        self._disk = disk
        self._downloads = downloads
        self._claim = claim
        self._runs: dict[int, Run] = {}
        self.is_stopping = False
        self.streams: dict[int, BinaryIO] = {}
        self.limits: dict[int, int] = {}  # bytes a second, of what this process offered
        self._threads = ThreadPoolExecutor(BULK_SESSIONS_MAX, thread_name_prefix="lanmsg-bulk")

    def is_running(self, number: int) -> bool:
        return number in self._runs

    async def ended(self, number: int) -> None:
        """Return when it does not run; for ever while this process ends, when all that runs pauses."""
        if (run := self._runs.get(number)) is not None:
            await run.ended.wait()
        if self.is_stopping:
            await asyncio.Event().wait()

    def may_begin(self, peer: PeerId) -> bool:
        """Whether one more with this peer leaves room for the others."""
        same = sum(run.peer == peer for run in self._runs.values())
        return len(self._runs) < BULK_SESSIONS_MAX and same < BULK_SESSIONS_PER_PEER_MAX

    def stop(self, number: int) -> None:
        """The transfer was cancelled: end its run, which tells the other side so."""
        if (run := self._runs.get(number)) is not None:
            run.stop.cancel()

    def discard_part(self, transfer: Transfer) -> None:
        """Blocking. What had come of a cancelled transfer that is not running is of no use to anybody."""
        root = Path(transfer.destination) if transfer.destination else self._downloads
        name = part_name(self._me, transfer.peer, transfer.id)
        with contextlib.suppress(StorageError, OSError):  # what is left of it can be deleted by hand
            if any(root.glob(f"{PARTS_FOLDER}*/{name}")):
                PartialTransfer(root, name, now=wall_clock).discard()

    async def stop_all(self) -> None:
        """This process ends: every run pauses, to go on from there."""
        self.is_stopping = True
        runs = list(self._runs.values())
        for run in runs:
            run.stop.set()
        for run in runs:
            await run.ended.wait()
        await asyncio.to_thread(self._threads.shutdown)

    async def serve(self, connection: Connection, transfer: Transfer) -> None:
        """Carry `transfer` over a bulk connection to its end, and note the end in its row."""
        if self.is_stopping or self.is_running(transfer.number):
            connection.close(CloseCode.DUPLICATE)  # both sides dialled; one connection is enough
            return
        run = self._runs[transfer.number] = Run(transfer.number, transfer.peer)
        try:
            # First of all: the reader has to stop before the peer answers.
            sock, keys = await connection.detach()
            await self._begin(sock, run)
            await self._carry(sock, keys, transfer, run)
        except (ConnectionError, StorageError):
            return  # the connection ended first, or nothing can be noted; the row still asks for a run
        finally:
            run.stop.set()  # whatever ends this ends its thread too
            del self._runs[transfer.number]
            run.ended.set()

    async def _begin(self, sock: socket.socket, run: Run) -> None:
        try:
            await self._claim(run.number)
            if not await self._move(run.number, Outcome(TransferState.RUNNING), only_from=MAY_RUN):
                run.stop.cancel()  # it was withdrawn a moment ago; the thread tells the other side
        except BaseException:
            sock.close()
            raise

    async def _carry(self, sock: socket.socket, keys: BulkKeys, transfer: Transfer, run: Run) -> None:
        loop = asyncio.get_running_loop()
        ended = loop.run_in_executor(self._threads, partial(self._work, sock, keys, transfer, run))
        try:
            outcome = await self._follow(ended, run)
        except asyncio.CancelledError:
            ended.add_done_callback(lambda _: _close(run))
            raise
        is_noted = False
        try:
            await self._move(transfer.number, outcome)
            is_noted = True
        finally:
            if run.part is not None:
                is_over = is_noted and outcome.state is TransferState.DONE
                await loop.run_in_executor(self._threads, partial(_let_go, run.part, is_over=is_over))

    async def _follow(self, ended: "asyncio.Future[Outcome]", run: Run) -> Outcome:
        """Write progress to the store while the thread works."""
        told = 0
        while True:
            done, _ = await asyncio.wait([ended], timeout=PROGRESS_S)
            if done:
                try:
                    return ended.result()
                except LanmsgError as error:
                    return Outcome(TransferState.FAILED, str(error), "internal", done=run.done)
                except Exception as error:  # noqa: BLE001 - what a peer sends must not end the node
                    context = {"message": "a run of a transfer could not be handled", "exception": error}
                    asyncio.get_running_loop().call_exception_handler(context)
                    reason = f"something went wrong: {error}"
                    return Outcome(TransferState.FAILED, reason, "internal", done=run.done)
            if run.done != told:
                told = run.done
                with contextlib.suppress(StorageError):  # progress is for the eye
                    await self._disk.write(partial(_note_progress, number=run.number, done=told))

    def _work(self, sock: socket.socket, keys: BulkKeys, transfer: Transfer, run: Run) -> Outcome:
        """In the thread."""
        try:
            work = self._send if transfer.direction is Direction.OUT else self._receive
            return work(sock, keys, transfer, run)
        finally:
            sock.close()  # where it did not even come to saying something

    def _send(self, sock: socket.socket, keys: BulkKeys, transfer: Transfer, run: Run) -> Outcome:
        stream = self.streams.get(transfer.number)
        if transfer.total is None and stream is None:
            error = StorageError("its input ended with the command that read it", code="unreadable")
            refuse(sock, keys, transfer.id, error)
            return Outcome(TransferState.FAILED, str(error), error.code)
        sources = sources_of(
            [Path(path) for path in transfer.paths],
            stream=stream,
            stream_name=transfer.files[-1].name if stream else "",
        )
        try:
            report = send_files(
                sock,
                keys,
                sources,
                transfer_id=transfer.id,
                offered=_offered(transfer),
                stop=run.stop,
                progress=run.progress,
                limit=self.limits.get(transfer.number),
            )
        except TransferError as error:
            return _failure(error, run, is_stream=transfer.total is None)
        return Outcome(TransferState.DONE, _left_out(report), done=report.size)

    def _receive(self, sock: socket.socket, keys: BulkKeys, transfer: Transfer, run: Run) -> Outcome:
        try:
            part = run.part = self._part(transfer)
        except StorageError as error:
            refuse(sock, keys, transfer.id, error)
            return Outcome(TransferState.FAILED, str(error), error.code)
        try:
            report = receive_files(
                sock,
                keys,
                part,
                transfer_id=transfer.id,
                offered=_offered(transfer),
                stop=run.stop,
                progress=run.progress,
            )
        except TransferError as error:
            return _failure(error, run, is_stream=transfer.total is None)
        missing = f"{report.missing} could not be sent" if report.missing else ""
        paths = tuple(str(path) for path in report.paths)
        return Outcome(TransferState.DONE, missing, done=report.size, paths=paths)

    def _part(self, transfer: Transfer) -> PartialTransfer:
        root = Path(transfer.destination) if transfer.destination else self._downloads
        name = part_name(self._me, transfer.peer, transfer.id)
        part = PartialTransfer(root, name, now=wall_clock, reserve=_reserve(root))
        part.require((transfer.total or 0) - part.position().done)
        return part

    async def _move(
        self, number: int, outcome: Outcome, *, only_from: frozenset[TransferState] | None = None
    ) -> bool:
        moved = await self._disk.write(
            lambda store: store.transfers.move(
                number,
                outcome.state,
                now=wall_clock(),
                reason=outcome.reason,
                code=outcome.code,
                done=outcome.done,
                paths=outcome.paths,
                only_from=only_from,
            )
        )
        return moved is not None


def _let_go(part: PartialTransfer, *, is_over: bool) -> None:
    """Only when the row says DONE the part is forgotten: a crash before would receive it all again."""
    with contextlib.suppress(StorageError):  # what is left of it can be deleted by hand
        if is_over:
            part.discard()
    part.close()


def _close(run: Run) -> None:
    if run.part is not None:
        run.part.close()


def _note_progress(store: Store, *, number: int, done: int) -> None:
    store.transfers.progress(number, done, wall_clock())


def _offered(transfer: Transfer) -> Offered:
    """What was agreed to. An offer lists at most OFFER_NAMES_MAX names; then any name may come."""
    names = {each.name: each.is_folder for each in transfer.files}
    return Offered(transfer.count, transfer.total, names if len(names) < OFFER_NAMES_MAX else None)


def _failure(error: TransferError, run: Run, *, is_stream: bool) -> Outcome:
    """A run that could not go on: PAUSED if a later one can, CANCELLED if somebody wanted it so."""
    is_told = error.by_peer and "other side" not in str(error)
    reason = f"{error} (said the other side)" if is_told else str(error)
    if is_stream and error.code in GOES_ON_LATER:
        return Outcome(TransferState.FAILED, f"{reason}; a stream cannot go on later", "lost", done=run.done)
    if error.code in GOES_ON_LATER:
        return Outcome(TransferState.PAUSED, reason, error.code, done=run.done)
    state = TransferState.CANCELLED if error.code == "cancelled" else TransferState.FAILED
    return Outcome(state, reason, error.code, done=run.done)


def _left_out(report: SendReport) -> str:
    """One line for a person: what did not go, or went while it was being written to."""
    left = [f"{path}: {why}" for path, why in report.left_out.listed[:LISTED]]
    changed = [f"{path}: {why}" for path, why in report.changed.listed[:LISTED]]
    more = report.left_out.count + report.changed.count - len(left) - len(changed)
    return "; ".join([*left, *changed, *([f"and {more} more"] if more else [])])


def _reserve(root: Path) -> int:
    """Bytes to leave free on the disk."""
    try:
        _, total = free_space(root)
    except OSError as error:
        raise StorageError(f"cannot save into {root}: {error.strerror}", code="disk") from None
    return min(DISK_RESERVE_BYTES, int(total * DISK_RESERVE_SHARE))
