"""The rows round the input at every width: what is asked, what moves, who we are, which keys."""

import pytest
from msgspec.structs import replace

from lanmsg.api import Direction, Interface, Status, TransferState, Trust
from lanmsg.tui import question_bar, strips
from lanmsg.tui.rows import width
from lanmsg.tui.state import Notice, Page, Query
from lanmsg.tui.theme import ASCII
from tests.tui.double import Double, person
from tests.tui.given import open_talk, state_of, text

WIDTHS = (20, 40, 50, 63, 64, 80, 99, 100, 120, 300)


def moving(**more: object) -> Double:
    node = Double()
    node.meet(person("anna"), person("ben", trust=Trust.VERIFIED))
    values = {"direction": Direction.OUT, "state": TransferState.RUNNING, "done": 4_100_000_000, **more}
    node.offered("anna", "backup.tar", 8_000_000_000, **values)
    return node


@pytest.mark.parametrize("columns", WIDTHS)
def test_every_row_fits(columns: int) -> None:
    node = moving()
    node.offered("ben", "a very long name of a video of our holidays.mkv", 1_400_000_000)
    node.offered("ben", "b", 1)
    node.hear("ben", "hello")
    state = state_of(node, free=10**12)
    open_talk(state, node)
    state.talk(state.open).reply_to = node.said[0]  # type: ignore[arg-type]  # it is open
    for row in (
        *question_bar.question(state, columns),
        *strips.transfers(state, columns),
        *strips.reply(state, columns),
        strips.status(state, columns),
        strips.hints(state, columns, 24),
    ):
        assert width(row) <= columns


def test_the_strip_shows_how_far_how_fast_and_how_long() -> None:
    state = state_of(moving())
    state.transfers[1].rate = 88e6
    assert text(strips.transfers(state, 120)).startswith(" ↑ backup.tar → anna")
    assert "51%   4.1/8.0 GB   88 MB/s" in text(strips.transfers(state, 120))
    assert "left" not in text(strips.transfers(state, 120))
    state.tick += 2.5
    assert "0:44 left" in text(strips.transfers(state, 120))
    assert text(strips.transfers(state, 50)).endswith("51% 88 MB/s 0:44")


def test_one_that_stalls_does_not_look_alive() -> None:
    node = moving()
    state = state_of(node)
    state.put_transfer(replace(node.moving[1], done=4_200_000_000), 5.7e6)
    state.tick += 2.0
    assert "5.7 MB/s" in text(strips.transfers(state, 80))
    state.tick += 6.0
    for columns in (120, 80, 50):
        shown = text(strips.transfers(state, columns))
        assert "no data for 8 s" in shown
        assert "left" not in shown
        assert "5.7" not in shown
    state.put_transfer(replace(node.moving[1], done=4_300_000_000), 5.7e6)
    assert "5.7 MB/s" in text(strips.transfers(state, 80))


def test_an_ended_one_lingers_and_goes() -> None:
    node = moving()
    state = state_of(node)
    state.put_transfer(replace(node.moving[1], state=TransferState.DONE))
    assert "✓ delivered" in text(strips.transfers(state, 80))
    state.tick += strips.LINGER
    assert strips.transfers(state, 80) == []


def test_what_was_over_before_is_not_in_the_strip() -> None:
    assert strips.transfers(state_of(moving(state=TransferState.DONE)), 80) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": TransferState.PAUSED}, "‖ waits for anna"),
        ({"state": TransferState.PAUSED, "code": "held"}, "‖ paused by you"),
        ({"state": TransferState.PAUSED, "code": "held_there"}, "‖ paused by anna"),
        ({"state": TransferState.PAUSED, "code": "disk_full"}, "‖ stopped"),
        ({"state": TransferState.ACCEPTED}, "starting"),
        ({"total": None}, "4.1 GB so far"),
    ],
)
def test_other_states_of_the_strip(changes: dict[str, object], words: str) -> None:
    assert words in text(strips.transfers(state_of(moving(**changes)), 80))


def test_a_failure_in_the_strip_says_so() -> None:
    node = moving()
    state = state_of(node)
    state.put_transfer(replace(node.moving[1], state=TransferState.FAILED, reason="disk full"))
    assert "✗ failed disk full" in text(strips.transfers(state, 80))


def test_more_than_three_are_counted() -> None:
    node = moving()
    for number in range(4):
        node.offered("ben", f"{number}.bin", 10, state=TransferState.RUNNING)
    rows = text(strips.transfers(state_of(node), 80)).split("\n")
    assert len(rows) == strips.STRIP_ROWS
    assert rows[-1].strip() == "+3 more ^T"


def test_the_bar_of_progress() -> None:
    state = state_of()
    assert strips.meter(state, 0, 10) == "░" * 10
    assert strips.meter(state, 51, 10) == "█████░░░░░"
    assert strips.meter(state, 55, 10) == "█████▌░░░░"
    assert strips.meter(state, 100, 10) == "█" * 10
    assert strips.meter(state_of(glyphs=ASCII), 50, 10) == "[####----]"
    assert strips.of_total(4_100_000_000, 8_000_000_000) == "4.1/8.0 GB"
    assert strips.of_total(491_000_000, 8_000_000_000) == "0.5/8.0 GB"
    assert strips.of_total(5_000, 214_000_000) == "0/214 MB"
    assert strips.of_total(5, 10) == "5/10 B"


def test_the_status_row_says_who_where_and_what_waits() -> None:
    node = moving()
    node.hear("ben", "hello")
    node.offered("ben", "a.txt", 10)
    state = state_of(node)
    left, right = text([strips.status(state, 120)]).split("   ", 1)
    assert left == " mira · ● here · wlan0 192.168.1.20 · 2 people here"
    assert right.strip() == "1 unread · ↑1 ↓0 · 1 question"
    assert text([strips.status(state, 80)]).startswith(" mira · wlan0 · 2 here")
    assert text([strips.status(state, 50)]).startswith(" 2 here")


def test_what_is_wrong_is_in_the_status_row() -> None:
    down = Interface("tun0", "10.8.0.2", 24, skipped="VPN")
    state = state_of(interfaces=(down,), listening=False, status=Status.AWAY)
    row = text([strips.status(state, 120)])
    for words in ("NO NETWORK", "view only", "◐ away", "searching…"):
        assert words in row
    assert "starting…" in text([strips.status(state_of(ready=False), 80)])


def test_a_notice_takes_the_row_until_it_is_old() -> None:
    state = state_of(notice=Notice("nobody is called zoe", "class:alert", 1005.0))
    assert "nobody is called zoe" in text([strips.status(state, 80)])
    state.tick = 1006.0
    assert "nobody is called zoe" not in text([strips.status(state, 80)])
    state.notice = Notice("w" * 200, "", 2000.0)
    assert text([strips.status(state, 40)]).endswith("…")


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize("rows", [6, 13, 24])
def test_f1_is_always_in_the_footer(columns: int, rows: int) -> None:
    node = moving()
    state = state_of(node)
    shown = [text([strips.hints(state, columns, rows)])]
    open_talk(state, node)
    shown.append(text([strips.hints(state, columns, rows)]))
    state.page = Page("transfers")
    shown.append(text([strips.hints(state, columns, rows)]))
    state.query = Query("switch", "to:")
    shown.append(text([strips.hints(state, columns, rows)]))
    assert all("F1 help" in row for row in shown)


def test_hints_are_those_of_the_place() -> None:
    node = moving()
    state = state_of(node)
    assert "^C twice quits" in text([strips.hints(state, 80, 24)])
    open_talk(state, node)
    assert text([strips.hints(state, 80, 24)]) == (
        " F1 help  ^K switch  Tab next unread  / commands  PgUp scroll  ^F find"
    )
    state.page = Page("transfers")
    assert "Enter open folder   p pause   x cancel   r retry" in text([strips.hints(state, 120, 24)])
    assert text([strips.hints(state, 120, 13)]) == " F1 help"


def test_a_notice_has_as_many_rows_as_it_needs() -> None:
    state = state_of(Double())
    words = "there is no network; it is used as soon as there is one; lanmsg doctor says more; " * 2
    state.say(words)
    for columns in (40, 50, 80):
        rows = strips.status_rows(state, columns, most=9)
        said = " ".join(row.strip() for row in text(rows).split("\n"))
        assert said == words.strip().replace("lanmsg doctor", "/doctor")
        assert all(width(row) == columns for row in rows)
    cut = text(strips.status_rows(state, 40, most=2)).split("\n")
    assert len(cut) == 2
    assert cut[1].rstrip().endswith("…")
    state.say("short")
    assert len(strips.status_rows(state, 40, most=3)) == 1


def test_ones_own_name_is_in_sight_on_a_narrow_screen() -> None:
    state = state_of(Double())
    for columns in (50, 40):
        assert text([strips.status(state, columns)]).startswith(" 0 here · mira")
