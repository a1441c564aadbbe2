"""What the person's keys do to the state: what is open, what of it is in sight, what is asked."""

from collections.abc import Sequence
from dataclasses import dataclass

from lanmsg.api import Conversation, Message, Transfer, TransferState
from lanmsg.terminal import folded
from lanmsg.tui import comparing, roster
from lanmsg.tui.entries import Look, rows_of
from lanmsg.tui.options import Value
from lanmsg.tui.progress import Progress
from lanmsg.tui.rows import Row
from lanmsg.tui.state import Asking, Page, Query, State
from lanmsg.tui.talk import Anchor, Key, Talk
from lanmsg.tui.theme import ASCII, FANCY
from lanmsg.tui.update import opened
from lanmsg.tui.viewport import Edge, bottom_for_top, distance, move, settle, tail

KEPT_TALKS = 12
"""Conversations whose entries stay in memory after they were left."""

HOLD = 2.0
"""Seconds for which the list keeps its order while somebody walks through it."""


@dataclass(frozen=True, slots=True)
class Want:
    """What of a conversation should be read from the store; the app does it and calls update.loaded."""

    conversation: Conversation
    kind: str  # "open", "newest", "last", "older", "newer", "around", "since", "anew", "gone"
    number: int = 0
    time: float = 0.0


# --- conversations ---


def open_conversation(state: State, conversation: Conversation) -> None:
    """Show it. The one that was open before is where Esc-like ways back lead."""
    if state.page is not None:
        state.page = None
    if conversation == state.open:
        return
    if state.open is not None:
        talk = state.talk(state.open)
        talk.forget_rows()
        talk.reply_to, talk.found = None, None
        state.previous = state.open
    state.open, state.meant = conversation, None
    state.hidden.discard(conversation)
    opened(state.talk(conversation))
    to_first_unread(state, state.talk(conversation))
    state.roster_stale = True
    _forget_old_talks(state)


def close_conversation(state: State, conversation: Conversation) -> None:
    """Out of the list until something new is said there; nothing is deleted."""
    state.hidden.add(conversation)
    state.roster_stale = True
    if conversation != state.open:
        return
    back = state.previous if state.previous != state.open else None
    state.open = None
    if back is not None:
        open_conversation(state, back)


def _forget_old_talks(state: State) -> None:
    loaded = [talk for talk in state.talks.values() if talk.loaded and talk.conversation != state.open]
    for talk in sorted(loaded, key=lambda talk: talk.last_time)[: max(len(loaded) - KEPT_TALKS, 0)]:
        talk.forget_all()


def step(state: State, by: int) -> None:
    """The next or previous conversation of the list, which keeps its order meanwhile."""
    roster.refresh(state)
    if not state.order:
        return
    outside = -1 if by > 0 else 0
    here = state.places.get(state.open, outside) if state.open is not None else outside
    open_conversation(state, state.order[(here + by) % len(state.order)])
    state.order_held = state.tick + HOLD


def open_slot(state: State, slot: int) -> None:
    for conversation, given in state.slots.items():
        if given == slot:
            open_conversation(state, conversation)


def next_unread(state: State) -> bool:
    """The topmost unread conversation of the list as it is shown; pressed again at once, the one below it.
    News that came since the person looked do not change whom the key opens. False when everything is read.
    """
    if _open_unread(state):
        return True
    # Of somebody whom the list does not show yet.
    state.order_held = 0.0
    roster.refresh(state)
    return _open_unread(state)


def _open_unread(state: State) -> bool:
    walking = state.tick < state.order_held
    start = state.places.get(state.open, -1) + 1 if state.open is not None and walking else 0
    for conversation in state.order[start:] + state.order[:start]:
        talk = state.talks.get(conversation)
        if talk is not None and talk.unread and conversation != state.open:
            open_conversation(state, conversation)
            state.order_held = state.tick + HOLD
            return True
    return False


# --- what is in sight ---


def look(state: State) -> Look:
    """How the open conversation is drawn at its present width."""
    width = state.pane[0]
    if state.copying:
        return Look(width, 0, times=False, bare=True)
    if width < 40:
        return Look(width, 0, times=False)
    if width < 60 and state.columns < 64:
        return Look(width, 0)
    return Look(width, 13 if state.columns >= 100 else 9)


def edge(talk: Talk) -> Edge:
    """The anchor as an index; the newest when there is none, or what it named is gone."""
    if talk.anchor is not None:
        for index in range(len(talk.entries) - 1, -1, -1):
            if talk.entries[index].key == talk.anchor.key:
                return Edge(index, talk.anchor.below)
    return tail(len(talk.entries))


def scroll(state: State, up: int) -> Want | None:
    """Move by rows; the answer is what should be read from the store because an end came near."""
    talk = state.current
    if talk is None or not talk.entries:
        return None
    count, height = len(talk.entries), state.pane[1]

    def rows_at(index: int) -> list[Row]:
        return rows_of(state, talk, index, look(state))

    before = settle(count, rows_at, edge(talk), height)
    bottom = settle(count, rows_at, move(count, rows_at, before, up), height)
    _anchor(talk, bottom)
    talk.owed = talk.owed + up - distance(rows_at, before, bottom) if up > 0 and talk.older else 0
    if up > 0 and talk.older and move(count, rows_at, bottom, height).entry == 0:
        return Want(talk.conversation, "older", talk.entries[0].key.number)
    if up < 0 and talk.newer and bottom == tail(count):
        return Want(talk.conversation, "newer")
    return None


def _anchor(talk: Talk, bottom: Edge) -> None:
    at_end = bottom == tail(len(talk.entries)) and not talk.newer
    talk.anchor = None if at_end else Anchor(talk.entries[bottom.entry].key, bottom.below)


def show_entry(state: State, talk: Talk, index: int) -> None:
    """Put an entry at the top of the pane, one row down, so that what came before is hinted at."""
    count, height = len(talk.entries), state.pane[1]

    def rows_at(position: int) -> list[Row]:
        return rows_of(state, talk, position, look(state))

    _anchor(talk, bottom_for_top(count, rows_at, index, max(height - 1, 1)))


def show_message(state: State, talk: Talk, number: int) -> Want | None:
    """Scroll to a message; the answer is what must be read first when it is not in the window."""
    for index, entry in enumerate(talk.entries):
        if entry.key == ("m", number):
            show_entry(state, talk, index)
            return None
    return Want(talk.conversation, "around", number)


def show_found(state: State, message: Message) -> Want | None:
    """Where it was said; the answer is what must be read first."""
    open_conversation(state, message.conversation)
    talk = state.talk(message.conversation)
    talk.found = Key("m", message.number)
    if talk.loaded:
        return show_message(state, talk, message.number)
    return Want(message.conversation, "around", message.number)


def first_unread(state: State) -> Want | None:
    talk = state.current
    if talk is None or talk.line is None:
        state.say("nothing is unread here", seconds=3)
        return None
    talk.went_up = True
    return show_message(state, talk, talk.line)


def to_first_unread(state: State, talk: Talk) -> Want | None:
    """Where somebody who opens a conversation begins to read; the newest, when all of it fits below."""
    if not talk.loaded or talk.line is None or talk.conversation != state.open:
        return None
    return show_message(state, talk, talk.line)


def doubted(state: State) -> Want | None:
    """What of the open conversation is to be compared with the store."""
    talk = state.current
    if talk is None or not talk.doubted:
        return None
    talk.doubted = False
    return Want(talk.conversation, "gone")


def newest(state: State) -> Want | None:
    """Down to the end; read anew when the window does not reach it."""
    talk = state.current
    if talk is None:
        return None
    talk.anchor, talk.found = None, None
    if talk.went_up:
        talk.end_news()
    return Want(talk.conversation, "newest") if talk.newer else None


# --- settings ---


def put_option(state: State, name: str, value: Value) -> None:
    """A setting of the screen, in force at once."""
    state.options.put(name, value)
    if name == "ascii":
        state.glyphs = ASCII if value else FANCY
    elif name == "list":
        state.list_hidden = not value
    state.epoch += 1


# --- questions, pages, lines for other purposes ---


def ask(state: State, asking: Asking) -> None:
    state.asking = asking


def asked_key(state: State) -> tuple[Asking | None, object]:
    """Tells one question, with what its keys would do, from any other."""
    if state.asking is not None:
        return state.asking, None
    verification = comparing.asked(state)
    if verification is not None:
        # Also when the words come: a key that was to say "yes, compare" must not say "the same".
        return None, (verification.peer, verification.words, comparing.choices(state, verification))
    offer = asked(state)
    return None, offer.number if offer is not None else None


def settle_question(state: State) -> None:
    """A key that was on its way to another question, or to none, does not answer the one that stands now."""
    before, now = state.was_asked, asked_key(state)
    if before[0] is now[0] and before[1] == now[1]:
        return
    state.was_asked, state.question_since = now, state.tick
    if not state.is_asked:
        state.question_gone = state.tick


def show_page(state: State, page: Page) -> None:
    state.page, state.query, state.menu = page, None, None


def leave(state: State) -> bool:
    """Esc: the topmost thing that can be closed goes, never what was typed. False: nothing was open."""
    if state.query is not None:
        state.query = None
    elif state.menu is not None:
        state.menu = None
    elif state.page is not None:
        state.page = None
    elif state.asking is not None:
        state.asking = None
    elif state.copying:
        state.copying = False
    elif state.current is not None and state.current.reply_to is not None:
        state.current.reply_to = None
    elif state.notice is not None and state.notice.about is not None:
        state.notice = None
    else:
        return False
    return True


def start_query(state: State, kind: str, label: str, *, text: str = "", number: int = 0) -> None:
    state.query, state.menu = Query(kind, label, text, number=number), None


def matching(state: State, text: str) -> list[Conversation]:
    """Conversations for what was typed in the switcher: letters in their order, the closest first."""
    wanted = folded(text)
    found = []
    for position, conversation in enumerate(state.order):
        name = folded(state.title(conversation))
        if not wanted or wanted in name or _in_order(wanted, name):
            found.append((not name.startswith(wanted), wanted not in name, position, conversation))
    return [conversation for *_, conversation in sorted(found, key=lambda each: each[:3])]


def choose_talk(state: State, query: Query, by: int = 0) -> list[Conversation]:
    """What the switcher offers; who is chosen stays so while the list changes. `by`: so many rows below."""
    found = matching(state, query.text)
    query.chosen = _row(found, query.conversation, query.chosen, by)
    query.conversation = found[query.chosen] if found else None
    return found


def _row(rows: Sequence[object], kept: object, row: int, by: int) -> int:
    """Where what was chosen stands now, or else the row in which it stood; and so many below."""
    at = rows.index(kept) if kept in rows else row
    return min(max(at + by, 0), max(len(rows) - 1, 0))


def _in_order(letters: str, name: str) -> bool:
    rest = iter(name)
    return all(letter in rest for letter in letters)


def reply_to_earlier(state: State) -> None:
    """The last message of the others is being answered; or the one before the one that was."""
    talk = state.current
    if talk is None:
        return
    theirs = [message for message in talk.messages() if message.sender is not None]
    numbers = [message.number for message in theirs]
    at = (
        numbers.index(talk.reply_to.number)
        if talk.reply_to and talk.reply_to.number in numbers
        else len(theirs)
    )
    if at > 0:
        talk.reply_to = theirs[at - 1]
    else:
        state.say("there is no earlier message to answer", seconds=3)


def ordered_transfers(state: State) -> list[Progress]:
    """What runs, what waits, then what is over, each the newest first."""
    active = (TransferState.RUNNING, TransferState.ACCEPTED)

    def rank(progress: Progress) -> tuple[bool, bool, int]:
        transfer = progress.transfer
        return transfer.state not in active, transfer.state.is_final, -transfer.number

    return sorted(state.transfers.values(), key=rank)


def choose(state: State, page: Page, by: int = 0) -> None:
    """The row that stays chosen though others come and go above it; or the one so many below."""
    if page.kind == "transfers":
        numbers = [progress.transfer.number for progress in ordered_transfers(state)]
        page.chosen = _row(numbers, page.number, page.chosen, by)
        page.number = numbers[page.chosen] if numbers else 0
    else:
        page.chosen = _row(page.found, None, page.chosen, by)


def chosen_transfer(state: State) -> int:
    """Its number; 0 when there is none, or they are not in sight."""
    if state.page is None or state.page.kind != "transfers":
        return 0
    choose(state, state.page)
    return state.page.number


def asked(state: State) -> Transfer | None:
    """The offer in the question bar: the chosen row of the transfers page, else the oldest."""
    if not state.questions:
        return None
    chosen = chosen_transfer(state)
    if chosen in state.questions:
        return state.transfers[chosen].transfer
    return state.transfers[state.questions[0]].transfer
