"""Who is who: nobody passes for another one, in a room, by a name, with a key, on any width, and in lines."""

import pytest
from msgspec.structs import replace

from lanmsg.api import (
    EVERYONE,
    Conversation,
    KeyChanged,
    MessageAdded,
    Peer,
    PeerChanged,
    PeerLeft,
    Trust,
    Verification,
    VerificationStage,
)
from lanmsg.terminal import cell_width
from lanmsg.tui import comparing, moves, roster
from lanmsg.tui.lines import Lines
from lanmsg.tui.state import State
from lanmsg.tui.theme import ASCII
from lanmsg.tui.update import update
from lanmsg.tui.wording import clip_label, likeness, trust_meaning, trust_words
from tests.tui.double import NOON, Double, peer_id, person
from tests.tui.given import BEN, open_talk, picture, state_of
from tests.tui.screen import Screen, play
from tests.tui.table import Table

TEACHER = person("Frau Keller", trust=Trust.VERIFIED, verified_at=NOON)
FALSE = person("Frau Keller", key="false", trust=Trust.CHANGED)
LOOKALIKE = person("Frau KeIler", key="like", trust=Trust.NEW, lookalike_of="Frau Keller")
OLD = person("ben", key="old", trust=Trust.CHANGED, replaced=True)


def digits(peer: Peer) -> str:
    return f"~{peer.id.hex()[:4].upper()}"


def school() -> Double:
    node = Double()
    node.meet(TEACHER, FALSE, LOOKALIKE, person("noah"), person("eve", trust=Trust.BLOCKED))
    for key, text in (("Frau Keller", "one"), ("false", "two"), ("like", "three"), ("noah", "four")):
        node.hear(key, text, everyone=True)
    node.hear("eve", "five", everyone=True)
    return node


def row_with(shown: str, word: str) -> str:
    return next(row for row in shown.split("\n") if row.endswith(f" {word}"))


@pytest.mark.parametrize("size", [(120, 36), (80, 24), (64, 24), (50, 20), (36, 20)])
def test_a_false_teacher_does_not_look_like_the_real_one(size: tuple[int, int]) -> None:
    node = school()
    state = state_of(node)
    open_talk(state, node, EVERYONE)
    shown = picture(state, *size)
    assert "✓Frau" in row_with(shown, "one")
    for word, who in (("two", FALSE), ("three", LOOKALIKE)):
        row = row_with(shown, word)
        assert "!F" in row
        assert f"{digits(who)} " in row
    assert "✗eve" in row_with(shown, "five")
    assert not {"!", "✓", "✗"} & set(row_with(shown, "four").rpartition("│")[2])


def test_with_one_person_the_title_says_it_and_with_ascii_signs_a_blank_stands_between() -> None:
    node = school()
    node.hear("Frau Keller", "in private")
    state = state_of(node, glyphs=ASCII)
    open_talk(state, node, EVERYONE)
    assert "ok Frau" in picture(state, 120, 36)
    open_talk(state, node, Conversation.with_peer(TEACHER.id))
    assert "✓" not in picture(state)
    assert "ok Frau" not in picture(state, 120, 36)


def test_lines_say_in_words_who_speaks_in_a_room() -> None:
    node = school()
    state = state_of(node)
    lines = Lines(state)
    said = [line for message in node.said for line in lines.of(MessageAdded(message))]
    assert said == [
        "Frau Keller (verified) to everyone: one",
        f"Frau Keller{digits(FALSE)} (KEY CHANGED) to everyone: two",
        f"Frau KeIler{digits(LOOKALIKE)} (looks like Frau Keller, but is not) to everyone: three",
        "noah to everyone: four",
        "eve (blocked) to everyone: five",
    ]


@pytest.mark.parametrize(
    ("label", "cells", "clipped"),
    [
        ("Frau Keller~4C42", 12, "Frau K…~4C42"),
        ("Frau Keller~4C42", 8, "Fr…~4C42"),
        ("Frau Keller~4C42", 16, "Frau Keller~4C42"),
        ("Frau Keller~4C42", 6, "Frau …"),
        ("Frau Keller", 8, "Frau Ke…"),
        ("漢字漢字~4C42", 9, "漢…~4C42"),
    ],
)
def test_a_name_is_cut_before_its_digits(label: str, cells: int, clipped: str) -> None:
    assert clip_label(label, cells, "…") == clipped
    assert cell_width(clipped) <= cells


def test_the_title_says_whom_a_name_looks_like_on_every_width() -> None:
    node = school()
    state = state_of(node)
    open_talk(state, node, Conversation.with_peer(LOOKALIKE.id))
    for columns in (120, 80, 64, 50):
        title = picture(state, columns, 24).split("\n")[0].rpartition("│")[2]
        assert f"{digits(LOOKALIKE)} " in title
        assert "!! looks like Frau Kel" in title
    mine = person("mira", key="mine", trust=Trust.NEW, lookalike_of="mira")
    assert likeness(state, mine) == "uses your name, but is not you"


# --- names ---


def told(before: Peer, now: Peer) -> tuple[str, list[str]]:
    node = Double()
    node.meet(before)
    state = state_of(node)
    open_talk(state, node, Conversation.with_peer(before.id))
    lines = Lines(state)
    update(state, PeerChanged(now))
    return picture(state, 120, 24), lines.of(PeerChanged(now))


def test_another_name_is_told_in_the_conversation() -> None:
    noah = person("Noah")
    shown, said = told(noah, replace(noah, nickname="Mia"))
    assert "Noah is now called Mia" in shown
    assert said == ["Noah is now called Mia"]


def test_who_takes_one_name_after_the_other_has_one_line_for_it() -> None:
    node = Double()
    noah = person("Noah")
    node.meet(noah)
    node.hear("Noah", "hello", at=NOON - 60)
    state = state_of(node)
    open_talk(state, node, Conversation.with_peer(noah.id))
    for number in range(1, 50):
        update(state, PeerChanged(replace(noah, nickname=f"N{number}")))
        update(state, PeerLeft(replace(noah, nickname=f"N{number}", present=False)))
    talk = state.talk(Conversation.with_peer(noah.id))
    assert len(talk.entries) == 3
    shown = picture(state, 120, 24)
    assert "hello" in shown
    assert "Noah is now called N49 (49 times renamed)" in shown
    update(state, MessageAdded(node.hear("Noah", "it is me")))
    update(state, PeerChanged(replace(noah, nickname="Noah")))
    assert "N49 is now called Noah" in picture(state, 120, 24)


def test_the_name_of_somebody_else_is_not_given_and_that_is_told() -> None:
    mia = person("Mia")
    shown, said = told(mia, replace(mia, nickname="Frau Keller", petname="Mia"))
    wish = "Mia wants to be called Frau Keller, which is the name of somebody you know: still shown as Mia"
    assert said == [wish]
    assert "Mia wants to be called Frau Keller" in shown
    assert told(mia, replace(mia, nickname="MIRA", petname="Mia"))[1] == [
        "Mia wants to be called MIRA, which is your own name: still shown as Mia"
    ]


def test_what_this_person_does_is_not_told_as_a_wish() -> None:
    mia = person("Mia")
    assert told(mia, replace(mia, petname="my sister"))[1] == []
    assert told(mia, replace(mia, note="at lunch"))[1] == []
    stranger = person("Mia", trust=Trust.NEW)
    assert told(stranger, replace(stranger, nickname="Max"))[1] == []


def test_who_is_shown_by_a_name_is_meant_by_it() -> None:
    table = Table()
    table.node.meet(TEACHER, person("Frau Keller", key="mia", petname="Mia"))
    table.refresh()
    table.enter('/msg "frau keller" good morning')
    assert table.last()[1] == Conversation.with_peer(TEACHER.id)


# --- a name that only looks like a known one ---


def test_the_first_words_for_a_lookalike_are_meant() -> None:
    node = school()

    async def scene(screen: Screen) -> None:
        await screen.type(f'/msg "Frau KeIler{digits(LOOKALIKE)}"<enter>')
        await screen.shows("!! looks like Frau Keller")
        await screen.type("my marks please<enter>")
        await screen.shows("nothing was sent")
        assert "my marks please" in screen.text
        assert not [call for call in node.calls if call[0] == "send_text"]
        await screen.type("<enter>")
        await screen.until(lambda: any(call[0] == "send_text" for call in node.calls))

    play(scene, node, columns=120)


def test_what_was_meant_once_is_not_meant_after_a_look_elsewhere() -> None:
    table = Table()
    table.node.meet(LOOKALIKE)
    table.refresh()
    name = f'"Frau KeIler{digits(LOOKALIKE)}"'
    assert "looks like Frau Keller" in str(table.fails(f"/msg {name} hello"))
    table.enter("/msg ben")
    assert "nothing was sent" in str(table.fails(f"/msg {name} hello"))
    table.enter(f"/msg {name} hello")
    assert table.last()[1] == Conversation.with_peer(LOOKALIKE.id)


# --- keys ---


def test_trust_in_the_place_of_another_key_is_asked_for_once_more() -> None:
    table = Table()
    table.node.meet(TEACHER, FALSE)
    table.refresh()
    name = f'"Frau Keller{digits(FALSE)}"'
    refused = table.fails(f"/trust {name}")
    assert str(refused) == "Enter again to replace Frau Keller, verified Sat 21 Nov 2026"
    assert not table.node.calls
    table.enter(f"/trust {name}")
    assert table.last() == ("set_trust", FALSE.id, Trust.PINNED)
    table.node.meet(replace(FALSE, trust=Trust.CHANGED, words_differ=True))
    table.refresh()
    assert "differed" in str(table.fails(f"/trust {name}"))


def test_an_old_key_is_no_alarm() -> None:
    node = Double()
    node.meet(person("ben"), OLD)
    node.hear("old", "from long ago")
    state = state_of(node)
    open_talk(state, node, Conversation.with_peer(OLD.id))
    shown = picture(state)
    assert "ben (old key)" in shown
    assert "CHANGED" not in shown
    assert "!" not in shown
    roster.refresh(state)
    assert state.order[-1] == EVERYONE
    assert "another key took its place" in state.may_not_send(Conversation.with_peer(OLD.id))
    assert (trust_words(OLD, state.glyphs), trust_meaning(OLD)[:11]) == ("replaced", "you gave it")
    assert "ben" not in state.may_not_send(BEN)
    table = Table()
    table.node.meet(OLD)
    table.refresh()
    assert "to replace ben," in str(table.fails('/trust "ben (old key)"'))


@pytest.mark.parametrize("size", [(120, 36), (80, 24), (50, 20), (40, 12)])
def test_words_that_differed_are_not_told_as_a_new_key(size: tuple[int, int]) -> None:
    node = Double()
    node.meet(person("ben", trust=Trust.CHANGED, words_differ=True))
    state = state_of(node)
    open_talk(state, node)
    shown = " ".join(picture(state, *size).split())
    assert "your words and ben's differed" in shown
    assert "/verify ben" in shown
    assert "CHANGED" not in shown
    assert "reinstalled" not in shown
    assert "/verify ben compares again" in state.may_not_send(BEN)


def test_who_was_found_out_by_the_words_stops_no_talk_with_the_one_who_is_known() -> None:
    node = Double()
    claim = person("ben", key="claim", trust=Trust.CHANGED)
    node.meet(person("ben", present=False), claim)
    state = state_of(node)
    assert "key has changed" in state.may_not_send(BEN)
    update(state, KeyChanged(claim, peer_id("ben")))
    update(state, PeerChanged(replace(claim, words_differ=True)))
    assert "KEY CHANGED" not in picture(state)
    assert state.may_not_send(BEN) == ""
    open_talk(state, node, Conversation.with_peer(claim.id))
    assert "your words and ben's differed" in picture(state)
    assert "your words and ben's" in picture(state, 40, 7)


def test_what_the_other_side_found_out_stays_until_words_are_compared_again() -> None:
    node = Double()
    node.meet(person("ben"))
    state = state_of(node)
    said = Verification(peer_id("ben"), VerificationStage.DIFFERENT, ours=False, until=NOON - 60)
    comparing.load(state, [said])
    open_talk(state, node)
    shown = picture(state)
    assert "!! ben says that the words differed" in " ".join(shown.split())
    assert "!" in next(row for row in shown.split("\n") if "▌" in row)
    node.compare("ben", VerificationStage.SAME)
    comparing.put(state, Verification(peer_id("ben"), VerificationStage.SAME, ours=True))
    assert "differed" not in picture(state)


def alarmed() -> State:
    node = Double()
    node.meet(TEACHER, FALSE)
    state = state_of(node)
    update(state, KeyChanged(FALSE, TEACHER.id))
    assert "KEY CHANGED" in picture(state)
    return state


def test_an_alarm_leaves_the_status_row_when_it_is_over_or_by_esc() -> None:
    state = alarmed()
    update(state, PeerChanged(replace(FALSE, trust=Trust.BLOCKED)))
    assert "KEY CHANGED" not in picture(state)
    state = alarmed()
    update(state, PeerChanged(replace(TEACHER, note="still here")))
    assert "KEY CHANGED" in picture(state)
    assert moves.leave(state)
    assert "KEY CHANGED" not in picture(state)
    assert not moves.leave(state)


def test_who_is_blocked_asks_for_nothing_and_the_way_back_can_be_typed() -> None:
    table = Table()
    table.node.meet(TEACHER)
    table.node.hear("Frau Keller", "unread")
    table.refresh()
    before = table.state.unread()
    table.enter('/block "Frau Keller"')
    assert table.state.notice is not None
    assert '/unblock "Frau Keller" undoes it' in table.state.notice.text
    table.refresh()
    assert table.state.unread() == before - 1
    assert '/unblock "Frau Keller" first' in table.state.may_not_send(Conversation.with_peer(TEACHER.id))
    table.enter('/unblock "Frau Keller"')
    assert "not blocked any more, but new again" in table.state.notice.text
