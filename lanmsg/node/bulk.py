"""Runs of transfers: which are under way in this process, their threads, and what becomes of their rows."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import BinaryIO

from lanmsg.config import Settings
from lanmsg.model import Direction, FileProgress, LanmsgError, PeerId, Transfer, TransferState
from lanmsg.node.bulk_channel import TransferError
from lanmsg.node.clock import steady_clock, wall_clock
from lanmsg.node.connection import Connection, is_lost
from lanmsg.node.disk import Disk
from lanmsg.node.file_packing import INPUT_ENDED
from lanmsg.node.file_pump import CODES, receive_files, refuse, send_files
from lanmsg.node.file_source import sources_of
from lanmsg.node.outcomes import DISK_FAULTS, Outcome, begin_row, end_row, failure, left_out_of
from lanmsg.node.run import Run
from lanmsg.node.short_turns import SHORT_TURNS
from lanmsg.node.stream_relay import Relay, open_relay, sweep
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
from lanmsg.storage.scratch import is_orphaned
from lanmsg.storage.store import Store

PROGRESS_S = 0.25
"""How often progress goes to the store, where every screen of the home reads it."""

MOVED_STALL_S = 1.5
"""A run with a peer that may have moved goes on if a byte has moved after this."""

DISK_AGAIN_S = 30.0
"""After such a fault of our disk, the next try; sooner when a person wants it."""

VAIN_S = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0)
"""After so many runs in a row that brought nothing: whatever it is, it is not gone over again and again."""

SWEPT_ROWS = 500
FAILED_PART_S = 7 * 86_400.0
"""What failed may be offered again, and go on from its part; after a week nobody expects that."""


class BulkRuns:
    """`claim` makes a row this process's own: whoever runs it, serves it."""

    def __init__(self, me: PeerId, disk: Disk, settings: Settings, claim: Callable[[int], Awaitable[None]]):
        self._me = me
        self._disk = disk
        self._downloads = settings.downloads
        self._home = settings.home
        self._claim = claim
        self._runs: dict[int, Run] = {}
        self.is_stopping = False
        self.streams: dict[int, BinaryIO] = {}
        self.limits: dict[int, int] = {}  # bytes a second, of what this process offered
        self.keep_executable = settings.keep_exec
        self.published_late: Callable[[Transfer], None] = ignore
        """Called when something was saved which another process cancelled meanwhile."""
        self._again_at: dict[int, float] = {}
        self._vain: dict[int, int] = {}
        self._threads = ThreadPoolExecutor(BULK_SESSIONS_MAX, thread_name_prefix="lanmsg-bulk")

    def is_running(self, number: int) -> bool:
        return number in self._runs

    def file_of(self, number: int) -> FileProgress | None:
        run = self._runs.get(number)
        return None if run is None else run.file()

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

    def cancel(self, number: int) -> bool:
        """Before its row is moved: False when it is too late, as it is being published. Then `stop` it."""
        run = self._runs.get(number)
        return run is None or run.stop.call_off()

    def stop(self, number: int) -> None:
        """The transfer was cancelled: end its run, which tells the other side so."""
        if (run := self._runs.get(number)) is not None:
            run.stop.cancel()

    def pause(self, number: int, *, other_key: str = "") -> None:
        """The same for one that goes on later. `other_key`: why, if the peer's key is not the one meant."""
        if (run := self._runs.get(number)) is not None:
            run.stop.why = other_key
            run.stop.set()

    def network_changed(self, ours: Collection[str]) -> set[PeerId]:
        """Cut what stands on none of `ours`; with whom."""
        lost = [run for run in self._runs.values() if run.sock is not None and is_lost(run.sock, ours)]
        for run in lost:
            run.cut("the network of this side is another now")
        return {run.peer for run in lost}

    def any_elsewhere(self, peer: PeerId, host: str) -> bool:
        return any(run.peer == peer and run.remote != host for run in self._runs.values())

    async def cut_stalled(self, peer: PeerId, host: str) -> set[str]:
        """The peer may be at `host` now: what has stopped with it elsewhere is cut. Where that was."""
        runs = [(run, run.done) for run in self._runs.values() if run.peer == peer and run.remote != host]
        await asyncio.sleep(MOVED_STALL_S)
        stalled = [run for run, done in runs if run.done == done and self._runs.get(run.number) is run]
        for run in stalled:
            run.cut("the other side is at another address now")
        return {run.remote for run in stalled}

    def is_idle_dial(self, number: int) -> bool:
        """Whether it runs over a connection that this side dialled, and nothing has come yet."""
        run = self._runs.get(number)
        return run is not None and run.dialled and not run.done

    def may_try(self, transfer: Transfer) -> bool:
        """Whether it is time for another run; always if a person wants it."""
        return not transfer.code or steady_clock() >= self._again_at.get(transfer.number, 0.0)

    def discard_part(self, transfer: Transfer) -> None:
        """Blocking. What had come of a cancelled transfer that is not running is of no use to anybody."""
        root = self._root(transfer)
        name = part_name(self._me, transfer.peer, transfer.id)
        with contextlib.suppress(StorageError, OSError):  # what is left of it can be deleted by hand
            if any(root.glob(f"{PARTS_FOLDER}*/{name}")):
                PartialTransfer(root, name, now=wall_clock).discard()

    async def sweep(self) -> None:
        """Delete the parts of what is over and can never go on, whatever process left them behind."""
        now = wall_clock()
        rows = await self._disk.read(lambda store: store.transfers.list(limit=SWEPT_ROWS))
        over = [row for row in rows if row.direction is Direction.IN and _is_over_for_good(row, now)]
        await asyncio.to_thread(self._discard_parts, over)
        await asyncio.to_thread(sweep, self._home, {row.id for row in rows if not row.state.is_final})

    def _discard_parts(self, rows: list[Transfer]) -> None:
        for row in rows:
            self.discard_part(row)

    def _root(self, transfer: Transfer) -> Path:
        """Where it is saved: not in the folder of a command that wanted it for itself, and is dead."""
        chosen = Path(transfer.destination) if transfer.destination else self._downloads
        return self._downloads if is_orphaned(chosen) else chosen

    async def stop_all(self) -> None:
        """This process ends: every run pauses, to go on from there."""
        self.is_stopping = True
        runs = list(self._runs.values())
        for run in runs:
            run.stop.set()
        for run in runs:
            await run.ended.wait()
        await asyncio.to_thread(self._threads.shutdown)

    async def serve(self, connection: Connection, transfer: Transfer, *, dialled: bool = False) -> None:
        """Carry `transfer` over a bulk connection to its end, and note the end in its row."""
        if self.is_stopping or self.is_running(transfer.number):
            connection.close(CloseCode.DUPLICATE)  # both sides dialled; one connection is enough
            return
        run = self._runs[transfer.number] = Run(
            transfer.number, transfer.peer, dialled, remote=connection.remote.host
        )
        try:
            # First of all: the reader has to stop before the peer answers.
            sock, keys = await connection.detach()
            run.sock = sock
            await self._begin(sock, run)
            with SHORT_TURNS:
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
            if await self._disk.write(partial(begin_row, number=run.number)) is None:
                self._stop_as_row(run, await self._disk.read(lambda store: store.transfers.get(run.number)))
        except BaseException:
            sock.close()
            raise

    def _stop_as_row(self, run: Run, row: Transfer | None) -> None:
        """It was withdrawn or paused a moment ago; the thread tells the other side."""
        if row is None or not row.is_held:
            run.stop.call_off()
        run.stop.set()

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
            await self._note(transfer, outcome)
            is_noted = True
        finally:
            if run.part is not None:
                # What has come of a stream that failed can never go on.
                is_lost = transfer.total is None and outcome.state is TransferState.FAILED
                is_over = is_noted and (is_lost or outcome.state is TransferState.DONE)
                await loop.run_in_executor(self._threads, partial(_let_go, run.part, is_over=is_over))

    async def _follow(self, ended: "asyncio.Future[Outcome]", run: Run) -> Outcome:
        """Write progress to the store while the thread works."""
        told = 0
        while True:
            done, _ = await asyncio.wait([ended], timeout=PROGRESS_S)
            if done:
                try:
                    return ended.result()
                except StorageError as error:  # the disk, where nobody expected it: it may be well again
                    return Outcome(TransferState.PAUSED, str(error), "disk", done=run.done)
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
        stream = self._stream(transfer) if transfer.total is None else None
        if transfer.total is None and stream is None:
            error = StorageError(INPUT_ENDED, code="unreadable")
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
                begun=run.begun,
            )
        except TransferError as error:
            return failure(error, run.done, is_stream=transfer.total is None, other_key=run.stop.why)
        finally:
            if isinstance(stream, Relay):
                stream.close()
        return Outcome(TransferState.DONE, left_out_of(report), done=report.size)

    def _stream(self, transfer: Transfer) -> BinaryIO | None:
        """What a command of this home reads, or passes on to us."""
        if getattr(self.streams.get(transfer.number), "closed", False):
            del self.streams[transfer.number]  # of a run that broke
        if transfer.number not in self.streams and (relay := open_relay(self._home, transfer.id)):
            self.streams[transfer.number] = relay
        return self.streams.get(transfer.number)

    def _receive(self, sock: socket.socket, keys: BulkKeys, transfer: Transfer, run: Run) -> Outcome:
        try:
            part = run.part = self._part(transfer)
        except StorageError as error:
            refuse(sock, keys, transfer.id, error)
            why = TransferError(str(error), code=CODES.get(error.code, error.code), hint=error.hint)
            return failure(why, run.done, is_stream=transfer.total is None)
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
            return failure(error, run.done, is_stream=transfer.total is None, other_key=run.stop.why)
        missing = f"{report.missing} could not be sent" if report.missing else ""
        paths = tuple(str(path) for path in report.paths)
        return Outcome(TransferState.DONE, missing, done=report.size, paths=paths)

    def _part(self, transfer: Transfer) -> PartialTransfer:
        root = self._root(transfer)
        name = part_name(self._me, transfer.peer, transfer.id)
        part = PartialTransfer(
            root,
            name,
            now=wall_clock,
            reserve=_reserve(root),
            keep_executable=self.keep_executable,
            origin=f"lanmsg:{transfer.peer.hex()}",
        )
        try:
            part.require((transfer.total or 0) - part.position().done)
        except BaseException:
            part.close()  # or its lock keeps the next run out
            raise
        return part

    async def _note(self, transfer: Transfer, outcome: Outcome) -> None:
        """How the run ended, in the row."""
        if outcome.state is TransferState.PAUSED and transfer.direction is Direction.IN:
            self._again_at[transfer.number] = steady_clock() + self._pause(transfer, outcome)
        before = await self._disk.write(partial(end_row, number=transfer.number, outcome=outcome))
        if before is TransferState.CANCELLED and outcome.state is TransferState.DONE:
            self.published_late(transfer)

    def _pause(self, transfer: Transfer, outcome: Outcome) -> float:
        """Seconds before the next run."""
        number = transfer.number
        self._vain[number] = 0 if (outcome.done or 0) > transfer.done else self._vain.get(number, -1) + 1
        return (
            DISK_AGAIN_S if outcome.code in DISK_FAULTS else VAIN_S[min(self._vain[number], len(VAIN_S) - 1)]
        )


def _is_over_for_good(row: Transfer, now: float) -> bool:
    if row.state is TransferState.FAILED:
        return now - row.updated_at > FAILED_PART_S
    return row.state.is_final


def ignore(transfer: Transfer) -> None:
    """Nobody wants to know."""


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


def _reserve(root: Path) -> int:
    """Bytes to leave free on the disk."""
    try:
        _, total = free_space(root)
    except OSError as error:
        raise StorageError(f"cannot save into {root}: {error.strerror}", code="disk") from None
    return min(DISK_RESERVE_BYTES, int(total * DISK_RESERVE_SHARE))
