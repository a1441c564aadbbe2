"""The way into the screen: only from a terminal, and its end is an exit code like any other."""

import argparse
from pathlib import Path

import pytest

from lanmsg.cli import screen
from lanmsg.cli.output import Output
from lanmsg.cli.parser import Invocation
from lanmsg.cli.table import TUI
from lanmsg.config import Settings
from lanmsg.model import LanmsgError


def invocation() -> Invocation:
    return Invocation(TUI, argparse.Namespace(plain=True, ascii=False), Output(json=True))


@pytest.mark.parametrize(
    ("code", "name"), [(0, "done"), (130, "interrupted"), (143, "terminated"), (1, "failed")]
)
def test_its_end_has_a_name(code: int, name: str, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    asked: list[dict[str, bool]] = []

    async def run_tui(settings: Settings, **options: bool) -> int:
        assert settings.home == home
        asked.append(options)
        return code

    monkeypatch.setattr("lanmsg.tui.app.run_tui", run_tui)
    result = screen.shown(Settings(home, home, "anna"), invocation())
    assert result.code == name
    assert asked == [{"plain": True, "ascii": False}]


def test_without_a_terminal_there_is_none() -> None:
    with pytest.raises(LanmsgError) as refused:
        screen.require_terminal(invocation())
    assert refused.value.code == "usage"
