"""Signs of both sets, and colours that mean no danger."""

from dataclasses import astuple

from lanmsg.api import PeerId
from lanmsg.terminal import cell_width
from lanmsg.tui.theme import ASCII, FANCY, NICK_STYLES, STYLES, THEMES, nick_style, styles_in_force


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
    words = {word for styles in THEMES.values() for style in styles.values() for word in style.split()}
    weights = ("bold", "dim", "reverse", "italic", "underline")
    assert all(word.startswith("ansi") or word in weights for word in words)
    assert all(styles.keys() == STYLES.keys() for styles in THEMES.values())


def test_some_themes_have_no_colour_and_lose_no_alarm() -> None:
    for name in ("mono", "contrast"):
        assert not any("ansi" in style for style in THEMES[name].values())
        assert all(THEMES[name][alarm] for alarm in ("alert", "new", "bad", "unread", "question"))
    assert "dim" not in THEMES["contrast"].values()


def test_names_may_be_all_alike() -> None:
    coloured, alike = (styles_in_force("dark", nick_colors=on) for on in (True, False))
    assert coloured["nick0"]
    assert {alike[f"nick{number}"] for number in range(NICK_STYLES)} == {""}
    assert styles_in_force("of another version", nick_colors=True) == STYLES
