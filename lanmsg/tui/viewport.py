"""The rows in sight of a list of any length, found from an anchor: work is per row shown, not per entry.

The anchor is what stands at the bottom edge, so it survives new entries, older ones put before it, and
another width. An entry is named by its index here; `rows_at` gives its rows.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

Line = TypeVar("Line")
RowsAt = Callable[[int], list[Line]]


class Edge(NamedTuple):
    """The bottom edge: the last entry in sight and how many of its rows are below it."""

    entry: int
    below: int


class Sight(NamedTuple):
    """Where the rows in sight begin and end."""

    top: Edge  # the first entry in sight, and how many of its rows are ABOVE the top edge
    bottom: Edge
    filled: int  # rows that there are to show; fewer than the height when all of it is in sight


def tail(count: int) -> Edge:
    return Edge(count - 1, 0)


def see(count: int, rows_at: RowsAt[Line], bottom: Edge, height: int) -> tuple[list[Line], Sight]:
    """The rows above the bottom edge; the edge moves down when they do not fill the height."""
    bottom = settle(count, rows_at, bottom, height)
    rows: list[Line] = []
    entry, below = bottom
    top = Edge(max(entry, 0), 0)
    while entry >= 0 and len(rows) < height:
        whole = rows_at(entry)
        shown = whole[: len(whole) - below]
        missing = height - len(rows)
        top = Edge(entry, max(len(shown) - missing, 0))
        rows[:0] = shown[-missing:] if missing < len(shown) else shown
        entry, below = entry - 1, 0
    return rows, Sight(top, bottom, len(rows))


def settle(count: int, rows_at: RowsAt[Line], bottom: Edge, height: int) -> Edge:
    """`bottom`, moved down when there are not enough rows above it, and never beyond the end."""
    if bottom.entry >= count - 1:
        bottom = Edge(count - 1, max(bottom.below, 0))
    if count <= 0 or bottom == tail(count):
        return tail(count)
    above, entry, below = 0, *bottom
    while entry >= 0 and above < height:
        above += max(len(rows_at(entry)) - below, 0)
        entry, below = entry - 1, 0
    return bottom if above >= height else move(count, rows_at, bottom, above - height)


def move(count: int, rows_at: RowsAt[Line], bottom: Edge, up: int) -> Edge:
    """The edge `up` rows further up, or down if negative; it stops at the ends."""
    entry, below = bottom
    below += up
    while entry > 0 and below >= len(rows_at(entry)):
        below -= len(rows_at(entry))
        entry -= 1
    while below < 0 and entry < count - 1:
        entry += 1
        below += len(rows_at(entry))
    if entry == 0 and below:
        below = min(below, len(rows_at(0)) - 1)
    return Edge(entry, max(below, 0))


def distance(rows_at: RowsAt[Line], lower: Edge, upper: Edge) -> int:
    """Rows from one edge up to another."""
    if lower.entry < upper.entry:
        return -distance(rows_at, upper, lower)
    between = sum(len(rows_at(index)) for index in range(upper.entry + 1, lower.entry + 1))
    return between - lower.below + upper.below


def bottom_for_top(count: int, rows_at: RowsAt[Line], entry: int, height: int) -> Edge:
    """The edge with which `entry` begins at the top, or as near to it as the end allows."""
    filled = 0
    for index in range(entry, count):
        filled += len(rows_at(index))
        if filled >= height:
            return Edge(index, filled - height)
    return tail(count)
