"""Ten thousand hostile strings on the screen: names, notes, messages, files and reasons stay in their cells.

What is painted goes to a virtual terminal in a frame; nothing of the frame may change, whatever is written.
"""

import random
import sys
import unicodedata
from collections.abc import Iterator

import pyte

from lanmsg.api import EVERYONE
from lanmsg.terminal import cell_width
from lanmsg.tui import question_bar, strips, view
from lanmsg.tui.rows import Row
from lanmsg.tui.state import Page
from tests.tui.double import Double, person
from tests.tui.given import BEN, open_talk, state_of

COLUMNS, ROWS = 100, 34
STRINGS = 10_000
PEOPLE, SAID, OFFERED = 14, 24, 3
EACH = 2 * PEOPLE + SAID + 3 * OFFERED
FRAME = "#"
NEVER_SHOWN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}

PIECES = (
    "\x1b[2J", "\x1b[1;1H", "\x1b]0;title\x07", "\x1b]52;c;aGk=\x07", "\x1bP+q\x1b\\", "\x1bc",
    "\x1b[?1049l", "\x9b31m", "\x9d8;;http://x\x9c", "\r", "\n", "\r\n", "\t", "\x08" * 9, "\x7f",
    "\x0b", "\x0c", "\x0e", "\x85", "\u2028", "\u2029", "\u202e", "\u2066", "\u2069", "\u200f",
    "\u200b", "\u200d", "\ufeff", "\u00ad", "\U000e0041", "\ufe0f", "\u3164", "\u2800",
    "e" + "\u0301" * 40, "\u0e33" * 5, "\U0001f468\u200d\U0001f469", "\U0001f1e9\U0001f1ea", "日本語",
    "한글", "\u1100\u1161\u11a8", "שלום", "مرحبا", "नमस्ते", "\ud800", "\U0010ffff", "\ue000",
    "\U0001faff", "[red]", "<b>", "{0}", "%s", "[/", "root# ", "x" * 300, " " * 120, "✓ verified",
    "● here", "[Y] accept",
)  # fmt: skip


def hostile() -> Iterator[str]:
    """The same ones in each run: pieces that are known to bite, and code points by chance."""
    dice = random.Random(2372)
    while True:
        parts = [dice.choice(PIECES) for _ in range(dice.randrange(1, 6))]
        parts.append("".join(chr(dice.randrange(sys.maxunicode + 1)) for _ in range(dice.randrange(4))))
        dice.shuffle(parts)
        yield "".join(parts)


def screens(words: Iterator[str]) -> Iterator[list[str]]:
    """Rows of text, each screen full of strings that no other one has."""
    for turn in range(STRINGS // EACH):
        node = Double()
        people = [person(next(words), key=f"{key}", note=next(words)) for key in range(PEOPLE - 1)]
        node.meet(person(next(words), key="ben", note=next(words)), *people)
        for number in range(SAID):
            node.hear("ben" if number % 2 else "3", next(words), everyone=not number % 2)
        for _ in range(OFFERED):
            node.offered("ben", next(words), 5, text=next(words), reason=next(words))
        state = state_of(node)
        for conversation in (BEN, EVERYONE):
            open_talk(state, node, conversation)
            rows = view.paint(state, COLUMNS, ROWS, rows=ROWS + 2)
            yield [*map(text_of, rows)]
        yield [
            *map(text_of, question_bar.question(state, COLUMNS)),
            *map(text_of, strips.transfers(state, COLUMNS)),
        ]
        state.page = Page(("people", "transfers")[turn % 2])
        yield [*map(text_of, view.paint(state, COLUMNS, ROWS, rows=ROWS + 2))]


def text_of(row: Row) -> str:
    return "".join(part for _, part in row)


def frame_of(terminal: pyte.Screen) -> set[str]:
    """What stands on the four edges."""
    cells, last = terminal.buffer, ROWS + 1
    edges = {cells[row][column].data for row in (0, last) for column in range(COLUMNS + 2)}
    return edges | {cells[row][column].data for row in range(ROWS) for column in (0, COLUMNS + 1)}


def test_no_hostile_string_changes_a_cell_outside_its_own_area() -> None:
    terminal = pyte.Screen(COLUMNS + 2, ROWS + 2)
    stream, full = pyte.Stream(terminal), FRAME * (COLUMNS + 2)
    stream.feed("\r\n".join([full, *[f"{FRAME}{' ' * COLUMNS}{FRAME}"] * ROWS, full]))
    shown = 0
    for rows in screens(hostile()):
        assert len(rows) <= ROWS
        for number, row in enumerate(rows):
            assert not {unicodedata.category(c) for c in row} & NEVER_SHOWN, row
            assert cell_width(row) <= COLUMNS, row
            if cell_width(row) != len(row) or number % 8 == 0:  # most others are as wide as they are long
                stream.feed(f"\x1b[{number + 2};2H{row}")
                assert terminal.cursor.y == number + 1, row
        shown += sum("\\x1b[2J" in row for row in rows)
        assert frame_of(terminal) == {FRAME}, rows
    assert shown > 100, "the strings were there"
