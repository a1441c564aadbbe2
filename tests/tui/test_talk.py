"""One conversation in memory: order, replacement, and the bound on what is kept."""

from msgspec.structs import replace

from lanmsg.tui.talk import KEPT_ENTRIES, Note, Talk
from tests.tui.double import NOON, Double
from tests.tui.given import BEN


def loaded_talk(node: Double) -> Talk:
    talk = Talk(BEN, loaded=True)
    talk.fill(node.said)
    return talk


def test_messages_keep_their_order_when_the_clock_went_back() -> None:
    node = Double()
    node.hear("ben", "first", at=NOON)
    node.hear("ben", "second", at=NOON - 7200)
    node.hear("ben", "third", at=NOON + 1)
    assert [message.text for message in loaded_talk(node).messages()] == ["first", "second", "third"]


def test_files_and_notes_stand_among_the_messages_by_time() -> None:
    node = Double()
    node.hear("ben", "before", at=NOON)
    node.hear("ben", "after", at=NOON + 20)
    node.clock = NOON + 10
    transfer = node.offered("ben", "a.txt", 3)
    talk = Talk(BEN, loaded=True)
    talk.fill([*node.said, transfer, Note(1, NOON + 5, "a note")])
    assert [entry.key.kind for entry in talk.entries] == ["m", "n", "t", "m"]


def test_an_entry_is_replaced_where_it_is() -> None:
    node = Double()
    message = node.tell("ben", "hello")
    talk = loaded_talk(node)
    talk.entries[0].wrapped = ("old", [])
    assert talk.replace(replace(message, text="changed"))
    assert [entry.wrapped for entry in talk.entries] == [None]
    assert not talk.replace(replace(message, number=99))


def test_the_same_message_is_not_there_twice() -> None:
    node = Double()
    message = node.hear("ben", "hello")
    talk = loaded_talk(node)
    talk.add(message)
    assert len(talk.entries) == 1


def test_nothing_is_appended_to_a_window_that_does_not_reach_the_end() -> None:
    node = Double()
    talk = Talk(BEN, loaded=True, newer=True)
    talk.add(node.hear("ben", "far below"))
    assert not talk.entries


def test_memory_is_bounded_and_the_oldest_go() -> None:
    node = Double()
    talk = Talk(BEN, loaded=True)
    for number in range(KEPT_ENTRIES + 1):
        talk.add(node.hear("ben", str(number)))
    assert len(talk.entries) <= KEPT_ENTRIES
    assert talk.older
    assert set(talk.index) == {entry.key for entry in talk.entries}
    assert talk.messages()[-1].text == str(KEPT_ENTRIES)


def test_what_events_brought_is_newer_than_what_was_read() -> None:
    node = Double()
    message = node.tell("ben", "hello")
    talk = Talk(BEN, loading=True)
    talk.add(replace(message, text="newer"))
    talk.fill([message])
    assert talk.messages()[0].text == "newer"


def test_forgetting_empties_the_window_only() -> None:
    talk = loaded_talk(Double())
    talk.unread = 3
    talk.add(Note(1, NOON, "note"))
    talk.forget_all()
    assert (talk.entries, talk.index, talk.loaded, talk.unread) == ([], {}, False, 3)
