"""Where commands and keys meet the node: what of it the screen uses, and what a screen must offer in turn."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol, TypeVar, cast

from lanmsg.api import (
    Conversation,
    Diagnosis,
    FileRule,
    Interface,
    LanmsgError,
    Message,
    MessageId,
    NodeEvent,
    Peer,
    PeerId,
    SafetyNumber,
    Settings,
    Status,
    Transfer,
    Trust,
    Verification,
    diagnose,
)
from lanmsg.terminal import folded
from lanmsg.tui import late
from lanmsg.tui.commands import quoted
from lanmsg.tui.entered import Entered
from lanmsg.tui.moves import Want, open_conversation
from lanmsg.tui.names import DIGITS
from lanmsg.tui.state import Page, State
from lanmsg.tui.talk import Talk
from lanmsg.tui.wording import likeness

if TYPE_CHECKING:
    from lanmsg.api import Node

Answer = TypeVar("Answer")

Diagnose = Callable[[str], Awaitable[Diagnosis]]
"""Why nobody shows up; with a name, why that one does not."""


class Summary(Protocol):
    """How a conversation stands in the store."""

    @property
    def conversation(self) -> Conversation: ...
    @property
    def last(self) -> Message | None: ...
    @property
    def unread(self) -> int: ...
    @property
    def first_unread(self) -> int | None: ...
    @property
    def draft(self) -> str: ...


class History(Protocol):
    def messages(
        self,
        conversation: Conversation | None,
        *,
        before: int | None = None,
        after: int | None = None,
        limit: int = 100,
        since: float | None = None,
    ) -> list[Message]: ...


class Comparisons(Protocol):
    def recent(self, *, since: float) -> list[Verification]: ...


class Slots(Protocol):
    def get(self) -> dict[PeerId, int]: ...


class StoreView(Protocol):
    @property
    def history(self) -> History: ...
    @property
    def verifications(self) -> Comparisons: ...
    @property
    def slots(self) -> Slots: ...


class ScreenNode(Protocol):
    """The part of lanmsg.api.Node that the screen lives on; tests put a double here."""

    @property
    def id(self) -> PeerId: ...
    @property
    def name(self) -> str: ...
    @property
    def status(self) -> Status: ...
    @property
    def note(self) -> str: ...
    @property
    def listening(self) -> bool: ...
    @property
    def udp_port(self) -> int: ...
    @property
    def interfaces(self) -> tuple[Interface, ...]: ...

    def events(self) -> AsyncIterator[NodeEvent]: ...
    def peers(self, *, absent: bool = False) -> list[Peer]: ...
    async def read(self, work: Callable[[StoreView], Answer], /) -> Answer: ...
    async def conversations(self) -> Sequence[Summary]: ...
    async def transfers(self, *, open_only: bool = False) -> list[Transfer]: ...
    async def search(self, text: str, conversation: Conversation | None = None) -> list[Message]: ...
    async def send_text(
        self, conversation: Conversation, text: str, *, reply_to: MessageId | None = None
    ) -> Message: ...
    async def retry(self, number: int) -> object: ...
    async def cancel_message(self, number: int) -> object: ...
    async def mark_read(self, conversation: Conversation, number: int) -> object: ...
    async def set_draft(self, conversation: Conversation, text: str) -> object: ...
    async def set_slots(self, slots: Mapping[PeerId, int]) -> object: ...
    async def offer(
        self,
        peer: PeerId,
        paths: Sequence[Path],
        /,
        *,
        text: str = "",
        stdin: BinaryIO | None = None,
        stdin_name: str = "",
    ) -> Transfer: ...
    async def accept(self, number: int, *, destination: Path | None = None) -> object: ...
    async def decline(self, number: int, reason: str = "") -> object: ...
    async def cancel(self, number: int) -> object: ...
    async def retry_transfer(self, number: int) -> object: ...
    async def set_name(self, name: str) -> object: ...
    async def set_status(self, status: Status, note: str = "") -> object: ...
    async def set_trust(self, peer_id: PeerId, trust: Trust) -> Peer: ...
    async def rename(self, peer_id: PeerId, petname: str) -> object: ...
    async def verify(self, peer_id: PeerId) -> Verification: ...
    async def answer_verification(self, peer_id: PeerId, *, same: bool) -> object: ...
    async def cancel_verification(self, peer_id: PeerId) -> object: ...
    def safety_number(self, peer_id: PeerId) -> SafetyNumber: ...
    async def pause(self, number: int) -> object: ...
    async def resume(self, number: int) -> object: ...
    async def delete_message(self, number: int) -> object: ...
    async def delete_conversation(self, conversation: Conversation | None) -> object: ...
    async def set_muted(self, peer_id: PeerId, *, muted: bool) -> object: ...
    async def set_file_rule(self, peer_id: PeerId, rule: FileRule, most: int | None = None) -> Peer: ...
    async def connect(self, host: str, port: int) -> Peer: ...


class Hands(Protocol):
    """What a command may ask of the screen it was typed on."""

    def quit(self) -> None: ...
    def copy(self, text: str) -> None: ...
    def want(self, want: Want) -> None: ...
    def answer(self, answer: str) -> None: ...
    def call(self, text: str) -> str:
        """Call the person as news would; the way in which it was done."""
        ...


@dataclass(slots=True)
class Desk:
    """Everything that a command works with."""

    node: ScreenNode
    state: State
    hands: Hands
    settings: Settings
    diagnose: Diagnose
    entered: Entered | None = None  # what is being carried out, where lines wait for each other

    @property
    def open(self) -> Conversation | None:
        """The conversation that was open when the line was entered."""
        return self.entered.place if self.entered is not None else self.state.open

    def turn_to(self, page: Page) -> None:
        late.turn_to(self.state, page, self.entered)

    def show(self, conversation: Conversation | None) -> None:
        """Open it; what was entered meanwhile is for it."""
        if conversation is not None:
            open_conversation(self.state, conversation)
        if self.entered is not None:
            self.entered.has_opened(self.state.open)


def diagnosing(settings: Settings, node: ScreenNode) -> Diagnose:
    """The doctor, for the node that runs here."""

    async def look(peer: str) -> Diagnosis:
        return await diagnose(settings, node=cast("Node", node), peer=peer)

    return look


def meant(state: State, conversation: Conversation, does: str) -> None:
    """The first thing for a stranger whose name is taken for another's is held up once: it pins the key.

    Raises LanmsgError; said again, it goes out.
    """
    peer = state.peer_of(conversation)
    if peer is None or peer.trust is not Trust.NEW or not peer.lookalike_of or peer.petname:
        return
    if state.meant == ("send", conversation):
        state.meant = None
        return
    state.meant = ("send", conversation)
    label = state.label(peer.id)
    raise LanmsgError(
        f"{label} {likeness(state, peer)}: nothing was sent",
        code="security",
        hint=f"Enter again {does}, /trust {quoted(label)} too",
    )


def open_talk(desk: Desk) -> Talk:
    """The conversation that is open. Raises LanmsgError."""
    if desk.open is None:
        raise LanmsgError("no conversation is open", code="usage", hint="/msg NAME opens one")
    return desk.state.talk(desk.open)


def peer_or_open(desk: Desk, word: str) -> Peer:
    """The named person, or the one whose conversation is open. Raises LanmsgError."""
    if word:
        return person(desk.state, word)
    peer = desk.state.peer_of(desk.open)
    if peer is None:
        raise LanmsgError("whom? open a conversation or name somebody", code="usage")
    return peer


def transfer_of(state: State, word: str) -> Transfer:
    """The transfer of that number. Raises LanmsgError."""
    known = state.transfers.get(int(word)) if word.isdecimal() else None
    if known is None:
        raise LanmsgError(f"there is no transfer {word}", code="not_found", hint="/transfers lists them")
    return known.transfer


def person(state: State, who: str) -> Peer:
    """Whom a word means: the name on the screen, a name in any case or what is before its @, digits of a key.

    Raises LanmsgError. Names that two share are not guessed at: what is typed next may be a secret.
    """
    if not who:
        raise LanmsgError("a person is needed", code="usage")
    found = _labelled(state, who)
    if not found and "~" not in who:
        # What stands behind a tilde is of a key, and never a part of what somebody says of itself.
        found = _named(state, who)
    if not found:
        raise LanmsgError(f"nobody here is called {who}", code="not_found", hint="/who lists people")
    if len(found) > 1:
        labels = tuple(state.label(peer.id) for peer in found)
        raise LanmsgError(f"{who} could be {' or '.join(labels)}", code="ambiguous", candidates=labels)
    return found[0]


def _labelled(state: State, who: str) -> list[Peer]:
    """Who is shown like that, or has that name and a key that begins with the digits behind it.

    Who is here does not matter for such a word: it is about a key.
    """
    name, tilde, digits = who.rpartition("~")
    found = [peer for peer in state.peers.values() if state.label(peer.id) == who]
    if not found and tilde and len(digits) >= DIGITS:
        of_that_name = state.names.shown_as(name)
        found = [peer for peer in of_that_name if peer.id.hex().startswith(digits.lower())]
    return [peer for peer in found if state.is_pinned(peer.id)] or found


def _named(state: State, who: str) -> list[Peer]:
    """Whom a name means, or a short one, or digits of a key; who is here before who is not."""
    everyone = state.peers.values()
    named = [peer for peer in everyone if folded(who) == folded(peer.name)] or [
        peer for peer in everyone if folded(who) == folded(peer.nickname)
    ]
    short = [peer for peer in everyone if folded(who) in map(folded, _short_names(peer))]
    digits = who.replace(" ", "").lower()
    by_key = [peer for peer in everyone if len(digits) >= 8 and peer.id.hex().startswith(digits)]
    known = [[peer for peer in some if state.is_pinned(peer.id)] for some in (named, short)]
    found = known[0] or known[1] or named or by_key or short
    return [peer for peer in found if peer.present] or found


def _short_names(peer: Peer) -> list[str]:
    """`ben` of `ben@thinkpad`, as names are at first."""
    return [name.partition("@")[0] for name in (peer.petname, peer.nickname) if "@" in name]


def is_everyone(word: str) -> bool:
    """Whether a word is the room of all, and not whoever may be called like that."""
    return folded(word).removeprefix("#") == "everyone"


def is_person(state: State, who: str) -> bool:
    try:
        person(state, who)
    except LanmsgError as error:
        return error.code == "ambiguous"
    return True
