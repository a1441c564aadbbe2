"""What the screen knows: people, conversations, transfers, and what is being looked at.

Plain values changed in place by update and moves: with 5,000 people and 500 messages a second, a copy for
each event would be most of the work. Whoever draws only reads.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from lanmsg.api import (
    EVERYONE,
    Conversation,
    Delivery,
    Direction,
    Finding,
    Interface,
    Message,
    Peer,
    PeerId,
    Status,
    Transfer,
    TransferState,
    Trust,
    Verification,
)
from lanmsg.terminal import printable
from lanmsg.tui.commands import on_screen, quoted
from lanmsg.tui.entered import Entered
from lanmsg.tui.keys import KEYS
from lanmsg.tui.keys import Key as KeyBinding
from lanmsg.tui.names import Names
from lanmsg.tui.options import Options
from lanmsg.tui.progress import Progress
from lanmsg.tui.talk import Note, Talk
from lanmsg.tui.theme import FANCY, Glyphs

NOBODY = PeerId(b"")
"""Our own id before the node runs."""


@dataclass(slots=True)
class Notice:
    """What the status row says for a while."""

    text: str
    style: str
    until: float
    about: PeerId | None = None  # whose key it is about: over as soon as that is decided


Answer = Callable[[], Awaitable[object]]
"""What a question that was answered comes to."""


@dataclass(slots=True)
class Asking:
    """A question of our own in the question bar; offers stand behind it.

    `choices`: (action, word) for the keys yes, no, other and back (Esc).
    """

    kind: str  # "paste", "quit", "cancel", "delete", "verify"
    text: str
    choices: tuple[tuple[str, str], ...]
    paste: Entered | None = None
    number: int = 0
    on_yes: Answer | None = None
    on_no: Answer | None = None


@dataclass(slots=True)
class Query:
    """One line typed for another purpose than talking: switcher, find, save as."""

    kind: str
    label: str
    text: str = ""
    chosen: int = 0
    conversation: Conversation | None = None  # that is chosen in the switcher, wherever its row goes
    number: int = 0
    found_for: tuple[object, ...] = ()  # what `found` are the messages with
    found: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Page:
    """A page in place of the conversation."""

    kind: str  # "help", "transfers", "people", "status", "settings", "doctor", "search", "text"
    scroll: int = 0
    chosen: int = 0
    number: int = 0  # of the transfer that is chosen, wherever its row goes
    topic: str = ""
    lines: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    found: tuple[Message, ...] = ()

    @property
    def has_choice(self) -> bool:
        """Whether one of its rows is chosen, and keys are about that one."""
        return self.kind in ("transfers", "search")


@dataclass(slots=True)
class State:
    """The whole screen. `wall` and `tick` are the time of the last event: wall clock and monotonic."""

    name: str = ""
    id: PeerId = NOBODY
    status: Status = Status.AVAILABLE
    note: str = ""
    port: int = 0
    downloads: str = ""
    free: int | None = None  # bytes free where downloads go
    ready: bool = False  # the node runs
    newcomer: bool = False  # nobody has ever written anything in this home
    listening: bool = False
    interfaces: tuple[Interface, ...] = ()
    names: Names = field(default_factory=Names)
    talks: dict[Conversation, Talk] = field(default_factory=dict)
    open: Conversation | None = None
    previous: Conversation | None = None
    hidden: set[Conversation] = field(default_factory=set)
    slots: dict[Conversation, int] = field(default_factory=dict)
    order: list[Conversation] = field(default_factory=list)  # people, everyone, keys that changed
    places: dict[Conversation, int] = field(default_factory=dict)
    people: int = 0  # so many of the order are people
    faded: int = 0  # known people who are not here and not listed
    here: int = 0  # people present
    order_held: float = 0.0
    roster_stale: bool = True
    transfers: dict[int, Progress] = field(default_factory=dict)
    moving: dict[int, Progress] = field(default_factory=dict)  # the part that may be in the strip
    questions: list[int] = field(default_factory=list)  # offers that wait for this person
    verifications: dict[PeerId, Verification] = field(default_factory=dict)
    comparing: list[PeerId] = field(default_factory=list)  # comparisons that wait for this person
    words_drawn: tuple[str, ...] | None = None  # to be compared, and in the last picture; None: there is none
    asking: Asking | None = None
    question_since: float = 0.0
    question_gone: float = -1000.0  # when the last one went
    was_asked: tuple["Asking | None", object] = (None, None)  # the question that stood there last
    returned: str = ""  # a command that failed and is in the line again
    restored: str = ""  # the draft that stood in the line before anything was typed
    query: Query | None = None
    page: Page | None = None
    menu: "Menu | None" = None
    notice: Notice | None = None
    glyphs: Glyphs = FANCY
    keys: tuple[KeyBinding, ...] = KEYS
    epoch: int = 0  # raised when wrapped rows are out of date everywhere
    columns: int = 80
    pane: tuple[int, int] = (60, 18)  # cells of the conversation as last drawn
    focused: bool = True
    copying: bool = False
    list_hidden: bool = False
    options: Options = field(default_factory=Options)
    quit_armed: float = 0.0
    pressed: int = 0  # keys, in this run
    late: tuple[str, Page, float] | None = None  # what the page is of that came late, and until when it waits
    meant: tuple[str, Conversation] | None = None  # what was held up once, and is done when it is said again
    renamed: str = ""  # the latest that was said of somebody's name
    noted: int = 0
    wall: float = 0.0
    tick: float = 0.0

    @property
    def is_asked(self) -> bool:
        """Whether anything stands in the question bar."""
        return bool(self.asking or self.questions or self.comparing)

    # --- people ---

    @property
    def peers(self) -> dict[PeerId, Peer]:
        return self.names.peers

    def put_peer(self, peer: Peer) -> None:
        """A person is known, or known better; names that two share become distinct."""
        before = self.peers.get(peer.id)
        self.roster_stale = True
        self.here += peer.present - (before is not None and before.present)
        self.epoch += self.names.put(peer)

    def label(self, peer: PeerId) -> str:
        """What a person is called on this screen: safe to print, and different for different keys."""
        return self.names.label(peer)

    def is_pinned(self, peer: PeerId) -> bool:
        return self.names.is_pinned(peer)

    def rival(self, peer: Peer) -> Peer | None:
        """For a changed key the known one of that name; for a known one that is gone, the changed key."""
        return self.names.rival(peer)

    # --- conversations ---

    def talk(self, conversation: Conversation) -> Talk:
        talk = self.talks.get(conversation)
        if talk is None:
            talk = self.talks[conversation] = Talk(conversation)
        return talk

    @property
    def current(self) -> Talk | None:
        return self.talk(self.open) if self.open is not None else None

    def title(self, conversation: Conversation) -> str:
        return self.label(conversation.peer) if conversation.peer is not None else "everyone"

    def peer_of(self, conversation: Conversation | None) -> Peer | None:
        return self.peers.get(conversation.peer) if conversation and conversation.peer else None

    def unread(self) -> int:
        return sum(talk.unread for talk in self.talks.values() if talk.unread and not self._is_refused(talk))

    def _is_refused(self, talk: Talk) -> bool:
        peer = self.peer_of(talk.conversation)
        return peer is not None and peer.trust is Trust.BLOCKED

    def in_sight(self, talk: Talk) -> bool:
        """Whether the person sees the newest of this conversation now."""
        return (
            talk.conversation == self.open
            and self.focused
            and self.page is None
            and talk.loaded
            and talk.anchor is None
            and not talk.newer
        )

    def say(self, text: str, *, style: str = "class:notice", seconds: float = 8.0) -> None:
        """One sentence in the status row; an error, or what a command did."""
        # Errors quote names, and names are peers' text.
        self.notice = Notice(printable(on_screen(text)), style, self.tick + seconds)

    def jot(self, text: str, *, conversation: Conversation | None = None, style: str = "") -> None:
        """Lines into a conversation of this screen only; without any open one, a page of their own."""
        where = conversation or self.open
        if where is None:
            self.page = Page("text", lines=tuple(text.split("\n")))
            return
        self.noted += 1
        self.talk(where).add(Note(self.noted, self.wall, text, style))

    # --- files ---

    def put_transfer(self, transfer: Transfer, rate: float = 0.0) -> None:
        """A transfer is new, moved, or ended; offers to this person become questions."""
        progress = self.transfers.get(transfer.number)
        if progress is None:
            progress = self.transfers[transfer.number] = Progress(transfer)
            # One that was over before this screen saw it was never in the strip.
            progress.ended = -1.0 if transfer.state.is_final else 0.0
        before, progress.transfer, progress.rate = progress.transfer, transfer, rate
        if transfer.done != before.done or transfer.state is not before.state or not progress.moved:
            progress.moved = self.tick
        if transfer.state is TransferState.RUNNING:
            progress.running_since = progress.running_since or self.tick
        else:
            progress.running_since = 0.0
        if transfer.state.is_final and not progress.ended:
            progress.ended = self.tick
        self._put_in_strip(progress)
        self._put_question(transfer)

    def _put_in_strip(self, progress: Progress) -> None:
        state = progress.transfer.state
        moves = state in (TransferState.ACCEPTED, TransferState.RUNNING, TransferState.PAUSED)
        if moves or (progress.transfer.number in self.moving and state.is_final):
            self.moving[progress.transfer.number] = progress
        else:
            self.moving.pop(progress.transfer.number, None)

    def _put_question(self, transfer: Transfer) -> None:
        asks = transfer.direction is Direction.IN and transfer.state is TransferState.OFFERED
        if asks and transfer.number not in self.questions:
            self.questions.append(transfer.number)
        elif not asks and transfer.number in self.questions:
            self.questions.remove(transfer.number)
        else:
            return
        self.roster_stale = True

    def moving_transfers(self, direction: Direction | None = None) -> list[Transfer]:
        return [
            progress.transfer
            for progress in self.moving.values()
            if progress.transfer.state is TransferState.RUNNING
            and direction in (None, progress.transfer.direction)
        ]

    def held_back(self, peer: PeerId) -> tuple[int, int]:
        """Messages and files that wait for this key, as far as this screen knows."""
        talk = self.talks.get(Conversation.with_peer(peer))
        waiting = (
            [m for m in talk.messages() if m.sender is None and m.state is Delivery.QUEUED] if talk else []
        )
        files = [
            progress
            for progress in self.transfers.values()
            if progress.transfer.peer == peer and progress.transfer.state is TransferState.QUEUED
        ]
        return len(waiting), len(files)

    def may_not_send(self, conversation: Conversation) -> str:
        """Why nothing may be sent there, or ""."""
        peer = self.peer_of(conversation)
        if peer is None:
            return "" if conversation == EVERYONE else "nobody by that key is known"
        label = self.label(peer.id)
        if peer.trust is Trust.BLOCKED:
            return f"{label} is blocked; /unblock {quoted(label)} first"
        if peer.is_old_key:
            return f"sending is stopped: another key took its place; /trust {quoted(label)} undoes it"
        if peer.words_differ:
            again = f"/verify {quoted(label)} compares again"
            return f"sending is stopped: the words that you compared with {label} differed; {again}"
        if peer.trust is Trust.CHANGED or self.rival(peer) is not None:
            return f"sending is stopped: {label}'s key has changed; /trust or /block decides"
        return ""


@dataclass(slots=True)
class Candidate:
    """One way to complete the line: `text` replaces it from `start` on."""

    text: str
    start: int
    shown: str
    help: str = ""


@dataclass(slots=True)
class Menu:
    """Completions above the input; `chosen` is -1 until the person walks into it."""

    candidates: list[Candidate]
    chosen: int = -1
