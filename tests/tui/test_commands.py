"""Slash commands: what is a command, what is text, and what a slip is answered with."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanmsg.tui.actions import RUN
from lanmsg.tui.commands import (
    BY_NAME,
    COMMANDS,
    Call,
    CommandError,
    on_screen,
    parse,
    quoted,
    take_word,
    words,
)


def test_every_command_can_be_carried_out() -> None:
    assert set(RUN) == {command.name for command in COMMANDS}


def test_no_name_is_given_twice() -> None:
    assert len(BY_NAME) == sum(1 + len(command.aliases) for command in COMMANDS)


@pytest.mark.parametrize(
    ("line", "text"), [("hello", "hello"), ("//etc is a folder", "/etc is a folder"), (" /x", " /x")]
)
def test_text_stays_text(line: str, text: str) -> None:
    assert parse(line) == text


@pytest.mark.parametrize(
    ("line", "name", "rest"),
    [
        ("/msg ben hi  there", "msg", "ben hi  there"),
        ("/m ben", "msg", "ben"),
        ("/acc 7", "accept", "7"),
        ("/TRUST ben", "trust", "ben"),
        ("/?", "help", ""),
        ("/me  waves", "me", "waves"),
    ],
)
def test_commands_by_name_alias_and_beginning(line: str, name: str, rest: str) -> None:
    call = parse(line)
    assert isinstance(call, Call)
    assert (call.command.name, call.rest) == (name, rest)


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("/acept 7", "no /acept", "did you mean /accept?"),
        ("/r", "could be /", ""),
        ("/", "a command is needed", "/help"),
        ("/home/mira/file.txt", "no /home", "//"),
    ],
)
def test_a_slip_is_never_sent_as_text(line: str, message: str, hint: str) -> None:
    with pytest.raises(CommandError, match=message) as caught:
        parse(line)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("text", "word", "rest"),
    [
        ('"anna b" hi', "anna b", "hi"),
        ("'it is' so", "it is", "so"),
        ("my\\ file.txt more", "my file.txt", "more"),
        ("C:\\dir\\file", "C:\\dir\\file", ""),
        ('"open end', "open end", ""),
        ("", "", ""),
    ],
)
def test_words_with_blanks(text: str, word: str, rest: str) -> None:
    assert take_word(text) == (word, rest)


@given(st.text(alphabet="ab \"'~é\\", min_size=1, max_size=12))
def test_a_quoted_word_is_read_back(word: str) -> None:
    if {'"', "'", "\\"} <= set(word):
        return  # a name with all three may be typed, but is not completed
    assert take_word(f"{quoted(word)} next") == (word, "next")
    assert words(f"{quoted(word)} next") == [word, "next"]


@pytest.mark.parametrize("word", ["room", "join", "invite"])
def test_who_looks_for_rooms_is_told_what_there_is(word: str) -> None:
    with pytest.raises(CommandError) as caught:
        parse(f"/{word} garden")
    assert "no rooms yet: /broadcast" in str(caught.value.hint)


def test_commands_of_the_shell_are_said_as_they_are_typed_here() -> None:
    said = "it goes on when they let it; lanmsg cancel 3 stops it, lanmsg help security explains"
    assert on_screen(said) == "it goes on when they let it; /cancel 3 stops it, lanmsg help security explains"
    assert on_screen("ask them to run lanmsg there") == "ask them to run lanmsg there"
