"""When a row is free for another process."""

import sqlite3
from typing import Any

import pytest

from lanmsg.storage.leases import FREE_OR_OURS, LEASE_MAX_SECONDS, OURS

NOW = 1000.0


def holds(condition: str, owner: bytes | None, until: float) -> bool:
    with_row: dict[str, Any] = {"held_by": owner, "until": until, "owner": b"us", "now": NOW}
    connection = sqlite3.connect(":memory:")
    found = connection.execute(
        f"SELECT {condition} FROM (SELECT :held_by AS lease_owner, :until AS lease_until)",  # noqa: S608
        with_row,
    ).fetchone()[0]
    connection.close()
    return bool(found)


@pytest.mark.parametrize(
    ("owner", "until", "free"),
    [
        (None, 0.0, True),
        (b"us", NOW + 10, True),
        (b"them", NOW + 10, False),
        (b"them", NOW + LEASE_MAX_SECONDS, False),
        (b"them", NOW, True),
        (b"them", NOW - 1, True),
        (b"them", NOW + LEASE_MAX_SECONDS + 1, True),  # the clock was set back
    ],
)
def test_a_lease_ends_by_itself(owner: bytes | None, until: float, free: bool) -> None:
    assert holds(FREE_OR_OURS, owner, until) is free


def test_ours_is_ours_alone() -> None:
    assert holds(OURS, b"us", 0.0)
    assert not holds(OURS, b"them", 0.0)
    assert not holds(OURS, None, 0.0)
