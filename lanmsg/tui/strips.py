"""The rows round the input: transfers, the line being answered, status, and the footer."""

from lanmsg.api import Direction, Status, TransferState
from lanmsg.terminal import UNITS, cell_width, clip, human_duration, human_rate, human_size, plural
from lanmsg.tui.entries import quoted
from lanmsg.tui.keys import Key, shown
from lanmsg.tui.progress import Progress
from lanmsg.tui.rows import Row, clipped, filled, spread, width
from lanmsg.tui.state import State
from lanmsg.tui.wording import (
    ending,
    pause_words,
    percent,
    silence,
    transfer_size,
    transfer_title,
)
from lanmsg.tui.wrap import wrap

STRIP_ROWS = 3
LINGER = 4.0
"""Seconds for which a transfer that ended stays in the strip."""

ETA_AFTER = 2.0
"""Seconds of data before a rate means anything."""


def key_of(state: State, action: str) -> str:
    """The key in force for an action, as it stands in brackets."""
    key = next((key for key in state.keys if key.action == action), None)
    return shown(key.keys[0], short=True) if key else "-"


# --- transfers ---


def transfers(state: State, columns: int) -> list[Row]:
    """What moves right now, at most three rows."""
    moving = [each for each in state.moving.values() if in_strip(state, each)]
    moving.sort(key=lambda each: (each.transfer.state is not TransferState.RUNNING, each.transfer.number))
    if len(moving) <= STRIP_ROWS:
        return [_strip(state, each, columns) for each in moving]
    more = len(moving) - STRIP_ROWS + 1
    rows = [_strip(state, each, columns) for each in moving[: STRIP_ROWS - 1]]
    return [*rows, [("", f"   +{more} more {key_of(state, 'transfers')}")]]


def in_strip(state: State, progress: Progress) -> bool:
    return not progress.transfer.state.is_final or 0 <= state.tick - progress.ended < LINGER


def _strip(state: State, progress: Progress, columns: int) -> Row:
    transfer = progress.transfer
    glyphs = state.glyphs
    outgoing = transfer.direction is Direction.OUT
    arrow = glyphs.up if outgoing else glyphs.down
    title, label = transfer_title(transfer), state.label(transfer.peer)
    ends = (title, label) if outgoing else (label, title)
    name = title if columns < 64 else f" {glyphs.to} ".join(ends)
    name_cells = 12 if columns < 64 else 22 if columns < 100 else 26
    bar = 9 if columns < 64 else 20 if columns < 120 else 30
    row: Row = [("", f" {arrow} "), *filled([("", name)], name_cells, glyphs.ellipsis), ("", "  ")]
    return clipped([*row, *_movement(state, progress, bar, columns)], columns, glyphs.ellipsis)


def _movement(state: State, progress: Progress, bar: int, columns: int) -> Row:
    transfer = progress.transfer
    done = percent(transfer)
    if transfer.state is TransferState.DONE:
        words = "delivered" if transfer.direction is Direction.OUT else "saved"
        return [("class:good", f"{state.glyphs.delivered} {words}  {transfer_size(transfer)}")]
    if transfer.state.is_final:
        return [("class:bad", f"{state.glyphs.failed} {ending(transfer)}")]
    gap = "   " if columns >= 100 else " " if columns < 64 else "  "
    row: Row = []
    if done is not None:
        row = [("class:bar", meter(state, done, bar)), ("", f"{gap}{done:3d}%")]
        if columns >= 100 and transfer.total is not None:
            row.append(("", f"{gap}{of_total(transfer.done, transfer.total)}"))
    else:
        row = [("", f"{human_size(transfer.done)} so far")]
    return [*row, *_speed(state, progress, gap, short=columns < 64)]


def _speed(state: State, progress: Progress, gap: str, *, short: bool) -> Row:
    transfer = progress.transfer
    if transfer.state is TransferState.PAUSED:
        words = pause_words(state.label(transfer.peer), transfer)
        return [("class:strong", f"{gap}{state.glyphs.pause} {words}")]
    if still := silence(progress, state.tick):
        return [("class:strong", f"{gap}{still}")]
    if transfer.state is not TransferState.RUNNING or progress.rate <= 0:
        return [("", f"{gap}starting")]
    row: Row = [("", f"{gap}{human_rate(progress.rate)}")]
    if transfer.total is not None and state.tick - progress.running_since >= ETA_AFTER:
        left = human_duration((transfer.total - transfer.done) / progress.rate)
        row.append(("", f"{gap}{left}{'' if short else ' left'}"))
    return row


def meter(state: State, done: int, cells: int) -> str:
    """A bar of `cells`, half a cell exact where there is a glyph for half a one."""
    glyphs = state.glyphs
    cells -= len(glyphs.bar_left) + len(glyphs.bar_right)
    halves = done * cells * 2 // 100
    bar = glyphs.full * (halves // 2) + (glyphs.half if halves % 2 else "")
    return glyphs.bar_left + bar + glyphs.empty * (cells - len(bar)) + glyphs.bar_right


def of_total(done: int, total: int) -> str:
    """4.1/8.0 GB: both in the unit of the whole, so that the row does not jump as it counts."""
    value, unit = human_size(total).split()
    shown = done / 1000 ** UNITS.index(unit)
    return f"{shown:.{1 if '.' in value else 0}f}/{value} {unit}"


# --- answering, status ---


def reply(state: State, columns: int) -> list[Row]:
    """The message that the next one will answer."""
    talk = state.current
    if talk is None or talk.reply_to is None:
        return []
    row: Row = [("class:quote", f" {quoted(state, talk.reply_to)}")]
    right: Row = [("class:faint", f"{key_of(state, 'reply')} earlier  Esc none ")]
    if width(row) + width(right) >= columns:
        right = [("class:faint", "Esc none ")]
    return [spread(row, right, columns, state.glyphs.ellipsis)]


def status_rows(state: State, columns: int, *, most: int) -> list[Row]:
    """The same; in several rows where a notice is longer, as what to do stands at its end."""
    notice = state.notice
    if notice is None or state.tick >= notice.until or cell_width(notice.text) < columns:
        return [status(state, columns)]
    lines = wrap(notice.text, columns - 1)
    if len(lines) > most:
        rest = clip(" ".join(lines[most - 1 :]), columns - 1, state.glyphs.ellipsis)
        lines = [*lines[: most - 1], rest]
    return [filled([(notice.style, f" {line}")], columns) for line in lines]


def status(state: State, columns: int) -> Row:
    """Who we are and where, or what just happened; on the right what waits."""
    ellipsis = state.glyphs.ellipsis
    right: Row = [("class:strong" if state.unread() else "", _waiting(state, columns))]
    if state.notice is not None and state.tick < state.notice.until:
        # A notice is what the person waits for: it takes the whole row before it is cut.
        text: Row = [(state.notice.style, f" {state.notice.text}")]
        together = spread(text, right, columns, ellipsis)
        return together if width(text) + width(right) < columns else clipped(text, columns, ellipsis)
    ourselves = f" {state.glyphs.dot} ".join(_ourselves(state, columns))
    return spread([("", f" {ourselves}")], right, columns, ellipsis)


def _ourselves(state: State, columns: int) -> list[str]:
    glyphs = state.glyphs
    here = state.here
    if not state.ready:
        return [state.name, f"starting{glyphs.ellipsis}"]
    if columns < 64:
        return [f"{here} here", state.name]
    parts = [state.name]
    if columns >= 100 or state.status is not Status.AVAILABLE:
        sign = glyphs.here if state.status is Status.AVAILABLE else glyphs.away
        parts.append(f"{sign} {state.status.name.lower() if state.status else 'here'}")
    used = [each for each in state.interfaces if not each.skipped]
    if not used:
        is_quiet = any(each.is_untrusted for each in state.interfaces)
        parts.append("QUIET HERE" if is_quiet else "NO NETWORK")
    elif columns >= 100:
        parts.append(f"{used[0].name} {used[0].address}" + (f" +{len(used) - 1}" if len(used) > 1 else ""))
    else:
        parts.append(used[0].name)
    if not state.listening:
        parts.append("view only: another lanmsg of this home listens")
    people = plural(here, "person", "people") + " here" if columns >= 100 else f"{here} here"
    parts.append(people)
    return parts


def _waiting(state: State, columns: int) -> str:
    glyphs = state.glyphs
    unread = state.unread()
    up, down = len(state.moving_transfers(Direction.OUT)), len(state.moving_transfers(Direction.IN))
    parts = []
    if unread:
        parts.append(f"{unread} unread")
    if up or down:
        parts.append(f"{glyphs.up}{up} {glyphs.down}{down}")
    if questions := len(state.questions):
        parts.append(f"{questions}?" if columns < 64 else plural(questions, "question"))
    if state.ready and not state.here:
        parts.append(f"searching{glyphs.ellipsis}")
    return f" {glyphs.dot} ".join(parts) + (" " if parts else "")


# --- the footer ---


def hints(state: State, columns: int, rows: int) -> Row:
    """The most useful keys; as the terminal narrows they go from the right, F1 never."""
    parts = _hints(state)
    gap = "   " if columns >= 100 else "  "
    row: Row = []
    used = 1
    for key, word in parts if rows >= 14 else parts[:1]:
        text = f"{key} {word}"
        if used + len(text) > columns and row:
            break
        row += [("", gap if row else " "), ("class:key", key), ("", f" {word}")]
        used += len(text) + len(gap)
    return row


def _hints(state: State) -> list[tuple[str, str]]:
    help_ = (key_of(state, "help"), "help")
    if state.query is not None:
        keys = _QUERY_HINTS.get(state.query.kind, (("Enter", "go"),))
        return [help_, *keys, ("Esc", "back")]
    if state.page is not None:
        own = [_hint(key) for key in state.keys if key.mode == state.page.kind and key.hint]
        return [help_, ("Esc", "back"), *own, ("PgUp PgDn", "scroll")]
    if state.menu is not None:
        return [help_, (key_of(state, "tab"), "complete"), ("↑↓", "choose"), ("Esc", "close")]
    talking = [_hint(key) for key in state.keys if key.hint and key.mode in ("talk", "any")]
    talking.insert(3, ("/", "commands"))
    if state.open is None:
        tab = [(key_of(state, "tab"), "next unread")] if state.unread() else []
        quits = (key_of(state, "interrupt"), "twice quits")
        return [*talking[:2], *tab, ("/", "commands"), quits]
    return talking


_QUERY_HINTS: dict[str, tuple[tuple[str, str], ...]] = {
    "save": (("Enter", "save there"), ("Tab", "complete")),
    "switch": (("Enter", "go"), ("↑↓", "choose")),
    "find": (("Enter ↑", "earlier"), ("↓", "later")),
}
"""Of a line typed for another purpose than talking; others have Enter alone."""


def _hint(key: Key) -> tuple[str, str]:
    return shown(key.keys[0], short=True), key.hint
