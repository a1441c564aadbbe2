"""The rows of transfers as the node moves them: each move wakes whoever has to act upon it."""

from collections.abc import Callable, Set
from pathlib import Path

from lanmsg.model import Direction, PeerId, Transfer, TransferId, TransferState
from lanmsg.node.clock import wall_clock
from lanmsg.node.disk import Disk


class TransferRows:
    def __init__(self, disk: Disk, wake: Callable[[], None]):
        self._disk = disk
        self._wake = wake

    async def get(self, number: int) -> Transfer | None:
        return await self._disk.read(lambda store: store.transfers.get(number))

    async def find(self, transfer_id: bytes, peer: PeerId, direction: Direction) -> Transfer | None:
        return await self._disk.read(
            lambda store: store.transfers.find(TransferId(transfer_id), peer, direction)
        )

    async def move(
        self,
        number: int,
        state: TransferState,
        *,
        reason: str = "",
        code: str = "",
        destination: Path | None = None,
        only_from: Set[TransferState] | None = None,
        unless_held: bool = False,
    ) -> Transfer | None:
        where = None if destination is None else str(destination)
        moved = await self._disk.write(
            lambda store: store.transfers.move(
                number,
                state,
                now=wall_clock(),
                reason=reason,
                code=code,
                destination=where,
                only_from=only_from,
                unless_held=unless_held,
            )
        )
        self._wake()
        return moved

    async def reopen(
        self,
        number: int,
        state: TransferState,
        *,
        only_from: Set[TransferState] | None = None,
        new_id: TransferId | None = None,
        told: str = "",
        unless_held: bool = False,
    ) -> Transfer | None:
        """Start over what has ended or paused; None when it is in none of `only_from`."""
        moved = await self._disk.write(
            lambda store: store.transfers.reopen(
                number,
                state,
                now=wall_clock(),
                only_from=only_from,
                new_id=new_id,
                told=told,
                unless_held=unless_held,
            )
        )
        self._wake()
        return moved

    async def hold(self, number: int, *, here: bool, held: bool) -> Transfer | None:
        moved = await self._disk.write(
            lambda store: store.transfers.hold(number, here=here, held=held, now=wall_clock())
        )
        self._wake()
        return moved

    async def told(self, number: int) -> str:
        return await self._disk.read(lambda store: store.transfers.told(number))

    async def set_told(self, number: int, state: TransferState | str) -> None:
        await self._disk.read(lambda store: store.transfers.set_told(number, state))
