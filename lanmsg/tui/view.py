"""The picture of a state: every row above the input, for any size of terminal; no terminal is needed."""

from lanmsg.api import Conversation, Message, Peer, Trust
from lanmsg.terminal import cell_width, clip, fingerprint, fit, printable, shown_name
from lanmsg.tui import comparing, moves, pages, question_bar, roster, strips
from lanmsg.tui.entries import rows_of
from lanmsg.tui.panels import comparing_panel, key_panel, welcome
from lanmsg.tui.people import list_row, people_list
from lanmsg.tui.rows import Row, clipped, filled, spread, width
from lanmsg.tui.state import State
from lanmsg.tui.talk import Talk
from lanmsg.tui.viewport import Sight, see
from lanmsg.tui.wording import (
    clip_label,
    is_alarming,
    likeness,
    presence_glyph,
    presence_word,
    trust_words,
)

MIN_COLUMNS, MIN_ROWS = 20, 6
MENU_ROWS = 8
NOTICE_ROWS = 3
PASSES = 3


def list_cells(state: State, columns: int) -> int:
    """The width of the people list; decided by the terminal alone, never by what is in it."""
    if columns < 64 or state.list_hidden or state.copying:
        return 0
    return 25 if columns >= 100 else 19


def paint(state: State, columns: int, height: int, *, rows: int, aside: Row | None = None) -> list[Row]:
    """The `height` rows above the input of a terminal with `columns` and `rows`; `aside` ends them."""
    state.columns = columns
    if is_too_small(columns, rows):
        comparing.draw_none(state)
        return too_small(columns, height)
    roster.refresh(state)
    main, below = _parts(state, columns, height, rows=rows, aside=aside or [])
    return [*_with_menu(state, main, columns), *below][-height:]


def _parts(state: State, columns: int, height: int, *, rows: int, aside: Row) -> tuple[list[Row], list[Row]]:
    """What is asked, and what a key would answer, goes by the words to compare that are in sight."""
    main: list[Row] = []
    for _ in range(PASSES):
        drawn = state.words_drawn
        below = _below(state, columns, height, rows=rows, aside=aside)
        room = max(height - len(below), 0)
        comparing.draw_none(state)
        main = _page(state, columns, room) if state.page is not None else _talk_and_list(state, columns, room)
        if drawn == state.words_drawn or not state.comparing:
            return main, below
    comparing.draw_none(state)  # there is room for them, or for the question
    return main, _below(state, columns, height, rows=rows, aside=aside)


def _below(state: State, columns: int, height: int, *, rows: int, aside: Row) -> list[Row]:
    """The rows round the input: question, transfers, what is answered, status."""
    below = question_bar.question(state, columns, roomy=rows >= 14)
    if rows >= 10:
        below += strips.transfers(state, columns)
    most = NOTICE_ROWS if rows >= 14 else 1
    *above, last = strips.status_rows(state, columns - width(aside), most=most)
    below += [*strips.reply(state, columns), *above, [*last, *aside]]
    return below[-max(height - 1, 1) :]


def is_too_small(columns: int, rows: int) -> bool:
    return columns < MIN_COLUMNS or rows < MIN_ROWS


def too_small(columns: int, height: int) -> list[Row]:
    words = clip(f"terminal too small ({MIN_COLUMNS}×{MIN_ROWS} needed)", columns)
    return [[("", words)], *([[]] * (height - 1))][:height]


# --- pages ---


def _page(state: State, columns: int, height: int) -> list[Row]:
    page = state.page
    if page is None:
        return []
    if page.has_choice:
        moves.choose(state, page)
        page.scroll = max(min(page.scroll, page.chosen), page.chosen + 3 - height)
    rows = pages.page_rows(state, page, columns)
    page.scroll = min(max(page.scroll, 0), max(len(rows) - height, 0))
    # The title stays; what scrolls is below it.
    shown = [rows[0], *rows[1 + page.scroll :]] if rows else []
    state.pane = (columns, height)
    return [clipped(row, columns, state.glyphs.ellipsis) for row in (shown + [[]] * height)[:height]]


# --- conversation and list ---


def _talk_and_list(state: State, columns: int, height: int) -> list[Row]:
    cells = list_cells(state, columns)
    if not cells:
        return _pane(state, columns, height)
    right = _pane(state, columns - cells - 1, height)
    left = people_list(state, cells, height)
    pipe, ellipsis = ("class:rule", state.glyphs.pipe), state.glyphs.ellipsis
    return [[*filled(one, cells, ellipsis), pipe, *two] for one, two in zip(left, right, strict=True)]


def _pane(state: State, columns: int, height: int) -> list[Row]:
    talk = state.current
    if talk is None:
        title = "No conversation yet" if not state.here else "Choose a conversation"
        said = welcome(state, columns)
        if len(said) >= height:
            said = [row for row in said if row]
        inviting: list[Row] = [[("class:title", f" {title}")], *said, *([[]] * height)]
        return [clipped(row, columns) for row in inviting[:height]]
    state.pane = (columns, max(height - 1, 1))
    panel = comparing_panel(state, columns, height - 1) or key_panel(state, columns, height - 1)
    room = max(height - 1 - len(panel), 0)
    rows, sight = _conversation(state, talk, room)
    blank: list[Row] = [[] for _ in range(room - len(rows))]
    return [title_row(state, talk, columns, sight), *blank, *rows, *panel][:height]


def _conversation(state: State, talk: Talk, height: int) -> tuple[list[Row], Sight]:
    look = moves.look(state)

    def rows_at(index: int) -> list[Row]:
        return rows_of(state, talk, index, look)

    rows, sight = see(len(talk.entries), rows_at, moves.edge(talk), height)
    if talk.line is not None and state.focused:
        talk.sighted |= {number for number in _shown(talk, sight) if number >= talk.line}
    if not talk.entries and talk.loaded and height and not state.may_not_send(talk.conversation):
        rows = [[("class:note", f" {_nothing_said(state, talk.conversation)}")]]
    return rows, sight


def _nothing_said(state: State, conversation: Conversation) -> str:
    if conversation.peer is None:
        return "What you write here goes to everybody who is here now."
    return f"Nothing has been said yet. Write to {state.label(conversation.peer)} below."


# --- the title ---


def title_row(state: State, talk: Talk, columns: int, sight: Sight) -> Row:
    """Whom we talk with, and what of the conversation is out of sight."""
    peer = state.peer_of(talk.conversation)
    single = state.columns < 64
    left = _short_title(state, peer, columns - 2) if single else _title(state, peer)
    right = _out_of_sight(state, talk, sight)
    if single and not right:
        right = _others(state, columns - width(left) - 2)
    words: Row = [("class:unread", right)] if right else []
    return spread([("", " "), *left], words, columns, state.glyphs.ellipsis)


def _short_title(state: State, peer: Peer | None, cells: int) -> Row:
    """Whoever has a long name, what is decided about the key stays in sight."""
    if peer is None:
        return [("class:title", f"{state.glyphs.room} everyone")]
    trust = trust_words(peer, state.glyphs)
    mark = {Trust.VERIFIED: state.glyphs.delivered, Trust.PINNED: ""}.get(peer.trust, trust)
    if odd := likeness(state, peer):
        mark = f"!! {odd}"
    ending: Row = [("", f" {presence_glyph(peer, state.glyphs)} "), (_trust_style(peer), mark)]
    name = clip_label(state.label(peer.id), max(cells - width(ending), 12), state.glyphs.ellipsis)
    return [("class:title", name), *ending]


def _title(state: State, peer: Peer | None) -> Row:
    glyphs = state.glyphs
    dot = f" {glyphs.dot} "
    if peer is None:
        return [("class:title", f"{glyphs.room} everyone"), ("", f"{dot}{state.here} here")]
    presence = f"{dot}{presence_glyph(peer, glyphs)} {presence_word(peer)}"
    parts: Row = [("class:title", state.label(peer.id))]
    if odd := likeness(state, peer):
        # Before all that a narrow window cuts: who it is not.
        parts.append(("class:alert", f" !! {odd}"))
    parts.append(("", presence))
    if peer.note:
        parts.append(("", f" ({clip(printable(peer.note), 30, glyphs.ellipsis)})"))
    parts += [("", dot), (_trust_style(peer), trust_words(peer, glyphs))]
    if not state.is_pinned(peer.id) and not peer.petname:
        # A name alone proves nothing: the key's first digits tell two of a name apart.
        parts.append(("", f" {fingerprint(peer.id, 2)}"))
    own_name = shown_name(peer.nickname) if peer.petname and peer.petname != peer.nickname else ""
    where = " ".join(part for part in (own_name, peer.host) if part)
    return [*parts, ("", f"{dot}{where}")] if where and state.columns >= 100 else parts


def _trust_style(peer: Peer) -> str:
    return "class:alert" if is_alarming(peer) or peer.lookalike_of else ""


def _out_of_sight(state: State, talk: Talk, sight: Sight) -> str:
    above = _unread_above(talk, sight)
    if above:
        return f"{above} older unread: {strips.key_of(state, 'first_unread')} "
    if talk.anchor is not None or talk.newer:
        below = _unread_below(talk, sight)
        news = f"{below} new " if below else ""
        return f"{state.glyphs.down} {news}below: Esc "
    return ""


def _unread_above(talk: Talk, sight: Sight) -> int:
    """Messages below the unread line that are above the top edge, and were never on the screen."""
    if talk.line is None or not talk.entries or not talk.line_count:
        return 0
    hidden = _first_whole(sight)
    first = talk.entries[0].key
    if first.kind == "m" and first.number > talk.line:
        # Some were not even read from the store: count those that were in sight instead.
        return max(talk.line_count - len(talk.sighted | _shown(talk, sight)), 0)
    values = [entry.value for entry in talk.entries[:hidden]]
    theirs = (value for value in values if isinstance(value, Message) and value.sender is not None)
    return sum(each.number >= talk.line and each.number not in talk.sighted for each in theirs)


def _first_whole(sight: Sight) -> int:
    return sight.top.entry + (1 if sight.top.below else 0)


def _shown(talk: Talk, sight: Sight) -> set[int]:
    """Messages in sight, by number; one that begins above the edge is not."""
    shown = talk.entries[_first_whole(sight) : sight.bottom.entry + 1]
    return {entry.key.number for entry in shown if entry.key.kind == "m"}


def _unread_below(talk: Talk, sight: Sight) -> int:
    """Unread messages that are below the bottom edge: those in sight are not waited for."""
    passed = 0
    for entry in reversed(talk.entries[: sight.bottom.entry + 1]):
        if isinstance(entry.value, Message):
            if entry.value.number < (talk.first_unread or 0):
                break
            passed += entry.value.sender is not None
    return max(talk.unread - passed, 0) if talk.first_unread else talk.unread


OTHERS_CELLS = 12
"""Of a name in the title row, when others wait."""


def _others(state: State, cells: int) -> str:
    """On one pane: which other conversations wait, as many as there is room for."""
    parts = []
    for conversation in state.order:
        talk = state.talks.get(conversation)
        if talk is not None and talk.unread and conversation != state.open:
            name = clip(state.title(conversation), OTHERS_CELLS, state.glyphs.ellipsis)
            parts.append(f"{state.glyphs.room if conversation.peer is None else f'{name} '}{talk.unread}")
    texts = [f"others: {' '.join(parts[:most])} " for most in (3, 2, 1) if parts]
    return next((text for text in texts if cell_width(text) <= cells), "")


# --- the menu over the last rows ---


def _with_menu(state: State, main: list[Row], columns: int) -> list[Row]:
    switching = state.query is not None and state.query.kind == "switch"
    overlay = switcher(state, columns) if switching else menu(state, columns)
    overlay = overlay[: max(len(main) - 1, 0)]
    return [*main[: len(main) - len(overlay)], *overlay]


def menu(state: State, columns: int) -> list[Row]:
    """What completes the line, with what it does."""
    if state.menu is None:
        return []
    found = state.menu.candidates
    widest = max((cell_width(each.shown) for each in found), default=0)
    cells = min(widest + 2, max(columns * 3 // 8, 25))
    ellipsis = state.glyphs.ellipsis
    rows: list[Row] = [
        [("class:key", f" {fit(each.shown, cells, ellipsis)} "), ("", each.help)] for each in found
    ]
    return _chosen_rows(rows, state.menu.chosen, columns, ellipsis)


def switcher(state: State, columns: int) -> list[Row]:
    """Conversations that match what was typed."""
    if state.query is None:
        return []
    cells = min(columns, 40)
    rows = [list_row(state, conversation, cells) for conversation in moves.choose_talk(state, state.query)]
    return _chosen_rows(rows, state.query.chosen, columns, state.glyphs.ellipsis) or [
        [("", "  nobody by that name")]
    ]


def _chosen_rows(rows: list[Row], chosen: int, columns: int, ellipsis: str) -> list[Row]:
    start = min(max(chosen - MENU_ROWS + 1, 0), max(len(rows) - MENU_ROWS, 0))
    end = min(start + MENU_ROWS, len(rows))
    below = f", {len(rows) - end} more below" if end < len(rows) else ""
    count = f" {max(chosen, 0) + 1} of {len(rows)}{below} " if len(rows) > MENU_ROWS else ""
    shown: list[Row] = []
    for index in range(start, end):
        right: Row = [("class:faint", count)] if index == end - 1 else []
        row = [*filled(rows[index], columns - width(right), ellipsis), *right]
        # Without the styles of its parts: a green sign in reverse would be a green block.
        shown.append([("class:chosen", "".join(text for _, text in row))] if index == chosen else row)
    return shown
