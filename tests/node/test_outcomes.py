"""How a run ended becomes the state of its row, and nothing that a person decided meanwhile is lost."""

from pathlib import Path

import pytest

from lanmsg.model import Direction, OfferedFile, PeerId, Transfer, TransferId, TransferState
from lanmsg.node.bulk_channel import TransferError
from lanmsg.node.file_pump import SendReport
from lanmsg.node.file_walk import LeftOut
from lanmsg.node.outcomes import Outcome, begin_row, end_row, failure, left_out_of
from lanmsg.storage.store import Store

DONE, FAILED, PAUSED = TransferState.DONE, TransferState.FAILED, TransferState.PAUSED
CANCELLED, RUNNING = TransferState.CANCELLED, TransferState.RUNNING


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path)


def row(store: Store, state: TransferState) -> Transfer:
    made = store.transfers.add(
        id=TransferId(b"t" * 16),
        direction=Direction.IN,
        peer=PeerId(b"b" * 32),
        files=(OfferedFile("a", 1000),),
        count=1,
        total=1000,
        expires_at=0.0,
        now=1.0,
        state=state,
    )
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("code", "stream", "state", "kept"),
    [
        ("lost", False, PAUSED, "lost"),
        ("stalled", False, PAUSED, "stalled"),
        ("paused", False, PAUSED, "paused"),
        ("disk_full", False, PAUSED, "disk_full"),
        ("disk", False, PAUSED, "disk"),
        ("permission", False, FAILED, "permission"),
        ("too_large", False, FAILED, "too_large"),
        ("cancelled", False, CANCELLED, "cancelled"),
        ("lost", True, FAILED, "lost"),
        ("paused", True, FAILED, "lost"),
        ("disk_full", True, FAILED, "disk_full"),
    ],
)
def test_each_end_has_its_state(code: str, stream: bool, state: TransferState, kept: str) -> None:
    outcome = failure(TransferError("why", code=code), 500, is_stream=stream)
    assert (outcome.state, outcome.code, outcome.done) == (state, kept, 500)


def test_what_a_person_paused_stays_paused_by_that_person(store: Store) -> None:
    transfer = row(store, RUNNING)
    store.transfers.hold(transfer.number, here=True, held=True, now=2.0)
    assert begin_row(store, number=transfer.number) is None
    assert end_row(store, number=transfer.number, outcome=Outcome(PAUSED, "lost", "lost", done=70)) is PAUSED
    after = store.transfers.get(transfer.number)
    assert after is not None
    assert (after.held_here, after.done) == (True, 70)
    store.close()


def test_what_was_published_is_done_even_if_it_was_cancelled(store: Store) -> None:
    transfer = row(store, RUNNING)
    store.transfers.move(transfer.number, CANCELLED, now=2.0)
    end_row(store, number=transfer.number, outcome=Outcome(FAILED, "too late", "internal"))
    assert store.transfers.list()[0].state is CANCELLED
    assert end_row(store, number=transfer.number, outcome=Outcome(DONE, paths=("/a",))) is CANCELLED
    assert (store.transfers.list()[0].state, store.transfers.list()[0].paths) == (DONE, ("/a",))
    store.close()


def test_what_the_other_side_said_need_not_be_told_to_it(store: Store) -> None:
    transfer = row(store, RUNNING)
    end_row(store, number=transfer.number, outcome=Outcome(FAILED, "so they say", "disk", by_peer=True))
    assert store.transfers.told(transfer.number) == "failed"
    store.close()


def test_what_was_left_out_is_one_line() -> None:
    left, changed = LeftOut(), LeftOut()
    for number in range(5):
        left.add(f"a{number}", "a link")
    changed.add("log", "it grew")
    report = SendReport(1, 1, left, changed)
    assert left_out_of(report) == "a0: a link; a1: a link; a2: a link; log: it grew; and 2 more"
