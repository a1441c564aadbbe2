"""What lines that are typed come to: text, answers, deeds, tries again."""

from lanmsg.api import EVERYONE, Delivery
from tests.tui.given import ANNA, BEN, open_talk
from tests.tui.table import Table


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
    for command in ("/broadcast", "/everyone", "/all"):
        table.enter(f"{command} hello all")
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
