"""Settings: which source wins, and what a wrong one is told."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from lanmsg.config import (
    DEFAULT_PORT,
    NAME_MAX_BYTES,
    ConfigError,
    clip_name,
    default_home,
    default_name,
    load_settings,
)


def write_config(home: Path, text: str) -> None:
    home.mkdir(parents=True)
    (home / "config.toml").write_text(text, encoding="utf-8")


def test_without_anything_said_the_defaults_hold(home: Path) -> None:
    settings = load_settings(home=home, environment={})
    assert settings.port == DEFAULT_PORT == 2372
    assert settings.name == default_name()
    assert (settings.interfaces, settings.peers, settings.quiet) == ((), (), False)
    assert settings.config_file == home / "config.toml"


def test_command_line_beats_environment_beats_file(home: Path) -> None:
    write_config(home, 'name = "file"\nport = 1001\npeers = ["10.0.0.1"]\n')
    environment = {"LANMSG_NAME": "environment", "LANMSG_PORT": "1002"}
    from_file = load_settings(home=home, environment={})
    assert (from_file.name, from_file.port, from_file.peers) == ("file", 1001, ("10.0.0.1",))
    from_environment = load_settings(home=home, environment=environment)
    assert (from_environment.name, from_environment.port) == ("environment", 1002)
    said = load_settings(home=home, name="said", port=1003, environment=environment)
    assert (said.name, said.port) == ("said", 1003)


def test_lists_in_the_environment_are_separated_by_commas(home: Path) -> None:
    settings = load_settings(
        home=home, environment={"LANMSG_INTERFACE": "eth0, 127.0.0.5,", "LANMSG_PEERS": "a,b"}
    )
    assert settings.interfaces == ("eth0", "127.0.0.5")
    assert settings.peers == ("a", "b")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("name = 5", "name"),
        ('name = "  "', "name"),
        ('name = "a\\u001b[2J"', "name"),
        (f'name = "{"x" * 49}"', "name"),
        ("port = 0", "port"),
        ('port = "high"', "port"),
        ('peers = "10.0.0.1"', "peers"),
        ("peers = [1]", "peers"),
        ("downloads = 1", "downloads"),
        ("name = ", "config.toml"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(home: Path, text: str, named: str) -> None:
    write_config(home, text)
    with pytest.raises(ConfigError, match=named) as failed:
        load_settings(home=home, environment={})
    assert failed.value.code == "usage"


@pytest.mark.parametrize("variable", [{"LANMSG_PORT": "x"}, {"LANMSG_NAME": "\t\t"}])
def test_a_wrong_variable_is_named(home: Path, variable: Mapping[str, str]) -> None:
    with pytest.raises(ConfigError, match=next(iter(variable))):
        load_settings(home=home, environment=variable)


def test_a_home_that_is_a_file_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("not a folder", encoding="utf-8")
    with pytest.raises(ConfigError, match="not a folder"):
        load_settings(home=tmp_path / "home", environment={})


def test_the_default_home_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LANMSG_HOME", str(tmp_path / "mine"))
    assert default_home() == tmp_path / "mine"


def test_a_name_is_never_cut_inside_a_character() -> None:
    assert clip_name("ä" * 40) == "ä" * (NAME_MAX_BYTES // 2)
    assert clip_name("x" + "ä" * 40) == "x" + "ä" * 23
