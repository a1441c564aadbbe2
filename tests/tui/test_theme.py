"""Signs of both sets, and colours that mean no danger."""

from dataclasses import astuple

import pytest

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


PLAIN = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "gray")
BRIGHT = (*(f"bright{name}" for name in ("black", *PLAIN[1:7])), "white")
PALETTES = {  # the sixteen colours; the dark and the light ground that people use them on
    "xterm": (
        "000000 cd0000 00cd00 cdcd00 0000ee cd00cd 00cdcd e5e5e5 "
        "7f7f7f ff0000 00ff00 ffff00 5c5cff ff00ff 00ffff ffffff", "000000", "ffffff",
    ),
    "console": (
        "000000 aa0000 00aa00 aa5500 0000aa aa00aa 00aaaa aaaaaa "
        "555555 ff5555 55ff55 ffff55 5555ff ff55ff 55ffff ffffff", "000000", "",
    ),
    "tango": (
        "2e3436 cc0000 4e9a06 c4a000 3465a4 75507b 06989a d3d7cf "
        "555753 ef2929 8ae234 fce94f 729fcf ad7fa8 34e2e2 eeeeec", "2e3436", "ffffff",
    ),
    "windows": (
        "0c0c0c c50f1f 13a10e c19c00 0037da 881798 3a96dd cccccc "
        "767676 e74856 16c60c f9f1a5 3b78ff b4009e 61d6d6 f2f2f2", "0c0c0c", "ffffff",
    ),
    "apple": (
        "000000 990000 00a600 999900 0000b2 b200b2 00a6b2 bfbfbf "
        "666666 e50000 00d900 e5e500 0000ff e500e5 00e5e5 e5e5e5", "000000", "ffffff",
    ),
    "solarized": (
        "073642 dc322f 859900 b58900 268bd2 d33682 2aa198 eee8d5 "
        "002b36 cb4b16 586e75 657b83 839496 6c71c4 93a1a1 fdf6e3", "002b36", "fdf6e3",
    ),
}  # fmt: skip


def brightness(colour: str) -> float:
    """Relative luminance (WCAG 2)."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4))
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((brightness(one), brightness(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(
    ("theme", "on_dark", "on_light", "least"),
    [("auto", True, True, 1.85), ("dark", True, False, 2.1), ("light", False, True, 1.9)],
)
def test_nothing_is_as_dark_or_as_light_as_its_ground(
    theme: str, on_dark: bool, on_light: bool, least: float
) -> None:
    """Bright black is the ground of one, yellow next to nothing on white, blue on black."""
    for palette, (colours, dark, light) in PALETTES.items():
        named = dict(zip((*PLAIN, *BRIGHT), colours.split(), strict=True))
        for ground in [dark] * on_dark + [light] * (on_light and bool(light)):
            for style, look in THEMES[theme].items():
                for word in look.split():
                    if word.startswith("ansi"):
                        got = contrast(named[word.removeprefix("ansi")], ground)
                        assert got >= least, (palette, ground, style, word, got)


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
