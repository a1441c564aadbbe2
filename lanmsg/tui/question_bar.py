"""The question bar: who asks, what, and the keys that answer; in two rows where one is too narrow."""

from collections.abc import Sequence

from lanmsg.api import Transfer
from lanmsg.terminal import cell_width, clip, human_size
from lanmsg.tui import comparing, moves
from lanmsg.tui.rows import Row, all_in, clipped, filled, spread
from lanmsg.tui.state import State
from lanmsg.tui.strips import key_of
from lanmsg.tui.wording import transfer_size, transfer_title, trust_word, warning, who

TITLE_CELLS = 12
"""Of a file's name, without which a question says too little."""

NARROW = 30
"""Cells of a row that has no room for a file beside the keys."""

Choices = tuple[tuple[str, str], ...]

SHORT = {"accept": "yes", "decline": "no"}


def question(state: State, columns: int, *, roomy: bool = True) -> list[Row]:
    """What this person is asked; the keys never write a letter. `roomy`: it may take two rows."""
    ellipsis = state.glyphs.ellipsis
    rows = _question(state, columns, roomy=roomy)
    return [all_in("class:question", filled(row, columns, ellipsis)) for row in rows]


def _question(state: State, columns: int, *, roomy: bool) -> list[Row]:
    if state.asking is not None:
        return _own(state, [state.asking.text], state.asking.choices, columns, roomy=roomy)
    if (verification := comparing.asked(state)) is not None:
        texts = [comparing.question(state, verification), comparing.short_question(state, verification)]
        return _own(state, texts, comparing.choices(state, verification), columns, roomy=roomy)
    offer = moves.asked(state)
    return _offer(state, offer, columns, roomy=roomy) if offer is not None else []


def _keys(state: State, choices: Choices, gap: str, *, brackets: bool) -> str:
    keys = [(key_of(state, action), word) for action, word in choices]
    return gap.join(f"[{key}] {word}" if brackets else f"{key} {word}" for key, word in keys)


# --- of our own ---


def _own(state: State, texts: Sequence[str], choices: Choices, columns: int, *, roomy: bool) -> list[Row]:
    """The keys stay in sight; what is asked is put in fewer words, or cut, before them."""
    sign, ellipsis = state.glyphs.question, state.glyphs.ellipsis
    for gap in ("   ", "  ", " "):
        row = f" {sign} {texts[0]}{gap}{_keys(state, choices, gap, brackets=True)}"
        if cell_width(row) < columns:
            return [[("", row)]]
    short = tuple((action, word.removeprefix("send ")) for action, word in choices)
    keys = _keys(state, short, " ", brackets=False)
    one = next((text for text in texts if cell_width(text + keys) + 4 < columns), None)
    if one is not None:
        return [[("", f" {sign} {one} {keys}")]]
    if roomy:
        text = next((text for text in texts if cell_width(text) + 3 <= columns), texts[-1])
        return [[("", f" {sign} {clip(text, columns - 3, ellipsis)}")], [("", f"   {keys}")]]
    room = max(columns - 4 - cell_width(keys), 8)
    return [[("", f" {sign} {clip(texts[-1], room, ellipsis)} {keys}")]]


# --- offers ---

ANSWERS: Choices = (("yes", "accept"), ("no", "decline"), ("other", "save as"))


def _offer(state: State, offer: Transfer, columns: int, *, roomy: bool) -> list[Row]:
    number, total = state.questions.index(offer.number) + 1, len(state.questions)
    count = f"question {number} of {total} " if columns >= 100 else f"{number}/{total} "
    right: Row = [("", count)] if total > 1 and columns >= 64 else []
    room = columns - (len(count) + 1 if right else 0)
    ellipsis = state.glyphs.ellipsis
    one = next((text for text in _in_one_row(state, offer) if cell_width(text) <= room), None)
    if one is not None:
        return [spread([("", one)], right, columns, ellipsis)]
    if roomy:
        first, second = _in_two_rows(state, offer, columns)
        return [[("", first)], spread([("", second)], right, columns, ellipsis)]
    keys = f" {_keys(state, (('yes', 'yes'), ('no', 'no')), ' ', brackets=False)} "
    left: Row = [("", f" {state.glyphs.question} {_names(state, offer)[-1]}: {_what(offer, 0, ellipsis)}")]
    return [spread(clipped(left, columns, ellipsis), [("", keys)], columns, ellipsis)]


def _names(state: State, offer: Transfer) -> list[str]:
    """Who it is, from the longest; of a stranger never less than what the key is."""
    person, label = who(state, offer), state.label(offer.peer)
    known = state.peers.get(offer.peer)
    if known is None or not state.is_pinned(offer.peer):
        return [person]
    return [person, f"{label} ({trust_word(known)})", label]


def _what(offer: Transfer, cells: int, ellipsis: str) -> str:
    """Name, size, and whether it is a program; with `cells` the name is cut so that the rest is in sight."""
    program = f", {warning(offer)}" if warning(offer) else ""
    rest = f" {transfer_size(offer)}{program}"
    title = transfer_title(offer)
    return clip(title, max(cells - cell_width(rest), 4), ellipsis) + rest if cells else title + rest


def _in_one_row(state: State, offer: Transfer) -> list[str]:
    """The longest first; all of them have all the keys."""
    sign, names = state.glyphs.question, _names(state, offer)
    title, size, what = transfer_title(offer), transfer_size(offer), _what(offer, 0, "")
    program = f", {warning(offer)}" if warning(offer) else ""
    free = f", {human_size(state.free)} free" if state.free is not None else ""
    wide, middle = (_keys(state, ANSWERS, gap, brackets=True) for gap in ("   ", " "))
    bare = _keys(state, ANSWERS, "  ", brackets=False)
    shorter = _keys(state, _in_short(ANSWERS), " ", brackets=False)
    return [
        f" {sign} {names[0]} offers {title} ({size}{program}{free})    {wide}",
        f" {sign} {names[0]} offers {title} ({size}{program}{free})  {middle}",
        f" {sign} {names[0]} offers {title} ({size}{program})    {wide}",
        *(f" {sign} {name}: {what}  {keys}" for name in names for keys in (middle, bare, shorter)),
    ]


def _in_short(choices: Choices) -> Choices:
    return tuple((action, SHORT.get(word, word)) for action, word in choices)


def _in_two_rows(state: State, offer: Transfer, columns: int) -> tuple[str, str]:
    """Who and what above the keys; or who alone, when both are long."""
    sign, ellipsis = state.glyphs.question, state.glyphs.ellipsis
    bare = _keys(state, ANSWERS, "  ", brackets=False)
    short = _keys(state, _in_short(ANSWERS), " ", brackets=False)
    keys = bare if len(bare) + 4 <= columns else short
    for name in _names(state, offer):
        start = f" {sign} {name}: "
        room = columns - cell_width(start)
        what = _what(offer, max(room, 1), ellipsis)
        shown = cell_width(what) - cell_width(_what(offer, 1, "")) + 4
        if cell_width(what) <= room and shown >= min(TITLE_CELLS, cell_width(transfer_title(offer))):
            return start + what, f"   {keys}"
    keys = _keys(state, (("yes", "yes"), ("no", "no")), " ", brackets=False)
    name = _names(state, offer)[-1]
    if columns < NARROW:
        return clip(f" {sign} {name}: {_what(offer, 0, ellipsis)}", columns, ellipsis), f"   {keys}"
    what = _what(offer, columns - len(keys) - 4, ellipsis)
    return clip(f" {sign} {name}", columns, ellipsis), f"   {what} {keys}"
