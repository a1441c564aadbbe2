"""The parts together: what changed since somebody last looked."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lanmsg.model import EVERYONE, Delivery
from lanmsg.storage.errors import StorageError
from lanmsg.storage.home import DATABASE_FILE
from lanmsg.storage.store import Changes, Store
from tests.storage.people import BEN, CLEO, NOW, WITH_BEN, message_id


def test_nothing_new_is_nothing(store: Store) -> None:
    assert store.changes_since(store.revision()) == Changes(store.revision())


def test_a_message_is_told_when_it_comes_and_when_its_delivery_moves(
    store: Store, another: Callable[[], Store]
) -> None:
    other = another()
    before = other.revision()
    sent = store.history.add_outgoing(EVERYONE, "hi", [BEN, CLEO], message_id=message_id(), now=NOW)
    changes = other.changes_since(before)
    assert changes.messages == (sent,)
    store.history.set_deliveries([(sent.number, CLEO)], Delivery.DELIVERED, now=NOW)
    later = other.changes_since(changes.revision)
    assert [each.number for each in later.messages] == [sent.number]
    assert later.messages[0].state is Delivery.QUEUED
    assert later.revision > changes.revision
    assert not later.presence_changed
    assert (later.peers, later.transfers, later.conversations) == ((), (), ())


def test_a_read_mark_and_a_draft_are_told_as_a_conversation(store: Store) -> None:
    before = store.revision()
    store.history.set_draft(WITH_BEN, "x")
    assert store.changes_since(before).conversations == (WITH_BEN,)
    before = store.revision()
    store.history.mark_read(EVERYONE, 5, NOW)
    store.history.mark_read(EVERYONE, 4, NOW)
    assert store.changes_since(before).conversations == (EVERYONE,)
    assert store.revision() == before + 1


def test_an_undone_transaction_is_not_told(store: Store, another: Callable[[], Store]) -> None:
    other = another()
    before = other.revision()

    def fail() -> None:
        with store.database.transaction():
            store.history.set_draft(EVERYONE, "x")
            store.history.set_draft(WITH_BEN, "\ud800")

    with pytest.raises(StorageError):
        fail()
    assert other.changes_since(before) == Changes(before)


def test_the_notice_of_a_damaged_store_reaches_the_caller(home: Path) -> None:
    home.mkdir(mode=0o700)
    (home / DATABASE_FILE).write_bytes(b"junk" * 2000)
    store = Store.open(home)
    assert "damaged" in store.notice
    store.close()


def test_importing_it_costs_no_toolkit() -> None:
    """`lanmsg history` and completions start with this alone."""
    heavy = "{'cryptography', 'asyncio', 'ssl', 'socket', 'logging', 'hashlib', 'concurrent'}"
    code = (
        "import sys, lanmsg.storage.store, lanmsg.storage.identity, lanmsg.storage.listener_lock;"
        f"print(sorted({heavy} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
