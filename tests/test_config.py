"""Settings: which source wins, and what a wrong one is told."""

import stat
from collections.abc import Mapping
from pathlib import Path

import pytest

from lanmsg.config import (
    DEFAULT_PORT,
    NAME_MAX_BYTES,
    ConfigError,
    clip_name,
    config_value,
    default_home,
    default_name,
    load_settings,
    write_setting,
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
        ('peers = ["a b"]', "peers"),
        ('peers = ["host:99999"]', "peers"),
        ("downloads = 1", "downloads"),
        ("tui = 5", "tui"),
        ('[networks]\nnew = "perhaps"', "networks.new"),
        ("networks = 5", "networks"),
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


@pytest.mark.parametrize(
    ("before", "key", "value", "after"),
    [
        ("", "name", "anna", 'name = "anna"\n'),
        ('# mine\nname = "a"  # old\nport = 1\n', "name", "b", '# mine\nname = "b"\nport = 1\n'),
        ("port = 1", "quiet", True, "port = 1\nquiet = true\n"),
        ('peers = [\n  "a",  # first\n  "b",\n]\nport = 1\n', "peers", ["c"], 'peers = ["c"]\nport = 1\n'),
        ("port = 1\n\n[tui]\nascii = true\n", "port", 2, "port = 2\n\n[tui]\nascii = true\n"),
        ("[tui]\nascii = true\n", "port", 2, "port = 2\n[tui]\nascii = true\n"),
        ("[tui]\nascii = true\n", "tui.ascii", False, "[tui]\nascii = false\n"),
        ("port = 1\n", "tui.theme", "ü", 'port = 1\n\n[tui]\ntheme = "ü"\n'),
        (
            "[tui]\nport = 7\n\n[tui.keys]\nx = 1\n",
            "tui.mouse",
            1,
            "[tui]\nport = 7\nmouse = 1\n\n[tui.keys]\nx = 1\n",
        ),
    ],
)
def test_one_key_is_written_and_all_else_stays(
    home: Path, before: str, key: str, value: object, after: str
) -> None:
    write_config(home, before)
    write_setting(home / "config.toml", key, value)
    assert (home / "config.toml").read_text(encoding="utf-8") == after


def test_a_key_inside_a_table_on_one_line_is_left_to_a_person(home: Path) -> None:
    write_config(home, "tui = { ascii = true }\n")
    with pytest.raises(ConfigError, match="cannot be changed"):
        write_setting(home / "config.toml", "tui.ascii", value=False)
    assert (home / "config.toml").read_text(encoding="utf-8") == "tui = { ascii = true }\n"


def test_the_first_setting_makes_the_home_for_its_owner_alone(home: Path) -> None:
    write_setting(home / "config.toml", "port", 2400)
    assert load_settings(home=home, environment={}).port == 2400
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "config.toml").stat().st_mode) == 0o600
    assert [path.name for path in home.iterdir()] == ["config.toml"]


def test_a_link_to_a_file_kept_elsewhere_stays_a_link(home: Path, tmp_path: Path) -> None:
    kept = tmp_path / "dotfiles.toml"
    kept.write_text("port = 1\n", encoding="utf-8")
    home.mkdir()
    (home / "config.toml").symlink_to(kept)
    write_setting(home / "config.toml", "port", 2)
    assert kept.read_text(encoding="utf-8") == "port = 2\n"


@pytest.mark.parametrize(
    ("key", "words", "value"),
    [
        ("name", ["anna", "b"], "anna b"),
        ("port", ["2400"], 2400),
        ("peers", [], []),
        ("interfaces", ["eth0"], ["eth0"]),
        ("quiet", ["off"], False),
        ("networks.new", ["quiet"], "quiet"),
        ("downloads", ["~/in"], "~/in"),
        ("tui.ascii", ["true"], True),
        ("tui.width", ["30"], 30),
        ("tui.theme", ["dark"], "dark"),
    ],
)
def test_words_become_values(key: str, words: list[str], value: object) -> None:
    assert config_value(key, words) == value


@pytest.mark.parametrize(
    ("key", "words"),
    [("port", ["x"]), ("name", [""]), ("quiet", ["maybe"]), ("downloads", []), ("networks.new", ["x"])],
)
def test_words_that_are_no_value_are_refused(key: str, words: list[str]) -> None:
    with pytest.raises(ConfigError, match=key):
        config_value(key, words)


def test_a_file_that_is_no_text_is_told_as_that(home: Path) -> None:
    home.mkdir()
    (home / "config.toml").write_bytes(b"\xff\xfe\x00junk")
    with pytest.raises(ConfigError, match="is not a text file"):
        load_settings(home=home, environment={})


def test_a_wrong_value_names_its_key(home: Path) -> None:
    write_config(home, 'port = "abc"')
    with pytest.raises(ConfigError, match="config key port: abc is not a port"):
        load_settings(home=home, environment={})


def test_an_empty_home_variable_is_not_the_root_of_the_disk(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("LANMSG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "")
    assert tmp_path in default_home().parents


def test_new_networks_are_trusted_unless_the_person_says_otherwise(home: Path) -> None:
    assert load_settings(home=home, environment={}).trusts_new_networks
    write_config(home, '[networks]\nnew = "quiet"')
    assert not load_settings(home=home, environment={}).trusts_new_networks


@pytest.mark.parametrize("content", ["peers = " + "[" * 10_000, "[tui]\nx = " + "{a = " * 10_000])
def test_what_is_nested_without_end_is_told_as_that(home: Path, content: str) -> None:
    write_config(home, content)
    with pytest.raises(ConfigError, match="too deep"):
        load_settings(home=home, environment={})


def test_the_passphrase_file_is_the_nearest_that_is_named(tmp_path: Path, home: Path) -> None:
    credential = tmp_path / "lanmsg-passphrase"
    environment = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert load_settings(home=home, environment=environment).passphrase_file is None
    credential.touch()
    assert load_settings(home=home, environment=environment).passphrase_file == credential
    write_config(home, 'passphrase_file = "/etc/one"')
    assert load_settings(home=home, environment=environment).passphrase_file == Path("/etc/one")
    environment["LANMSG_PASSPHRASE_FILE"] = "/etc/another"
    assert load_settings(home=home, environment=environment).passphrase_file == Path("/etc/another")
    said = load_settings(home=home, environment=environment, passphrase_file=Path("two"))
    assert said.passphrase_file == Path("two").absolute()
