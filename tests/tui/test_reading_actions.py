"""Reading by command: search, days, copies, files of what was said, deletion."""

from pathlib import Path

from lanmsg.api import EVERYONE, Delivery, Message, MessageId, Recipient
from lanmsg.tui.moves import Want
from lanmsg.tui.pages import page_rows
from tests.tui.double import peer_id
from tests.tui.given import BEN, open_talk, picture, text
from tests.tui.table import Table


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


def test_last_goes_back_by_messages() -> None:
    table = Table()
    table.enter("/last 12")
    assert table.hands.did == [Want(BEN, "last", 12)]
    table.enter("/last")
    assert table.hands.did[-1] == Want(BEN, "last", 50)
    assert "no number" in str(table.fails("/last year"))


def test_a_conversation_is_written_into_a_new_file(tmp_path: Path) -> None:
    table = Table()
    table.node.hear("ben", "two\nlines \x1b[2J")
    target = tmp_path / "talk.txt"
    table.enter(f"/export {target}")
    lines = target.read_text(encoding="utf-8").splitlines()
    assert lines[0].endswith("  ben: first")
    assert lines[2].endswith("  ben: two")
    assert lines[3] == "    lines \\x1b[2J"
    assert target.stat().st_mode & 0o077 == 0
    assert "exists already" in str(table.fails(f"/export {target}"))
    assert "into which file" in str(table.fails("/export"))
    assert table.fails(f"/export {tmp_path}/nowhere/talk.txt").code == "data"


def test_deleting_asks_first_and_says_where() -> None:
    table = Table()
    table.enter("/delete")
    assert table.state.asking is not None
    assert table.state.asking.text == "delete “second”, on this computer only?"
    assert not table.node.calls
    table.answer_yes()
    assert table.last() == ("delete_message", 2)
    assert [message.text for message in table.state.talk(BEN).messages()] == ["first"]
    assert "no such message" in str(table.fails("/delete 2"))
    assert "nobody here is called some" in str(table.fails("/delete some"))


def test_a_whole_conversation_is_deleted_here() -> None:
    table = Table()
    table.enter("/forget ben")
    assert table.state.asking is not None
    assert "all that was said with ben" in table.state.asking.text
    table.answer_yes()
    assert table.last() == ("delete_conversation", BEN)
    assert table.state.talk(BEN).messages() == []
    assert table.state.unread() == 0


def test_all_is_everything_as_in_the_shell() -> None:
    table = Table()
    table.node.hear("anna", "hello all", everyone=True)
    table.state.talk(EVERYONE).add(table.node.said[-1])
    table.enter("/forget everyone")
    assert table.state.asking is not None
    assert "all that was said to everyone" in table.state.asking.text
    table.enter("/forget all")
    assert "ever said, with everybody" in table.state.asking.text
    table.answer_yes()
    assert table.last() == ("delete_conversation", None)
    assert not any(talk.messages() for talk in table.state.talks.values())


def said_to_ben(text: str, state: Delivery) -> Message:
    recipients = (Recipient(peer_id("ben"), state),)
    return Message(9, MessageId(bytes(16)), BEN, None, text, 1.0, 1.0, recipients=recipients)


def test_what_waits_to_be_delivered_stays_and_is_told() -> None:
    table = Table()
    table.state.talk(BEN).add(said_to_ben("for later", Delivery.QUEUED))
    table.enter("/forget ben")
    table.answer_yes()
    assert [each.text for each in table.state.talk(BEN).messages()] == ["for later"]
    assert table.state.notice is not None
    assert "1 message on the way stay, /cancel" in table.state.notice.text


def test_a_long_message_is_folded_and_read_as_a_page() -> None:
    table = Table()
    words = "\n".join(f"line {number}" for number in range(120))
    table.node.hear("ben", words)
    table.node.hear("ben", "short")
    table.refresh()
    open_talk(table.state, table.node)
    shown = picture(table.state, 80, 60)
    assert "line 38" in shown
    assert "line 39" not in shown
    assert "… 81 more rows: /read" in shown
    table.enter("/read")
    assert table.state.page is not None
    rows = text(page_rows(table.state, table.state.page, 80)).split("\n")
    assert rows[0].startswith(" ben, Sat 21 Nov 2026")
    assert rows[-1] == " line 119"
    assert "no message here is that long" in str(table.fails("/read 2"))


def test_a_message_in_one_line_is_read_to_its_end() -> None:
    table = Table()
    table.node.hear("ben", f"{'word ' * 6000}end")
    table.refresh()
    open_talk(table.state, table.node)
    assert "… more rows: /read" in picture(table.state, 80, 60)
    table.enter("/read")
    assert table.state.page is not None
    assert text(page_rows(table.state, table.state.page, 40)).endswith("end")


def test_close_says_what_it_did() -> None:
    table = Table()
    table.enter("/close")
    assert table.state.notice is not None
    assert table.state.notice.text == "ben is off the list until somebody writes; /msg ben opens it again"
