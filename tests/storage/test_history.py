"""The history: order, exactly once, pages, unread, drafts, odd texts."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanmsg.model import EVERYONE, Conversation, MessageId, PeerId
from lanmsg.storage.errors import StorageError
from lanmsg.storage.history import History, Incoming
from lanmsg.storage.store import Store
from tests.storage.people import BEN, CLEO, NOW, WITH_BEN, WITH_CLEO, message_id


@pytest.fixture
def history(store: Store) -> History:
    return store.history


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[History]:
    """One for all examples of a property."""
    store = Store.open(tmp_path_factory.mktemp("lasting"))
    yield store.history
    store.close()


def hear(
    history: History,
    text: str = "hi",
    *,
    sender: PeerId = BEN,
    conversation: Conversation | None = None,
    now: float = NOW,
) -> int:
    message = history.add_incoming(
        sender, message_id(), conversation or Conversation.with_peer(sender), text, sent_at=now, now=now
    )
    assert message is not None
    return message.number


def say(history: History, text: str = "hi", conversation: Conversation = WITH_BEN) -> int:
    return history.add_outgoing(conversation, text, [BEN], message_id=message_id(), now=NOW).number


def numbers(
    history: History,
    conversation: Conversation | None,
    *,
    before: int | None = None,
    after: int | None = None,
    limit: int = 100,
    since: float | None = None,
) -> list[int]:
    page = history.messages(conversation, before=before, after=after, limit=limit, since=since)
    return [each.number for each in page]


def test_a_received_message_comes_back_as_it_was(history: History) -> None:
    first, second = message_id(), message_id()
    history.add_incoming(BEN, first, EVERYONE, "first", sent_at=1.5, now=NOW)
    received = history.add_incoming(BEN, second, EVERYONE, "second", sent_at=2.5, now=NOW, reply_to=first)
    assert received is not None
    assert history.get(received.number) == received
    assert history.find(second, BEN) == received
    assert (received.sender, received.sent_at, received.stored_at) == (BEN, 2.5, NOW)
    assert (received.reply_to, received.recipients) == (first, ())
    assert history.find(second, None) is None
    assert history.find(second, CLEO) is None
    assert history.get(99) is None


def test_an_own_message_comes_back_as_it_was(history: History) -> None:
    before = message_id()
    sent = history.add_outgoing(WITH_BEN, "hello", [BEN], message_id=message_id(), now=NOW, reply_to=before)
    assert history.get(sent.number) == sent
    assert history.find(sent.id, None) == sent
    assert sent.sender is None
    assert sent.reply_to == before


def test_a_message_is_stored_once_and_the_first_one_counts(history: History) -> None:
    identifier = message_id()
    assert history.add_incoming(BEN, identifier, WITH_BEN, "first", sent_at=NOW, now=NOW)
    assert history.add_incoming(BEN, identifier, WITH_BEN, "first", sent_at=NOW, now=NOW) is None
    assert history.add_incoming(BEN, identifier, EVERYONE, "other", sent_at=NOW, now=NOW) is None
    assert [each.text for each in history.messages(None)] == ["first"]


def test_ids_of_different_senders_do_not_meet(history: History) -> None:
    """Nobody can keep another's message out by using its id first."""
    identifier = message_id()
    assert history.add_incoming(BEN, identifier, WITH_BEN, "ben's", sent_at=NOW, now=NOW)
    assert history.add_incoming(CLEO, identifier, WITH_CLEO, "cleo's", sent_at=NOW, now=NOW)
    history.add_outgoing(WITH_BEN, "ours", [BEN], message_id=identifier, now=NOW)
    assert len(history.messages(None)) == 3


def test_many_are_stored_in_one_step_and_the_duplicates_are_told(history: History) -> None:
    identifier = message_id()
    batch = [
        Incoming(BEN, identifier, WITH_BEN, "a", NOW),
        Incoming(BEN, message_id(), WITH_BEN, "b", NOW),
        Incoming(BEN, identifier, WITH_BEN, "c", NOW),
    ]
    stored = history.add_incoming_many(batch, now=NOW)
    assert [each and each.text for each in stored] == ["a", "b", None]
    assert history.add_incoming_many([], now=NOW) == []


def test_a_batch_is_stored_as_a_whole_or_not_at_all(history: History) -> None:
    batch = [Incoming(BEN, message_id(), WITH_BEN, text, NOW) for text in ("fine", "half a pair: \ud83d")]
    with pytest.raises(StorageError) as caught:
        history.add_incoming_many(batch, now=NOW)
    assert caught.value.code == "invalid"
    assert history.messages(None) == []


def test_a_received_message_has_a_sender(history: History) -> None:
    with pytest.raises(StorageError) as caught:
        history.add_incoming(PeerId(b""), message_id(), EVERYONE, "x", sent_at=NOW, now=NOW)
    assert caught.value.code == "invalid"


@pytest.mark.parametrize(
    "text",
    [
        "\0",
        "a\0b",
        "👩‍👩‍👧 🏳️‍🌈",
        "שלום \u202e txt.exe",
        "\x1b[31mred",
        "é vs e\u0301",
        "'; DROP TABLE messages; --",
        "",
    ],
)
def test_texts_come_back_as_they_were(history: History, text: str) -> None:
    assert history.messages(None, after=hear(history, text) - 1)[0].text == text


@given(st.text(max_size=200))
@settings(max_examples=50, deadline=None)
def test_any_text_that_is_unicode_comes_back(lasting: History, text: str) -> None:
    message = lasting.add_incoming(BEN, message_id(), WITH_BEN, text, sent_at=NOW, now=NOW)
    assert message is not None
    assert lasting.get(message.number) == message


@pytest.mark.parametrize("text", ["\ud800", "ok \udfff"])
def test_half_a_surrogate_pair_is_refused_and_harms_nothing(history: History, text: str) -> None:
    for attempt in (
        lambda: history.add_outgoing(WITH_BEN, text, [BEN], message_id=message_id(), now=NOW),
        lambda: history.set_draft(WITH_BEN, text),
        lambda: history.search(text),
    ):
        with pytest.raises(StorageError) as caught:
            attempt()
        assert caught.value.code == "invalid"
    assert history.messages(None) == []
    assert say(history) > 0


def test_pages(history: History) -> None:
    stored = [hear(history) for _ in range(10)]
    assert numbers(history, WITH_BEN) == stored
    assert numbers(history, WITH_BEN, limit=3) == stored[-3:]
    assert numbers(history, WITH_BEN, before=stored[5], limit=3) == stored[2:5]
    assert numbers(history, WITH_BEN, after=stored[5], limit=3) == stored[6:9]
    assert numbers(history, WITH_BEN, after=stored[2], before=stored[5]) == stored[3:5]
    assert numbers(history, WITH_BEN, before=stored[0]) == []


def test_conversations_are_kept_apart_and_all_can_be_read_together(history: History) -> None:
    ben, cleo, all_of_us = hear(history), hear(history, sender=CLEO), hear(history, conversation=EVERYONE)
    mine = say(history)
    assert numbers(history, WITH_BEN) == [ben, mine]
    assert numbers(history, WITH_CLEO) == [cleo]
    assert numbers(history, EVERYONE) == [all_of_us]
    assert numbers(history, None) == [ben, cleo, all_of_us, mine]
    assert numbers(history, Conversation.with_peer(PeerId(b"?" * 32))) == []


def test_since_a_time(history: History) -> None:
    stored = [hear(history, now=NOW + hour * 3600) for hour in range(5)]
    assert numbers(history, WITH_BEN, since=NOW + 3600) == stored[1:]
    assert numbers(history, WITH_BEN, since=NOW + 3601, limit=2) == stored[3:]
    assert numbers(history, WITH_BEN, since=NOW + 3600, after=0, limit=2) == stored[1:3]
    assert numbers(history, None, since=NOW + 99_999) == []


def test_search(history: History) -> None:
    first, second = hear(history, "The Cat sat"), hear(history, "Катя: 100% cat", sender=CLEO)
    assert [each.number for each in history.search("CAT")] == [first, second]
    assert [each.number for each in history.search("cat", limit=1)] == [second]
    assert [each.number for each in history.search("cat", before=second)] == [first]
    assert [each.number for each in history.search("cat", after=first)] == [second]
    assert [each.number for each in history.search("cat", conversation=WITH_CLEO)] == [second]
    assert [each.number for each in history.search("катя")] == [second]
    assert [each.number for each in history.search("%")] == [second]


def test_conversations_with_the_latest_first(history: History) -> None:
    first, second, third = hear(history), hear(history), hear(history)
    hear(history, sender=CLEO)
    last = say(history, "bye", EVERYONE)
    history.mark_read(WITH_BEN, first, NOW)
    summaries = history.conversations()
    assert [each.conversation for each in summaries] == [EVERYONE, WITH_CLEO, WITH_BEN]
    assert [each.unread for each in summaries] == [0, 1, 2]
    assert summaries[2].first_unread == second
    assert summaries[2].last == history.get(third)
    assert summaries[0].last == history.get(last)
    assert summaries[0].first_unread is None


def test_a_read_mark_tells_what_is_behind_it(history: History) -> None:
    first, second, third = hear(history), hear(history), hear(history)
    history.mark_read(WITH_BEN, first, NOW)
    assert history.read_mark(WITH_BEN, third) == (first, 2, second)
    assert history.read_mark(WITH_BEN, second) == (first, 1, second)
    assert history.read_mark(WITH_CLEO, third) == (0, 0, None)


def test_what_was_read_stays_read(history: History) -> None:
    first, second = hear(history), hear(history)
    assert history.unread(WITH_BEN) == 2
    history.mark_read(WITH_BEN, second, NOW)
    history.mark_read(WITH_BEN, first, NOW)
    assert history.unread(WITH_BEN) == 0
    say(history)
    assert history.unread(WITH_BEN) == 0
    hear(history)
    assert history.unread(WITH_BEN) == 1
    assert history.unread(WITH_CLEO) == 0


def test_drafts(history: History) -> None:
    assert history.draft(WITH_BEN) == ""
    history.set_draft(WITH_BEN, "half a sent")
    assert history.draft(WITH_BEN) == "half a sent"
    assert [(each.conversation, each.draft, each.last) for each in history.conversations()] == [
        (WITH_BEN, "half a sent", None)
    ]
    history.set_draft(WITH_BEN, "")
    assert history.conversations() == []


def test_numbers_are_never_given_twice(store: Store) -> None:
    last = hear(store.history)
    with store.database.transaction() as write:
        write.run("DELETE FROM messages")
    assert hear(store.history) > last


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (
            "SELECT * FROM messages WHERE conversation = 1 AND number < 9 ORDER BY number DESC",
            "messages_by_conversation",
        ),
        (
            "SELECT count(*) FROM messages WHERE conversation = 1 AND sender <> x'' AND number > 3",
            "messages_received",
        ),
        ("SELECT number FROM messages WHERE revision > 5", "messages_by_revision"),
    ],
)
def test_a_long_history_is_read_by_its_indexes(store: Store, statement: str, index: str) -> None:
    plan = store.database.all(f"EXPLAIN QUERY PLAN {statement}")
    assert all("SEARCH" in row[3] and "messages_" in row[3] for row in plan), plan
    assert store.database.one("SELECT 1 FROM sqlite_master WHERE name = ?", (index,))


def test_an_id_too_long_for_a_row_is_no_crash(history: History) -> None:
    with pytest.raises(StorageError):
        history.add_incoming(BEN, MessageId(b"x"), WITH_BEN, None, sent_at=NOW, now=NOW)  # type: ignore[arg-type]


def test_what_is_unread_of_one_person(history: History) -> None:
    read = hear(history)
    hear(history)
    hear(history, conversation=EVERYONE)
    hear(history, sender=CLEO, conversation=EVERYONE)
    assert history.unread_from(BEN) == 3
    history.mark_read(WITH_BEN, read, NOW)
    assert history.unread_from(BEN) == 2
    assert history.unread_from(CLEO) == 1
