"""Rows as values."""

from lanmsg.model import EVERYONE, Delivery, Recipient
from lanmsg.storage.messages import conversation_of, read_message
from lanmsg.storage.store import Store
from tests.storage.people import BEN, CLEO, NOW, WITH_BEN, message_id


def test_a_conversation_comes_back_as_it_was() -> None:
    assert conversation_of("private", BEN) == WITH_BEN
    assert conversation_of("everyone", b"") == EVERYONE


def test_an_own_message_carries_its_recipients(store: Store) -> None:
    sent = store.history.add_outgoing(EVERYONE, "hi", [CLEO, BEN, BEN], message_id=message_id(), now=NOW)
    read = read_message(store.database, sent.number)
    assert read == sent
    assert sent.recipients == (Recipient(BEN, Delivery.QUEUED), Recipient(CLEO, Delivery.QUEUED))


def test_a_message_that_is_not_there_is_none(store: Store) -> None:
    assert read_message(store.database, 1) is None
