"""How a line of text names people, files and states. All that a peer chose passes printable()."""

import re
import time
from typing import TYPE_CHECKING

from msgspec.structs import replace

from lanmsg.api import (
    Direction,
    Message,
    Peer,
    Transfer,
    TransferState,
    Trust,
    VerificationChanged,
    VerificationStage,
    wall_clock,
)
from lanmsg.model import OLD_KEY, LanmsgError
from lanmsg.terminal import Kind, cell_width, human_size, imitates, plural, printable, shown_name

if TYPE_CHECKING:
    from lanmsg.api import Roster

UNNAMED = "somebody"

ONE_WORD = re.compile(r"\w[\w@.-]*")
"""What every shell takes as it is."""


def name_of(peer: Peer) -> str:
    """A name that could be read as a mark or as words of ours says which key it is, wherever it stands."""
    return f"{_bare_name_of(peer)}~{short_id(peer)}" if imitates(peer.called) else _bare_name_of(peer)


def _bare_name_of(peer: Peer) -> str:
    return (shown_name(peer.called) or UNNAMED) + (OLD_KEY if peer.is_old_key and peer.called else "")


def typed_name_of(peer: Peer) -> str:
    """The name as the next command takes it, or the digits of the key where it could not be typed."""
    name = _bare_name_of(peer)
    is_one_word = name == peer.called and ONE_WORD.fullmatch(name)
    return name if is_one_word and not imitates(name) else short_id(peer)


def nobody_known(who: str, roster: "Roster") -> LanmsgError:
    near = roster.nearest(who)
    hint = f"did you mean {near}?" if near else "lanmsg peers --all shows who is known"
    return LanmsgError(f"nobody known by the name {who}", code="not_found", hint=hint)


def certain_name_of(peer: Peer) -> str:
    """Where a person decides something: a name that this person did not choose says which key it is."""
    if peer.petname or peer.trust in {Trust.PINNED, Trust.VERIFIED}:
        return name_of(peer) + trust_remark(peer)
    return f"{_bare_name_of(peer)}~{short_id(peer)}{trust_remark(peer)}"


def speaker_of(peer: Peer) -> str:
    """Beside what somebody said: a key that only goes by a known name does not pass for that person."""
    is_odd = peer.trust is Trust.CHANGED or peer.lookalike_of
    return name_of(peer) + (trust_remark(peer) if is_odd else "")


def short_id(peer: Peer) -> str:
    """The 8 digits that tell two peers of one name apart, and that every command takes as PEER."""
    return peer.id.hex()[:8].upper()


def title_of(transfer: Transfer) -> str:
    """The name of an offer's first file, and how many more."""
    if not transfer.files:
        return "nothing"
    first = transfer.files[0]
    name = printable(first.name, Kind.FILE) + ("/" if first.is_folder else "")
    more = len(transfer.files) - 1
    return f"{name} and {more} more" if more > 0 else name


def saved_title_of(transfer: Transfer) -> str:
    """The same, by the name that it has got on this disk."""
    if not transfer.saved_name:
        return title_of(transfer)
    saved = replace(transfer.files[0], name=transfer.saved_name)
    return title_of(replace(transfer, files=(saved, *transfer.files[1:])))


def size_of(transfer: Transfer) -> str:
    """What a person weighs before accepting: bytes, and entries where they are many."""
    is_known = transfer.total is None and transfer.state is TransferState.DONE  # a stream, at its end
    total = transfer.done if is_known else transfer.total
    size = "unknown size" if total is None else human_size(total)
    return size if transfer.count <= 1 else f"{size} in {plural(transfer.count, 'entry', 'entries')}"


def trust_of(peer: Peer) -> str:
    """The state of the key as a word, and what a name that deceives is taken for."""
    if peer.lookalike_of:
        return f"{peer.trust.word}, LOOKS LIKE {shown_name(peer.lookalike_of)}"
    if peer.words_differ:
        return f"{peer.trust.word}, THE WORDS DIFFERED"
    return "replaced" if peer.is_old_key else peer.trust.word


def trust_remark(peer: Peer) -> str:
    """What a name alone does not tell, in brackets."""
    remarks = {
        Trust.NEW: " (new)",
        Trust.CHANGED: " (KEY CHANGED)",
        Trust.BLOCKED: " (blocked)",
        Trust.PINNED: "",
        Trust.VERIFIED: "",
    }
    if peer.lookalike_of:
        return f" (new, LOOKS LIKE {shown_name(peer.lookalike_of)})"
    if peer.words_differ:
        return " (THE WORDS DIFFERED)"
    return "" if peer.is_old_key else remarks[peer.trust]


def state_of(transfer: Transfer, peer: Peer | None = None) -> str:
    """The state as a few words; `peer` is at the other end."""
    state = transfer.state
    if state is TransferState.RUNNING and transfer.total:
        return f"running {percent(transfer)}"
    if state is TransferState.PAUSED:
        return pause_of(transfer, peer)
    if state in {TransferState.FAILED, TransferState.DECLINED, TransferState.CANCELLED} and transfer.reason:
        return f"{state.value}: {printable(transfer.reason)}"
    if state is TransferState.OFFERED and transfer.direction is Direction.IN:
        return f"offered, {age(transfer.expires_at - wall_clock())} left"
    return str(state.value)


def pause_of(transfer: Transfer, peer: Peer | None = None) -> str:
    """Who has paused it, or what, and where it stands."""
    at = f" at {percent(transfer)}" if transfer.total else ""
    if not transfer.is_held:
        return f"paused{at}: {printable(transfer.reason)}" if transfer.reason else f"paused{at}"
    who = [name for name, held in (("you", transfer.held_here), (other(peer), transfer.held_there)) if held]
    return f"paused by {' and '.join(who)}{at}"


def other(peer: Peer | None) -> str:
    return "the other side" if peer is None else name_of(peer)


def comparison_of(event: VerificationChanged) -> str:
    """How a comparison of words stands, as a sentence."""
    name, ours = certain_name_of(event.peer), event.ours
    asked = f"{name} wants to compare words: lanmsg verify {short_id(event.peer)}"
    said = f"{name} {event.reason}"
    over = f"no comparison with {name}: {event.reason}"
    different = f"{name} is NOT who you think: nothing is sent to this key any more"
    sentences = {
        VerificationStage.ASKED: f"you want to compare words with {name}" if ours else asked,
        VerificationStage.COMPARING: f"words to compare with {name}: {' '.join(event.words)}",
        VerificationStage.SAME: f"{name} is verified" if ours else said,
        VerificationStage.DIFFERENT: different if ours else said,
        VerificationStage.FAILED: over,
        VerificationStage.EXPIRED: over,
    }
    return sentences[event.stage]


def percent(transfer: Transfer) -> str:
    """Never 100 before it is all there."""
    return f"{100 * transfer.done // transfer.total}%" if transfer.total else ""


def age(seconds: float) -> str:
    """A span in one unit: 40 s, 12 min, 3 h, 9 days."""
    if seconds < 60:
        return f"{max(0, round(seconds))} s"
    if seconds < 3600:
        return f"{round(seconds / 60)} min"
    if seconds < 48 * 3600:
        return f"{round(seconds / 3600)} h"
    return plural(round(seconds / 86400), "day")


def one_line(message: Message) -> str:
    """A message's text in one line; line ends become a visible mark."""
    return " ⏎ ".join(printable(message.text, Kind.TEXT).splitlines())


def columns(rows: list[list[str]]) -> list[str]:
    """Rows as aligned lines; the last column is left as it is."""
    widths = [max(map(cell_width, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(pad(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def pad(text: str, width: int) -> str:
    return text + " " * (width - cell_width(text))


def clock_now() -> str:
    """The local time of day, to the second."""
    return time.strftime("%H:%M:%S", time.localtime(wall_clock()))
