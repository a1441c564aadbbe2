"""Pages as sentences: everything in words, no columns, no bars."""

from lanmsg.api import Finding, Severity, TransferState, Trust
from lanmsg.tui import spoken
from lanmsg.tui.commands import COMMANDS
from lanmsg.tui.desk import is_everyone
from lanmsg.tui.desk import person as who_is
from lanmsg.tui.state import Page
from tests.tui import scenes
from tests.tui.double import Double, peer_id, person
from tests.tui.given import state_of


def test_every_page_is_lines_of_ascii_without_bars_or_columns() -> None:
    state = state_of(scenes.busy(scenes.office()))
    state.glyphs = spoken.SIGNS
    for kind in spoken.PAGES:
        lines = spoken.said(state, Page(kind, lines=("name  mira", "a line")))
        assert lines, kind
        for line in lines:
            assert line.isascii()
            assert "##" not in line
            assert "--" not in line
            assert "   " not in line.strip()


def test_help_has_every_command() -> None:
    text = "\n".join(spoken.said(state_of(Double()), Page("help")))
    assert all(f"/{command.name}" in text for command in COMMANDS)
    assert "F1" not in text


def test_people_are_numbered_and_each_number_opens_one() -> None:
    node = Double()
    node.meet(person("zoe", present=False), person("ben smith", note="lunch"))
    state = state_of(node)
    lines = spoken.said(state, Page("people"))
    assert lines[1] == "1. ben smith: here, known, 192.168.1.23, lunch"
    assert lines[2].startswith("2. zoe: gone, ")
    assert lines[3].startswith("3. everyone")
    menu = spoken.people_menu(state)
    assert [state.title(each) for each in menu] == ["ben smith", "zoe", "everyone"]
    assert [spoken.chosen(state, menu, line) for line in ("/1", "/2", "/3", "/4", "2", "/2 x")] == [
        '/msg "ben smith"',
        "/msg zoe",
        "/msg everyone",
        "/4",
        "2",
        "/2 x",
    ]


def test_a_number_means_the_person_of_the_list_whatever_they_are_called_meanwhile() -> None:
    node = Double()
    node.meet(person("everyone", key="mallory", trust=Trust.NEW), person("zoe", trust=Trust.NEW))
    state = state_of(node)
    menu = spoken.people_menu(state)
    for name in ("everyone", "#everyone", "zoe", "you"):
        state.put_peer(person(name, key="mallory", trust=Trust.NEW))
        line = spoken.chosen(state, menu, "/1")
        word = line.removeprefix("/msg ")
        assert not is_everyone(word)
        assert who_is(state, word).id == peer_id("mallory")


def test_a_transfer_that_runs_says_how_far_and_how_long() -> None:
    node = Double()
    node.meet(person("ben"))
    node.offered("ben", "a.exe", 1_000, state=TransferState.RUNNING)
    node.move(1, done=500)
    state = state_of(node)
    state.transfers[1].transfer, state.transfers[1].rate = node.moving[1], 100.0
    line = spoken.said(state, Page("transfers"))[1]
    assert line == (
        "transfer 1 from ben (known): a.exe, 1.0 kB, a program: receiving, 50 percent, 100 B/s, 0:05 left"
    )


def test_what_the_doctor_found_begins_with_a_word() -> None:
    found = (Finding("port", Severity.PROBLEM, "it is shut", "open it", ("ufw allow 1",)),)
    state = state_of(Double())
    assert spoken.said(state, Page("doctor", findings=found))[1:] == [
        "problem: it is shut",
        "    do: open it",
        "    type: ufw allow 1",
    ]
