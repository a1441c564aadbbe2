"""Oneself, the network, the settings and the screen, by command."""

from pathlib import Path

import pytest

from lanmsg.api import EVERYONE, ConfigError, Status, TransferState, load_settings
from lanmsg.config import KINDS, read_config
from lanmsg.tui.options import Options
from lanmsg.tui.theme import ASCII
from tests.tui.double import peer_id
from tests.tui.table import Table


def test_status_of_oneself() -> None:
    table = Table()
    for line, status, note in (
        ("/away lunch", Status.AWAY, "lunch"),
        ("/busy", Status.BUSY, ""),
        ("/back", Status.AVAILABLE, ""),
    ):
        table.enter(line)
        assert table.last() == ("set_status", status, note)
        assert table.state.status is status


def test_an_address_is_asked() -> None:
    table = Table()
    table.enter("/connect 192.168.1.50")
    assert table.last() == ("connect", "192.168.1.50", 2372)
    assert table.state.title(table.state.open or EVERYONE) == "zoe"
    table.enter("/connect fe80::1%wlan0")
    assert table.last() == ("connect", "fe80::1%wlan0", 2372)
    table.enter("/connect host:99")
    assert table.last() == ("connect", "host", 99)
    assert "which address" in str(table.fails("/connect"))
    assert "nobody answers" in str(table.fails("/connect 192.168.1.99"))


@pytest.mark.parametrize(
    ("line", "kind", "topic"),
    [
        ("/transfers", "transfers", ""),
        ("/status", "status", ""),
        ("/help", "help", ""),
        ("/help /msg", "help", "msg"),
        ("/who", "people", ""),
        ("/who ben", "people", peer_id("ben").hex()),
    ],
)
def test_pages(line: str, kind: str, topic: str) -> None:
    table = Table()
    table.enter(line)
    assert table.state.page is not None
    assert (table.state.page.kind, table.state.page.topic) == (kind, topic)


def test_status_is_the_word_of_the_shell() -> None:
    table = Table()
    table.enter("/status away at lunch")
    assert (table.state.status, table.state.note) == (Status.AWAY, "at lunch")
    table.enter("/status available")
    assert (table.state.status, table.state.note) == (Status.AVAILABLE, "")
    assert "asleep is no status" in str(table.fails("/status asleep"))


def test_quit_asks_while_files_move() -> None:
    table = Table()
    table.enter("/quit")
    assert table.hands.did == ["quit"]
    table.node.offered("ben", "a", 10, state=TransferState.RUNNING)
    table.refresh()
    table.hands.did.clear()
    table.enter("/quit")
    assert table.hands.did == []
    assert table.state.asking is not None
    table.enter("/quit")
    assert table.hands.did == ["quit"]


def test_the_doctor_is_a_page() -> None:
    table = Table()
    table.enter("/doctor ben")
    assert table.hands.did == [("diagnose", "ben")]
    assert table.state.page is not None
    assert [each.code for each in table.state.page.findings] == ["no-peers"]


def test_a_setting_is_in_force_at_once_and_in_the_config(tmp_path: Path) -> None:
    table = Table(home=tmp_path)
    table.enter("/set theme mono")
    table.enter("/set tui.mouse on")
    table.enter("/set ascii on")
    table.enter("/set list off")
    table.enter("/set notify_command notify-send --app-name lanmsg")
    options = table.state.options
    assert (options.theme, options.is_on("mouse"), table.state.glyphs is ASCII) == ("mono", True, True)
    assert table.state.list_hidden
    written = load_settings(home=tmp_path, environment={}).tui
    assert written == {
        "theme": "mono",
        "mouse": True,
        "ascii": True,
        "list": False,
        "notify_command": ["notify-send", "--app-name", "lanmsg"],
    }
    # What was written is what the next start reads.
    assert Options(written).notify_command == options.notify_command


def test_settings_are_listed_shown_and_refused(tmp_path: Path) -> None:
    table = Table(home=tmp_path)
    table.enter("/set")
    assert table.state.page is not None
    assert table.state.page.kind == "settings"
    table.enter("/set theme")
    assert table.state.notice is not None
    assert table.state.notice.text == "tui.theme is auto; auto|dark|light|mono|contrast"
    assert "did you mean theme" in table.fails("/set teme light").hint
    assert table.fails("/set theme pink").hint == "auto|dark|light|mono|contrast"
    assert "[tui.keys]" in table.fails("/set keys.switch c-p").hint
    assert read_config(tmp_path / "config.toml") == {}


def test_settings_of_the_node_count_from_the_next_start(tmp_path: Path) -> None:
    table = Table(home=tmp_path)
    table.enter(f"/set downloads {tmp_path}/in")
    table.enter("/set peers 10.0.0.7 10.0.0.8")
    table.enter("/set name Mira")
    assert read_config(tmp_path / "config.toml") == {
        "downloads": f"{tmp_path}/in",
        "peers": ["10.0.0.7", "10.0.0.8"],
        "name": "Mira",
    }
    assert table.node.name == "Mira"
    assert isinstance(table.fails("/set port 99999"), ConfigError)
    assert "which value" in str(table.fails("/set port"))


@pytest.mark.parametrize("line", ["/name Mira Moss", "/set name 'Mira Moss'"])
def test_a_name_is_for_now_and_for_later_runs(line: str, tmp_path: Path) -> None:
    table = Table(home=tmp_path)
    table.enter(line)
    assert table.node.name == table.state.name == "Mira Moss"
    assert load_settings(home=tmp_path, environment={}).name == "Mira Moss"
    assert table.state.notice is not None
    assert table.state.notice.text == "you are Mira Moss from now on"


def test_how_to_be_called() -> None:
    table = Table()
    table.enter("/notify test")
    assert table.hands.did == [("call", "This is how lanmsg calls you")]
    table.enter("/notify")
    assert table.state.notice is not None
    assert table.state.notice.text.startswith("tui.notify is auto")
    table.enter("/theme")
    assert table.state.notice.text.startswith("tui.theme is auto")


def test_every_setting_of_the_node_has_its_value_on_the_page() -> None:
    table = Table()
    table.enter("/set")
    assert table.state.page is not None
    assert {line.partition("  ")[0] for line in table.state.page.lines} == set(KINDS)
    assert all(line.partition("  ")[2] for line in table.state.page.lines)
