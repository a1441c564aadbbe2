"""The options that commands share."""

from lanmsg.cli.options import EVENTS, GLOBAL_OPTIONS, wait
from lanmsg.cli.table import COMMANDS


def test_an_option_takes_a_value_everywhere_or_nowhere() -> None:
    """The parser has to know which word is the command before it knows whose options they are."""
    kinds: dict[str, set[bool]] = {}
    for option in (*GLOBAL_OPTIONS, *(option for command in COMMANDS for option in command.options)):
        for flag in option.flags:
            kinds.setdefault(flag, set()).add(bool(option.metavar))
    assert [flag for flag, kind in kinds.items() if len(kind) > 1] == []


def test_the_help_of_wait_says_its_default() -> None:
    assert "(default 2.5)" in wait(2.5).help


def test_no_event_is_named_twice() -> None:
    assert len(EVENTS) == len(set(EVENTS))
