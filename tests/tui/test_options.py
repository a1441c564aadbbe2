"""Settings of the screen: typed, read from the config, refused, shown as they can be typed."""

from typing import Any

import pytest

from lanmsg.api import ConfigError
from lanmsg.tui import options
from lanmsg.tui.options import OPTIONS, Options, option, shown, typed


def test_what_is_shown_can_be_typed() -> None:
    for each in OPTIONS:
        assert typed(each, shown(each.default)) == each.default
    command = option("notify_command")
    assert typed(command, shown(["say", "two words"])) == ["say", "two words"]


def test_defaults_stand_for_what_the_config_leaves_out() -> None:
    given = Options({"theme": "light", "mouse": True, "of another version": 1})
    assert (given.theme, given.is_on("mouse"), given.notify) == ("light", True, "auto")
    assert Options().get("nick_colors") is True


@pytest.mark.parametrize(
    "table",
    [{"theme": "pink"}, {"mouse": "on"}, {"notify_command": [1]}, {"notify_command": "a 'b"}, {"list": 1}],
)
def test_what_cannot_be_used_is_named(table: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=f"tui.{next(iter(table))}"):
        Options(table)


@pytest.mark.parametrize(("name", "text"), [("mouse", "perhaps"), ("theme", ""), ("notify_command", "a 'b")])
def test_what_cannot_be_typed(name: str, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        typed(option(name), text)
    assert caught.value.hint == option(name).usage


def test_a_command_may_be_one_text_in_the_config() -> None:
    assert Options({"notify_command": "notify-send --urgency low"}).notify_command == (
        "notify-send",
        "--urgency",
        "low",
    )


def test_every_setting_has_its_words() -> None:
    assert all(each.help and each.usage for each in OPTIONS)
    assert set(options.BY_NAME) == {each.key.removeprefix("tui.") for each in OPTIONS}
