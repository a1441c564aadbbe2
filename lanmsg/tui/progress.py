"""How a transfer moves, as this screen saw it."""

from dataclasses import dataclass

from lanmsg.api import Transfer, TransferState

STALL_AFTER = 3.0
"""Seconds without data after which a speed of before means nothing."""


@dataclass(slots=True)
class Progress:
    """A transfer as this screen saw it move. Times are of the monotonic clock."""

    transfer: Transfer
    rate: float = 0.0
    running_since: float = 0.0
    ended: float = 0.0
    moved: float = 0.0  # when the last data came or went

    def silent(self, tick: float) -> float:
        """Seconds for which nothing of a running transfer came, once that is longer than usual."""
        if self.transfer.state is not TransferState.RUNNING or not self.moved:
            return 0.0
        seconds = tick - self.moved
        return seconds if seconds >= STALL_AFTER else 0.0

    def rate_at(self, tick: float) -> float:
        return 0.0 if self.silent(tick) else self.rate
