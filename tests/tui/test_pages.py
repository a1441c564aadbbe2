"""Whole pages: help from the tables, transfers, people, status."""

from lanmsg.api import Direction, Interface, Status, TransferState, Trust
from lanmsg.tui.commands import COMMANDS
from lanmsg.tui.keys import in_force
from lanmsg.tui.pages import interface_words, last_seen, page_rows
from lanmsg.tui.rows import width
from lanmsg.tui.state import Page, State
from tests.tui import scenes
from tests.tui.double import NOON, Double, peer_id, person
from tests.tui.given import state_of, text


def page(state: State, kind: str, columns: int = 100, topic: str = "") -> str:
    rows = page_rows(state, Page(kind, topic=topic), columns)
    assert all(width(row) <= columns for row in rows)
    return text(rows)


def test_help_lists_every_command_and_the_keys_in_force() -> None:
    state = state_of(keys=in_force({"switch": "c-p"}))
    for columns in (120, 80, 50):
        shown = page(state, "help", columns)
        assert all(f"/{command.name}" in shown for command in COMMANDS)
        assert "Ctrl-P" in shown
        assert "Alt-1…9" in shown


def test_help_of_one_command() -> None:
    shown = page(state_of(), "help", topic="msg")
    assert shown.startswith(" /msg PEER [TEXT]")
    assert "/query" in shown


def test_transfers_what_runs_first() -> None:
    node = scenes.busy(scenes.office())
    node.move(7, rate=88e6)
    state = state_of(node)
    state.put_transfer(node.moving[7], 88e6)
    for columns in (120, 100, 80):
        rows = page(state, "transfers", columns).split("\n")
        assert rows[0].startswith(" TRANSFERS   1 active · 2 waiting for you")
        assert "backup.tar" in rows[2]
        assert "51%" in rows[2]
        assert "? waits for you" in rows[3]  # the keys answer the other one, which is older
        assert "^Y accept  ^N decline" in rows[4]
        assert "delivered" in rows[5]
    assert "backup.tar" in page(state, "transfers", 50)
    assert "/send PEER PATH" in page(state_of(), "transfers")


def test_a_failed_transfer_says_why() -> None:
    node = Double()
    node.meet(person("ben"))
    node.offered("ben", "a", 1, direction=Direction.OUT, state=TransferState.FAILED, reason="disk full")
    assert "✗ failed: disk full" in page(state_of(node), "transfers")


def test_people_who_is_here_first_and_alarming_keys_marked() -> None:
    node = Double()
    node.meet(
        person("ben", status=Status.AWAY, note="lunch"),
        person("zed", present=False, last_seen=NOON - 60),
        person("eve", trust=Trust.CHANGED),
    )
    rows = page(state_of(node), "people").split("\n")
    assert rows[0] == " PEOPLE   2 here, 1 known but not here"
    assert "away" in rows[2]
    assert rows[2].endswith("lunch")
    assert "!! KEY CHANGED" in rows[3]
    assert rows[4].endswith("09:59")
    assert "Nobody has been seen" in page(state_of(), "people")


def test_one_person_in_full() -> None:
    node = Double()
    node.meet(person("b\u0435n", key="ben", first_seen=NOON - 90_000))
    shown = page(state_of(node), "people", topic=peer_id("ben").hex())
    assert peer_id("ben").hex().upper()[:4] in shown
    assert "192.168.1.23:2372" in shown
    assert "several alphabets" in shown
    assert "Fri 20 Nov 2026" in shown


def test_when_somebody_was_last_here() -> None:
    state = state_of()
    assert last_seen(state, person("a", last_seen=NOON - 3600)) == "09:00"
    assert last_seen(state, person("a", last_seen=NOON - 90_000)) == "Fri 20 Nov"
    assert last_seen(state, person("a", last_seen=0.0)) == ""


def test_status_names_every_interface_and_why_one_is_skipped() -> None:
    node = scenes.alone()
    state = state_of(node, port=2372, downloads="~/Downloads")
    shown = page(state, "status")
    assert "wlan0" in shown
    assert "skipped (VPN)" in shown
    assert "2372" in shown
    assert "another lanmsg" in page(state_of(listening=False), "status")
    assert "no network" in page(state_of(), "status")
    assert "heard 1,234 · sent 5" in interface_words(state, Interface("e", "1.2.3.4", 8, heard=1234, sent=5))


def test_lines_of_a_command() -> None:
    rows = page_rows(state_of(), Page("text", lines=("one", "two")), 80)
    assert text(rows) == " one\n two"


def test_help_says_where_keys_apply_and_what_the_words_for_keys_mean() -> None:
    shown = page(state_of(), "help")
    _, choosing = shown.split("In the list of conversations, and")
    assert "go there" in choosing
    assert shown.count("go there") == 1
    for word in ("new", "known", "verified", "KEY CHANGED", "blocked"):
        assert f"\n {word} " in shown
    assert "known: you have dealt with this key" in page(
        state_of(scenes.office()), "people", topic=peer_id("anna").hex()
    )


def test_help_lists_the_keys_in_force() -> None:
    state = state_of()
    state.keys = in_force({"switch": "c-p", "help": "f9"})
    shown = page(state, "help")
    assert "Ctrl-P " in shown
    assert "F9 " in shown
    assert "Ctrl-K" not in shown


def test_what_was_saved_is_listed_by_its_name_on_this_disk() -> None:
    node = Double()
    node.meet(person("ben"))
    node.offered("ben", "answers.txt", 10, state=TransferState.DONE, paths=("/home/mira/answers (2).txt",))
    for columns in (120, 80, 50):
        shown = text(page_rows(state_of(node), Page("transfers"), columns))
        assert "ben" in shown
        assert "answers (2).txt" in shown


def test_values_of_settings_stand_below_each_other() -> None:
    rows = page_rows(state_of(), Page("settings", lines=("name  mira", "passphrase_file  none")), 80)
    places = [
        row.index(value)
        for row in text(rows).split("\n")
        for value in ("auto  ", "mira", "none")
        if value in row[:24]
    ]
    assert set(places) == {17}
