"""A virtual screen as an SVG file: a window, dark or light, with text that stays text."""

import re
from itertools import groupby
from xml.sax.saxutils import escape

import pyte

CELL, LINE, SIZE = 8.43, 18, 14
PADDING, BAR = 14, 34
FONT = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"

Palette = dict[str, str]
DARK: Palette = {
    "back": "#16181d", "front": "#d5d8de", "red": "#ff6b6b", "green": "#7ccf7c", "brown": "#e5c07b",
    "blue": "#6ca8ff", "magenta": "#d48ae6", "cyan": "#5fc9d0", "brightblue": "#8fb8ff",
    "brightblack": "#7d8490",
}  # fmt: skip
LIGHT: Palette = {
    "back": "#fbfbf9", "front": "#24272e", "red": "#c62828", "green": "#2e7d32", "brown": "#8a6100",
    "blue": "#1d5fbf", "magenta": "#8e3ba8", "cyan": "#00707a", "brightblue": "#3f6fd1",
    "brightblack": "#7a7f88",
}  # fmt: skip

PHRASE = re.compile(r"\S+(?: \S+)*")


def svg(screen: pyte.Screen, title: str, palette: Palette = DARK) -> str:
    """All of the screen, cursor included.

    Each phrase is a text element at its own column, so that a font of another width shifts nothing.
    """
    width = round(screen.columns * CELL + 2 * PADDING)
    height = BAR + screen.lines * LINE + PADDING
    faint = palette["brightblack"]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"',
        ' xml:space="preserve" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>text {{ font: {SIZE}px {FONT}; white-space: pre; fill: {palette['front']} }}</style>",
        f'<rect x=".5" y=".5" width="{width - 1}" height="{height - 1}" rx="9" fill="{palette["back"]}"',
        f' stroke="{faint}" stroke-opacity=".4"/>',
        *(
            f'<circle cx="{20 + 18 * index}" cy="17" r="5.5" fill="{colour}"/>'
            for index, colour in enumerate(("#ff5f57", "#febc2e", "#28c840"))
        ),
        f'<text x="{width / 2:.0f}" y="22" text-anchor="middle" style="fill: {faint}">{escape(title)}</text>',
    ]
    for row in range(screen.lines):
        parts += _row(screen, row, palette)
    if not screen.cursor.hidden:
        x, y = PADDING + screen.cursor.x * CELL, BAR + screen.cursor.y * LINE
        parts.append(_rect(x, y, CELL, f"{palette['front']}b0"))
    return "\n".join([*parts, "</svg>", ""])


def _row(screen: pyte.Screen, row: int, palette: Palette) -> list[str]:
    cells = [screen.buffer[row][column] for column in range(screen.columns)]
    parts = []
    column = 0
    for look, run in groupby(cells, key=lambda cell: cell[1:]):
        text = "".join(cell.data for cell in run)
        parts += _run(text, column, row, pyte.screens.Char("x", *look), palette)
        column += len(text)
    return parts


def _run(text: str, column: int, row: int, look: pyte.screens.Char, palette: Palette) -> list[str]:
    front, back = palette.get(look.fg, palette["front"]), palette.get(look.bg, "")
    if look.reverse:
        front, back = palette["back"], front
    x, y = PADDING + column * CELL, BAR + row * LINE
    parts = [_rect(x, y, len(text) * CELL, back)] if back else []
    style = f"fill: {front}; " if front != palette["front"] else ""
    style += "font-weight: bold; " if look.bold else ""
    style += "font-style: italic; " if look.italics else ""
    attribute = f' style="{style.strip()}"' if style else ""
    for phrase in PHRASE.finditer(text):
        at, length = x + phrase.start() * CELL, len(phrase.group()) * CELL
        words = escape(phrase.group())
        parts.append(f'<text x="{at:.1f}" y="{y + 13.5}" textLength="{length:.1f}"{attribute}>{words}</text>')
    return parts


def _rect(x: float, y: float, width: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{LINE}" fill="{colour}"/>'
