"""What a person decides about a transfer: yes, no, off, not now, go on, again."""

import os
from collections.abc import Callable
from pathlib import Path

from lanmsg.model import Direction, FileRule, LanmsgError, Peer, Transfer, TransferId, TransferState
from lanmsg.node.bulk import BulkRuns
from lanmsg.node.file_rules import NO_FILES, rule_for
from lanmsg.node.offers import ACTIVE, UNDECIDED, WITHDRAWN
from lanmsg.node.telling import AGAIN
from lanmsg.node.transfer_rows import TransferRows
from lanmsg.protocol.constants import MESSAGE_ID_BYTES


class Decisions:
    """Each moves a row, whichever process serves it. `adopt`: where no listener runs, this process tells
    the peer. `is_awaited`: another process of this home takes the offer.

    All raise LanmsgError for what cannot be.
    """

    def __init__(
        self,
        rows: TransferRows,
        runs: BulkRuns,
        adopt: Callable[[int], None],
        is_awaited: Callable[[Transfer], bool],
    ):
        self._rows = rows
        self._runs = runs
        self._adopt = adopt
        self._is_awaited = is_awaited
        self.by_rule_to: Path | None = None

    async def by_rule(self, transfer: Transfer, peer: Peer | None) -> None:
        """Answer an offer as this person's rule for that peer says, if there is one."""
        rule = FileRule.DEFAULT if peer is None else rule_for(peer, transfer)
        number, offered = transfer.number, {TransferState.OFFERED}
        if rule is FileRule.REFUSE:
            await self._rows.move(number, TransferState.DECLINED, reason=NO_FILES, only_from=offered)
        elif rule is FileRule.ACCEPT and not self._is_awaited(transfer):
            where = self.by_rule_to
            await self._rows.move(number, TransferState.ACCEPTED, destination=where, only_from=offered)

    async def decide(
        self, number: int, state: TransferState, *, reason: str = "", destination: Path | None = None
    ) -> Transfer:
        """ACCEPTED or DECLINED for what was offered to us, CANCELLED for either side."""
        allowed = UNDECIDED | ACTIVE if state is TransferState.CANCELLED else {TransferState.OFFERED}
        transfer = await self._row(number)
        if state is not TransferState.CANCELLED and transfer.direction is Direction.OUT:
            raise LanmsgError(
                f"transfer {number} is your own offer", hint=f"lanmsg cancel {number} withdraws it"
            )
        if state is TransferState.CANCELLED and not self._runs.cancel(number):
            raise LanmsgError(f"transfer {number} is complete: it is being saved")
        moved = await self._rows.move(
            number, state, reason=reason, destination=destination, only_from=allowed
        )
        if moved is None:
            raise LanmsgError(f"transfer {number} is already {transfer.state.value}")
        if state is TransferState.CANCELLED:
            self._runs.stop(number)
        self._adopt(number)
        return moved

    async def pause(self, number: int) -> Transfer:
        """Not before the same person says `resume` it goes on."""
        transfer = await self._row(number)
        if transfer.total is None and transfer.state in ACTIVE:
            raise LanmsgError(
                f"transfer {number} is a stream, which cannot go on later",
                hint=f"lanmsg cancel {number} stops it",
            )
        moved = await self._rows.hold(number, here=True, held=True)
        if moved is None:
            raise _not_under_way(transfer)
        self._runs.pause(number)
        self._adopt(number)
        return moved

    async def resume(self, number: int) -> Transfer:
        """It goes on as soon as the peer is here, and has not paused it as well."""
        transfer = await self._row(number)
        if transfer.state is not TransferState.PAUSED:
            raise LanmsgError(f"transfer {number} is not paused: it is {transfer.state.value}")
        if transfer.held_there and not transfer.held_here:
            raise LanmsgError(
                f"the other side has paused transfer {number}",
                hint=f"it goes on when they let it; lanmsg cancel {number} stops it",
            )
        moved = await self._rows.hold(number, here=True, held=False) or transfer
        self._adopt(number)
        return moved

    async def retry(self, number: int) -> Transfer:
        """Offer again what failed, was cancelled or expired on our side; try at once what is paused."""
        transfer = await self._row(number)
        if transfer.state is TransferState.PAUSED:
            return await self.resume(number)
        if transfer.direction is Direction.IN:
            raise LanmsgError(
                f"transfer {number} is not your offer", hint="only its sender can send it again"
            )
        # To the peer what was withdrawn stays so under its id (protocol.md, 12.7).
        told = await self._rows.told(number)
        is_over = transfer.state is TransferState.EXPIRED or (
            transfer.state in WITHDRAWN and told == transfer.state.value
        )
        is_unsure = transfer.state in WITHDRAWN and not is_over
        moved = await self._rows.reopen(
            number,
            TransferState.QUEUED,
            only_from=WITHDRAWN | {TransferState.FAILED},
            new_id=TransferId(os.urandom(MESSAGE_ID_BYTES)) if is_over else None,
            told=AGAIN if is_unsure else "",
        )
        if moved is None:
            raise LanmsgError(
                f"transfer {number} cannot be tried again", hint="lanmsg transfers shows its state"
            )
        self._adopt(number)
        return moved

    async def _row(self, number: int) -> Transfer:
        transfer = await self._rows.get(number)
        if transfer is None:
            raise LanmsgError(
                f"there is no transfer {number}", code="not_found", hint="lanmsg transfers lists them"
            )
        return transfer


def _not_under_way(transfer: Transfer) -> LanmsgError:
    if transfer.state.is_final:
        return LanmsgError(f"transfer {transfer.number} is already {transfer.state.value}")
    return LanmsgError(
        f"transfer {transfer.number} has not begun: there is nothing to pause",
        hint=f"lanmsg cancel {transfer.number} takes the offer back"
        if transfer.direction is Direction.OUT
        else f"lanmsg accept {transfer.number}, or lanmsg decline {transfer.number}",
    )
