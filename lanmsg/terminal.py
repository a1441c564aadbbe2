"""What may reach a terminal: peers' text made safe, its width in cells, and figures as people read them.

Nothing a peer wrote is printed without passing printable(): escape sequences, text that runs backwards and
characters that hide are the ways in which a name or a message can forge a screen.
"""

import re
import time
import unicodedata
from enum import Enum
from functools import lru_cache
from itertools import pairwise

ONE_LINE_CELLS = 32
"""Names are cut here: a longer one could push what stands behind it (a question!) off the row."""

COMBINING_MAX = 4
"""Marks on one base character; more ("zalgo") paint over the rows around it. No script needs more."""

CACHED_CHARACTERS = 8192
"""A peer chooses which characters we meet, so the caches below must have an end."""


class Kind(Enum):
    """What a peer's text is, which decides what it may hold."""

    TEXT = "text"  # a message: lines and tabs stay
    LINE = "line"  # a note or a reason: one line of any length
    NAME = "name"  # a nickname: one line, cut at its end
    FILE = "file"  # a file name: one line, cut in its middle, so that its type stays in sight


SAFE_ASCII = re.compile(r"[\n\x20-\x7e]*")
"""Nearly every message is this and needs no further look."""

MARKS = re.compile(r"[^\x00-\u02ff]+")
"""Where combining marks may be at all: none is below U+0300."""

UNSEEN = frozenset((0x00AD, 0x034F, 0x061C, 0xFEFF)).union(
    range(0x180B, 0x1810), range(0x200B, 0x2010), range(0x2060, 0x2065), range(0xFE00, 0xFE10),
    range(0xFFF9, 0xFFFC), range(0xE0000, 0xE01F0),
)  # fmt: skip
"""Joiners, selectors, marks of direction, tags: without them a message reads the same, and what is left has
the width that a terminal gives it. A message drops them; a name shows them, as nobody needs them there."""

BLANKS = frozenset((0x115F, 0x1160, 0x3164, 0xFFA0, 0x2800))
"""Letters that look like nothing: a name of these would be an empty row."""

PICTOGRAPHS = range(0x1F300, 0x1FB00)
"""A message may hold an emoji younger than this Python's tables; whatever else is unassigned, it may not."""

REFUSED = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
MARK_CATEGORIES = frozenset(("Mn", "Me", "Mc"))


def escaped(code: int) -> str:
    """A character shown as its number, as a Python or C string would write it."""
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


class _Shown(dict[int, str]):
    """What str.translate puts in place of each code point; filled as characters are met."""

    def __init__(self, *, message: bool) -> None:
        super().__init__()
        self.message = message

    def __missing__(self, code: int) -> str:
        shown = _shown_in_message(code) if self.message else _shown_in_line(code)
        if len(self) < CACHED_CHARACTERS:
            self[code] = shown
        return shown


def _shown_in_message(code: int) -> str:
    if code in (0x0A, 0x0D, 0x2028, 0x2029):
        return "\n"
    if code == 0x09:
        return "    "
    if code in UNSEEN:
        return ""
    character = chr(code)
    category = unicodedata.category(character)
    if category in REFUSED and not (category == "Cn" and code in PICTOGRAPHS):
        return escaped(code)
    return "␣" if code in BLANKS else character


def _shown_in_line(code: int) -> str:
    character = chr(code)
    category = unicodedata.category(character)
    if category in REFUSED or code in UNSEEN:
        return escaped(code)
    # All blanks alike: a row of wide ones could imitate the space between columns.
    if category == "Zs":
        return " "
    return "␣" if code in BLANKS else character


_MESSAGE = _Shown(message=True)
_LINE = _Shown(message=False)


def printable(text: str, kind: Kind = Kind.LINE) -> str:
    """`text` of a peer as it may be shown on a terminal, by a row of its own or among our words.

    Controls, escapes, and what reverses or hides text come out as visible numbers. The result holds no
    control character but, in a message, the line feed.
    """
    if kind is Kind.TEXT:
        if SAFE_ASCII.fullmatch(text):
            return text
        return _with_few_marks(text.replace("\r\n", "\n").translate(_MESSAGE))
    if not (text.isascii() and text.isprintable()):
        text = _with_few_marks(text.translate(_LINE))
    if kind is Kind.NAME:
        return clip(text.strip(), ONE_LINE_CELLS)
    return clip_middle(text, ONE_LINE_CELLS) if kind is Kind.FILE else text


def _with_few_marks(text: str) -> str:
    return text if text.isascii() else MARKS.sub(_thin_out, text)


def _thin_out(match: re.Match[str]) -> str:
    """The same characters without the marks beyond COMBINING_MAX in a row."""
    kept, marks = [], 0
    for character in match.group():
        marks = marks + 1 if unicodedata.category(character) in MARK_CATEGORIES else 0
        if marks <= COMBINING_MAX:
            kept.append(character)
    return "".join(kept)


# --- cells ------------------------------------------------------------------------------------------------
# The standard library's tables and not wcwidth's: importing that costs 30 ms, a tenth of what a command may
# take. A test compares the two over all of Unicode, since the screen's toolkit paints by wcwidth.

ZERO_CELLS = (range(0x1160, 0x1200), range(0xD7B0, 0xD800))
"""Hangul vowels and finals join the syllable before them."""

TWO_CELLS = (
    range(0x1F1E6, 0x1F200),  # regional indicators
    range(0x2630, 0x2638), range(0x268A, 0x2690), range(0x4DC0, 0x4E00), range(0x1D300, 0x1D377),  # newer
)  # fmt: skip


class _Widths(dict[str, int]):
    def __missing__(self, character: str) -> int:
        width = _width(character)
        if len(self) < CACHED_CHARACTERS:
            self[character] = width
        return width


def _width(character: str) -> int:
    code = ord(character)
    if unicodedata.category(character) in MARK_CATEGORIES or any(code in cells for cells in ZERO_CELLS):
        return 0
    wide = unicodedata.east_asian_width(character) in "WF" or any(code in cells for cells in TWO_CELLS)
    return 2 if wide else 1


_WIDTHS = _Widths()
character_width = _WIDTHS.__getitem__
"""Cells that one printable character takes: 0, 1 or 2."""


def cell_width(text: str) -> int:
    """Cells that printable text takes in a row."""
    return len(text) if text.isascii() else sum(map(character_width, text))


def head(text: str, cells: int) -> str:
    """The longest beginning of `text` that fits in `cells`."""
    if text.isascii():
        return text[: max(cells, 0)]
    used = 0
    for index, character in enumerate(text):
        used += character_width(character)
        if used > cells:
            return text[:index]
    return text


def clip(text: str, cells: int, ellipsis: str = "…") -> str:
    """`text` in at most `cells`, its end replaced by `ellipsis` when it is longer."""
    if len(text) <= cells and (text.isascii() or cell_width(text) <= cells):
        return text
    if cell_width(text) <= cells:
        return text
    return head(text, cells - len(ellipsis)) + ellipsis if cells >= len(ellipsis) else head(text, cells)


def clip_middle(text: str, cells: int, ellipsis: str = "…") -> str:
    """`text` in at most `cells`, its middle replaced: a file's type is at its end, and may be a warning."""
    if cell_width(text) <= cells or cells < 2 * len(ellipsis) + 6:
        return clip(text, cells, ellipsis)
    end = head(text[: -(cells // 2) - 1 : -1], cells // 2 - len(ellipsis))[::-1]
    return head(text, cells - cell_width(end) - len(ellipsis)) + ellipsis + end


def fit(text: str, cells: int, ellipsis: str = "…") -> str:
    """`text` in exactly `cells`: clipped, or filled with blanks."""
    clipped = clip(text, cells, ellipsis)
    return clipped + " " * (cells - cell_width(clipped))


# --- figures ----------------------------------------------------------------------------------------------

UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")


def human_size(count: float) -> str:
    """Bytes in the decimal units that shops and file managers use: 999 B, 1.2 MB, 14 kB, 212 GB."""
    value, unit = float(max(count, 0)), 0
    while value >= (999.5 if unit else 1000) and unit < len(UNITS) - 1:
        value /= 1000
        unit += 1
    digits = 1 if unit and value < 9.95 else 0
    return f"{value:.{digits}f} {UNITS[unit]}"


SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?", re.IGNORECASE)


def parse_size(text: str) -> int | None:
    """Bytes, as people write them: 500k, 2.5 MB, 1G; None for anything else."""
    match = SIZE.fullmatch(text.strip())
    if match is None:
        return None
    return int(float(match[1]) * 1000 ** " kmgt".index(match[2].lower() or " "))


def human_rate(rate: float) -> str:
    """Bytes a second, in a person's units."""
    return f"{human_size(rate)}/s"


def human_duration(seconds: float) -> str:
    """A length of time as a clock shows it: 0:45, 12:03, 1:02:03; days in words."""
    whole = max(round(seconds), 0)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours // 24} days"
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def plural(count: int, one: str, many: str = "") -> str:
    """1 file, 2 files."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def clock(when: float) -> str:
    """The local time of day of a wall-clock time: 09:12."""
    return time.strftime("%H:%M", time.localtime(when))


def date(when: float, *, year: bool = True) -> str:
    """The local day of a wall-clock time: Sat 21 Nov 2026."""
    return time.strftime("%a %d %b %Y" if year else "%a %-d %b", time.localtime(when))


def fingerprint(peer: bytes, groups: int = 16) -> str:
    """A peer id as people compare it, four digits at a time; `groups` of 16 make all of it."""
    digits = peer.hex().upper()
    return " ".join(digits[start : start + 4] for start in range(0, min(groups * 4, len(digits)), 4))


# --- names that deceive -----------------------------------------------------------------------------------

LOOK_ALIKE_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK")


def mixes_scripts(name: str) -> bool:
    """Whether `name` has letters of scripts that share shapes: a Cyrillic a in a Latin name is a disguise."""
    if name.isascii():
        return False
    letters = (unicodedata.name(character, "") for character in name if character.isalpha())
    found = {script for letter in letters for script in LOOK_ALIKE_SCRIPTS if letter.startswith(script)}
    return len(found) > 1


def folded(name: str) -> str:
    """What two names share when a hurried reader takes them for one."""
    return unicodedata.normalize("NFKC", name).casefold().strip()


LIKE_L = str.maketrans("I1|\u0406\u0399\u04c00O", "llllll" + "oo")
"""Before case is folded: a capital i is a small L in many a typeface."""

LIKE_LATIN = {
    ord(other): latin
    for latin, others in {
        "a": "\u0430\u03b1", "b": "\u0432\u03b2", "c": "\u0441\u03f2", "d": "\u0501\u0111",
        "e": "\u0435\u03b5", "h": "\u04bb\u043d\u03b7", "i": "\u0456\u03b9\u0131", "j": "\u0458",
        "k": "\u043a\u03ba", "l": "\u04cf\u0142", "m": "\u043c\u03bc", "n": "\u03bd",
        "o": "\u043e\u03bf\u00f8", "p": "\u0440\u03c1", "q": "\u051b", "s": "\u0455", "t": "\u0442\u03c4",
        "u": "\u03c5", "w": "\u051d\u03c9", "x": "\u0445\u03c7", "y": "\u0443\u03b3", "z": "\u03b6",
        "3": "\u0437",
    }.items()
    for other in others
}  # fmt: skip
"""Cyrillic, Greek and barred letters by the Latin one that they, or their capitals, look like."""


@lru_cache(maxsize=CACHED_CHARACTERS)
def skeleton(name: str) -> str:
    """The same for names that look alike: other scripts, accents, signs, I and l, rn and m; maybe ""."""
    text = unicodedata.normalize("NFKD", name).translate(LIKE_L).casefold().translate(LIKE_LATIN)
    return "".join(filter(str.isalnum, text)).replace("rn", "m").replace("vv", "w")


OUR_SIGNS = dict.fromkeys(
    (
        *map(ord, "!#*>?|~\u00d7\u203a\u203c\u221a\u26a0\u26aa\u26ab\u2705\u274c\u274e\u2b24\U0001f5f8"),
        *map(ord, "\uff01\uff03\uff0a\uff1e\uff1f\uff5c\uff5e"),
        *range(0x2047, 0x204A), *range(0x2190, 0x2200), *range(0x2500, 0x2600), *range(0x2610, 0x2613),
        *range(0x2713, 0x2719), *range(0x2753, 0x2758),
    ),
    "_",
)  # fmt: skip
"""Ticks, crosses, circles, bars, arrows: what this program puts beside a name, and what looks like that. The
tilde is one: behind it stand the digits of a key, and never what somebody says of itself."""

OUR_WORDS = (
    *("you", "everyone", "somebody", "nobody", "lanmsg", "new", "known", "verified", "blocked", "replaced"),
    *("old key", "key changed", "words differed", "here", "away", "busy", "gone"),
)
"""A name that is one of these, and nothing else, reads as if this program said it."""

OUR_BEGINNINGS = (
    *("you to", "warning", "key changed", "words differed", "transfer", "saved", "conversation with"),
    *("ok", "xx", "problem", "perhaps"),
)
"""What lines of this program begin with; `ok` and `xx` are its signs where there is only ASCII."""


def shown_name(name: str) -> str:
    """A name that somebody has taken, or was given, as it may be shown: printable, and without our signs."""
    return printable(name.translate(OUR_SIGNS), Kind.NAME)


@lru_cache(maxsize=CACHED_CHARACTERS)
def imitates(name: str) -> bool:
    """Whether a name could be read as a mark or as words of this program: the key must be told beside it."""
    text = unicodedata.normalize("NFKC", name)
    if {*name, *text} & _SIGNS:
        return True
    words = _looks_of_words(name)
    begins = any(words[: len(each)] == each for each in _BEGINNINGS)
    return "".join(words) in _WORDS or begins or "toeveryone" in map("".join, pairwise(words))


def _looks_of_words(text: str) -> tuple[str, ...]:
    # A capital i is taken for a small L, and yet it is an i in capitals.
    words = "".join(character if character.isalnum() else " " for character in text).split()
    return tuple(look for word in words if (look := skeleton(word).replace("i", "l")))


_SIGNS = {*map(chr, OUR_SIGNS), *"():"}
_WORDS = frozenset("".join(_looks_of_words(each)) for each in OUR_WORDS)
_BEGINNINGS = tuple(map(_looks_of_words, OUR_BEGINNINGS))
