"""offers and transfers: rows of this home, whichever process made them, from the store alone."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from lanmsg.api import Transfer, TransferState, home_roster, settle_home, wall_clock
from lanmsg.cli.fields import stranger, transfer_fields
from lanmsg.cli.output import Result
from lanmsg.cli.parser import Invocation
from lanmsg.cli.wording import age, certain_name_of, columns, saved_title_of, size_of, state_of
from lanmsg.model import Direction
from lanmsg.terminal import printable

if TYPE_CHECKING:
    from lanmsg.api import Roster


def offers(invocation: Invocation) -> Result:
    """What waits for this person's answer."""
    show(invocation, "offers", is_open_offer, "nothing is offered to you")
    return Result()


def transfers(invocation: Invocation) -> Result:
    show(invocation, "transfers", lambda _: True, "no transfers")
    return Result()


def show(invocation: Invocation, key: str, wanted: Callable[[Transfer], bool], none: str) -> None:
    store = invocation.home()
    try:
        settle_home(store, invocation.settings)
        rows = [transfer for transfer in reversed(store.transfers.list(limit=100)) if wanted(transfer)]
        roster = home_roster(store)
        values = [transfer_fields(each, roster.get(each.peer) or stranger(each.peer)) for each in rows]
        lines = columns([row(each, roster) for each in rows]) if rows else []
    finally:
        store.close()
    output = invocation.output
    if output.json:
        output.document(**{key: values})
        return
    for line in lines:
        output.line(line)
    if not lines:
        output.notice(none)


def row(transfer: Transfer, roster: "Roster") -> list[str]:
    peer = roster.get(transfer.peer) or stranger(transfer.peer)
    way = "from" if transfer.direction is Direction.IN else "to"
    text = f"  “{printable(transfer.text)}”" if transfer.text and not transfer.state.is_final else ""
    return [
        str(transfer.number),
        f"{way} {certain_name_of(peer)}",
        saved_title_of(transfer),
        size_of(transfer),
        state_of(transfer, peer) + text + when(transfer),
    ]


def when(transfer: Transfer) -> str:
    return f", {age(wall_clock() - transfer.updated_at)} ago" if transfer.state.is_final else ""


def is_open_offer(transfer: Transfer) -> bool:
    return transfer.direction is Direction.IN and transfer.state is TransferState.OFFERED
