"""How a run of a transfer ended, in the words of its row."""

from msgspec import Struct

from lanmsg.model import Transfer, TransferState
from lanmsg.node.bulk_channel import TransferError
from lanmsg.node.clock import wall_clock
from lanmsg.node.file_pump import SendReport
from lanmsg.storage.store import Store

DISK_FAULTS = frozenset({"disk_full", "disk"})
"""What may be well again by and by: some space was freed, or a stick is back in its place."""

GOES_ON_LATER = frozenset({"paused", "stalled", "lost"}) | DISK_FAULTS
"""Ends of a run that are not the end of the transfer."""

KEY_CHANGED = "key_changed"
"""Code of what is paused because its peer has another key than the one that is trusted."""

MAY_RUN = frozenset({TransferState.ACCEPTED, TransferState.PAUSED, TransferState.RUNNING})

ENDS_FROM = {
    TransferState.PAUSED: MAY_RUN - {TransferState.PAUSED},
    TransferState.DONE: MAY_RUN | {TransferState.CANCELLED},
}
"""From which states a run ends in these: a person's pause stays, and what is done cannot be cancelled."""

LISTED = 3
"""Names in the one line about what did not go."""


class Outcome(Struct, frozen=True):
    """How a run ended: the row's next state, and what belongs to it."""

    state: TransferState
    reason: str = ""
    code: str = ""
    done: int | None = None
    paths: tuple[str, ...] | None = None
    by_peer: bool = False
    """The other side said so, and need not be told."""


def begin_row(store: Store, *, number: int) -> Transfer | None:
    return store.transfers.move(
        number, TransferState.RUNNING, now=wall_clock(), only_from=MAY_RUN, unless_held=True
    )


def end_row(store: Store, *, number: int, outcome: Outcome) -> TransferState | None:
    """What the row was before. One that a person paused meanwhile stays so; what is published, is done."""
    row = store.transfers.get(number)
    if row is None:
        return None
    if outcome.done is not None:
        store.transfers.progress(number, outcome.done, wall_clock())
    moved = store.transfers.move(
        number,
        outcome.state,
        now=wall_clock(),
        reason=outcome.reason,
        code=outcome.code,
        done=outcome.done,
        paths=outcome.paths,
        only_from=ENDS_FROM.get(outcome.state),
    )
    if moved is not None and outcome.by_peer and outcome.state.is_final:
        store.transfers.set_told(number, outcome.state)
    return row.state


def failure(error: TransferError, done: int, *, is_stream: bool, other_key: str = "") -> Outcome:
    """A run that could not go on: PAUSED if a later one can, CANCELLED if somebody wanted it so."""
    is_told = error.by_peer and "other side" not in str(error)
    reason = f"{error} (said the other side)" if is_told else str(error)
    if is_stream and error.code in GOES_ON_LATER:
        code = error.code if error.code in DISK_FAULTS else "lost"
        return Outcome(TransferState.FAILED, f"{reason}; a stream cannot go on later", code, done=done)
    if error.code in GOES_ON_LATER:
        code = KEY_CHANGED if other_key and reason == other_key else error.code
        return Outcome(TransferState.PAUSED, reason, code, done=done)
    state = TransferState.CANCELLED if error.code == "cancelled" else TransferState.FAILED
    return Outcome(state, reason, error.code, done=done, by_peer=error.by_peer)


def left_out_of(report: SendReport) -> str:
    """One line for a person: what did not go, or went while it was being written to."""
    left = [f"{path}: {why}" for path, why in report.left_out.listed[:LISTED]]
    changed = [f"{path}: {why}" for path, why in report.changed.listed[:LISTED]]
    more = report.left_out.count + report.changed.count - len(left) - len(changed)
    return "; ".join([*left, *changed, *([f"and {more} more"] if more else [])])
