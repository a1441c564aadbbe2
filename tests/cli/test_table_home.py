"""The commands for what the home keeps and shows."""

from lanmsg.cli import table_home
from lanmsg.cli.grammar import Command
from lanmsg.cli.table import COMMANDS


def test_each_is_a_command_of_the_program() -> None:
    ours = [value for value in vars(table_home).values() if isinstance(value, Command)]
    assert len(ours) == 3
    assert [command.name for command in ours if command not in COMMANDS] == []
