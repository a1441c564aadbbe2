"""Colours as they reach a terminal: the terminal's own sixteen and no others, none where none is wanted, and
everything that matters is there without them.
"""

import re

import pytest

from tests.tui import scenes
from tests.tui.screen import Screen, play

SGR = re.compile(r"\x1b\[([\d;]*)m")
WEIGHTS = {0, 1, 2, 3, 4, 7}
COLOURS = {*range(30, 38), *range(90, 98)}


async def much(screen: Screen) -> None:
    """An alarm, a question, a bar, names, marks, a list to choose from."""
    scenes.busy(screen.node)
    await screen.type("<c-k>ben<enter>/<esc><esc><c-c><c-k>ben~<enter><c-k>a")
    await screen.draw()


def codes(screen: Screen) -> set[int]:
    found = SGR.findall("".join(screen.terminal.raw))
    return {int(code or 0) for sequence in found for code in sequence.split(";")}


@pytest.mark.parametrize("theme", ["auto", "dark", "light"])
def test_only_the_sixteen_colours_of_the_terminal_and_never_a_ground(theme: str) -> None:
    screen = play(much, scenes.changed_key(), 80, 24, tui={"theme": theme})
    used = codes(screen)
    assert used & COLOURS
    assert used <= WEIGHTS | COLOURS  # no 38;5, no 48: what the person chose as ground stays


@pytest.mark.parametrize("more", [{"tui": {"theme": "mono"}}, {"environment": {"NO_COLOR": "1"}}])
def test_without_colour_signs_words_and_weight_tell(more: dict[str, dict[str, str]]) -> None:
    screen = play(much, scenes.changed_key(), 80, 24, **more)
    assert codes(screen) <= WEIGHTS
    for words in ("!! KEY CHANGED", "^Y yes", "? carla", "● anna", "○ dmitri", "51%", "ben ✓"):
        assert words in screen.text
    cells = screen.terminal.screen.buffer
    question = next(y for y, row in enumerate(screen.text.split("\n")) if "^Y yes" in row)
    assert cells[question][3].reverse


def test_ascii_is_all_there_is_when_only_ascii_is_wanted() -> None:
    screen = play(much, scenes.changed_key(), 80, 24, ascii=True)
    assert "".join(screen.terminal.raw).isascii()
    assert "!! KEY CHANGED" in screen.text
    assert "[####" in screen.text
