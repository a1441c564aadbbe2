"""What node events make of the state, and how much of the screen that concerns."""

import re
from collections.abc import Sequence
from enum import IntEnum
from typing import assert_never

from lanmsg.api import (
    Conversation,
    Interface,
    InterfacesChanged,
    KeyChanged,
    ListeningChanged,
    Message,
    MessageAdded,
    MessageChanged,
    NodeEvent,
    Notice,
    Peer,
    PeerAppeared,
    PeerChanged,
    PeerLeft,
    ProfileChanged,
    ReadMarkMoved,
    Transfer,
    TransferAdded,
    TransferChanged,
    TransferState,
    Trust,
    VerificationChanged,
)
from lanmsg.terminal import clock, folded, shown_name, skeleton
from lanmsg.tui import comparing, hints
from lanmsg.tui.state import State
from lanmsg.tui.talk import Note, Talk

TIMES = re.compile(r"\((\d+) times in and out\)$")
NAMES = re.compile(r"\((\d+) times renamed\)$")

NOW = " is now called "

PRESENCE, RENAMED = "class:presence", "class:strong class:renamed"
"""The notes of which there is one, however often they happen."""

RECENT = 600.0
"""Seconds after a message during which its writer's coming and going is worth a line in the conversation."""

PAGE = 200
"""Messages read from the store at a time."""


class Damage(IntEnum):
    """How soon the screen should show it."""

    NONE = 0
    PROGRESS = 1
    ROWS = 2


def update(state: State, event: NodeEvent) -> Damage:
    """Take in one event of the node."""
    damage = Damage.ROWS
    match event:
        case PeerAppeared() | PeerChanged() | PeerLeft():
            damage = _person(state, event)
        case KeyChanged():
            damage = _key_changed(state, event)
        case MessageAdded():
            damage = _message_added(state, event.message)
        case MessageChanged():
            damage = _message_changed(state, event.message)
        case VerificationChanged():
            comparing.took(state, event)
        case ReadMarkMoved():
            damage = _read_elsewhere(state, event)
        case TransferAdded() | TransferChanged():
            damage = _transfer(state, event.transfer, getattr(event, "rate", 0.0))
        case InterfacesChanged():
            damage = _interfaces(state, event.interfaces)
        case ListeningChanged():
            state.listening = event.listening
        case ProfileChanged():
            state.name, state.status, state.note = event.name, event.status, event.note
            state.epoch += 1
        case Notice():
            state.say(f"{event.text}; {event.hint}" if event.hint else event.text, seconds=20)
        case _:
            assert_never(event)
    return damage


def _interfaces(state: State, interfaces: tuple[Interface, ...]) -> Damage:
    """Their counters move all the time, and are in sight only on the pages that diagnose."""
    before, state.interfaces = state.interfaces, interfaces
    same = [each.address for each in before] == [each.address for each in interfaces]
    return Damage.NONE if same and state.open is not None and state.page is None else Damage.PROGRESS


# --- people ---


def _person(state: State, event: PeerAppeared | PeerChanged | PeerLeft) -> Damage:
    before = state.peers.get(event.peer.id)
    label = state.label(event.peer.id) if before is not None else ""
    state.put_peer(event.peer)
    hints.first_pin(state, before, event.peer)
    _over(state, event)
    if before is not None:
        _say_name(state, before, event.peer, label)
    talk = state.talks.get(Conversation.with_peer(event.peer.id))
    if before is not None and before.present != event.peer.present and talk is not None:
        _say_presence(state, talk, event.peer)
    return Damage.ROWS


def _over(state: State, event: PeerAppeared | PeerChanged | PeerLeft) -> None:
    """What the status row says of a key is over when it is decided about, or gone."""
    if state.notice is not None and state.notice.about == event.peer.id:
        is_decided = event.peer.is_old_key or event.peer.words_differ
        is_alarm = event.peer.trust is Trust.CHANGED and not is_decided
        if isinstance(event, PeerLeft) or not is_alarm:
            state.notice = None


def _say_name(state: State, before: Peer, peer: Peer, label: str) -> None:
    """Somebody known, or talked with, calls themselves something else."""
    if before.nickname == peer.nickname or not before.nickname:
        return
    conversation = Conversation.with_peer(peer.id)
    talk = state.talks.get(conversation)
    if not (state.is_pinned(peer.id) or (talk is not None and talk.last_time)):
        return
    wanted = shown_name(peer.nickname) or "nobody"
    state.renamed = f"{label}{NOW}{state.label(peer.id)}"
    if peer.name == before.name:
        taken = "" if before.petname else f", which is {_whose(state, wanted)}"
        state.renamed = f"{label} wants to be called {wanted}{taken}: still shown as {state.label(peer.id)}"
    _jot_name(state, state.talk(conversation), state.renamed)


def _jot_name(state: State, talk: Talk, text: str) -> None:
    """Who is called otherwise all the time has one line for it, or nothing else could be seen."""
    last = _last_note(talk, RENAMED)
    if last is None:
        state.jot(text, conversation=talk.conversation, style=RENAMED)
        return
    times = int(found[1]) + 1 if (found := NAMES.search(last.text)) else 2
    (first, known, _), (_, now_called, name) = last.text.partition(NOW), text.partition(NOW)
    text = f"{first}{NOW}{name}" if known and now_called else text
    talk.replace(Note(last.number, last.time, f"{text} ({times} times renamed)", last.style))


def _last_note(talk: Talk, style: str) -> Note | None:
    """The latest of that style, if since then nobody has said anything."""
    for entry in reversed(talk.entries):
        note = entry.value
        if not isinstance(note, Note) or note.style not in (PRESENCE, RENAMED):
            return None
        if note.style == style:
            return note
    return None


def _whose(state: State, name: str) -> str:
    """Of a name that somebody known wanted and was not given."""
    own = (state.name, state.name.partition("@")[0])
    is_own = any({skeleton(name), folded(name)} & {skeleton(each), folded(each)} for each in own)
    return "your own name" if is_own else "the name of somebody you know"


def _say_presence(state: State, talk: Talk, peer: Peer) -> None:
    """One line that grows, and only close to a message: nobody wants to read who opened a laptop."""
    if not talk.entries or state.wall - talk.last_time > RECENT:
        return
    # Of who left the time that the list shows: when they were heard last.
    when = state.wall if peer.present else peer.last_seen or state.wall
    words = f"{'came back' if peer.present else 'left'} {clock(when)}"
    last = _last_note(talk, PRESENCE)
    if last is not None:
        # Who goes in and out of a door all day has one line: the last that happened, and how often.
        times = int(found[1]) + 1 if (found := TIMES.search(last.text)) else 2
        text = f"{state.label(peer.id)} {words} ({times} times in and out)"
        talk.replace(Note(last.number, last.time, text, last.style))
    else:
        state.jot(f"{state.label(peer.id)} {words}", conversation=talk.conversation, style=PRESENCE)


def _key_changed(state: State, event: KeyChanged) -> Damage:
    state.put_peer(event.peer)
    if event.before in state.peers:
        state.epoch += 1
    state.say(
        f"!! KEY CHANGED: {state.label(event.peer.id)} uses a name you know with another key",
        style="class:alert",
        seconds=60,
    )
    if state.notice is not None:
        state.notice.about = event.peer.id
    return Damage.ROWS


# --- messages ---


def _message_added(state: State, message: Message) -> Damage:
    talk = state.talk(message.conversation)
    was_in_sight = state.in_sight(talk)
    fresh = ("m", message.number) not in talk.index
    talk.add(message)
    had_unread, was_new = bool(talk.unread), not talk.last_time
    talk.last_time = max(talk.last_time, message.stored_at)
    state.hidden.discard(message.conversation)
    if message.sender is None:
        talk.reply_to = None
        if state.focused and message.conversation == state.open:
            talk.end_news()  # who answers has read
        hints.first_words(state, message)
    elif fresh and not was_in_sight and message.number > talk.read:
        _count_unread(talk, message, is_open=message.conversation == state.open)
    # One more of many does not move anybody in the list: sorting hundreds of people again takes a while.
    if was_new or bool(talk.unread) != had_unread or message.conversation not in state.places:
        state.roster_stale = True
    return Damage.ROWS


def _count_unread(talk: Talk, message: Message, *, is_open: bool) -> None:
    """It arrived where the person does not look: elsewhere, below the screen, or behind another window."""
    talk.unread += 1
    talk.first_unread = talk.first_unread or message.number
    if is_open:
        if talk.line is None:
            talk.line, talk.line_count = message.number, 0
        talk.line_count += 1


def _message_changed(state: State, message: Message) -> Damage:
    talk = state.talks.get(message.conversation)
    changed = talk is not None and talk.replace(message)
    return Damage.ROWS if changed and message.conversation == state.open else Damage.NONE


def _read_elsewhere(state: State, event: ReadMarkMoved) -> Damage:
    """Another screen of this home showed it: what was read there is not unread here."""
    talk = state.talk(event.conversation)
    before, talk.mark = talk.mark, event.number
    if event.number <= talk.read:
        # The mark did not move, so it was something else: a draft, or messages that were deleted.
        if before not in (-1, event.number):
            return Damage.NONE
        _doubt(talk, is_open=event.conversation == state.open)
        if event.unread >= talk.unread:
            return Damage.NONE
    talk.read = max(event.number, talk.read)
    talk.unread, talk.first_unread = event.unread, event.first_unread
    state.roster_stale = True
    return Damage.ROWS


def _doubt(talk: Talk, *, is_open: bool) -> None:
    """Something of it may be gone from the store."""
    if is_open:
        talk.doubted = talk.loaded
    elif talk.loaded:
        talk.forget_all()


def opened(talk: Talk) -> None:
    """The person looks at a conversation: the unread line goes above what was unread until now."""
    talk.end_news()
    talk.line, talk.line_count = talk.first_unread, talk.unread
    talk.anchor, talk.found = None, None


def seen(state: State) -> tuple[Conversation, int] | None:
    """The conversation in sight, and the message up to which it counts as read from now on."""
    talk = state.current
    if talk is None or not state.in_sight(talk):
        return None
    if talk.unread:
        talk.unread, talk.first_unread, state.roster_stale = 0, None, True
    number = next((e.key.number for e in reversed(talk.entries) if e.key.kind == "m"), 0)
    if number <= talk.read:
        return None
    talk.read = number
    return talk.conversation, number


# --- what was read from the store ---


def loaded(state: State, talk: Talk, messages: Sequence[Message], *, older: bool, newer: bool) -> None:
    """The window of a conversation is now these messages, with the files and notes of the same time."""
    live = [] if newer else [m for m in talk.messages() if not messages or m.number > messages[-1].number]
    messages = [*messages, *live]
    since = messages[0].stored_at if messages and older else 0.0
    until = messages[-1].stored_at if messages and newer else float("inf")
    peer = talk.conversation.peer
    files = [
        progress.transfer
        for progress in state.transfers.values()
        if progress.transfer.peer == peer and since <= progress.transfer.created_at <= until
    ]
    notes = [e.value for e in talk.entries if isinstance(e.value, Note) and since <= e.value.time <= until]
    talk.fill([*messages, *files, *notes])
    talk.loaded, talk.loading, talk.older, talk.newer = True, False, older, newer


# --- files ---


def _transfer(state: State, transfer: Transfer, rate: float) -> Damage:
    known = state.transfers.get(transfer.number)
    before = known.transfer if known else None
    state.put_transfer(transfer, rate)
    talk = state.talk(Conversation.with_peer(transfer.peer))
    if before is None:
        talk.add(transfer)
        hints.first_file(state, transfer)
        talk.last_time = max(talk.last_time, transfer.created_at)
        state.roster_stale = True
        return Damage.ROWS
    if before.state is transfer.state is TransferState.RUNNING:
        return Damage.PROGRESS
    talk.replace(transfer)
    return Damage.ROWS
