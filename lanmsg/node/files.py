"""Files: offered, answered, on their way, and stopped."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from lanmsg.model import Direction, FileProgress, LanmsgError, PeerId, Transfer, TransferId, TransferState
from lanmsg.node.clock import wall_clock
from lanmsg.node.door import Door
from lanmsg.node.file_source import scan, sources_of
from lanmsg.node.own_words import absolute, check_size, make_folder
from lanmsg.node.receivers import Wanted
from lanmsg.node.transfers import LEASE_S
from lanmsg.protocol.constants import MESSAGE_ID_BYTES
from lanmsg.storage.store import Store


class Files(Door):
    async def transfers(self, *, open_only: bool = False) -> list[Transfer]:
        return await self.read(lambda store: store.transfers.list(open_only=open_only))

    async def offer(
        self,
        peer_id: PeerId,
        paths: Sequence[Path],
        *,
        text: str = "",
        stdin: BinaryIO | None = None,
        stdin_name: str = "",
        limit: int | None = None,
    ) -> Transfer:
        """Offer files and folders, or a stream, at most `limit` bytes a second once it runs.

        Raises LanmsgError: unreadable when nothing can be sent.
        """
        check_size(text)
        peer = self._safe_peer(peer_id)
        sources = await asyncio.to_thread(sources_of, paths, stream=stdin, stream_name=stdin_name)
        listing = await asyncio.to_thread(scan, sources)
        if not listing.files:
            why = "; ".join(f"{path}: {reason}" for path, reason in listing.left_out.listed[:3])
            hint = "ls -l says who may read it" if why else ""
            raise LanmsgError(f"nothing can be sent: {why or 'no files'}", code="unreadable", hint=hint)
        now = wall_clock()
        transfer_id = TransferId(os.urandom(MESSAGE_ID_BYTES))

        def store_it(store: Store) -> Transfer | None:
            store.peers.pin(peer_id, nickname=peer.nickname, now=now)
            return store.transfers.add(
                id=transfer_id,
                direction=Direction.OUT,
                peer=peer_id,
                files=listing.files,
                count=listing.count,
                total=listing.total,
                text=text,
                paths=[str(absolute(path)) for path in paths],
                expires_at=0.0,
                now=now,
                state=TransferState.QUEUED,
                lease_owner=self._engine.owner,
                lease_until=now + LEASE_S,
            )

        transfer = await self._write(store_it)
        if transfer is None:
            raise LanmsgError("the same offer exists already")
        if stdin is not None:
            self._engine.desk.runs.streams[transfer.number] = stdin
        if limit is not None:
            self._engine.desk.runs.limits[transfer.number] = limit
        self._engine.desk.adopt(transfer.number)
        return transfer

    def take_files(
        self,
        *,
        destination: Path | None = None,
        keep_executable: bool | None = None,
    ) -> None:
        """How this process saves what comes: where what a person's rule takes goes, and whether programs may
        be run. None: as the settings say.
        """
        desk = self._engine.desk
        desk.decisions.by_rule_to = None if destination is None else absolute(destination)
        if keep_executable is not None:
            desk.runs.keep_executable = keep_executable

    async def await_files(self, wanted: Wanted | None) -> None:
        """This process waits for such files: the home's listener leaves them to it. None: not any more."""
        await asyncio.to_thread(self._engine.desk.receivers.want, wanted)

    def is_awaited(self, transfer: Transfer) -> bool:
        """Whether another process of this home waits for this offer."""
        return self._engine.desk.receivers.is_awaited(transfer)

    async def accept(self, number: int, *, destination: Path | None = None, pin: bool = True) -> Transfer:
        """Take what was offered; from a peer met for the first time this pins its key.

        `pin` is False when a rule like "from anyone" says yes, and no person decided about this peer.
        """
        transfer = await self.read(lambda store: store.transfers.get(number))
        where = absolute(destination) if destination is not None else None
        await asyncio.to_thread(make_folder, where or self._engine.settings.downloads)
        if transfer is not None:
            peer = self._safe_peer(transfer.peer)
            if pin:
                await self._write(
                    lambda store: store.peers.pin(peer.id, nickname=peer.nickname, now=wall_clock())
                )
        return await self._engine.desk.decisions.decide(number, TransferState.ACCEPTED, destination=where)

    async def decline(self, number: int, reason: str = "") -> Transfer:
        return await self._engine.desk.decisions.decide(number, TransferState.DECLINED, reason=reason)

    async def cancel(self, number: int) -> Transfer:
        """Withdraw an offer, or stop a transfer, of either direction."""
        return await self._engine.desk.decisions.decide(number, TransferState.CANCELLED)

    async def pause(self, number: int) -> Transfer:
        """Stop it for now, on both sides; it goes on when `resume` is asked for here, not by itself.

        Transfer.held_here and held_there say who has paused it. Raises LanmsgError for what is not under
        way, and for a stream.
        """
        return await self._engine.desk.decisions.pause(number)

    async def resume(self, number: int) -> Transfer:
        """Let go on what was paused here, or try at once what a fault paused. Raises LanmsgError."""
        return await self._engine.desk.decisions.resume(number)

    async def retry_transfer(self, number: int) -> Transfer:
        """Offer again what has failed, was cancelled or expired; `resume` for what is paused."""
        return await self._engine.desk.decisions.retry(number)

    async def peer_knows(self, number: int) -> bool:
        """Whether the other side has said that it knows what was decided here."""
        transfer = await self.read(lambda store: store.transfers.get(number))
        return transfer is None or await self._engine.desk.telling.is_told(transfer)

    def file_in_progress(self, number: int) -> FileProgress | None:
        """Which file a transfer is at, if it runs in this very process; its size where that is known."""
        return self._engine.desk.runs.file_of(number)

    async def transfer_ended(self, number: int, *, timeout: float | None) -> Transfer:
        """Wait for a final state, or for `timeout` seconds; the transfer as it is then."""
        events = self.events()
        latest = await self.read(lambda store: store.transfers.get(number))
        if latest is None:
            raise LanmsgError(f"there is no transfer {number}", code="not_found")
        try:
            async with asyncio.timeout(timeout):
                while not latest.state.is_final:
                    event = await anext(events)
                    changed = getattr(event, "transfer", None)
                    if changed is not None and changed.number == number:
                        latest = changed
        except (TimeoutError, StopAsyncIteration):
            pass  # the caller reads the state
        finally:
            self._engine.subscriptions.drop(events)
        return latest
