"""Lines typed while something else goes on."""

import os
import pty
import time
from collections.abc import Iterator
from typing import TextIO

import pytest

from lanmsg.cli.keyboard import Typing


@pytest.fixture
def pipe() -> Iterator[tuple[TextIO, int]]:
    reading, writing = os.pipe()
    with os.fdopen(reading) as stream:
        yield stream, writing


def next_line(typing: Typing) -> str:
    deadline = time.monotonic() + 15
    while (line := typing.line()) is None:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return line


def test_lines_come_one_by_one_and_then_the_end(pipe: tuple[TextIO, int]) -> None:
    stream, keys = pipe
    typing = Typing(stream)
    assert typing.line() is None
    os.write(keys, b"sa")
    os.write(keys, b"me\ndifferent\nlast\xff")
    assert [next_line(typing), next_line(typing)] == ["same\n", "different\n"]
    os.close(keys)
    assert [next_line(typing), next_line(typing)] == ["last\ufffd", ""]


def test_what_was_typed_at_a_terminal_before_is_no_answer() -> None:
    keys, screen = pty.openpty()
    with os.fdopen(screen) as stream:
        os.write(keys, b"same\n")
        typing = Typing(stream)
        os.write(keys, b"different\n")
        assert next_line(typing) == "different\n"
        os.close(keys)
        assert next_line(typing) == ""
