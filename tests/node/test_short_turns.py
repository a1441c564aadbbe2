"""The interval is short as long as any transfer runs, and what it was before afterwards."""

import sys
from collections.abc import Iterator

import pytest

from lanmsg.node.short_turns import SHORT_S, ShortTurns


@pytest.fixture(autouse=True)
def _usual_again() -> Iterator[None]:
    usual = sys.getswitchinterval()
    yield
    sys.setswitchinterval(usual)


def test_the_last_to_leave_ends_it() -> None:
    sys.setswitchinterval(0.004)
    turns = ShortTurns()
    first, second = turns, turns
    first.__enter__()
    second.__enter__()
    assert sys.getswitchinterval() == pytest.approx(SHORT_S)
    first.__exit__(None, None, None)
    assert sys.getswitchinterval() == pytest.approx(SHORT_S)
    second.__exit__(None, None, None)
    assert sys.getswitchinterval() == pytest.approx(0.004)


def test_a_shorter_one_stays() -> None:
    sys.setswitchinterval(SHORT_S / 2)
    with ShortTurns():
        assert sys.getswitchinterval() == pytest.approx(SHORT_S / 2)
    assert sys.getswitchinterval() == pytest.approx(SHORT_S / 2)
