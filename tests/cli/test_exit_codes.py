"""Exit codes: a contract with scripts, so each number is written out here a second time."""

import pytest

from lanmsg.cli.exit_codes import EXIT_CODES, MEANINGS, exit_code, total_code


@pytest.mark.parametrize(
    ("code", "number"),
    [
        ("done", 0),
        ("delivered", 0),
        ("failed", 1),
        ("usage", 2),
        ("not_found", 3),
        ("ambiguous", 4),
        ("declined", 5),
        ("timeout", 6),
        ("key_changed", 7),
        ("not_verified", 7),
        ("blocked", 7),
        ("no_space", 8),
        ("unreadable", 8),
        ("partly", 9),
        ("network", 10),
        ("interrupted", 130),
        ("broken_pipe", 141),
        ("a code of next year", 1),
    ],
)
def test_numbers_do_not_change(code: str, number: int) -> None:
    assert exit_code(code) == number


def test_every_number_has_a_meaning() -> None:
    assert set(EXIT_CODES.values()) == set(MEANINGS)


@pytest.mark.parametrize(
    ("codes", "total"),
    [
        ([], "done"),
        (["done", "done"], "done"),
        (["declined", "declined"], "declined"),
        (["done", "declined"], "partly"),
        (["timeout", "failed"], "failed"),
    ],
)
def test_many_outcomes_are_one(codes: list[str], total: str) -> None:
    assert total_code(codes) == total
