"""From the words of a command line to a command and its options, by the table."""

import argparse
from collections.abc import Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from msgspec import Struct

from lanmsg.api import open_home
from lanmsg.cli.grammar import Command, Option, Positional
from lanmsg.cli.options import GLOBAL_OPTIONS
from lanmsg.cli.output import Output
from lanmsg.cli.table import BY_NAME, COMMANDS, TUI
from lanmsg.config import Settings, load_settings
from lanmsg.model import LanmsgError

if TYPE_CHECKING:
    from lanmsg.api import Store

ALL_OPTIONS = (*GLOBAL_OPTIONS, *(option for command in COMMANDS for option in command.options))
TAKES_VALUE = frozenset(flag for option in ALL_OPTIONS if option.metavar for flag in option.flags)
ALL_FLAGS = tuple(dict.fromkeys(flag for option in ALL_OPTIONS for flag in option.flags))
NEVER_EMPTY = frozenset({"people", "conversations", "folders"})
"""An empty one comes from a variable that is not set, and must not mean the folder of the moment."""

NO_ABBREVIATIONS: dict[str, Any] = {"add_help": False, "allow_abbrev": False}


class Invocation(Struct, dict=True):
    """A command that was understood, with everything it needs to run."""

    command: Command
    options: argparse.Namespace
    output: Output

    @cached_property
    def settings(self) -> Settings:
        chosen = self.options
        return load_settings(
            home=path_option(chosen.home),
            name=chosen.name,
            port=chosen.port,
            interfaces=tuple(chosen.interface),
            peers=tuple(chosen.peer_address),
            downloads=path_option(chosen.downloads),
            passphrase_file=path_option(chosen.passphrase_file),
        )

    def home(self) -> "Store":
        """The store of the home; what happened to it is told. Raises StorageError."""
        store = open_home(self.settings)
        if store.notice:
            self.output.notice(store.notice)
        return store


class OptionParser(argparse.ArgumentParser):
    """Reads the options alone: positional words may stand anywhere among them, which argparse cannot do."""

    def __init__(self, command: Command):
        super().__init__(prog=f"lanmsg {command.name}", **NO_ABBREVIATIONS)
        self.command = command
        for option in (*GLOBAL_OPTIONS, *command.options):
            add_option(self, option, is_global=option in GLOBAL_OPTIONS)

    def error(self, message: str) -> NoReturn:
        raise usage_error(message.removeprefix("argument "), self.command)


def parse(words: Sequence[str]) -> tuple[Command, argparse.Namespace]:
    """The command and its options. Raises LanmsgError with code `usage`."""
    command, rest = choose_command(list(words))
    head, tail = split_at_dashes(rest)
    options, found = OptionParser(command).parse_known_args(head)
    options.named = len(rest) < len(words)  # `lanmsg --help` is about all of it, `lanmsg tui --help` is not
    for word in found:
        if word.startswith("-") and word != "-":
            raise usage_error(f"no option {word} here{suggestion(word, flags_of(command))}", command)
    if not (options.help or options.version):
        check_options(command, options)
        take_positionals(command, [*found, *tail], options)
    return command, options


def check_options(command: Command, options: argparse.Namespace) -> None:
    """No empty folder or person, and no two that contradict each other. Raises LanmsgError."""
    for option in (*GLOBAL_OPTIONS, *command.options):
        if option.completes in NEVER_EMPTY and getattr(options, option.name, None) == "":
            raise usage_error(f"{option.flags[0]}: a value is needed", command)
    given = {
        flag
        for option in (*GLOBAL_OPTIONS, *command.options)
        if is_given(option, options)
        for flag in option.flags
    }
    for one, other in command.conflicts:
        if {one, other} <= given:
            raise usage_error(f"{one} and {other} do not go together", command)


def is_given(option: Option, options: argparse.Namespace) -> bool:
    name = "peer_address" if option.name == "peer" else option.name
    return bool(getattr(options, name) not in (option.default, []))


def choose_command(words: list[str]) -> tuple[Command, list[str]]:
    """The first word that is neither an option nor the value of one names the command."""
    index = 0
    while index < len(words) and words[index] != "--":
        word = words[index]
        if word == "-" or not word.startswith("-"):
            if word not in BY_NAME:
                guess = suggestion(word, BY_NAME)
                raise LanmsgError(
                    f"no command {word!r}{guess}", code="usage", hint="lanmsg help lists them all"
                )
            return BY_NAME[word], words[:index] + words[index + 1 :]
        if word.startswith("--") and (flag := word.partition("=")[0]) not in ALL_FLAGS:
            raise usage_error(f"no option {flag}{suggestion(flag, ALL_FLAGS)}", TUI)
        index += 2 if word in TAKES_VALUE else 1
    return TUI, words


def split_at_dashes(words: list[str]) -> tuple[list[str], list[str]]:
    """What stands before a `--` word, and what stands after it and is never an option."""
    if "--" not in words:
        return words, []
    index = words.index("--")
    return words[:index], words[index + 1 :]


def add_option(parser: argparse.ArgumentParser, option: Option, *, is_global: bool) -> None:
    # The global --peer and the arguments called PEER are two things.
    name = "peer_address" if is_global and option.name == "peer" else option.name
    if not option.metavar:
        action = "count" if option.repeat else "store_true"
        parser.add_argument(*option.flags, dest=name, action=action, default=option.default)
        return
    parser.add_argument(
        *option.flags,
        dest=name,
        action="append" if option.repeat else "store",
        type=partial(converted, option),
        default=[] if option.repeat else option.default,
    )


def converted(option: Option, text: str) -> object:
    if option.choices and text not in option.choices:
        raise argparse.ArgumentTypeError(not_among(text, option.choices))
    try:
        return option.convert(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def take_positionals(command: Command, words: list[str], options: argparse.Namespace) -> None:
    for positional in command.positionals:
        setattr(options, positional.name, take(positional, words, command))
    if words:
        raise usage_error(f"{words[0]!r} is one argument too many", command)


def take(positional: Positional, words: list[str], command: Command) -> str | list[str] | None:
    if positional.required and not words:
        raise usage_error(f"{positional.label} is missing", command)
    if positional.many:
        taken = list(words)
        words.clear()
        return taken
    if not words:
        return None
    if positional.completes in NEVER_EMPTY and not words[0].strip():
        raise usage_error(f"{positional.label.strip('[]')} is empty", command)
    if positional.choices and words[0] not in positional.choices:
        raise usage_error(not_among(words[0], positional.choices), command)
    return words.pop(0)


def not_among(word: str, choices: tuple[str, ...]) -> str:
    return f"{word!r} is not one of {', '.join(choices)}{suggestion(word, choices)}"


def usage_error(message: str, command: Command) -> LanmsgError:
    return LanmsgError(
        f"{command.name}: {message}" if command is not TUI else message,
        code="usage",
        hint=f"usage: {command.usage}" if command.positionals else f"see lanmsg {command.name} --help",
    )


def flags_of(command: Command) -> tuple[str, ...]:
    return tuple(flag for option in (*GLOBAL_OPTIONS, *command.options) for flag in option.flags)


def suggestion(word: str, candidates: Sequence[str] | dict[str, Command]) -> str:
    """`; did you mean …?` when one of the candidates is near enough."""
    from difflib import get_close_matches  # only for a mistyped word

    near = get_close_matches(word, list(candidates), n=1)
    return f"; did you mean {near[0]}?" if near else ""


def path_option(text: str | None) -> Path | None:
    return None if text is None else Path(text)
