"""Rows of the screen: (style, text) fragments, cut and filled to cells."""

from collections.abc import Sequence

from lanmsg.terminal import cell_width, clip

Row = list[tuple[str, str]]
"""One row. What a peer wrote is only ever the text of a fragment, never its style."""


def width(row: Row) -> int:
    return sum(cell_width(text) for _, text in row)


def clipped(row: Row, cells: int, ellipsis: str = "…") -> Row:
    """The row in at most `cells`."""
    result: Row = []
    left = cells
    for style, text in row:
        size = cell_width(text)
        if size > left:
            if left > 0:
                result.append((style, clip(text, left, ellipsis)))
            return result
        result.append((style, text))
        left -= size
    return result


def filled(row: Row, cells: int, ellipsis: str = "…", style: str = "") -> Row:
    """The row in exactly `cells`."""
    row = clipped(row, cells, ellipsis)
    missing = cells - width(row)
    return [*row, (style, " " * missing)] if missing > 0 else row


def spread(left: Row, right: Row, cells: int, ellipsis: str = "…", style: str = "") -> Row:
    """`left` and `right` at the ends of `cells`; what is left is cut before what is right."""
    right = clipped(right, max(cells - 1, 0), ellipsis)
    room = cells - width(right)
    # A blank between the two, unless one of them is missing.
    kept = filled(left, max(room - 1, 0), ellipsis, style) if right else filled(left, room, ellipsis, style)
    return [*kept, (style, " "), *right] if right and room > 0 else [*kept, *right]


def first_that_fits(rows: Sequence[Row], cells: int) -> Row:
    """The first of several wordings, the longest first, that fits; else the last one, to be cut."""
    return next((row for row in rows if width(row) <= cells), rows[-1])


def all_in(style: str, row: Row) -> Row:
    """The whole row in one style, on top of that of its parts."""
    return [(f"{part} {style}".strip(), text) for part, text in row]


PLAIN_SIGNS = str.maketrans({"…": "~", "“": '"', "”": '"', "↑": "^", "↓": "v", "×": "x"})
"""For terminals without our signs: each has the same width, so that no column moves."""


def with_plain_signs(rows: list[Row]) -> list[Row]:
    """The same rows with what is left of our own signs written in ASCII."""
    return [
        [(style, text if text.isascii() else text.translate(PLAIN_SIGNS)) for style, text in row]
        for row in rows
    ]
