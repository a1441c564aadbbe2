"""The list on the left: signs, counts, numbers, and only the rows in sight are made."""

import pytest

from lanmsg.api import EVERYONE, Conversation, Status, Trust
from lanmsg.tui import roster
from lanmsg.tui.people import list_row, people_list, placed
from lanmsg.tui.rows import width
from lanmsg.tui.state import State
from tests.tui import scenes
from tests.tui.double import NOON, Double, peer_id, person
from tests.tui.given import BEN, open_talk, state_of, styles, text


def rows(state: State, cells: int, height: int = 20) -> list[str]:
    roster.refresh(state)
    shown = people_list(state, cells, height)
    assert all(width(row) <= cells for row in shown)
    assert len(shown) == height
    return text(shown).split("\n")


def test_both_widths() -> None:
    node = scenes.office()
    state = state_of(node)
    open_talk(state, node)
    state.talk(BEN).unread = 2
    wide = rows(state, 25)
    assert wide[0] == "Alt PEOPLE        3 here"
    assert wide[1].startswith(f"▌{state.slots[BEN]} ● ben")
    assert wide[1].split()[-1] == "2"
    assert "away" in wide[2]
    assert "ROOMS" in wide[6]
    narrow = rows(state, 19)
    assert narrow[0] == "Alt PEOPLE  3 here"
    assert narrow[1].startswith(f"▌{state.slots[BEN]}● ben")
    assert narrow[4].split()[1:] == ["dmitri", "09:01"]
    assert not any("ROOMS" in row for row in narrow)


def test_what_needs_attention_has_a_sign_of_its_own() -> None:
    node = scenes.changed_key()
    node.offered("carla", "a.txt", 1)
    state = state_of(node)
    shown = "\n".join(rows(state, 25))
    assert " ? carla" in shown
    assert " REQUESTS" in shown
    assert "! ben~" in shown
    assert "changed" in shown
    assert styles(people_list(state, 25, 20), "!") == "class:alert"


def test_many_unread_are_not_counted_out() -> None:
    node = Double()
    node.meet(person("ben"))
    state = state_of(node)
    state.talk(BEN).unread = 1234
    roster.refresh(state)
    assert "99+" in text([list_row(state, BEN, 19)])


def test_long_and_wide_names_keep_their_column() -> None:
    node = Double()
    node.meet(person("日本語日本語日本語日本語"), person("a" * 48, trust=Trust.NEW))
    for cells in (19, 25):
        rows(state_of(node), cells)
        shown = people_list(state_of(node), cells, 10)
        assert all(width(row) <= cells for row in shown)


def test_a_name_has_the_room_that_words_do_not_need() -> None:
    node = Double()
    node.meet(person("maximiliane", trust=Trust.NEW), person("bartholomew", status=Status.AWAY))
    node.meet(person("christopher-robin", present=False, last_seen=NOON - 60), person("eve", trust=Trust.NEW))
    state = state_of(node)
    shown = "\n".join(rows(state, 19))
    for name in ("maximiliane +", "bartholomew", "christopher-r…", "eve (new)"):
        assert name in shown
    assert "christopher-robin" in "\n".join(rows(state, 25))


def test_counts_stand_below_each_other() -> None:
    node = Double()
    node.meet(person("anna"), person("bartholomew", status=Status.AWAY), person("ben", trust=Trust.NEW))
    state = state_of(node)
    counts = {"anna": (3, "3"), "bartholomew": (12, "12"), "ben": (120, "99+")}
    for name, (unread, _) in counts.items():
        state.talk(Conversation.with_peer(peer_id(name))).unread = unread
    for cells, end in ((19, 18), (25, 24)):
        shown = rows(state, cells)
        for name, (_, count) in counts.items():
            row = next(row for row in shown if name[:5] in row)
            assert row[:end].endswith(f" {count}"), row


def test_the_open_row_is_always_in_sight() -> None:
    node = Double()
    node.meet(*(person(f"p{number:02}") for number in range(60)))
    state = state_of(node)
    roster.refresh(state)
    for conversation in state.order:
        state.open = conversation
        assert any(row.startswith("▌") for row in rows(state, 25, 12))


def test_who_is_gone_is_counted_below() -> None:
    node = Double()
    node.meet(*(person(f"p{number}", present=False, trust=Trust.NEW) for number in range(12)))
    assert " ○ 12 not here" in rows(state_of(node), 25)


def test_a_click_finds_its_conversation() -> None:
    node = scenes.office()
    state = state_of(node)
    roster.refresh(state)
    found = [conversation for conversation, _ in placed(state, 25, 20)]
    assert found[0] is None
    assert found[1] == state.order[0]
    assert EVERYONE in found


@pytest.mark.parametrize("people", [0, 5_000])
def test_only_rows_in_sight_are_made(people: int, monkeypatch: pytest.MonkeyPatch) -> None:
    node = Double()
    node.meet(*(person(f"p{number}") for number in range(people)))
    state = state_of(node)
    roster.refresh(state)
    made: list[object] = []

    def counted(state: State, conversation: object, cells: int) -> list[tuple[str, str]]:
        made.append(conversation)
        return []

    monkeypatch.setattr("lanmsg.tui.people.list_row", counted)
    people_list(state, 25, 20)
    assert len(made) <= 20
