"""Networks by command: listed, trusted, kept quiet; in the store of a real home."""

from dataclasses import replace
from pathlib import Path

from lanmsg.api import load_settings, open_home
from lanmsg.tui import network_actions
from lanmsg.tui.network_actions import Row, decide, rows
from tests.tui.table import Table

OFFICE = "192.168.1.0/24 02:00:00:00:00:01"


def known(home: Path) -> None:
    """The office was here, and is not now: this home uses no interface but one of its own."""
    store = open_home(load_settings(home=home, environment={}))
    store.networks.decide(OFFICE, trusted=True, now=1.0)
    store.close()


def test_what_was_decided_is_listed_and_changed(tmp_path: Path) -> None:
    known(tmp_path)
    settings = load_settings(home=tmp_path, interfaces=("127.0.0.9",), environment={})
    assert rows(settings) == [Row(OFFICE, "trusted")]
    assert decide(settings, "192.168.1.0/24", trusted=False) == [OFFICE]
    assert rows(settings) == [Row(OFFICE, "quiet")]


def test_networks_by_command(tmp_path: Path) -> None:
    known(tmp_path)
    table = Table(home=tmp_path)
    table.settings = replace(table.settings, interfaces=("127.0.0.9",))
    table.enter("/network")
    assert table.state.page is not None
    assert f"trusted  not here   {OFFICE}" in table.state.page.lines
    table.enter(f'/network quiet "{OFFICE}"')
    assert table.state.notice is not None
    assert table.state.notice.text == f"{OFFICE} is kept quiet from now on"
    assert "no network cellar" in str(table.fails("/network trust cellar"))
    assert "no network here" in str(table.fails("/network trust"))
    assert "no decision" in str(table.fails("/network love"))


def test_a_network_goes_by_its_interface_too() -> None:
    row = Row(OFFICE, "trusted", "wlan0")
    assert row.is_called("wlan0")
    assert row.is_called(OFFICE.upper())
    assert not row.is_called("eth0")
    assert network_actions.DECISIONS.keys() == {"trust", "quiet"}
