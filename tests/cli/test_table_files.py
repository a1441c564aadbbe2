"""The commands for files."""

from lanmsg.cli import table_files
from lanmsg.cli.grammar import Command
from lanmsg.cli.table import COMMANDS


def test_each_is_a_command_of_the_program() -> None:
    ours = [value for value in vars(table_files).values() if isinstance(value, Command)]
    assert len(ours) == 12
    assert [command.name for command in ours if command not in COMMANDS] == []


def test_what_is_started_by_hand_has_a_timeout() -> None:
    waiting = (table_files.SEND, table_files.RECEIVE, table_files.LISTEN)
    assert all(
        "--timeout" in [flag for option in command.options for flag in option.flags] for command in waiting
    )
