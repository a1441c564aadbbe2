"""A speed means something only while data comes."""

from msgspec.structs import replace

from lanmsg.api import TransferState
from lanmsg.tui.progress import STALL_AFTER, Progress
from tests.tui.double import Double


def test_a_transfer_is_silent_when_nothing_came_for_a_while() -> None:
    transfer = Double().offered("ben", "a", 10, state=TransferState.RUNNING)
    progress = Progress(transfer, rate=5.0, moved=100.0)
    assert (progress.silent(100.0 + STALL_AFTER - 0.1), progress.rate_at(101.0)) == (0.0, 5.0)
    assert (progress.silent(108.0), progress.rate_at(108.0)) == (8.0, 0.0)
    progress.transfer = replace(transfer, state=TransferState.PAUSED)
    assert progress.silent(108.0) == 0.0
