"""The two clocks: one that people read, one that only goes forward."""

from datetime import UTC, datetime

from lanmsg.node.clock import steady_clock, wall_clock


def test_the_wall_clock_is_seconds_since_1970() -> None:
    assert abs(datetime.now(UTC).timestamp() - wall_clock()) < 60


def test_the_steady_clock_goes_forward() -> None:
    times = [steady_clock() for _ in range(1000)]
    assert times == sorted(times)
