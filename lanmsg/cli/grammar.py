"""What a command, an option and a positional word are; the commands themselves are in `table`."""

import math
import re
from collections.abc import Callable
from typing import Any

from msgspec import Struct


class Option(Struct, frozen=True):
    """One option; `metavar` is empty for a switch.

    `completes` says what Tab offers for its value: a kind of `completion.KINDS`, "" for nothing.
    """

    flags: tuple[str, ...]
    help: str
    metavar: str = ""
    convert: Callable[[str], object] = str
    default: Any = None
    choices: tuple[str, ...] = ()
    repeat: bool = False
    completes: str = ""

    @property
    def name(self) -> str:
        return max(self.flags, key=len).lstrip("-").replace("-", "_")


class Positional(Struct, frozen=True):
    name: str
    label: str
    many: bool = False
    required: bool = True
    choices: tuple[str, ...] = ()
    completes: str = ""


class Command(Struct, frozen=True):
    """One command. `run` is `module:function` under lanmsg.cli, imported when it is called for.

    `result`: with --json, the last line on stdout says how it ended.
    `conflicts`: pairs of options that contradict each other.
    """

    name: str
    summary: str
    run: str
    example: str
    group: str
    aliases: tuple[str, ...] = ()
    positionals: tuple[Positional, ...] = ()
    options: tuple[Option, ...] = ()
    details: str = ""
    result: bool = False
    conflicts: tuple[tuple[str, str], ...] = ()

    @property
    def usage(self) -> str:
        return " ".join(["lanmsg", self.name, *(positional.label for positional in self.positionals)])


def seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise ValueError(f"{text!r} is not a number of seconds")
    return value


DIGITS_MAX = 18
"""What the store can hold, and what Python converts without a limit of its own."""


def number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > DIGITS_MAX:
        raise ValueError(f"{text!r} is not a number")
    return int(text)


RATE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmg]?)b?(?:/s)?", re.IGNORECASE)
SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)b?", re.IGNORECASE)
RATE_UNITS = {"": 1, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12}


def rate(text: str) -> int:
    """Bytes a second: 500k, 2.5M, 1G, or a plain number."""
    match = RATE.fullmatch(text)
    value = int(float(match[1]) * RATE_UNITS[match[2].lower()]) if match else 0
    if value < 1:
        raise ValueError(f"{text!r} is not a rate like 500k or 2.5M (bytes a second)")
    return value


def size(text: str) -> int:
    """Bytes: 500k, 2.5M, 1G, or a plain number."""
    match = SIZE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a size like 500k or 2.5M")
    return int(float(match[1]) * RATE_UNITS[match[2].lower()])


def switch(*flags: str, help: str) -> Option:  # noqa: A002 - the word of the parser
    return Option(flags, help, default=False)
