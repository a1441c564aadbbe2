"""The question bar at every width: first who asks, then what, and all of the keys."""

import pytest

from lanmsg.api import Trust, VerificationChanged, VerificationStage
from lanmsg.terminal import cell_width
from lanmsg.tui.question_bar import question
from lanmsg.tui.state import Asking, Page, State
from lanmsg.tui.update import update
from tests.tui.double import Double, person
from tests.tui.given import state_of, text

WIDTHS = (20, 30, 40, 50, 63, 64, 80, 99, 100, 120, 300)


def offered(who: str, name: str, size: int = 12, trust: Trust = Trust.PINNED) -> State:
    node = Double()
    node.meet(person(who, trust=trust))
    node.offered(who, name, size)
    return state_of(node)


def test_the_bar_says_who_what_and_how_to_answer() -> None:
    node = Double()
    node.meet(person("ben", trust=Trust.VERIFIED))
    node.offered("ben", "holiday-video.mkv", 1_400_000_000)
    node.offered("ben", "notes.sh", 10)
    state = state_of(node)
    wide = text(question(state, 120))
    assert wide.startswith(" ? ben (✓ verified) offers holiday-video.mkv (1.4 GB)")
    assert "[^Y] accept   [^N] decline   [^O] save as" in wide
    assert wide.endswith("question 1 of 2")
    assert text(question(state, 80)).endswith("1/2")
    state.page = Page("transfers", chosen=0)
    assert "notes.sh (10 B, a program)" in text(question(state, 120))


def test_narrow_rows_name_the_person_first() -> None:
    assert (
        text(question(offered("ben", "report.txt"), 50)) == " ? ben: report.txt 12 B  ^Y yes ^N no ^O save as"
    )
    assert text(question(offered("ben", "report.txt"), 40)).split("\n") == [
        " ? ben (known): report.txt 12 B",
        "   ^Y accept  ^N decline  ^O save as",
    ]
    stranger = offered("Frau Keller", "invoice.pdf.exe", trust=Trust.NEW)
    first, second = text(question(stranger, 40)).split("\n")
    assert first.startswith(" ? Frau Keller (+ new ")
    assert "12 B, a program" in second
    assert second.endswith("^Y yes ^N no")
    assert text(question(offered("ben", "report.txt"), 40, roomy=False)).endswith(" ^Y yes ^N no")


@pytest.mark.parametrize("trust", [Trust.NEW, Trust.PINNED, Trust.VERIFIED])
@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize("roomy", [True, False])
def test_name_and_keys_are_at_every_width(trust: Trust, columns: int, *, roomy: bool) -> None:
    state = offered("bartholomew", "minutes-of-the-third-meeting-of-the-year.docx", trust=trust)
    rows = text(question(state, columns, roomy=roomy))
    assert rows.startswith(" ? ba" if roomy or columns > 20 else " ? b")
    assert "^Y" in rows
    assert "^N" in rows
    assert all(cell_width(row) <= columns for row in rows.split("\n"))
    if columns >= 64 and roomy:
        assert "^O" in rows
        assert "bartholomew" in rows
        assert "12 B" in rows


def test_a_comparison_is_asked_in_whole_words() -> None:
    node = Double()
    node.meet(person("alpha"))
    state = state_of(node)
    update(state, VerificationChanged(node.known[person("alpha").id], VerificationStage.ASKED, ours=False))
    assert "alpha wants to compare" in text(question(state, 40))
    assert "^Y compare ^N not now" in text(question(state, 40))


def test_a_question_of_our_own_comes_first() -> None:
    node = Double()
    node.offered("ben", "a.txt", 10)
    state = state_of(node, asking=Asking("quit", "a transfer runs", (("yes", "quit"), ("back", "stay"))))
    assert text(question(state, 80)) == " ? a transfer runs   [^Y] quit   [Esc] stay"
    assert text(question(state, 30)).split("\n") == [" ? a transfer runs", "   ^Y quit Esc stay"]
    assert question(state_of(), 80) == []
