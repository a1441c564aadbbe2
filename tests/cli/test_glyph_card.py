"""The test card of the terminal: every sign of the screen, as wide as the screen takes it to be."""

from dataclasses import fields

from lanmsg.cli.glyph_card import WIDE, glyph_card, signs
from lanmsg.terminal import cell_width
from lanmsg.tui.theme import FANCY


def test_every_bar_stands_in_one_line_where_widths_are_right() -> None:
    rows = list(glyph_card())[3:]
    assert len({cell_width(row.partition("|")[0]) for row in rows if "pipe" not in row}) == 1
    assert len(rows) == 1 + len(list(signs())) + len(WIDE)


def test_every_sign_of_the_screen_is_on_it_beside_its_ascii() -> None:
    card = list(glyph_card())
    for each in fields(FANCY):
        glyph = "".join(getattr(FANCY, each.name))
        assert not glyph or any(glyph[0] in row for row in card), each.name
    assert all(plain.isascii() for _, _, plain in signs())
    assert any(row.rstrip().endswith("  1      *") for row in card)
