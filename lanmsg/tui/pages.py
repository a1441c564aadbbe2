"""Whole pages in place of a conversation: help, transfers, people, status, lines of a command."""

from collections.abc import Callable

from lanmsg.api import Direction, Interface, Peer, Severity, Transfer, TransferState, Trust
from lanmsg.terminal import Kind, clock, date, fingerprint, fit, human_duration, human_rate, plural, printable
from lanmsg.tui import keys as keytable
from lanmsg.tui.commands import COMMANDS, Command, find
from lanmsg.tui.finding import found_page
from lanmsg.tui.moves import asked, ordered_transfers
from lanmsg.tui.options import OPTIONS, shown
from lanmsg.tui.progress import Progress
from lanmsg.tui.rows import Row, all_in, clipped, filled, spread, width
from lanmsg.tui.state import Page, State
from lanmsg.tui.strips import ETA_AFTER, key_of, meter
from lanmsg.tui.wording import (
    TRUST_MEANINGS,
    TRUST_WORDS,
    is_alarming,
    likeness,
    percent,
    presence_glyph,
    presence_word,
    rule_words,
    silence,
    transfer_size,
    transfer_state,
    transfer_title,
    trust_meaning,
    trust_sign,
    trust_words,
)
from lanmsg.tui.wrap import wrap

DAY = 24 * 3600.0

UNLIMITED = 1_000_000

NARROW_NAME = 20
"""Cells that a transfer has for person and file on a narrow page, whatever is to be said of it."""


def page_rows(state: State, page: Page, columns: int) -> list[Row]:
    """All rows of a page, its title first; the view scrolls them."""
    return PAGES[page.kind](state, page, columns)


def paragraph(text: str, columns: int, indent: int = 1) -> list[Row]:
    return [[("", " " * indent + line)] for line in wrap(text, columns - indent - 1)]


# --- help ---


def help_page(state: State, page: Page, columns: int) -> list[Row]:
    """Keys in force and commands; or one command."""
    if page.topic:
        return _help_of(find(page.topic), columns)
    rows: list[Row] = [[("class:heading", " HELP")]]
    rows += paragraph(
        "Type and press Enter. A line that begins with / is a command; // sends a slash.", columns
    )
    for category in keytable.CATEGORIES:
        rows += [[], [("class:heading", f" {category}")]]
        for key in state.keys:
            if key.category == category:
                rows += _explained(keytable.shown_all(key), key.help, 24, columns)
    rows += [[], [("class:heading", " People's keys")]]
    for trust, meaning in TRUST_MEANINGS.items():
        rows += _explained(TRUST_WORDS[trust], meaning, 24, columns)
    rows += [[], [("class:heading", " COMMANDS")]]
    for category in dict.fromkeys(command.category for command in COMMANDS):
        rows += [[], [("class:heading", f" {category}")]]
        for command in COMMANDS:
            if command.category == category:
                rows += _explained(f"/{command.name} {command.usage}".strip(), command.help, 26, columns)
    return rows


def _explained(term: str, words: str, cells: int, columns: int) -> list[Row]:
    if columns < 64:
        return [[("class:key", f" {term}")], *paragraph(words, columns, 4)]
    lines = wrap(words, columns - cells - 3)
    return [
        [("class:key", " " + fit(term, cells) + " "), ("", lines[0])],
        *[[("", " " * (cells + 2) + line)] for line in lines[1:]],
    ]


def _help_of(command: Command, columns: int) -> list[Row]:
    names = " ".join(f"/{name}" for name in command.aliases)
    return [
        [("class:heading", f" /{command.name} {command.usage}".rstrip())],
        [],
        *paragraph(command.help, columns),
        *([[], *paragraph(command.more, columns)] if command.more else []),
        *([[], *paragraph(f"Also: {names}", columns)] if names else []),
    ]


# --- transfers ---


def transfers_page(state: State, page: Page, columns: int) -> list[Row]:
    ordered = ordered_transfers(state)
    up, down = (_rate(state, direction) for direction in (Direction.OUT, Direction.IN))
    active = sum(each.transfer.state is TransferState.RUNNING for each in ordered)
    left = f" TRANSFERS   {active} active {state.glyphs.dot} {len(state.questions)} waiting for you"
    rates = [(state.glyphs.down, down), (state.glyphs.up, up)]
    right = "  ".join(f"{arrow} {human_rate(rate)}" for arrow, rate in rates if rate) + " "
    rows: list[Row] = [
        spread([("class:heading", left)], [("", right if (up or down) and columns >= 64 else "")], columns)
    ]
    if not ordered:
        return [*rows, [], *paragraph("Nothing yet. /send PEER PATH offers a file or a folder.", columns)]
    wide = columns >= 80
    if wide:
        who, name = _transfer_cells(columns)
        rows.append(
            [("class:faint", f"   #  dir  {fit('who', who)}  {fit('file', name)}  {'size':>8}   state")]
        )
    for index, progress in enumerate(ordered):
        row = _transfer_row(state, progress, columns, wide=wide)
        sign = state.glyphs.open if index == page.chosen else " "
        row = [("class:strong", f" {sign}"), *row]
        rows.append(clipped(all_in("class:open", row) if index == page.chosen else row, columns))
    return rows


def _rate(state: State, direction: Direction) -> float:
    moving = (each for each in state.moving.values() if each.transfer.direction is direction)
    return sum(each.rate_at(state.tick) for each in moving)


def _transfer_cells(columns: int) -> tuple[int, int]:
    """Cells of the names of people and of files; what a transfer does is read first, so it has the most."""
    return (10, 17) if columns < 100 else (16, 24 + max(columns - 100, 0) // 2)


def _transfer_row(state: State, progress: Progress, columns: int, *, wide: bool) -> Row:
    transfer = progress.transfer
    arrow = state.glyphs.up if transfer.direction is Direction.OUT else state.glyphs.down
    ellipsis = state.glyphs.ellipsis
    title, size = transfer_title(transfer), transfer_size(transfer)
    peer = state.peers.get(transfer.peer) or Peer(transfer.peer, "")
    who = state.label(peer.id)
    if peer.trust is not Trust.PINNED:
        who += (
            f" {trust_words(peer, state.glyphs) if columns >= 100 else trust_sign(peer.trust, state.glyphs)}"
        )
    if not wide:
        what = _state_of(state, progress, columns)
        room = max(columns - 4 - width(what), NARROW_NAME)
        return [
            *filled([("", f"{transfer.number} {arrow} {who}: {title} {size}")], room, ellipsis),
            ("", " "),
            *what,
        ]
    cells = _transfer_cells(columns)
    who, title = fit(who, cells[0], ellipsis), fit(title, cells[1], ellipsis)
    start = f"{transfer.number:2d}   {arrow}   {who}  {title}  {size:>8}   "
    return [("", start), *_state_of(state, progress, columns)]


def _state_of(state: State, progress: Progress, columns: int) -> Row:
    transfer = progress.transfer
    done = percent(transfer)
    if transfer.state is TransferState.RUNNING:
        bar = 12 if columns >= 100 else 8
        row: Row = [("class:bar", meter(state, done, bar))] if done is not None and columns >= 64 else []
        row.append(("", f"  {done}%  " if done is not None else "  "))
        if still := silence(progress, state.tick):
            return [*(row if columns >= 100 else row[-1:]), ("class:strong", still)]
        row.append(("", human_rate(progress.rate)))
        if (
            columns >= 100
            and transfer.total
            and progress.rate
            and state.tick - progress.running_since >= ETA_AFTER
        ):
            row.append(("", f"  {human_duration((transfer.total - transfer.done) / progress.rate)} left"))
        return row
    if transfer.number in state.questions:
        return [("class:strong", f"{state.glyphs.question} {_how_to_answer(state, transfer, columns)}")]
    return [("", transfer_state(state, transfer))]


def _how_to_answer(state: State, transfer: Transfer, columns: int) -> str:
    """The keys answer the chosen row, or the oldest question: on all other rows they would mislead."""
    if asked(state) != transfer:
        return "waits for you"
    yes, no = key_of(state, "yes"), key_of(state, "no")
    if columns < 64:
        return f"{yes} yes  {no} no"
    return f"{'for you   ' if columns >= 100 else ''}{yes} accept  {no} decline"


# --- people ---


def people_page(state: State, page: Page, columns: int) -> list[Row]:
    """Who is here, and who is known; with a name, everything about one."""
    if page.topic:
        peers = [peer for peer in state.peers.values() if peer.id.hex() == page.topic]
        return [row for peer in peers for row in _person(state, page, peer, columns)]
    here = state.here
    rows: list[Row] = [
        [("class:heading", f" PEOPLE   {here} here, {len(state.peers) - here} known but not here")],
        _people_head(columns),
    ]
    people = sorted(
        state.peers.values(), key=lambda peer: (not peer.present, state.label(peer.id).casefold())
    )
    rows += [clipped(_person_row(state, peer, columns), columns, state.glyphs.ellipsis) for peer in people]
    return rows if state.peers else [*rows, *paragraph("Nobody has been seen yet.", columns)]


def _people_cells(columns: int) -> tuple[int, int]:
    """Cells of names and of addresses."""
    return (12, 0) if columns < 64 else (18, 15) if columns < 100 else (32, 21)


def _people_head(columns: int) -> Row:
    name, where = _people_cells(columns)
    address = f"{fit('address', where)} " if where else ""
    return [("class:faint", f"   {fit('name', name)} {'':5} {address}{fit('key', 14)} fingerprint")]


def _person_row(state: State, peer: Peer, columns: int) -> Row:
    name = state.label(peer.id)
    names, places = _people_cells(columns)
    style = "class:alert" if is_alarming(peer) else ""
    trust = (style, f"{fit(trust_words(peer, state.glyphs), 14)} ")
    presence = f"{presence_word(peer):5} "
    sign, digits = presence_glyph(peer, state.glyphs), f"{fingerprint(peer.id, 2)}  "
    if columns < 64:
        return [("", f" {sign} {fit(name, names)} {presence}"), trust, ("", digits)]
    where = (str(peer.addresses[0]) if columns >= 100 else peer.host) if peer.addresses else ""
    return [
        ("", f" {sign} {fit(name, names)} {presence}{fit(where, places)} "),
        trust,
        ("", digits),
        ("", printable(peer.note) if peer.present else last_seen(state, peer)),
    ]


def last_seen(state: State, peer: Peer) -> str:
    """A time if it was in the last day, else a date."""
    if not peer.last_seen:
        return ""
    recent = state.wall - peer.last_seen < DAY
    return clock(peer.last_seen) if recent else date(peer.last_seen, year=False)


def _person(state: State, page: Page, peer: Peer, columns: int) -> list[Row]:
    lines = [
        f"calls itself   {printable(peer.nickname, Kind.NAME)}",
        f"state          {presence_word(peer)} {printable(peer.note)}".rstrip(),
        f"key            {trust_words(peer, state.glyphs)}: {trust_meaning(peer)}",
        f"               since {date(peer.verified_at)}" if peer.verified_at else "",
        f"fingerprint    {fingerprint(peer.id)}",
        f"safety number  {page.lines[0]}: the same on both screens, to read out" if page.lines else "",
        f"files          {rule_words(state, peer).partition(': ')[2]}; /rule changes it",
        f"calls          {'muted' if peer.muted else 'you are called'}; /mute changes it",
        f"addresses      {', '.join(map(str, peer.addresses)) or 'none known'}",
        f"first seen     {date(peer.first_seen)} {clock(peer.first_seen)}" if peer.first_seen else "",
        f"last seen      {date(peer.last_seen)} {clock(peer.last_seen)}" if peer.last_seen else "",
    ]
    if odd := likeness(state, peer):
        lines.append(f"!! {odd}")
    rows: list[Row] = [[("class:heading", f" {state.label(peer.id)}")], []]
    for line in lines:
        rows += paragraph(line, columns) if line else []
    return rows


# --- settings, doctor ---


def settings_page(state: State, page: Page, columns: int) -> list[Row]:
    """Every setting of the screen with its value; and those of the node, which count from the next start."""
    rows: list[Row] = [[("class:heading", " SETTINGS")]]
    rows += [*paragraph("/set KEY VALUE changes one, here and in the config file.", columns), []]
    for option in OPTIONS:
        value = shown(state.options.get(option.name))
        rows += _explained(f"{fit(option.name, 15)} {value}", f"{option.help}: {option.usage}", 24, columns)
    rows += [[], [("class:heading", " From the next start on")], []]
    for line in page.lines:
        key, _, value = line.partition("  ")
        rows.append(clipped([("class:key", f" {fit(key, 15)} "), ("", value)], columns))
    words = f'Keys: [tui.keys] in the config file, like  switch = "c-p"; {key_of(state, "help")} shows them.'
    return [*rows, [], *paragraph(words, columns)]


SEVERITIES = {
    Severity.PROBLEM: ("!!", "class:alert"),
    Severity.WARNING: ("!", "class:alert"),
    Severity.SUSPICION: ("?", "class:strong"),
    Severity.NOTE: ("-", ""),
    Severity.OK: ("ok", "class:good"),
}


def doctor_page(state: State, page: Page, columns: int) -> list[Row]:  # noqa: ARG001 - as above
    """What was looked at, what is wrong first, each with what to do and to type."""
    wrong = sum(not finding.ok for finding in page.findings)
    verdict = "all is well" if not wrong else plural(wrong, "thing to look at", "things to look at")
    rows: list[Row] = [[("class:heading", f" DOCTOR   {verdict}")], []]
    for finding in page.findings:
        sign, style = SEVERITIES[finding.severity]
        first, *more = wrap(printable(finding.message), columns - 6)
        rows.append([("", " "), (style, f"{sign:>2} "), ("", first)])
        rows += [[("", " " * 4 + line)] for line in more]
        rows += paragraph(printable(finding.hint), columns, 4) if finding.hint else []
        rows += [[("", " " * 6), ("class:key", printable(command))] for command in finding.commands]
    return rows


# --- status, text ---


def status_page(state: State, page: Page, columns: int) -> list[Row]:  # noqa: ARG001 - the signature of a page
    rows: list[Row] = [[("class:heading", " STATUS")], []]
    role = (
        "listens: others see it" if state.listening else "another lanmsg of this home listens; this is a view"
    )
    for line in (
        f"name           {state.name}",
        f"status         {state.status.name.lower()} {printable(state.note)}".rstrip(),
        f"fingerprint    {fingerprint(state.id)}",
        f"this process   {role}",
        f"port           {state.port} (UDP and TCP)",
        f"files go to    {state.downloads}",
    ):
        rows += paragraph(line, columns)
    rows += [[], [("class:heading", " INTERFACES")]]
    rows += [clipped([("", f" {interface_words(state, each)}")], columns) for each in state.interfaces]
    return rows if state.interfaces else [*rows, *paragraph("none: no network is up", columns)]


def interface_words(state: State, each: Interface) -> str:
    start = f"{fit(each.name, 6, state.glyphs.ellipsis)} {fit(f'{each.address}/{each.prefix}', 18)}"
    if each.skipped:
        return f"{start} skipped ({each.skipped})"
    return f"{start} heard {each.heard:,} {state.glyphs.dot} sent {each.sent:,}"


def text_page(state: State, page: Page, columns: int) -> list[Row]:  # noqa: ARG001 - the signature of a page
    """Whole, however long."""
    return [[("", f" {part}")] for line in page.lines for part in wrap(line, columns - 2, limit=UNLIMITED)]


PAGES: dict[str, Callable[[State, Page, int], list[Row]]] = {
    "help": help_page,
    "transfers": transfers_page,
    "people": people_page,
    "status": status_page,
    "settings": settings_page,
    "doctor": doctor_page,
    "search": found_page,
    "text": text_page,
}
