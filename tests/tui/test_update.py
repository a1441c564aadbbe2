"""What events make of the state: unread, the unread line, presence, and how much is to be drawn."""

from msgspec.structs import replace

from lanmsg.api import (
    EVERYONE,
    Delivery,
    Interface,
    InterfacesChanged,
    KeyChanged,
    ListeningChanged,
    MessageAdded,
    MessageChanged,
    Notice,
    PeerAppeared,
    PeerLeft,
    ReadMarkMoved,
    Recipient,
    TransferAdded,
    TransferChanged,
    TransferState,
    Trust,
)
from lanmsg.tui import moves
from lanmsg.tui.update import Damage, loaded, seen, update
from tests.tui.double import NOON, Double, peer_id, person
from tests.tui.given import ANNA, BEN, open_talk, picture, state_of


def test_a_message_elsewhere_is_unread() -> None:
    node = Double()
    node.meet(person("ben"))
    state = state_of(node)
    assert update(state, MessageAdded(node.hear("ben", "hello"))) is Damage.ROWS
    assert (state.talk(BEN).unread, state.talk(BEN).first_unread, state.unread()) == (1, 1, 1)


def test_a_message_in_sight_is_read_at_once() -> None:
    node = Double()
    node.meet(person("ben"))
    state = state_of(node)
    open_talk(state, node)
    update(state, MessageAdded(node.hear("ben", "hello")))
    assert state.talk(BEN).unread == 0
    assert state.talk(BEN).line is None
    assert seen(state) == (BEN, 1)
    assert seen(state) is None


def test_behind_another_window_the_unread_line_begins_where_the_person_stopped() -> None:
    node = Double()
    node.meet(person("ben"))
    state = state_of(node)
    open_talk(state, node)
    update(state, MessageAdded(node.hear("ben", "read")))
    seen(state)
    state.focused = False
    update(state, MessageAdded(node.hear("ben", "missed")))
    update(state, MessageAdded(node.hear("ben", "missed too")))
    talk = state.talk(BEN)
    assert (talk.unread, talk.line, talk.line_count) == (2, 2, 2)
    assert seen(state) is None
    state.focused = True
    assert seen(state) == (BEN, 3)
    assert "2 new" in picture(state)


def test_the_line_is_where_reading_stopped_and_goes_with_the_next_visit() -> None:
    node = Double()
    node.meet(person("ben"), person("anna"))
    node.hear("ben", "one")
    state = state_of(node)
    open_talk(state, node)
    seen(state)
    assert state.talk(BEN).line == 1
    moves.open_conversation(state, ANNA)
    moves.open_conversation(state, BEN)
    assert state.talk(BEN).line is None


def test_our_own_words_are_never_unread() -> None:
    node = Double()
    state = state_of(node)
    update(state, MessageAdded(node.tell("ben", "hello")))
    assert state.unread() == 0


def test_a_message_that_arrives_while_the_window_is_read_is_not_lost() -> None:
    node = Double()
    node.meet(person("ben"))
    state = state_of(node)
    moves.open_conversation(state, BEN)
    talk = state.talk(BEN)
    talk.loading = True
    before = [node.hear("ben", "old")]
    update(state, MessageAdded(node.hear("ben", "meanwhile")))
    loaded(state, talk, before, older=False, newer=False)
    assert [message.text for message in talk.messages()] == ["old", "meanwhile"]


def test_delivery_moves_only_what_is_open() -> None:
    node = Double()
    message = node.tell("ben", "hello", state=Delivery.QUEUED)
    state = state_of(node)
    changed = replace(message, recipients=(Recipient(peer_id("ben"), Delivery.DELIVERED),))
    assert update(state, MessageChanged(changed)) is Damage.NONE
    open_talk(state, node)
    assert update(state, MessageChanged(changed)) is Damage.ROWS
    assert state.talk(BEN).messages()[0].state is Delivery.DELIVERED


def test_who_comes_and_goes_is_one_line_and_only_near_a_message() -> None:
    node = Double()
    node.meet(person("ben"))
    node.hear("ben", "hello", at=NOON - 60)
    state = state_of(node)
    open_talk(state, node)
    update(state, PeerLeft(person("ben", present=False)))
    update(state, PeerAppeared(person("ben")))
    assert sum("left" in row for row in picture(state).split("\n")) == 0
    assert "ben came back 10:00 (2 times in and out)" in picture(state)
    for _ in range(5):
        update(state, PeerLeft(person("ben", present=False)))
        update(state, PeerAppeared(person("ben")))
    assert "ben came back 10:00 (12 times in and out)" in picture(state)
    assert state.unread() == 1
    state.wall += 3600
    update(state, PeerLeft(person("ben", present=False)))
    assert "12 times" in picture(state)


def test_a_changed_key_is_said_aloud() -> None:
    state = state_of()
    state.put_peer(person("ben"))
    update(state, KeyChanged(person("ben", key="other", trust=Trust.CHANGED), peer_id("ben")))
    assert state.notice is not None
    assert "KEY CHANGED" in state.notice.text


def test_progress_is_drawn_less_often_than_words() -> None:
    node = Double()
    node.meet(person("ben"))
    state = state_of(node)
    transfer = node.offered("ben", "a.bin", 100, state=TransferState.RUNNING)
    assert update(state, TransferAdded(transfer)) is Damage.ROWS
    assert update(state, TransferChanged(replace(transfer, done=50), 10.0)) is Damage.PROGRESS
    assert state.transfers[1].rate == 10.0
    done = replace(transfer, state=TransferState.DONE)
    assert update(state, TransferChanged(done)) is Damage.ROWS


def test_counters_redraw_only_where_they_are_seen() -> None:
    node = Double()
    node.meet(person("ben"))
    state = state_of(node)
    wlan = Interface("wlan0", "192.168.1.20", 24, sent=20)
    assert update(state, InterfacesChanged((wlan,))) is Damage.PROGRESS
    open_talk(state, node)
    assert update(state, InterfacesChanged((replace(wlan, sent=21),))) is Damage.NONE
    assert update(state, InterfacesChanged((replace(wlan, address="10.0.0.5"),))) is Damage.PROGRESS


def test_notices_and_the_role_of_this_process() -> None:
    state = state_of()
    update(state, Notice("port 2372 is taken", "another program has it"))
    assert state.notice is not None
    assert state.notice.text == "port 2372 is taken; another program has it"
    update(state, ListeningChanged(listening=False))
    assert not state.listening


def test_files_of_the_time_of_a_window_are_in_it() -> None:
    node = Double()
    node.meet(person("ben"))
    old = node.offered("ben", "old.txt", 1, created_at=NOON - 9000, state=TransferState.DONE)
    node.hear("ben", "hello", at=NOON)
    new = node.offered("ben", "new.txt", 1, created_at=NOON + 1, state=TransferState.DONE)
    state = state_of(node)
    talk = state.talk(BEN)
    loaded(state, talk, node.said, older=True, newer=False)
    assert ("t", old.number) not in talk.index
    assert ("t", new.number) in talk.index
    loaded(state, talk, node.said, older=False, newer=False)
    assert ("t", old.number) in talk.index
    loaded(state, state.talk(EVERYONE), [], older=False, newer=False)
    assert not state.talk(EVERYONE).entries


def test_what_another_screen_of_the_home_has_read_is_not_unread_here() -> None:
    node = Double()
    node.meet(person("ben"))
    state = state_of(node)
    for text in ("one", "two", "three"):
        update(state, MessageAdded(node.hear("ben", text)))
    assert update(state, ReadMarkMoved(BEN, 2, 1, 3)) is Damage.ROWS
    assert (state.talk(BEN).unread, state.talk(BEN).first_unread, state.talk(BEN).read) == (1, 3, 2)
    # Our own mark comes back from the store and is no news; nor is an older one.
    assert update(state, ReadMarkMoved(BEN, 2, 1, 3)) is Damage.NONE
    assert update(state, ReadMarkMoved(BEN, 1, 2, 2)) is Damage.NONE
    assert state.talk(BEN).unread == 1


def test_who_left_did_so_at_the_time_that_the_list_shows() -> None:
    node = Double()
    node.meet(person("ben"))
    node.hear("ben", "hello", at=NOON - 60)
    state = state_of(node)
    open_talk(state, node)
    update(state, PeerLeft(person("ben", present=False, last_seen=NOON - 130)))
    state.talk(BEN).unread = 0
    assert sum("09:57" in part for row in picture(state).split("\n") for part in row.split("│")) == 2
    assert "ben left 09:57" in picture(state)
