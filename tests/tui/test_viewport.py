"""The rows in sight, compared with what cutting one long list of all rows would give."""

from hypothesis import given
from hypothesis import strategies as st

from lanmsg.tui.viewport import Edge, bottom_for_top, distance, move, see, settle, tail

Heights = st.lists(st.integers(1, 6), min_size=1, max_size=30)


def rows_of(heights: list[int], index: int) -> list[str]:
    return [f"{index}.{row}" for row in range(heights[index])]


def everything(heights: list[int]) -> list[str]:
    return [row for index in range(len(heights)) for row in rows_of(heights, index)]


@given(Heights, st.integers(1, 20))
def test_the_tail_is_the_last_rows(heights: list[int], height: int) -> None:
    rows, sight = see(len(heights), lambda i: rows_of(heights, i), tail(len(heights)), height)
    assert rows == everything(heights)[-height:]
    assert sight.filled == len(rows)


@given(Heights, st.integers(1, 20), st.lists(st.integers(-15, 15), max_size=6))
def test_scrolling_shows_a_part_without_gaps_and_never_less_than_it_could(
    heights: list[int], height: int, steps: list[int]
) -> None:
    count, whole = len(heights), everything(heights)
    bottom = tail(count)
    for step in steps:
        bottom = settle(
            count,
            lambda i: rows_of(heights, i),
            move(count, lambda i: rows_of(heights, i), bottom, step),
            height,
        )
        rows, sight = see(count, lambda i: rows_of(heights, i), bottom, height)
        assert len(rows) == min(height, len(whole))
        start = whole.index(rows[0])
        assert whole[start : start + len(rows)] == rows
        assert whole[start] == rows_of(heights, sight.top.entry)[sight.top.below]


@given(Heights, st.integers(0, 40))
def test_up_and_down_again_is_where_it_was(heights: list[int], up: int) -> None:
    def rows_at(index: int) -> list[str]:
        return rows_of(heights, index)

    total = sum(heights)
    there = move(len(heights), rows_at, tail(len(heights)), min(up, total - 1))
    assert move(len(heights), rows_at, there, -min(up, total - 1)) == tail(len(heights))


def test_an_entry_can_be_put_at_the_top() -> None:
    heights = [2, 2, 2, 2, 2]
    bottom = bottom_for_top(5, lambda i: rows_of(heights, i), 1, 5)
    assert bottom == Edge(3, 1)
    rows, _ = see(5, lambda i: rows_of(heights, i), bottom, 5)
    assert rows[0] == "1.0"
    assert bottom_for_top(5, lambda i: rows_of(heights, i), 4, 9) == tail(5)


def test_work_is_by_rows_in_sight_not_by_entries() -> None:
    asked: list[int] = []

    def rows_at(index: int) -> list[str]:
        asked.append(index)
        return ["row"]

    see(1_000_000, rows_at, tail(1_000_000), 40)
    assert len(asked) <= 40


def test_nothing_at_all() -> None:
    rows, sight = see(0, lambda _: [""], tail(0), 5)
    assert (rows, sight.filled) == ([], 0)


@given(Heights, st.integers(0, 40), st.integers(0, 40))
def test_a_way_up_is_as_long_as_what_it_leaves_below(heights: list[int], first: int, second: int) -> None:
    count = len(heights)

    def rows_at(index: int) -> list[str]:
        return rows_of(heights, index)

    lower = move(count, rows_at, tail(count), first)
    upper = move(count, rows_at, lower, second)
    assert 0 <= distance(rows_at, lower, upper) <= second
    if upper.entry > 0:
        assert distance(rows_at, lower, upper) == second
    assert distance(rows_at, upper, lower) == -distance(rows_at, lower, upper)
