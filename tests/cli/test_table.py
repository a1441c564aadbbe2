"""The table of commands: every row can run, and none collides with another."""

import re
from importlib import import_module

import pytest

from lanmsg.cli.grammar import Command
from lanmsg.cli.options import GLOBAL_OPTIONS
from lanmsg.cli.table import COMMANDS


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_a_command_is_whole(command: Command) -> None:
    module, _, function = command.run.partition(":")
    assert callable(getattr(import_module(f"lanmsg.cli.{module}"), function))
    assert command.example.startswith(("lanmsg", "df", "tar", "source")), (
        "an example is a command that can be typed"
    )
    assert "lanmsg" in command.example
    assert not command.summary.endswith(".")
    assert command.summary[0].islower()


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_help_is_broken_into_lines_where_it_is_shown_not_inside_a_sentence(command: Command) -> None:
    assert not re.search(r"[^.:;\n]\n(?!\w+: )[a-z]", command.details)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_no_flag_means_two_things(command: Command) -> None:
    flags = [flag for option in (*GLOBAL_OPTIONS, *command.options) for flag in option.flags]
    assert len(flags) == len(set(flags))
