"""The test card of `lanmsg doctor --glyphs`: does this terminal show the signs as the screen counts them?"""

from collections.abc import Iterator
from dataclasses import fields

from lanmsg.terminal import cell_width, clip
from lanmsg.tui.theme import ASCII, FANCY

WIDE = ("漢字", "한글", "👍", "é", "ﬁ")
"""Text that people write, of one cell and of two."""

RULER = 12


def glyph_card() -> Iterator[str]:
    yield "Every bar on the right has to stand in one line. If one does not, or a sign is a box or a"
    yield "question mark, use `lanmsg --ascii`, or keep it: lanmsg config set tui.ascii true"
    yield ""
    yield f"{'sign':<10}  {'here':<{RULER}}|  {'cells':<5}  ASCII"
    for name, glyph, plain in signs():
        yield row(name, glyph, plain)
    for text in WIDE:
        yield row("text", text, "")


def signs() -> Iterator[tuple[str, str, str]]:
    """Each sign of the screen, and what stands for it with --ascii."""
    for each in fields(FANCY):
        fancy, plain = getattr(FANCY, each.name), getattr(ASCII, each.name)
        if fancy:
            yield each.name.replace("_", " "), "".join(fancy), "".join(plain)


def row(name: str, glyph: str, plain: str) -> str:
    cells = cell_width(glyph)
    repeated = clip(glyph * max(1, RULER // max(cells, 1) - 1), RULER, "")
    return f"{name:<10}  {repeated}{' ' * (RULER - cell_width(repeated))}|  {cells:<5}  {plain}".rstrip()
