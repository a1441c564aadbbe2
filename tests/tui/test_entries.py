"""Rows of one entry: hanging indent, separators, marks, quotes; what a peer writes stays in its cells."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from lanmsg.api import Delivery, Direction, MessageId, TransferState
from lanmsg.terminal import cell_width
from lanmsg.tui.entries import Look, quoted, rows_of
from lanmsg.tui.state import State
from lanmsg.tui.talk import Key
from tests.tui.double import NOON, Double, person
from tests.tui.given import BEN, open_talk, state_of, text

WIDE, MIDDLE, NARROW, TINY = Look(94, 13), Look(60, 9), Look(50, 0), Look(30, 0, times=False)
LOOKS = [WIDE, MIDDLE, NARROW, TINY, Look(60, 0, times=False, bare=True)]
LONG = "it is. paper is in the cupboard next to the kitchen, second shelf, and please tell carla"


def talk_of(node: Double) -> State:
    node.meet(person("ben"), *node.known.values())
    state = state_of(node)
    open_talk(state, node)
    for transfer in node.moving.values():
        state.talk(BEN).add(transfer)
    state.talk(BEN).line = None
    return state


def rows(state: State, look: Look, index: int = 0) -> list[str]:
    """Without the separators."""
    found = rows_of(state, state.talk(BEN), index, look)
    return [row for row in text(found).split("\n") if "──" not in row]


def test_words_hang_under_words() -> None:
    node = Double()
    node.hear("ben", LONG)
    state = talk_of(node)
    assert rows(state, MIDDLE) == [
        "10:00      ben  it is. paper is in the cupboard next to the",
        "                kitchen, second shelf, and please tell carla",
    ]
    assert rows(state, NARROW)[0] == "10:00 ben it is. paper is in the cupboard next to"
    assert rows(state, NARROW)[1].startswith("      the kitchen")
    assert rows(state, TINY)[0].startswith("ben it is.")
    assert rows(state, LOOKS[-1])[0].startswith("ben: it is.")


def test_our_words_carry_what_became_of_them() -> None:
    node = Double()
    node.deliver(node.tell("ben", "hello"), Delivery.FAILED, "the disk there is full")
    found = rows(talk_of(node), WIDE)
    assert found[0].endswith("hello  ✗")
    assert "the disk there is full; /retry" in found[1]


def test_a_mark_that_does_not_fit_takes_a_row_of_its_own() -> None:
    node = Double()
    node.tell("ben", "x" * MIDDLE.room)
    assert [row.strip() for row in rows(talk_of(node), MIDDLE)[1:]] == ["✓"]


def test_days_and_the_unread_line_stand_above() -> None:
    node = Double()
    node.hear("ben", "old", at=NOON - 86_400)
    node.hear("ben", "new")
    state = talk_of(node)
    state.talk(BEN).line, state.talk(BEN).line_count = 2, 1
    shown = text(rows_of(state, state.talk(BEN), 1, MIDDLE)).split("\n")
    assert "Sat 21 Nov 2026" in shown[0]
    assert " 1 new " in shown[1]
    assert all(cell_width(row) <= 60 for row in shown)


def test_a_deed_is_told_of_a_person() -> None:
    node = Double()
    node.hear("ben", "/me waves")
    node.tell("ben", "/me waves back")
    state = talk_of(node)
    assert rows(state, WIDE)[0].endswith("*  ben waves")
    assert rows(state, WIDE, 1)[0].endswith("*  mira waves back  ✓")


def test_an_answer_shows_what_it_answers() -> None:
    node = Double()
    asked = node.hear("ben", "are you\nthere?")
    node.tell("ben", "yes")
    node.said[1] = replace(node.said[1], reply_to=asked.id)
    state = talk_of(node)
    shown = rows(state, WIDE, 1)
    assert shown[0].endswith("you  ↪ ben: are you there?")
    assert shown[1].strip() == "yes  ✓"
    assert quoted(state, node.said[1]) == "↪ you: yes"


def test_an_answer_to_something_out_of_reach_says_so() -> None:
    node = Double()
    node.hear("ben", "yes")
    node.said[0] = replace(node.said[0], reply_to=MessageId(b"x" * 16))
    assert "earlier message" in rows(talk_of(node), WIDE)[0]


def test_what_was_written_long_before_it_came_says_when() -> None:
    node = Double()
    node.hear("ben", "hello")
    node.said[0] = replace(node.said[0], sent_at=NOON - 7200)
    assert rows(talk_of(node), WIDE)[0].endswith("hello  (written 08:00)")


def test_an_offer_says_who_what_how_much_and_where_to() -> None:
    node = Double()
    node.offered("ben", "invoice.pdf.exe", 90_000, text="please open")
    state = talk_of(node)
    state.free, state.downloads = 212_000_000_000, "~/Downloads/lanmsg"
    shown = "\n".join(rows(state, WIDE, 1))
    for words in (
        "ben (known) offers invoice.pdf.exe",
        "90 kB",
        "a program",
        "212 GB free",
        "please open",
    ):
        assert words in shown
    assert "will go to ~/Downloads/lanmsg, 212 GB free" in shown


def test_a_transfer_row_has_its_arrow_before_the_words() -> None:
    node = Double()
    node.offered(
        "ben", "a.pdf", 1_200_000, direction=Direction.OUT, state=TransferState.DONE, updated_at=NOON
    )
    node.offered("ben", "b.pdf", 10, state=TransferState.DONE, paths=("/home/mira/b.pdf",))
    state = talk_of(node)
    assert rows(state, MIDDLE)[0] == "10:00         ↑ a.pdf  1.2 MB  ✓ delivered 10:00"
    assert rows(state, NARROW)[0] == "10:00 ↑ a.pdf  1.2 MB  ✓ delivered 10:00"
    assert rows(state, MIDDLE, 1)[1].strip() == "/home/mira/b.pdf"


def test_what_was_found_is_marked() -> None:
    node = Double()
    node.hear("ben", "hello")
    state = talk_of(node)
    talk = state.talk(BEN)
    assert rows_of(state, talk, 0, WIDE)[-1][0][0] == "class:faint"
    talk.found = Key("m", 1)
    assert rows_of(state, talk, 0, WIDE)[-1][0][0] == "class:found"


def test_rows_are_made_once_for_a_width() -> None:
    node = Double()
    node.hear("ben", LONG)
    state = talk_of(node)
    first = rows_of(state, state.talk(BEN), 0, WIDE)
    assert rows_of(state, state.talk(BEN), 0, WIDE)[-1] is first[-1]
    state.epoch += 1
    assert rows_of(state, state.talk(BEN), 0, WIDE)[-1] is not first[-1]


@pytest.mark.parametrize("look", LOOKS)
@settings(max_examples=30)
@given(words=st.text(min_size=1, max_size=200), name=st.text(min_size=1, max_size=40))
def test_no_row_is_wider_than_its_space_or_holds_a_control(look: Look, words: str, name: str) -> None:
    node = Double()
    node.meet(person(name, key="ben"))
    node.hear("ben", words)
    node.offered("ben", words, 10, text=name)
    state = talk_of(node)
    for index in range(2):
        for row in rows_of(state, state.talk(BEN), index, look):
            line = "".join(part for _, part in row)
            assert cell_width(line) <= look.width + 1
            assert not any(ord(character) < 32 or 0x7F <= ord(character) < 0xA0 for character in line)
            assert all(style in ("", "class:faint") or style.startswith("class:") for style, _ in row)
