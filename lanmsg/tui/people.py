"""The list of people and conversations on the left."""

from lanmsg.api import Conversation, Peer, Trust
from lanmsg.terminal import cell_width
from lanmsg.tui import comparing
from lanmsg.tui.names import is_odd
from lanmsg.tui.pages import last_seen
from lanmsg.tui.rows import Row, spread
from lanmsg.tui.state import State
from lanmsg.tui.wording import (
    TRUST_WORDS,
    clip_label,
    is_alarming,
    presence_glyph,
    presence_word,
    trust_sign,
)


def people_list(state: State, cells: int, height: int) -> list[Row]:
    """Sections of conversations, the open one always in sight."""
    return [row for _, row in placed(state, cells, height)]


def placed(state: State, cells: int, height: int) -> list[tuple[Conversation | None, Row]]:
    """The rows of the list, each with the conversation that a click on it opens."""
    wide = cells >= 25
    people, rest = state.order[: state.people], state.order[state.people :]
    plan: list[Conversation | str] = ["PEOPLE", *people]
    if state.faded:
        plan.append(f"{state.glyphs.gone} {state.faded} not here")
    plan += ["", "ROOMS", *rest[:1]] if wide else ["", *rest[:1]]
    if rest[1:]:
        plan += ["", "REQUESTS", *rest[1:]]
    open_at = plan.index(state.open) if state.open in state.places and len(plan) > height else 0
    # Of thousands only the rows in sight are made.
    shown = [_placed(state, what, cells) for what in _in_sight(plan, open_at, height)]
    blank: list[tuple[Conversation | None, Row]] = [(None, [])] * (height - len(shown))
    return [*shown, *blank]


def _in_sight(plan: list[Conversation | str], open_at: int, height: int) -> list[Conversation | str]:
    """The heading, and the part of the list that holds the open row."""
    if len(plan) <= height or height <= 0:
        return plan[:height]
    start = min(max(open_at - height + 3, 0), len(plan) - height)
    return [plan[0], *plan[start + 1 : start + height]]


def _placed(state: State, what: Conversation | str, cells: int) -> tuple[Conversation | None, Row]:
    if isinstance(what, Conversation):
        return what, list_row(state, what, cells)
    if what == "PEOPLE":
        heading: Row = [("class:faint", "Alt"), ("class:heading", " PEOPLE")]
        return None, spread(heading, [("", f"{state.here} here ")], cells)
    return None, [("class:heading" if what.isupper() else "", f" {what}")]


def list_row(state: State, conversation: Conversation, cells: int) -> Row:
    glyphs = state.glyphs
    peer = state.peer_of(conversation)
    talk = state.talks.get(conversation)
    unread = talk.unread if talk else 0
    is_open = conversation == state.open
    sign, style = _sign(state, peer)
    name_style = "class:unread" if unread else "class:open" if is_open else ""
    slot = state.slots.get(conversation)
    title, wide = state.title(conversation), cells >= 25
    # Before the sign: behind the name it would be taken for a count of unread.
    number = f"{slot or ' '}{' ' if wide else ''}"
    room = cells - 4 - len(number)
    mark, right = _fitting(
        _marks(state, peer), _rights(state, peer, unread, wide=wide), room - cell_width(title)
    )
    name = clip_label(title, max(room - cell_width(mark + right), 4), glyphs.ellipsis)
    return [
        ("class:strong", glyphs.open if is_open else " "),
        ("class:faint", number),
        (style, sign),
        ("", " "),
        (name_style, name),
        ("class:good" if _is_verified(peer) else "", mark),
        ("", " " * max(room - cell_width(name + mark + right), 0)),
        ("class:unread" if unread else "", right),
        ("", " "),
    ]


def _fitting(marks: list[str], rights: list[str], room: int) -> tuple[str, str]:
    """The most that leaves the name whole; else the least. What the end says goes before what the mark says:
    a sign in front of the name says the same.
    """
    pairs = [(mark, right) for mark in marks for right in rights]
    return next((pair for pair in pairs if cell_width(pair[0] + pair[1]) <= room), pairs[-1])


def _is_verified(peer: Peer | None) -> bool:
    return peer is not None and peer.trust is Trust.VERIFIED


def _marks(state: State, peer: Peer | None) -> list[str]:
    """Behind a name, where nobody takes it for a count: what is decided about the key, unless it is usual."""
    if peer is None or peer.trust not in (Trust.NEW, Trust.VERIFIED):
        return [""]
    sign = f" {trust_sign(peer.trust, state.glyphs)}"
    return [f" ({TRUST_WORDS[Trust.NEW]})", sign] if peer.trust is Trust.NEW else [sign]


def _sign(state: State, peer: Peer | None) -> tuple[str, str]:
    glyphs = state.glyphs
    if peer is None:
        return glyphs.room, ""
    if is_alarming(peer) or is_odd(peer) or comparing.is_doubted(state, peer):
        return glyphs.alert, "class:alert"
    if any(state.transfers[number].transfer.peer == peer.id for number in state.questions):
        return glyphs.question, "class:strong"
    return presence_glyph(peer, glyphs), "class:good" if peer.present else ""


def _rights(state: State, peer: Peer | None, unread: int, *, wide: bool) -> list[str]:
    """The end of a list row: a word for whoever is not simply here, and unread;
    the word goes where it would cut the name.
    """
    count = "99+" if unread > 99 else str(unread) if unread else ""
    word = _word(state, peer, wide=wide)
    if count:
        return [*([f" {word} {count:>2}"] if word and wide else []), f" {count}"]
    return [f" {word}", ""] if word else [""]


def _word(state: State, peer: Peer | None, *, wide: bool) -> str:
    if peer is None:
        return ""
    if peer.trust is Trust.CHANGED:
        return (
            ("replaced" if peer.is_old_key else "differs" if peer.words_differ else "changed") if wide else ""
        )
    if not peer.present:
        return last_seen(state, peer)
    return presence_word(peer) if wide and presence_word(peer) != "here" else ""
