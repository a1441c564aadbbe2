"""The whole picture at the sizes people have, and at those they should not have."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanmsg.api import EVERYONE, Conversation, MessageAdded, Trust
from lanmsg.terminal import cell_width
from lanmsg.tui import moves, view
from lanmsg.tui.state import Candidate, Menu, Page, Query, State
from lanmsg.tui.theme import ASCII
from lanmsg.tui.update import update
from tests.tui import scenes
from tests.tui.double import Double, peer_id, person
from tests.tui.given import BEN, open_talk, picture, state_of, text

SIZES = ((120, 36), (80, 24), (50, 20), (20, 6), (300, 80), (64, 10), (63, 14), (39, 9))


def office() -> State:
    node = scenes.busy(scenes.office())
    state = state_of(node)
    open_talk(state, node)
    return state


def everything(state: State) -> list[State]:
    """The same state with each thing that may lie over it."""
    states = [state]
    for page in ("help", "transfers", "people", "status"):
        state = office()
        state.page = Page(page)
        states.append(state)
    state = office()
    state.query = Query("switch", "to:")
    state.menu = Menu([Candidate("/msg ", 0, "/msg", "help")] * 30, 20)
    alone = state_of(scenes.alone())
    changed = state_of(scenes.changed_key())
    open_talk(changed, scenes.changed_key())
    return [*states, state, alone, changed]


@pytest.mark.parametrize("size", SIZES)
def test_every_picture_fills_its_space_and_no_more(size: tuple[int, int]) -> None:
    columns, rows = size
    for state in everything(office()):
        for height in (rows - 2, rows - 5, 1):
            shown = view.paint(state, columns, height, rows=rows)
            assert len(shown) == max(height, 0)
            assert all(cell_width("".join(part for _, part in row)) <= columns for row in shown)


def test_three_sizes_have_their_three_shapes() -> None:
    wide, middle, narrow = (picture(office(), *size) for size in ((120, 36), (80, 24), (50, 20)))
    assert "ROOMS" in wide
    assert "ben · ● here · ✓ verified · 192.168.1.23" in wide
    assert "PEOPLE" in middle
    assert "192.168.1.23" not in middle
    assert "PEOPLE" not in narrow
    assert narrow.startswith(" ben ● ✓")
    assert "others: carla 1 #5" in narrow


def test_a_terminal_that_is_too_small_says_what_it_needs() -> None:
    assert picture(office(), 19, 24).startswith("terminal too small")
    assert picture(office(), 80, 5).startswith("terminal too small (20×6 needed)")


def test_low_screens_lose_the_strip_first() -> None:
    assert "backup.tar →" in picture(office(), 80, 12)
    assert "backup.tar →" not in picture(office(), 80, 9)


def test_the_list_can_be_put_away_and_copy_mode_is_words_only() -> None:
    state = office()
    state.list_hidden = True
    assert "PEOPLE" not in picture(state)
    state.list_hidden, state.copying = False, True
    shown = picture(state)
    assert "PEOPLE" not in shown
    assert "\nben: one more thing: the video from Tuesday\n" in shown


def test_ascii_is_ascii() -> None:
    node = scenes.busy(scenes.office())
    for columns, rows in SIZES:
        state = state_of(node, glyphs=ASCII)
        open_talk(state, node)
        moves.scroll(state, 5)
        assert picture(state, columns, rows).isascii()
        for page in ("help", "transfers", "people", "status"):
            state.page = Page(page)
            assert set(filter(lambda sign: not sign.isascii(), picture(state, columns, rows))) <= set(
                "…↑↓“”×"
            )


def test_an_empty_conversation_says_what_it_is_for() -> None:
    node = Double()
    node.meet(person("ben"))
    state = state_of(node)
    open_talk(state, node)
    assert "Write to ben below" in picture(state)
    open_talk(state, node, EVERYONE)
    assert "goes to everybody" in picture(state)
    assert "# everyone · 1 here" in picture(state)


def test_the_title_tells_what_is_out_of_sight() -> None:
    node = Double()
    node.meet(person("ben"))
    for number in range(60):
        node.hear("ben", f"message {number + 1}")
    state = state_of(node)
    open_talk(state, node)
    assert state.talk(BEN).line_count == 60
    assert "40 older unread: Alt-U" in picture(state)
    state.talk(BEN).line = None
    state.talk(BEN).unread, state.talk(BEN).first_unread = 3, 58
    moves.scroll(state, 10)
    assert "↓ 3 new below: Esc" in picture(state)


def test_unread_that_were_not_even_read_from_the_store_are_counted() -> None:
    node = Double()
    node.meet(person("ben"))
    for number in range(60):
        node.hear("ben", f"message {number + 1}")
    state = state_of(node)
    open_talk(state, node)
    talk = state.talk(BEN)
    talk.fill(node.said[30:])
    assert "40 older unread" in picture(state)


def test_a_new_key_shows_its_first_digits() -> None:
    node = scenes.office()
    state = state_of(node)
    state.put_peer(person("ben", petname="benny"))
    open_talk(state, node)
    assert "benny · ● here · known · ben 192.168.1.23" in picture(state, 120, 36)


def test_the_menu_lies_over_the_last_rows_and_shows_the_chosen_one() -> None:
    state = office()
    state.menu = Menu([Candidate(f"/{number}", 0, f"/command{number:02}") for number in range(30)], 20)
    shown = picture(state).split("\n")
    menu = [row for row in shown if "/command" in row]
    assert len(menu) == view.MENU_ROWS
    assert "/command20" in menu[-1]


def test_a_switch_to_nobody_says_so() -> None:
    state = office()
    state.query = Query("switch", "to:", "zzz")
    assert "nobody by that name" in picture(state)


def test_a_page_scrolls_below_its_title() -> None:
    state = office()
    state.page = Page("help", scroll=10_000)
    shown = picture(state)
    assert shown.startswith(" HELP")
    assert "/quit" in shown
    assert state.page.scroll < 200


def test_the_chosen_transfer_stays_in_sight() -> None:
    node = scenes.office()
    for number in range(60):
        node.offered("ben", f"file{number}", 1, number=100 + number)
    state = state_of(node)
    for chosen in (59, 60, 0, 30, 1000, -5):
        state.page = Page("transfers", chosen=chosen, scroll=state.page.scroll if state.page else 0)
        assert "▌" in picture(state)


@settings(max_examples=60, deadline=None)
@given(columns=st.integers(1, 140), rows=st.integers(1, 50), up=st.integers(-50, 200))
def test_no_size_and_no_place_breaks_it(columns: int, rows: int, up: int) -> None:
    state = office()
    picture(state, 80, 24)
    moves.scroll(state, up)
    shown = view.paint(state, columns, max(rows - 2, 0), rows=rows)
    assert len(shown) == max(rows - 2, 0)
    assert text(shown) is not None


def test_what_was_on_the_screen_is_read() -> None:
    node = Double()
    node.meet(person("ben"))
    for number in range(5):
        node.hear("ben", f"early {number}")
    state = state_of(node)
    open_talk(state, node)
    assert "5 new" in picture(state)
    for number in range(60):
        update(state, MessageAdded(node.hear("ben", f"late {number}")))
        picture(state)
    assert "older unread" not in picture(state)
    # Behind another window nothing is seen: those count.
    state.focused = False
    for number in range(60):
        update(state, MessageAdded(node.hear("ben", f"unseen {number}")))
        picture(state)
    state.focused = True
    assert "40 older unread: Alt-U" in picture(state)


def test_who_answers_has_read() -> None:
    node = Double()
    node.meet(person("ben"))
    for number in range(60):
        node.hear("ben", f"early {number}")
    state = state_of(node)
    open_talk(state, node)
    state.talk(BEN).anchor = None
    assert "older unread" in picture(state)
    update(state, MessageAdded(node.tell("ben", "yes")))
    assert "older unread" not in picture(state)
    assert " new " not in picture(state)


def test_a_long_name_does_not_push_out_what_the_key_is_nor_who_else_waits() -> None:
    node = Double()
    node.meet(
        person("maximiliane@workstation-7", trust=Trust.NEW), person("bartholomew@thinkpad"), person("li")
    )
    node.hear("maximiliane@workstation-7", "hello")
    node.hear("bartholomew@thinkpad", "hello")
    node.hear("li", "hello")
    state = state_of(node)
    open_talk(state, node, Conversation.with_peer(peer_id("maximiliane@workstation-7")))
    for columns in (63, 50, 40, 30):
        title = picture(state, columns, 20).split("\n")[0]
        assert "+ new" in title
        assert ("others:" in title) == (columns > 50), title


def test_a_list_that_goes_on_says_so() -> None:
    state = office()
    state.menu = Menu([Candidate(f"/{number}", 0, f"/{number}", "help") for number in range(20)])
    assert "1 of 20, 12 more below" in picture(state)
    state.menu.chosen = 19
    assert "20 of 20" in picture(state)
    assert "more below" not in picture(state)
