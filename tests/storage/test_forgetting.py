"""Deleting: the extent that was asked for, nothing that still waits, and nothing left in the file."""

import os
from pathlib import Path

import pytest

from lanmsg.model import EVERYONE, Conversation, Delivery, Direction, PeerId, Transfer, TransferState
from lanmsg.storage import forgetting as module
from lanmsg.storage.errors import StorageError
from lanmsg.storage.forgetting import Extent, Forgotten
from lanmsg.storage.store import Store
from tests.storage.people import BEN, CLEO, NOW, WITH_BEN, WITH_CLEO, message_id, transfer_id

OLD = NOW - 100 * 86_400


def hear(
    store: Store,
    *,
    sender: PeerId = BEN,
    where: Conversation | None = None,
    at: float = NOW,
    text: str = "hi",
) -> int:
    message = store.history.add_incoming(
        sender, message_id(), where or Conversation.with_peer(sender), text, sent_at=at, now=at
    )
    assert message is not None
    return message.number


def say(store: Store, state: Delivery, *, at: float = NOW) -> int:
    message = store.history.add_outgoing(WITH_BEN, "mine", [BEN], message_id=message_id(), now=at)
    store.history.set_deliveries([(message.number, BEN)], state, now=at)
    return message.number


def transfer(store: Store, state: TransferState, *, at: float = NOW, peer: PeerId = BEN) -> Transfer:
    added = store.transfers.add(
        id=transfer_id(), direction=Direction.IN, peer=peer, files=(), count=1, total=1, text="",
        expires_at=at + 600, now=at, state=state,
    )  # fmt: skip
    assert added is not None
    store.transfers.set_told(added.number, state)
    return added


def left(store: Store) -> list[int]:
    return [each.number for each in store.history.messages(None)]


def test_a_message_goes_with_its_deliveries_and_its_number_is_not_given_again(store: Store) -> None:
    first, second = hear(store), say(store, Delivery.DELIVERED)
    assert store.forgetting.forget_message(second)
    assert not store.forgetting.forget_message(second)
    assert left(store) == [first]
    assert [each.last.number for each in store.history.conversations() if each.last] == [first]
    assert store.database.all("SELECT 1 FROM deliveries") == []
    assert store.forgetting.forget_message(first)
    assert store.history.conversations() == []
    assert hear(store) > second


@pytest.mark.parametrize("state", [Delivery.QUEUED, Delivery.SENT])
def test_what_waits_is_never_deleted_by_the_way(store: Store, state: Delivery) -> None:
    hear(store)
    waiting = say(store, state)
    say(store, Delivery.DELIVERED)
    say(store, Delivery.FAILED)
    with pytest.raises(StorageError, match="still waits"):
        store.forgetting.forget_message(waiting)
    assert store.forgetting.count(Extent(WITH_BEN), NOW) == Forgotten(3, 0, 1)
    assert store.forgetting.forget(Extent(WITH_BEN), NOW) == Forgotten(3, 0, 1)
    assert left(store) == [waiting]


def test_a_conversation_goes_with_its_draft_and_its_finished_transfers(store: Store) -> None:
    hear(store)
    kept = hear(store, sender=CLEO)
    public = hear(store, where=EVERYONE)
    store.history.set_draft(WITH_BEN, "half a")
    store.history.set_draft(WITH_CLEO, "half b")
    done, running = transfer(store, TransferState.DONE), transfer(store, TransferState.RUNNING)
    other = transfer(store, TransferState.DONE, peer=CLEO)
    before = store.revision()
    assert store.forgetting.forget(Extent(WITH_BEN), NOW) == Forgotten(1, 1, 0)
    assert left(store) == [kept, public]
    assert {each.number for each in store.transfers.list()} == {running.number, other.number}
    assert store.transfers.get(done.number) is None
    assert (store.history.draft(WITH_BEN), store.history.draft(WITH_CLEO)) == ("", "half b")
    assert store.changes_since(before).conversations == (WITH_BEN,), "the other screens hear of it"


def test_everything_before_a_date_goes_in_batches(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH", 2)
    for _ in range(5):
        hear(store, at=OLD)
    old_waiting = say(store, Delivery.QUEUED, at=OLD)
    fresh = hear(store)
    store.history.set_draft(WITH_BEN, "half a")
    old, young = transfer(store, TransferState.DONE, at=OLD), transfer(store, TransferState.DONE)
    extent = Extent(before=NOW - 90 * 86_400)
    assert store.forgetting.count(extent, NOW) == Forgotten(5, 1, 1)
    assert store.forgetting.forget(extent, NOW) == Forgotten(5, 1, 1)
    assert left(store) == [old_waiting, fresh]
    assert (store.transfers.get(old.number), store.transfers.get(young.number)) == (None, young)
    assert store.history.draft(WITH_BEN) == "half a"


def test_what_a_peer_has_to_be_told_of_stays_until_it_was(store: Store) -> None:
    declined = transfer(store, TransferState.DECLINED)
    store.transfers.set_told(declined.number, "")
    assert store.forgetting.forget(Extent(), NOW).transfers == 0
    assert store.forgetting.forget(Extent(), NOW + 2 * 86_400).transfers == 1


def test_nothing_of_it_is_left_in_the_files(home: Path, store: Store) -> None:
    secret = f"secret {os.urandom(8).hex()} " * 40
    number = hear(store, text=secret)
    for _ in range(300):
        hear(store, text="filler " * 40)
    store.database.wipe()
    assert secret.encode() in (home / "lanmsg.db").read_bytes()
    store.forgetting.forget_message(number)
    for path in home.glob("lanmsg.db*"):
        assert secret[:30].encode() not in path.read_bytes(), path.name


def test_a_rule_is_told_once(store: Store) -> None:
    told = [store.forgetting.note_rule(words) for words in ("90 days", "90 days", "30 days", "90 days")]
    assert told == [True, False, True, True]
