"""Glyphs and colours: every state has a glyph or a weight, colour only repeats it.

Colours are ANSI names, so that they follow the person's own light or dark theme.
"""

from dataclasses import dataclass

from lanmsg.api import PeerId


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The signs of the screen; each set is tested to be one cell wide where a column depends on it."""

    here: str = "●"
    away: str = "◐"
    gone: str = "○"
    open: str = "▌"
    question: str = "?"
    alert: str = "!"
    new: str = "+"
    room: str = "#"
    up: str = "↑"
    down: str = "↓"
    pause: str = "‖"
    full: str = "█"
    half: str = "▌"
    empty: str = "░"
    bar_left: str = ""
    bar_right: str = ""
    queued: str = "…"
    sent: str = "→"
    delivered: str = "✓"
    failed: str = "✗"
    ellipsis: str = "…"
    rule: str = "─"
    pipe: str = "│"
    prompt: str = "›"
    dot: str = "·"
    to: str = "→"
    reply: str = "↪"
    corners: tuple[str, str, str, str] = ("╭", "╮", "╰", "╯")


FANCY = Glyphs()

ASCII = Glyphs(
    here="*",
    away="~",
    gone="o",
    open=">",
    up="^",
    down="v",
    pause="=",
    full="#",
    half="#",
    empty="-",
    bar_left="[",
    bar_right="]",
    queued="..",
    sent="->",
    delivered="ok",
    failed="xx",
    ellipsis="..",
    rule="-",
    pipe="|",
    prompt=">",
    dot="-",
    to="->",
    reply="re:",
    corners=("+", "+", "+", "+"),
)

NICK_STYLES = 6

STYLES = {
    "faint": "dim",  # decoration and times only; nothing that matters is dim
    "note": "",
    "presence": "dim",
    "heading": "bold",
    "title": "bold",
    "strong": "bold",
    "open": "bold",
    "unread": "bold",
    "mine": "bold",
    "rule": "dim",
    "new": "ansired bold",
    "question": "reverse",
    "alert": "ansired bold",
    "good": "ansigreen",
    "bad": "ansired",
    "notice": "bold",
    "key": "bold",
    "chosen": "reverse",
    "found": "reverse",
    "bar": "ansigreen",
    "quote": "italic",
    "prompt": "bold",
    "nick0": "ansigreen",
    "nick1": "ansicyan",  # yellow is next to nothing on white
    "nick2": "ansibrightmagenta",  # blue can hardly be read on black
    "nick3": "ansimagenta",
    "nick4": "ansigreen italic",
    "nick5": "ansibrightblue",
}
"""Without a theme: names of the terminal's own palette, which can be read on dark and on light."""

ANSI_NICKS = {
    "dark": ("brightgreen", "brightyellow", "brightblue", "brightmagenta", "brightcyan", "cyan"),
    "light": ("green", "blue", "magenta", "cyan", "brightblack", "brightblue"),
}


def _nicks(names: tuple[str, ...]) -> dict[str, str]:
    return {f"nick{number}": f"ansi{name}" for number, name in enumerate(names)}


def _colourless(style: str) -> str:
    return " ".join(part for part in style.split() if not part.startswith("ansi"))


_MONO = {name: _colourless(style) for name, style in STYLES.items()}

THEMES = {
    "auto": STYLES,
    "dark": {
        **STYLES,
        "new": "ansibrightred bold",
        "alert": "ansibrightred bold",
        "bad": "ansibrightred",
        "good": "ansibrightgreen",
        "bar": "ansibrightgreen",
        "heading": "ansibrightcyan bold",
        **_nicks(ANSI_NICKS["dark"]),
    },
    "light": {**STYLES, "heading": "ansiblue bold", **_nicks(ANSI_NICKS["light"])},
    "mono": {**_MONO, "new": "bold", "alert": "bold reverse", "bad": "underline"},
    "contrast": {
        **_MONO,
        **dict.fromkeys(("faint", "presence", "rule", "quote"), ""),
        "new": "bold reverse",
        "alert": "bold reverse",
        "bad": "bold underline",
        "open": "bold underline",
        "unread": "bold reverse",
        "key": "bold underline",
    },
}
"""All by ANSI names: they follow the person's own palette. The last two say everything by weight alone."""


def nick_style(peer: PeerId) -> str:
    """Each person keeps a colour, by key; never red, which means danger here, nor our own."""
    return f"class:nick{peer[0] % NICK_STYLES}" if peer else ""


def styles_in_force(theme: str, *, nick_colors: bool) -> dict[str, str]:
    """The styles of a theme, with names in the person's colour or all alike."""
    plain = {} if nick_colors else dict.fromkeys((f"nick{number}" for number in range(NICK_STYLES)), "")
    return {**THEMES.get(theme, STYLES), **plain}
