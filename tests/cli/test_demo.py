"""demo: a home apart from the person's own, and others who do not outlive the screen."""

from pathlib import Path

import pytest

from lanmsg.cli.demo import free_port, people, visitor
from lanmsg.cli.demo_people import loopback
from tests.cli.transcript import transcripts

test_transcript = transcripts("demo")


def test_a_newcomer_is_told_nothing_by_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANMSG_PEERS", "10.0.0.1")
    monkeypatch.setenv("LANMSG_HOME", "/elsewhere")
    monkeypatch.setenv("LANMSG_DOWNLOADS", "/elsewhere")
    settings = visitor(tmp_path, 2400, None)
    assert settings.home == tmp_path / "you"
    assert settings.downloads == tmp_path / "downloads"
    assert (settings.port, settings.peers, settings.quiet) == (2400, (), False)
    assert settings.interfaces == (loopback(1),)


def test_its_port_is_not_that_of_real_nodes() -> None:
    assert free_port() != 2372


def test_the_others_end_with_the_screen(tmp_path: Path) -> None:
    with people(tmp_path, free_port(), 1) as process:
        assert process.poll() is None
    assert process.returncode is not None
