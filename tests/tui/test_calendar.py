"""Days as people type them."""

import time

import pytest

from lanmsg.api import LanmsgError
from lanmsg.tui.calendar import day_start

NOW = time.mktime((2026, 11, 21, 15, 30, 0, 0, 0, -1))


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("today", (2026, 11, 21)),
        ("Yesterday", (2026, 11, 20)),
        ("2026-03-01", (2026, 3, 1)),
        ("1.3.", (2026, 3, 1)),
        ("24.12.", (2025, 12, 24)),
        ("24.12.2024", (2024, 12, 24)),
        ("3 Nov", (2026, 11, 3)),
    ],
)
def test_a_day_is_its_local_midnight(words: str, day: tuple[int, int, int]) -> None:
    assert time.localtime(day_start(words, NOW))[:5] == (*day, 0, 0)


def test_yesterday_of_the_first_is_in_the_month_before() -> None:
    first = time.mktime((2026, 3, 1, 12, 0, 0, 0, 0, -1))
    assert time.localtime(day_start("yesterday", first))[:3] == (2026, 2, 28)


@pytest.mark.parametrize("words", ["soon", "32.1.", "", "2026-13-01"])
def test_what_is_no_day_is_refused_with_an_example(words: str) -> None:
    with pytest.raises(LanmsgError, match="no day") as caught:
        day_start(words, NOW)
    assert "2026" in caught.value.hint
