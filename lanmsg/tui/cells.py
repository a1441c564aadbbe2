"""Rows as cells, and what has to be written where two pictures differ: as little as a slow line wants."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple
from itertools import compress
from operator import ne
from typing import NamedTuple

from lanmsg.terminal import character_width, printable
from lanmsg.tui.rows import Row
from lanmsg.tui.theme import FANCY

Cell = tuple[str, str]
"""Text and style of one cell; the second half of a wide character has no text."""

BLANK: Cell = (" ", "")

SIGNS = frozenset(character for sign in astuple(FANCY) for character in sign)

GAP = 5
"""Cells alike between two that differ: fewer are written again, which is shorter than going past them."""

SCROLL_BYTES = 30
"""What it takes to have the terminal move rows."""


class Line(list[Cell]):
    """A row of the screen."""

    unsure: int | None = None
    """The first cell of a character whose width a terminal may see otherwise."""


def cells_of(row: Row, columns: int) -> Line:
    """The row in exactly `columns` cells."""
    cells = Line()
    for style, text in row:
        if text.isascii() and text.isprintable():
            cells += [(character, style) for character in text]
        else:
            _add(cells, style, text)
    if len(cells) > columns:
        cut = cells[columns][0] == "" and columns > 0
        del cells[columns:]
        if cut:
            cells[-1] = BLANK
    cells += [BLANK] * (columns - len(cells))
    return cells


def typed_cells(cells: Sequence[Cell]) -> Line:
    """The cells that somebody else painted."""
    line = Line(cells)
    line.unsure = next((at for at, (text, _) in enumerate(cells) if not text or is_unsure(text)), None)
    return line


def is_unsure(text: str) -> bool:
    """Wide characters, marks on others, emoji, letters from right to left: terminals differ about them.

    Our own signs and the letters of Latin, Greek and Cyrillic take one cell everywhere.
    """
    if text.isascii():
        return False
    first = ord(text[0])
    plain = first < 0x590 or 0x1E00 <= first < 0x2600 or text in SIGNS
    return len(text) > 1 or not plain


def _add(cells: Line, style: str, text: str) -> None:
    """Wide characters take two cells; what takes none goes with the character before it."""
    for character in text if text.isprintable() else printable(text):
        cells_taken = character_width(character)
        if cells_taken > 0:
            if cells.unsure is None and (cells_taken > 1 or is_unsure(character)):
                cells.unsure = len(cells)
            cells.append((character, style))
            if cells_taken > 1:
                cells.append(("", style))
        elif cells:
            at = next((at for at in (-1, -2) if len(cells) >= -at and cells[at][0]), -1)
            cells[at] = (cells[at][0] + character, cells[at][1])
            cells.unsure = len(cells) + at if cells.unsure is None else cells.unsure


def runs(old: Line, new: Line) -> list[tuple[int, int]]:
    """Where the new row has to be written over the old one: [start, end) of each piece."""
    found: list[tuple[int, int]] = []
    for at in compress(range(len(new)), map(ne, old, new)):
        if found and at - found[-1][1] < GAP:
            found[-1] = (found[-1][0], at + 1)
        else:
            found.append((at, at + 1))
    if found and is_written_whole(old, new):
        # A terminal may see their width otherwise: then nothing behind them stands where we think.
        unsure = [line.unsure for line in (old, new) if line.unsure is not None]
        return [(_whole(old, new, min(found[0][0], *unsure)), len(new))]
    return found


def is_written_whole(old: Line, new: Line) -> bool:
    """Whether what comes from the first difference on is wiped out and written again."""
    return old.unsure is not None or new.unsure is not None


def _whole(old: Sequence[Cell], new: Sequence[Cell], at: int) -> int:
    """Not in the middle of a wide character."""
    while at > 0 and not (old[at][0] and new[at][0]):
        at -= 1
    return at


class Scroll(NamedTuple):
    """The rows from `top` to `bottom`, both counted, go up by so many; down if negative."""

    top: int
    bottom: int
    up: int


Picture = Sequence[Line]


def scroll(old: Picture, new: Picture) -> Scroll | None:
    """What the terminal can do itself, where most of a picture moved; None when writing is shorter."""
    changed = [y for y, row in enumerate(new) if row is not old[y] and row != old[y]]
    if len(changed) < 3:
        return None
    wanted = {_key(old[y]): y for y in range(changed[0], changed[-1] + 1)}
    keys = [(y, _key(new[y])) for y in changed]
    places = [(y, wanted.get(key)) for y, key in keys if any(text != " " for text, _ in key)]
    found = [(y, place) for y, place in places if place is not None and place != y]
    if not found:
        return None
    up = Counter(place - y for y, place in found).most_common(1)[0][0]
    rows = [y for y, place in found if place - y == up]
    moved = Scroll(rows[0] + min(up, 0), rows[-1] + max(up, 0), up)
    after = after_scroll(old, moved)
    saved = sum(_differing(old[y], new[y]) - _differing(after[y], new[y]) for y in _range(moved))
    return moved if saved > SCROLL_BYTES else None


def _key(row: Sequence[Cell]) -> tuple[Cell, ...]:
    """What a row is known by: on the left is a list that does not move with the rest."""
    return tuple(row[len(row) // 3 :])


def _differing(old: Sequence[Cell], new: Sequence[Cell]) -> int:
    return sum(map(ne, old, new))


def _range(moved: Scroll) -> range:
    return range(moved.top, moved.bottom + 1)


def after_scroll(old: Picture, moved: Scroll) -> list[Line]:
    """What the terminal shows then."""
    after = list(old)
    blank = Line([BLANK] * len(old[0]))
    for y in _range(moved):
        source = y + moved.up
        after[y] = old[source] if moved.top <= source <= moved.bottom else blank
    return after
