"""The screen's settings, as one table: /set, `lanmsg config` and the README are made from it."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lanmsg.config import ConfigError

SECTION = "tui"
"""The table of config.toml in which they stand."""

ON = frozenset(("on", "yes", "true", "1"))
OFF = frozenset(("off", "no", "false", "0"))

Value = str | bool | list[str]
Kind = Literal["choice", "switch", "words"]


@dataclass(frozen=True, slots=True)
class Option:
    """One setting. `choices` for a choice; `words` is a command with its arguments."""

    name: str
    kind: Kind
    default: Value
    help: str
    choices: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"{SECTION}.{self.name}"

    @property
    def usage(self) -> str:
        return {"choice": "|".join(self.choices), "switch": "on|off", "words": "COMMAND…|off"}[self.kind]


THEMES = ("auto", "dark", "light", "mono", "contrast")
WAYS = ("auto", "bell", "osc9", "osc99", "osc777", "command", "off")
"""How the screen calls: by what the terminal understands, by `notify_command`, or not at all."""

OPTIONS = (
    Option("theme", "choice", "auto", "colours; mono has none, contrast dims nothing", THEMES),
    Option("nick_colors", "switch", default=True, help="a colour for each person's name"),
    Option("ascii", "switch", default=False, help="no signs outside ASCII"),
    Option("mouse", "switch", default=False, help="click and wheel; Shift-drag selects (Alt-M)"),
    Option("tmux", "switch", default=False, help="copying goes through tmux, which must allow-passthrough"),
    Option("list", "switch", default=True, help="the list of people on the left (F2)"),
    Option("notify", "choice", "auto", "how you are called when you look elsewhere", WAYS),
    Option("notify_text", "switch", default=False, help="a call says what was written, not only by whom"),
    Option("notify_command", "words", [], "a program that calls; it is given a title and a sentence"),
)

BY_NAME = {option.name: option for option in OPTIONS}

KEYS_SECTION = "keys"
"""tui.keys.ACTION = "c-p": another key for an action; F1 shows the keys in force."""


def option(name: str) -> Option:
    """By its name, with or without `tui.`. Raises ConfigError."""
    found = BY_NAME.get(name.removeprefix(f"{SECTION}."))
    if found is not None:
        return found
    import difflib

    close = difflib.get_close_matches(name, BY_NAME, n=1)
    hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(BY_NAME)}"
    if name.removeprefix(f"{SECTION}.").startswith(f"{KEYS_SECTION}"):
        hint = f'write [{SECTION}.{KEYS_SECTION}] and a line like switch = "c-p" into the config file'
    raise ConfigError(f"the screen has no setting {name}", hint=hint)


def typed(wanted: Option, text: str) -> Value:
    """What a person typed, as a value of that setting. Raises ConfigError."""
    text = text.strip()
    if wanted.kind == "words":
        return [] if text.lower() in OFF else _command(wanted, text)
    word = text.lower()
    if wanted.kind == "switch" and word in ON | OFF:
        return word in ON
    if wanted.kind == "choice" and word in wanted.choices:
        return word
    raise ConfigError(f"{wanted.key}: {text or 'nothing'} is no value for it", hint=wanted.usage)


def _command(wanted: Option, text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        raise ConfigError(f"{wanted.key}: a quote is not closed", hint=wanted.usage) from None


def shown(value: Value) -> str:
    """A value as it can be typed."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return shlex.join(value) or "off" if isinstance(value, list) else value


class Options:
    """The values in force; defaults for what the config leaves out."""

    def __init__(self, table: Mapping[str, Any] | None = None) -> None:
        """Raises ConfigError for a value that cannot be used; what this version does not know, it leaves."""
        self._values: dict[str, Value] = {each.name: each.default for each in OPTIONS}
        for each in OPTIONS:
            if table is not None and each.name in table:
                self._values[each.name] = _checked(each, table[each.name])

    def get(self, name: str) -> Value:
        return self._values[name]

    def put(self, name: str, value: Value) -> None:
        self._values[name] = value

    @property
    def theme(self) -> str:
        return str(self._values["theme"])

    @property
    def notify(self) -> str:
        return str(self._values["notify"])

    @property
    def notify_command(self) -> tuple[str, ...]:
        value = self._values["notify_command"]
        return tuple(value) if isinstance(value, list) else ()

    def is_on(self, name: str) -> bool:
        return self._values[name] is True


def _checked(each: Option, value: object) -> Value:
    if each.kind == "switch" and isinstance(value, bool):
        return value
    if each.kind == "choice" and value in each.choices:
        return str(value)
    if each.kind == "words" and isinstance(value, list) and all(isinstance(word, str) for word in value):
        return [str(word) for word in value]
    if each.kind == "words" and isinstance(value, str):
        return _command(each, value)
    raise ConfigError(f"config key {each.key}: {value!r} is no value for it", hint=each.usage)
