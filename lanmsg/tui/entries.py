"""One entry of a conversation as rows: time, name, words with a hanging indent, and what became of them."""

from typing import NamedTuple

from lanmsg.api import Direction, Message, Transfer, TransferState
from lanmsg.terminal import Kind, cell_width, clip, clock, date, human_size, printable
from lanmsg.tui.rows import Row
from lanmsg.tui.state import State
from lanmsg.tui.talk import Entry, Note, Talk
from lanmsg.tui.theme import nick_style
from lanmsg.tui.wording import (
    clip_label,
    delivery_mark,
    failure,
    speaker_sign,
    transfer_size,
    transfer_state,
    transfer_title,
    warning,
    who,
)
from lanmsg.tui.wrap import ROWS_MAX, wrap

TIME_CELLS = 5
FOLD_ROWS = 40
"""Of one message in a conversation; /read shows the rest."""

LATE = 300.0
"""Seconds between sending and arrival from which on a message says when it was written."""


class Look(NamedTuple):
    """How wide a conversation is, and what stands before its words. `nick` 0: names are part of the line."""

    width: int
    nick: int
    times: bool = True
    bare: bool = False  # copy mode: words only

    @property
    def indent(self) -> int:
        if self.bare:
            return 0
        before = TIME_CELLS + 1 if self.times else 2
        return before + self.nick + 1 if self.nick else before

    @property
    def room(self) -> int:
        return max(self.width - self.indent, 8)


def rows_of(state: State, talk: Talk, index: int, look: Look) -> list[Row]:
    """All rows of the entry: the day or the unread line above it, then itself."""
    entry = talk.entries[index]
    wanted = (look, state.epoch, _sought(state) if entry.key == talk.found else None)
    if entry.wrapped is None or entry.wrapped[0] != wanted:
        entry.wrapped = (wanted, _body(state, talk, entry, look))
    before = talk.entries[index - 1] if index else None
    rows = entry.wrapped[1]
    if talk.line is not None and entry.key == ("m", talk.line) and talk.line_count:
        rows = [rule(state, look, f"{talk.line_count} new", "class:new"), *rows]
    if before is None or before.day != entry.day:
        rows = [rule(state, look, date(entry.time, year=look.width >= 60)), *rows]
    return rows


def rule(state: State, look: Look, words: str, style: str = "class:rule") -> Row:
    """A line across with words in its middle."""
    dashes = max(look.width - len(words) - 2, 2)
    line = state.glyphs.rule
    return [(style, f"{line * (dashes // 2)} {words} {line * (dashes - dashes // 2)}")]


def _body(state: State, talk: Talk, entry: Entry, look: Look) -> list[Row]:
    value = entry.value
    if isinstance(value, Message):
        return _message(state, talk, value, look)
    if isinstance(value, Transfer):
        return _transfer(state, value, look)
    return _note(value, look)


# --- messages ---


def _message(state: State, talk: Talk, message: Message, look: Look) -> list[Row]:
    text = printable(message.text, Kind.TEXT)
    name = "you" if message.sender is None else state.label(message.sender)
    style = "class:mine" if message.sender is None else nick_style(message.sender)
    sign = _sign(state, message)
    style = "class:alert" if sign and sign != state.glyphs.delivered else style
    name = f"{sign}{' ' if len(sign) > 1 else ''}{name}"
    if text.startswith("/me "):
        name, text = "*", f"{state.name if message.sender is None else name} {text[4:]}"
    if message.sender is not None and abs(message.stored_at - message.sent_at) > LATE:
        text += f"  (written {clock(message.sent_at)})"
    quote = _quote(state, talk, message, look)
    start = _start(state, look, message.stored_at, name, style, found=talk.found == ("m", message.number))
    if quote:
        # The quoted words stand where the text does, so they take the time and the name.
        rows = [[*start, ("class:quote", quote)], *_hanging(wrap(text, look.room), look)]
    else:
        first = look.width - sum(cell_width(part) for _, part in start)
        lines = wrap(text, look.room, first=first)
        rows = [[*start, ("", lines[0])], *_hanging(lines[1:], look)]
    rows = _folded(state, rows, look)
    if talk.found == ("m", message.number) and (words := _sought(state)):
        rows = [found_in(row, words) for row in rows]
    return rows if message.sender is not None or look.bare else _marked(state, message, rows, look)


def _sign(state: State, message: Message) -> str:
    """Where many talk; the title of a conversation with one says it of that one."""
    if message.sender is None or message.conversation.peer is not None:
        return ""
    return speaker_sign(state, message.sender)


def _folded(state: State, rows: list[Row], look: Look) -> list[Row]:
    """Nobody has to page through what somebody pasted; copy mode shows it all."""
    if len(rows) <= FOLD_ROWS or look.bare:
        return rows
    count = "" if len(rows) > ROWS_MAX else f"{len(rows) - FOLD_ROWS + 1} "
    more = f"{state.glyphs.ellipsis} {count}more rows: /read"
    return [*rows[: FOLD_ROWS - 1], [("", " " * look.indent), ("class:key", clip(more, look.room))]]


def _sought(state: State) -> str:
    """What is being looked for, as it is compared."""
    return state.query.text.lower() if state.query is not None and state.query.kind == "find" else ""


def found_in(row: Row, words: str) -> Row:
    """The row with those words shown up in its last part, which is the text."""
    style, text = row[-1]
    if len(text.lower()) != len(text):
        return row
    parts: Row = []
    position = 0
    while (at := text.lower().find(words, position)) >= 0:
        parts += [(style, text[position:at]), ("class:found", text[at : at + len(words)])]
        position = at + len(words)
    return [*row[:-1], *(part for part in parts if part[1]), (style, text[position:])]


def _start(state: State, look: Look, when: float, name: str, style: str, *, found: bool = False) -> Row:
    """What stands before the words of the first row."""
    if look.bare:
        return [(style, f"{name}: ")]
    time = clock(when) if look.times else ""
    time_style = "class:found" if found else "class:faint"
    if look.nick:
        name = clip_label(name, look.nick - 1, state.glyphs.ellipsis)
        return [(time_style, time), ("", " " * (look.nick - cell_width(name))), (style, name), ("", "  ")]
    name = clip_label(name, max(look.width // 3, 8), state.glyphs.ellipsis)
    return [(time_style, time), ("", " " if time else ""), (style, name), ("", " ")]


def _hanging(lines: list[str], look: Look, style: str = "") -> list[Row]:
    indent = ("", " " * look.indent)
    return [[indent, (style, line)] for line in lines]


def _marked(state: State, message: Message, rows: list[Row], look: Look) -> list[Row]:
    style, mark = delivery_mark(message, state.glyphs)
    gap = "  " if look.nick else " "
    if sum(cell_width(text) for _, text in rows[-1]) + len(gap) + len(mark) <= look.width:
        rows[-1] = [*rows[-1], ("", gap), (style, mark)]
    else:
        rows.append([("", " " * look.indent), (style, mark)])
    if reason := failure(message):
        rows += _hanging(wrap(reason, look.room), look, "class:bad")
    return rows


def _quote(state: State, talk: Talk, message: Message, look: Look) -> str:
    """The message that this one answers, in one row."""
    if message.reply_to is None:
        return ""
    for entry in reversed(talk.entries):
        if isinstance(entry.value, Message) and entry.value.id == message.reply_to:
            return clip(quoted(state, entry.value), look.room - 4, state.glyphs.ellipsis)
    return f"{state.glyphs.reply} an earlier message"


def quoted(state: State, message: Message) -> str:
    name = "you" if message.sender is None else state.label(message.sender)
    return f"{state.glyphs.reply} {name}: {printable(message.text, Kind.LINE)}".replace("\\x0a", " ")


# --- files and notes ---


def _transfer(state: State, transfer: Transfer, look: Look) -> list[Row]:
    incoming = transfer.direction is Direction.IN
    offered = transfer.state is TransferState.OFFERED and incoming
    arrow = state.glyphs.down if incoming else state.glyphs.up
    parts = [transfer_title(transfer), transfer_size(transfer), warning(transfer) if incoming else ""]
    first = look.room - (0 if look.nick else 2)
    if offered:
        texts = [_joined(f"{each} offers {parts[0]}", *parts[1:]) for each in _offering(state, transfer)]
        text = next((text for text in texts if cell_width(text) <= first), texts[0])
    else:
        text = _joined(*parts, transfer_state(state, transfer))
    lines = wrap(text, look.room, first=first)
    rows = [_gutter(look, transfer.created_at, arrow, lines[0]), *_hanging(lines[1:], look)]
    for line in _details(state, transfer, offered=offered):
        rows += _hanging(wrap(line, look.room, limit=3), look, "class:faint" if not transfer.text else "")
    return rows


def _offering(state: State, transfer: Transfer) -> list[str]:
    """Who it is; of a pinned person the name is enough where the row is short, as the title says the rest."""
    short = [state.label(transfer.peer)] if state.is_pinned(transfer.peer) else []
    return [who(state, transfer), *short]


def _joined(*parts: str) -> str:
    return "  ".join(part for part in parts if part)


def _details(state: State, transfer: Transfer, *, offered: bool) -> list[str]:
    details = []
    if transfer.text:
        details.append(f"“{printable(transfer.text, Kind.TEXT)}”")
    if offered and state.downloads:
        free = f", {human_size(state.free)} free" if state.free is not None else ""
        details.append(f"will go to {state.downloads}{free}")
    if transfer.state is TransferState.DONE and transfer.direction is Direction.IN and transfer.paths:
        more = f" and {len(transfer.paths) - 1} more" if len(transfer.paths) > 1 else ""
        details.append(f"{printable(transfer.paths[0])}{more}")
    return details


def _note(note: Note, look: Look) -> list[Row]:
    """Our own words: no name, and the sign of the house where a name would be."""
    lines = [line for part in note.text.split("\n") for line in wrap(part, look.room)]
    style = note.style or "class:note"
    return [_gutter(look, note.time, "", lines[0], style), *_hanging(lines[1:], look, style)]


def _gutter(look: Look, when: float, sign: str, text: str, style: str = "") -> Row:
    """A first row with a sign instead of a name, right before the words."""
    if look.bare:
        return [("class:strong", f"{sign} " if sign else ""), (style, text)]
    time = clock(when) if look.times else ""
    if not look.nick:
        between = " " if time else ""
        return [
            ("class:faint", time),
            ("class:strong", f"{between}{sign}{' ' if sign else ''}"),
            (style, text),
        ]
    gap = look.indent - len(time)
    return [("class:faint", time), ("class:strong", f"{sign} "[:gap].rjust(gap)), (style, text)]
