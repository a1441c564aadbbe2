"""The two clocks, read here and passed down as numbers."""

import time


def wall_clock() -> float:
    """Seconds since the epoch, for what people and other processes read; it may jump."""
    return time.time()  # noqa: TID251 - the one place


def steady_clock() -> float:
    """Seconds that only go forward, for every deadline of a machine."""
    return time.monotonic()
