"""Words for states of people, messages and transfers; the same all over the screen and in plain lines."""

import re

from lanmsg.api import (
    Delivery,
    Direction,
    FileRule,
    Message,
    Peer,
    PeerId,
    Status,
    Transfer,
    TransferState,
    Trust,
)
from lanmsg.terminal import (
    Kind,
    cell_width,
    clip,
    clock,
    fingerprint,
    human_size,
    imitates,
    plural,
    printable,
    shown_name,
)
from lanmsg.tui.names import is_odd
from lanmsg.tui.progress import Progress
from lanmsg.tui.state import State
from lanmsg.tui.theme import Glyphs

PROGRAM_TYPES = frozenset(
    {"apk", "app", "appimage", "bat", "cmd", "com", "command", "cpl", "deb", "desktop", "dmg", "exe", "hta"}
    | {"jar", "js", "jse", "lnk", "msi", "pif", "pkg", "ps1", "py", "rpm", "run", "scr", "sh", "url", "vbe"}
    | {"vbs", "wsf"}
)
"""File types that do something when somebody opens them; the offer says so before the person answers."""


TRUST_WORDS = {
    Trust.NEW: "new",
    Trust.PINNED: "known",
    Trust.VERIFIED: "verified",
    Trust.CHANGED: "KEY CHANGED",
    Trust.BLOCKED: "blocked",
}
"""What is decided about a key, in the words of the shell; the title, questions, /who and F1 share them."""

TRUST_MEANINGS = {
    Trust.NEW: "nothing was decided yet: anybody can take any name",
    Trust.PINNED: "you have dealt with this key: it is the one of that name",
    Trust.VERIFIED: "you compared the fingerprint with the person",
    Trust.CHANGED: "another key uses a name you know: nothing is sent, no file is taken",
    Trust.BLOCKED: "you refuse this key",
}


def presence_glyph(peer: Peer, glyphs: Glyphs) -> str:
    if not peer.present:
        return glyphs.gone
    return glyphs.here if peer.status is Status.AVAILABLE else glyphs.away


def presence_word(peer: Peer) -> str:
    if not peer.present:
        return "gone"
    return {Status.AVAILABLE: "here", Status.AWAY: "away", Status.BUSY: "busy"}[peer.status]


def trust_word(peer: Peer) -> str:
    """What is decided about a key, and why nothing is sent to one that is changed."""
    if peer.is_old_key:
        return "replaced"
    return "WORDS DIFFERED" if peer.words_differ else TRUST_WORDS[peer.trust]


def trust_meaning(peer: Peer) -> str:
    if peer.is_old_key:
        return "you gave its place to another key: nothing is sent, no file is taken"
    if peer.words_differ:
        return "the words that you compared differed: nothing is sent, no file is taken"
    return TRUST_MEANINGS[peer.trust]


def is_alarming(peer: Peer) -> bool:
    return peer.trust is Trust.BLOCKED or (peer.trust is Trust.CHANGED and not peer.is_old_key)


def speaker_sign(state: State, peer: PeerId) -> str:
    """Before a name in a room, where anybody may call themselves anything: whether this is the one."""
    known = state.peers.get(peer)
    if known is None:
        return ""
    if known.trust is Trust.VERIFIED:
        return state.glyphs.delivered
    if known.trust is Trust.BLOCKED:
        return state.glyphs.failed
    return state.glyphs.alert if is_alarming(known) or is_odd(known) else ""


def speaker_words(state: State, peer: PeerId) -> str:
    """The same where there are no signs."""
    known = state.peers.get(peer)
    if known is None or not speaker_sign(state, peer):
        return ""
    if known.trust is Trust.VERIFIED:
        return trust_word(known)
    return likeness(state, known) or trust_word(known)


SUFFIX = re.compile(r"~(?:[0-9A-F]{4})+$")


def clip_label(label: str, cells: int, ellipsis: str) -> str:
    """A name may be cut, but not the digits of the key behind it: they tell two of a name apart."""
    digits = found[0] if (found := SUFFIX.search(label)) else ""
    room = cells - len(digits)
    if not digits or cell_width(label) <= cells or room < 2:
        return clip(label, cells, ellipsis)
    return clip(label.removesuffix(digits), room, ellipsis) + digits


def trust_sign(trust: Trust, glyphs: Glyphs) -> str:
    """One sign a state, none for a pinned key: what is usual needs no sign."""
    return {
        Trust.NEW: glyphs.new,
        Trust.PINNED: "",
        Trust.VERIFIED: glyphs.delivered,
        Trust.CHANGED: "!!",
        Trust.BLOCKED: glyphs.failed,
    }[trust]


def trust_words(peer: Peer, glyphs: Glyphs) -> str:
    """What this person has decided about the key; said in words, as it is what a title must not get wrong."""
    sign = "" if peer.is_old_key else trust_sign(peer.trust, glyphs)
    return f"{sign} {trust_word(peer)}".strip()


def who(state: State, transfer: Transfer) -> str:
    """The person of an offer, and what is decided about the key; of one not pinned its first digits too."""
    peer = state.peers.get(transfer.peer) or Peer(transfer.peer, "")
    words = trust_words(peer, state.glyphs)
    digits = "" if state.is_pinned(peer.id) else f" {fingerprint(peer.id, 2)}"
    odd = f", !! {likeness(state, peer)}" if likeness(state, peer) else ""
    return f"{state.label(peer.id)} ({words}{digits}{odd})"


def likeness(state: State, peer: Peer) -> str:
    """Why a name could be taken for another's, or ""."""
    if peer.petname:
        return ""
    if peer.lookalike_of == state.name and state.name:
        return "uses your name, but is not you"
    if peer.lookalike_of:
        return f"looks like {shown_name(peer.lookalike_of)}, but is not"
    if imitates(peer.nickname):
        return "this name imitates marks of lanmsg"
    return "letters of several alphabets in this name" if is_odd(peer) else ""


def rule_words(state: State, peer: Peer) -> str:
    """What becomes of files that somebody offers."""
    most = f" up to {human_size(peer.file_rule_max)}" if peer.file_rule_max is not None else ""
    what = {
        FileRule.DEFAULT: "you are asked, as with everybody",
        FileRule.ASK: "you are asked",
        FileRule.ACCEPT: f"accepted without a question{most}",
        FileRule.REFUSE: "declined without a question",
    }[peer.file_rule]
    return f"files of {state.label(peer.id)}: {what}"


def transfer_title(transfer: Transfer) -> str:
    """Its files by name, made safe; and whether one of them is a program."""
    if not transfer.files:
        return "nothing"
    first = transfer.files[0]
    title = printable(transfer.saved_name or first.name, Kind.FILE) + ("/" if first.is_folder else "")
    if len(transfer.files) > 1:
        return f"{title} and {len(transfer.files) - 1} more"
    return f"{title} ({plural(transfer.count, 'entry', 'entries')})" if first.is_folder else title


def transfer_size(transfer: Transfer) -> str:
    return "unknown size" if transfer.total is None else human_size(transfer.total)


def warning(transfer: Transfer) -> str:
    """What a person must know before opening it, or ""."""
    names = (file.name.rsplit(".", 1) for file in transfer.files if not file.is_folder)
    return "a program" if any(len(name) == 2 and name[1].lower() in PROGRAM_TYPES for name in names) else ""


def percent(transfer: Transfer) -> int | None:
    if transfer.total is None:
        return None
    return 100 if not transfer.total else min(100 * transfer.done // transfer.total, 100)


def transfer_state(state: State, transfer: Transfer) -> str:
    """What became of it, as one phrase."""
    peer = state.label(transfer.peer)
    reason = f": {printable(transfer.reason)}" if transfer.reason else ""
    ours, theirs = _PHRASES[transfer.state]
    phrase = theirs if transfer.direction is Direction.IN else ours
    done = percent(transfer)
    if transfer.state is TransferState.PAUSED:
        phrase = f"{pause_words(peer, transfer)}{{at}}"
        phrase += "" if transfer.is_held or transfer.reason == "interrupted" else "{reason}"
    said = phrase.format(
        peer=peer,
        number=transfer.number,
        reason=reason,
        at="" if done is None else f" at {done} %",
        when=f" {clock(transfer.updated_at)}" if transfer.updated_at else "",
        yes=state.glyphs.delivered,
        no=state.glyphs.failed,
    )
    # "cancelled: cancelled by the other side" stutters.
    return said.replace(f"{transfer.state.value}: {transfer.state.value}", transfer.state.value, 1)


OUR_FAULTS = frozenset({"disk_full", "disk", "key_changed"})
"""Why a transfer stands still that waits for something else than its peer."""


def pause_words(peer: str, transfer: Transfer) -> str:
    """Why one that began does not move: a person wants it so, or the other side is not there."""
    if transfer.is_held:
        return f"paused by {_holders(transfer, peer)}"
    return "stopped" if transfer.code in OUR_FAULTS else f"waits for {peer}"


def silence(progress: Progress, tick: float) -> str:
    """That nothing arrives although it runs, or ""."""
    seconds = int(progress.silent(tick))
    if not seconds:
        return ""
    return f"no data for {seconds} s" if seconds < 120 else f"no data for {seconds // 60} min"


def _holders(transfer: Transfer, peer: str) -> str:
    return {(True, False): "you", (False, True): peer}.get(
        (transfer.held_here, transfer.held_there), f"you and {peer}"
    )


_PHRASES = {
    # of one that we offered, of one that was offered to us
    TransferState.QUEUED: ("offered as soon as {peer} can be reached{reason}", "expected"),
    TransferState.OFFERED: ("{peer} is asked", "/accept {number} or /decline {number}"),
    TransferState.ACCEPTED: ("accepted, about to start", "accepted, about to start"),
    TransferState.RUNNING: ("sending", "receiving"),
    TransferState.PAUSED: ("", ""),  # pause_words
    TransferState.DONE: ("{yes} delivered{when}", "{yes} saved{when}"),
    TransferState.DECLINED: ("{peer} declined{reason}", "declined{reason}"),
    TransferState.CANCELLED: ("cancelled{reason}", "cancelled{reason}"),
    TransferState.EXPIRED: ("expired unanswered", "offer withdrawn{when}"),
    TransferState.FAILED: ("{no} failed{reason}", "{no} failed{reason}"),
}


def ending(transfer: Transfer) -> str:
    """The state it ended in and why, as briefly as there is room for in the strip."""
    reason = printable(transfer.reason)
    return reason if reason.startswith(transfer.state.value) else f"{transfer.state.value} {reason}".rstrip()


def with_hint(text: str, hint: str) -> str:
    """What went wrong, and what to do about it, as one sentence."""
    return f"{text}{' ' if text.endswith('?') else '; '}{hint}" if hint else text


def delivery_mark(message: Message, glyphs: Glyphs) -> tuple[str, str]:
    """(style, sign) behind one of our messages."""
    total = len(message.recipients)
    there = sum(recipient.state is Delivery.DELIVERED for recipient in message.recipients)
    match message.state:
        case Delivery.QUEUED:
            return "class:strong", glyphs.queued if total < 2 else f"{glyphs.queued} {there}/{total}"
        case Delivery.SENT:
            return "class:faint", glyphs.sent if total < 2 else f"{glyphs.sent} {there}/{total}"
        case Delivery.DELIVERED:
            return "class:good", glyphs.delivered if total < 2 else f"{glyphs.delivered} {total}"
        case Delivery.FAILED:
            return "class:bad", glyphs.failed if total < 2 else f"{glyphs.failed} {there}/{total}"


def failure(message: Message) -> str:
    """Why a message did not arrive, in the words of the first recipient that has any; or ""."""
    if message.state is not Delivery.FAILED:
        return ""
    reasons = (each.reason for each in message.recipients if each.state is Delivery.FAILED and each.reason)
    return f"not delivered: {printable(next(reasons, 'no reason given'))}; /retry sends it again"
