"""Signs of both sets, and colours that mean no danger."""

from dataclasses import astuple

from lanmsg.api import PeerId
from lanmsg.terminal import cell_width
from lanmsg.tui.theme import ASCII, FANCY, NICK_STYLES, STYLES, nick_style


def test_every_sign_is_one_cell_and_the_ascii_ones_are_ascii() -> None:
    for sign in (
        getattr(FANCY, name) for name in ("here", "away", "gone", "open", "full", "half", "empty", "pipe")
    ):
        assert cell_width(sign) == 1
    assert "".join(map(str, astuple(ASCII))).isascii()


def test_people_keep_a_colour_that_is_never_red() -> None:
    assert nick_style(PeerId(bytes(32))) == nick_style(PeerId(bytes(32)))
    styles = {nick_style(PeerId(bytes([first]) + bytes(31))) for first in range(256)}
    assert styles == {f"class:nick{number}" for number in range(NICK_STYLES)}
    assert not any("red" in STYLES[f"nick{number}"] for number in range(NICK_STYLES))


def test_colours_are_ansi_names_so_that_they_follow_the_terminals_theme() -> None:
    words = {word for style in STYLES.values() for word in style.split()}
    assert all(word.startswith("ansi") or word in ("bold", "dim", "reverse", "italic") for word in words)
