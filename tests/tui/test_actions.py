"""What commands ask of the node, and what they answer when they cannot."""

import asyncio
from pathlib import Path

import pytest

from lanmsg.api import EVERYONE, Delivery, LanmsgError, Status, TransferState, Trust
from lanmsg.tui import actions
from lanmsg.tui.desk import Desk
from lanmsg.tui.moves import Want
from tests.tui.double import Double, peer_id, person
from tests.tui.given import ANNA, BEN, open_talk, state_of


class Hands:
    def __init__(self) -> None:
        self.did: list[object] = []

    def quit(self) -> None:
        self.did.append("quit")

    def copy(self, text: str) -> None:
        self.did.append(("copy", text))

    def want(self, want: Want) -> None:
        self.did.append(want)


class Table:
    """A desk with Anna and Ben; the conversation with Ben is open."""

    def __init__(self, *, opened: bool = True) -> None:
        self.node = Double()
        self.node.meet(person("anna"), person("ben"))
        self.node.hear("ben", "first")
        self.node.hear("ben", "second")
        self.refresh()
        self.hands = Hands()
        if opened:
            open_talk(self.state, self.node)

    def refresh(self) -> None:
        self.state = state_of(self.node, port=2372)

    def enter(self, line: str) -> None:
        asyncio.run(actions.enter(Desk(self.node, self.state, self.hands), line))

    def fails(self, line: str) -> LanmsgError:
        with pytest.raises(LanmsgError) as caught:
            self.enter(line)
        return caught.value

    def last(self) -> tuple[object, ...]:
        return self.node.calls[-1]


def test_text_goes_to_the_open_conversation() -> None:
    table = Table()
    table.enter("hello\nagain")
    assert table.last() == ("send_text", BEN, "hello\nagain", None)
    table.enter("//etc")
    assert table.last()[2] == "/etc"


def test_text_without_a_conversation_is_refused_with_the_way_to_one() -> None:
    assert "/msg" in Table(opened=False).fails("hello").hint


def test_msg_opens_and_says() -> None:
    table = Table()
    table.enter("/msg anna")
    assert table.state.open == ANNA
    assert not table.node.calls
    table.enter("/msg ben hi  there")
    assert table.last() == ("send_text", BEN, "hi  there", None)
    table.enter("/everyone hello all")
    assert table.last() == ("send_text", EVERYONE, "hello all", None)
    table.enter("/msg everyone")
    assert table.state.open == EVERYONE


def test_answers_name_what_they_answer() -> None:
    table = Table()
    table.enter("/reply yes")
    assert table.last() == ("send_text", BEN, "yes", table.node.said[1].id)
    table.enter("/reply 2 of course")
    assert table.last() == ("send_text", BEN, "of course", table.node.said[0].id)
    table.enter("/reply 2")
    assert table.last()[2] == "2"
    table.enter("/reply")
    assert table.state.talk(BEN).reply_to == table.node.said[1]
    table.enter("now")
    assert table.last() == ("send_text", BEN, "now", table.node.said[1].id)
    assert table.state.talk(BEN).reply_to is None
    assert "no such message" in str(table.fails("/reply 9 what"))


def test_a_deed_travels_as_it_was_typed() -> None:
    table = Table()
    table.enter("/me waves")
    assert table.last()[2] == "/me waves"


def test_too_long_is_said_before_anything_is_lost() -> None:
    assert "/send" in Table().fails("x" * 40_000).hint


def test_what_failed_is_tried_again() -> None:
    table = Table(opened=False)
    message = table.node.tell("ben", "hello")
    table.node.deliver(message, Delivery.FAILED)
    table.refresh()
    open_talk(table.state, table.node)
    table.enter("/retry")
    assert table.last() == ("retry", message.number)
    open_talk(table.state, table.node, ANNA)
    assert "nothing failed" in str(table.fails("/retry"))


def test_what_waits_can_be_taken_back() -> None:
    table = Table(opened=False)
    message = table.node.tell("ben", "hello", state=Delivery.QUEUED)
    table.refresh()
    open_talk(table.state, table.node)
    table.enter("/cancel")
    assert table.last() == ("cancel_message", message.number)
    open_talk(table.state, table.node, ANNA)
    assert "no message waits" in str(table.fails("/cancel"))


def test_files_go_to_the_open_person_or_a_named_one(tmp_path: Path) -> None:
    one, two = tmp_path / "my file.txt", tmp_path / "two"
    one.touch()
    two.mkdir()
    table = Table()
    table.enter(f'/send "{one}" {two}')
    assert table.last() == ("offer", peer_id("ben"), (str(one), str(two)), "", 0)
    table.enter(f"/send anna {two}")
    assert table.last()[1] == peer_id("anna")
    assert "there is no" in str(table.fails(f"/send {tmp_path}/nothing"))
    assert "which file" in str(table.fails("/send"))
    table.enter("/everyone")
    assert "whom?" in str(table.fails(f"/send {one}"))


def test_a_long_paste_goes_as_a_file() -> None:
    table = Table()
    asyncio.run(actions.send_as_file(Desk(table.node, table.state, table.hands), "x" * 50_000))
    assert table.last() == ("offer", peer_id("ben"), (), "pasted.txt", 50_000)


def test_offers_are_answered_by_number_all_or_the_oldest(tmp_path: Path) -> None:
    table = Table()
    for name in "abc":
        table.node.offered("ben", name, 10)
    table.refresh()
    table.enter("/accept 2")
    assert table.last() == ("accept", 2, None)
    table.enter(f"/accept {tmp_path}")
    assert table.last() == ("accept", 1, tmp_path)
    table.enter(f"/accept 3 {tmp_path}")
    assert table.last() == ("accept", 3, tmp_path)
    table.enter("/reject all")
    assert [call[0] for call in table.node.calls[-3:]] == ["decline"] * 3
    assert "no transfer 77" in str(table.fails("/accept 77"))
    assert "nothing is offered" in str(Table().fails("/accept"))


def test_only_what_waits_for_this_person_can_be_answered() -> None:
    table = Table()
    table.node.offered("ben", "a", 1)
    table.node.offered("ben", "b", 1, state=TransferState.RUNNING)
    table.refresh()
    assert "does not wait" in str(table.fails("/accept 2"))
    table.enter("/cancel 2")
    assert table.last() == ("cancel", 2)
    table.enter("/retry 2")
    assert table.last() == ("retry_transfer", 2)


def test_keys_are_judged_by_name_or_for_the_open_person() -> None:
    table = Table()
    table.enter("/block")
    assert table.last() == ("set_trust", peer_id("ben"), Trust.BLOCKED)
    table.enter("/trust anna")
    assert table.last() == ("set_trust", peer_id("anna"), Trust.PINNED)
    assert "not blocked" in str(table.fails("/unblock anna"))
    table.state.put_peer(person("ben", trust=Trust.BLOCKED))
    assert "is blocked" in str(table.fails("/trust ben"))
    assert "blocked" in str(table.fails("hello"))
    table.enter("/unblock ben")
    assert table.last() == ("set_trust", peer_id("ben"), Trust.NEW)


def test_with_a_changed_key_in_sight_the_new_key_is_judged() -> None:
    table = Table()
    table.state.put_peer(person("ben", present=False))
    table.state.put_peer(person("ben", key="other", trust=Trust.CHANGED))
    table.node.known[peer_id("other")] = person("ben", key="other", trust=Trust.CHANGED)
    assert "key has changed" in str(table.fails("hello"))
    table.enter("/trust")
    assert table.last() == ("set_trust", peer_id("other"), Trust.PINNED)


def test_names_for_others_and_oneself() -> None:
    table = Table()
    table.enter("/rename anna aunt anna")
    assert table.last() == ("rename", peer_id("anna"), "aunt anna")
    table.enter("/rename the boss")
    assert table.last() == ("rename", peer_id("ben"), "the boss")
    table.enter('/rename anna "x y"')
    assert table.last() == ("rename", peer_id("anna"), "x y")
    assert "which name" in str(table.fails("/rename"))
    table.enter("/name mira2")
    assert table.state.name == "mira2"
    assert "you are mira2" in table.fails("/name").hint


def test_status_of_oneself() -> None:
    table = Table()
    for line, status, note in (
        ("/away lunch", Status.AWAY, "lunch"),
        ("/busy", Status.BUSY, ""),
        ("/back", Status.AVAILABLE, ""),
    ):
        table.enter(line)
        assert table.last() == ("set_status", status, note)
        assert table.state.status is status


def test_search_is_a_page() -> None:
    table = Table()
    table.enter("/search fir")
    assert table.state.page is not None
    assert "1 message" in table.state.page.lines[0]
    assert table.state.page.lines[2].endswith("ben  ben: first")
    assert "for what" in str(table.fails("/search"))


def test_history_goes_to_a_day_and_back() -> None:
    table = Table()
    table.enter("/history 2026-11-20")
    want = table.hands.did[-1]
    assert isinstance(want, Want)
    assert (want.kind, want.time > 0) == ("since", True)
    table.state.talk(BEN).newer = True
    table.enter("/history")
    assert table.hands.did[-1] == Want(BEN, "newest")
    assert "no day" in str(table.fails("/history soon"))


def test_copy_clear_close() -> None:
    table = Table()
    table.enter("/copy")
    table.enter("/copy 2")
    assert table.hands.did == [("copy", "second"), ("copy", "first")]
    assert "no such message" in str(table.fails("/copy 3"))
    table.enter("/copy ²")  # a digit, and no number
    table.enter("/clear")
    assert table.state.talk(BEN).entries == []
    assert table.state.talk(BEN).older
    table.enter("/close")
    assert table.state.open is None
    assert not [call for call in table.node.calls if call[0] != "mark_read"]


def test_an_address_is_asked() -> None:
    table = Table()
    table.enter("/connect 192.168.1.50")
    assert table.last() == ("connect", "192.168.1.50", 2372)
    assert table.state.title(table.state.open or EVERYONE) == "zoe"
    table.enter("/connect fe80::1%wlan0")
    assert table.last() == ("connect", "fe80::1%wlan0", 2372)
    table.enter("/connect host:99")
    assert table.last() == ("connect", "host", 99)
    assert "which address" in str(table.fails("/connect"))
    assert "nobody answers" in str(table.fails("/connect 192.168.1.99"))


@pytest.mark.parametrize(
    ("line", "kind", "topic"),
    [
        ("/transfers", "transfers", ""),
        ("/status", "status", ""),
        ("/help", "help", ""),
        ("/help /msg", "help", "msg"),
        ("/who", "people", ""),
        ("/who ben", "people", peer_id("ben").hex()),
    ],
)
def test_pages(line: str, kind: str, topic: str) -> None:
    table = Table()
    table.enter(line)
    assert table.state.page is not None
    assert (table.state.page.kind, table.state.page.topic) == (kind, topic)


def test_quit_asks_while_files_move() -> None:
    table = Table()
    table.enter("/quit")
    assert table.hands.did == ["quit"]
    table.node.offered("ben", "a", 10, state=TransferState.RUNNING)
    table.refresh()
    table.hands.did.clear()
    table.enter("/quit")
    assert table.hands.did == []
    assert table.state.asking is not None
    table.enter("/quit")
    assert table.hands.did == ["quit"]


@pytest.mark.parametrize("line", ["/send ~nobody-at-all/x", "/accept ~nobody-at-all/x"])
def test_the_home_of_nobody(line: str) -> None:
    assert "no such user" in str(Table().fails(line))


def test_a_path_that_no_disk_can_have() -> None:
    assert "too long" in str(Table().fails(f"/send {'x' * 300}"))
