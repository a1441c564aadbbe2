"""Events as lines of plain words: for screen readers, dumb terminals and pipes. Only the new is ever said."""

from collections.abc import Iterable

from lanmsg.api import (
    Conversation,
    Delivery,
    Direction,
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
    PeerId,
    PeerLeft,
    ProfileChanged,
    ReadMarkMoved,
    Status,
    Transfer,
    TransferAdded,
    TransferChanged,
    TransferState,
    Trust,
    Verification,
    VerificationChanged,
)
from lanmsg.terminal import Kind, clip, clock, date, human_size, plural, printable
from lanmsg.tui import comparing, spoken
from lanmsg.tui.commands import on_screen, quoted
from lanmsg.tui.progress import Progress
from lanmsg.tui.state import Asking, State
from lanmsg.tui.wording import (
    TRUST_WORDS,
    failure,
    percent,
    speaker_words,
    transfer_size,
    transfer_title,
    warning,
    who,
)

STEP, STEP_SECONDS = 10, 5.0
"""Percent, and time, between two lines about a transfer: one that is quick says only its end."""

GREETED, TOGETHER = 20, 4
"""People named at the start, and of those who come or leave within a moment."""

QUOTED = 40
"""Cells of a message that is named by its words."""

LATE = 300.0
"""Seconds between sending and arrival from which on a message says when it was written."""

KNOWN = 200
"""Messages of ours whose end is remembered, so that none is said twice."""


class Lines:
    """What to say about each event, after the state took it in, given what was said before."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._waiting: dict[int, str] = {}  # why each message of ours waits, as it was said
        self._under_way: set[int] = set()
        self._told: dict[int, Delivery] = {}
        self._latest = 0
        self._typed: list[str] = []
        self._steps: dict[int, tuple[int, float]] = {}
        self._moved: dict[int, TransferState] = {}
        self._passed: dict[PeerId, tuple[Peer, bool]] = {}  # who came (True) or left, and was not said yet
        self._compared: dict[PeerId, tuple[object, ...]] = {}
        self._here: set[PeerId] = set()
        self._profile: tuple[str, Status, str] | None = None

    @property
    def under_way(self) -> int:
        """Messages of this run that are not delivered yet, and did not fail."""
        return len(self._under_way)

    @property
    def hurrying(self) -> int:
        """Those of them that wait for nobody."""
        return len(self._under_way - self._waiting.keys())

    def known(self, transfer: Transfer) -> None:
        """It was so before anybody listened."""
        self._moved[transfer.number] = transfer.state

    def typed(self, line: str) -> None:
        """Who typed it need not be told what it says."""
        self._typed = [*self._typed[-8:], line]

    def of(self, event: NodeEvent) -> list[str]:
        said: list[str] = []
        match event:
            case KeyChanged(peer):
                said = self._key_changed(peer)
            case MessageAdded(message):
                said = self._added(message)
            case MessageChanged(message):
                said = self._delivery(message)
            case TransferAdded(transfer) | TransferChanged(transfer):
                said = self._transfer(transfer)
            case VerificationChanged():
                said = self._comparison(event)
            case Notice(text, hint):
                said = [printable(on_screen(f"{text}. {hint}" if hint else text))]
            case ProfileChanged(name, status, note):
                said = self._own_profile(name, status, note)
            case PeerAppeared(peer):
                said = self._moves(peer, came=True)
            case PeerLeft(peer):
                said = self._moves(peer, came=False)
            case PeerChanged() if self._state.renamed:
                said, self._state.renamed = [self._state.renamed], ""
            case PeerChanged() | ReadMarkMoved() | InterfacesChanged() | ListeningChanged():
                pass
        return said

    # --- people ---

    def greeting(self, unread: list[Conversation]) -> list[str]:
        """Who one is, who is here, and what waits; the numbers are those of the list `unread`."""
        state = self._state
        here = [peer for peer in spoken.present_first(state) if peer.present]
        self._here = {peer.id for peer in here}
        names = ", ".join(self._newcomer(peer) for peer in here[:GREETED])
        names += f" and {len(here) - GREETED} more" if len(here) > GREETED else ""
        lines = [f"You are {state.name}. {names or 'Nobody'} here. /help lists commands."]
        if not here:
            lines.append("Whoever starts lanmsg on this network is named here. /doctor looks why nobody is.")
        for number, conversation in enumerate(unread, 1):
            talk = state.talk(conversation)
            lines.append(f"{talk.unread} unread: {state.title(conversation)}. /{number} opens it.")
        return lines + [spoken.transfer_line(state, state.transfers[number]) for number in state.questions]

    def farewell(self) -> list[str]:
        """What is not done when one leaves."""
        count = self.under_way
        wait = "waits" if count == 1 else "wait"
        words = f"{plural(count, 'message')} of yours {wait} in the outbox until lanmsg runs again"
        return [words] if count else []

    def _moves(self, peer: Peer, *, came: bool) -> list[str]:
        """Said a moment later: many who come at once are one line."""
        self._passed[peer.id] = peer, came
        return []

    def presence(self) -> list[str]:
        """Who came and who left since the last time, a line for each of the two."""
        moved, self._passed = list(self._passed.values()), {}
        moved = [each for each in moved if each[0].trust is not Trust.BLOCKED]
        came = [peer for peer, is_here in moved if is_here and peer.id not in self._here]
        left = [peer for peer, is_here in moved if not is_here and peer.id in self._here]
        self._here = (self._here | {peer.id for peer in came}) - {peer.id for peer in left}
        lines = [f"{self._names(came)} {'is' if len(came) == 1 else 'are'} here"] if came else []
        return lines + ([f"{self._names(left)} left"] if left else [])

    def _names(self, peers: list[Peer]) -> str:
        names = [self._newcomer(peer) for peer in peers[:TOGETHER]]
        names += [f"{len(peers) - TOGETHER} more"] if len(peers) > TOGETHER else []
        return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)

    def _newcomer(self, peer: Peer) -> str:
        new = f" ({TRUST_WORDS[peer.trust]})" if peer.trust is Trust.NEW and peer.present else ""
        return f"{self._state.label(peer.id)}{new}"

    def _key_changed(self, peer: Peer) -> list[str]:
        name, label = printable(peer.name, Kind.NAME), quoted(self._state.label(peer.id))
        return [
            f"WARNING, KEY CHANGED: another key calls itself {name}. Nothing is sent to it.",
            f"Ask {name} on another channel, then type /verify {label}, /trust {label} or /block {label}.",
        ]

    def _own_profile(self, name: str, status: Status, note: str) -> list[str]:
        before, self._profile = self._profile, (name, status, note)
        if before == self._profile:
            return []
        words = f", {printable(note)}" if note else ""
        return [f"you are {printable(name, Kind.NAME)}, {status.name.lower()}{words}"]

    def _comparison(self, event: VerificationChanged) -> list[str]:
        verification = self._state.verifications[event.peer.id]
        look = event.stage, event.ours, event.words
        is_news = self._compared.get(event.peer.id) != look
        self._compared[event.peer.id] = look
        if not is_news:
            return []
        if comparing.is_question(verification):
            return self.question(verification)
        return [said.strip()] if (said := comparing.outcome(self._state, event)) else []

    def question(self, question: Asking | Verification) -> list[str]:
        """What this person is asked, and how to answer."""
        if isinstance(question, Asking):
            text = spoken.in_ascii(question.text)
            return [f"{text}{'' if text.endswith('?') else '.'} /yes or /no"]
        asked = comparing.question(self._state, question, seen=True)
        if not question.awaits_answer:
            return [f"{asked}: /yes or /no"]
        words = ", ".join(question.words)
        return [f"words to compare: {words}", f"{asked} /yes or /no; read them out, do not write them"]

    # --- messages ---

    def messages(self, messages: Iterable[Message], *, by_day: bool = False) -> list[str]:
        """As they were said, with their times; `by_day`: below the local day of each."""
        lines, day = [], ""
        for message in messages:
            if by_day and day != (day := date(message.stored_at)):
                lines.append(f"{day}:")
            lines += self.message(message, time=True)
        return lines

    def message(self, message: Message, *, time: bool = False) -> list[str]:
        """NAME: text, or * NAME does something; the rows after the first are indented.

        The star is before every deed: without it the words of a peer would read as a line of ours.
        """
        name = "you" if message.sender is None else self._state.label(message.sender)
        where = " to everyone" if message.conversation.peer is None else ""
        if where and message.sender is not None and (words := speaker_words(self._state, message.sender)):
            name = f"{name} ({words})"
        when = f"{clock(message.stored_at)} " if time else ""
        text, colon = printable(message.text, Kind.TEXT), ":"
        if text.startswith("/me "):
            text, colon = text[4:], ""
            name = f"* {self._state.name if message.sender is None else name}"
        if message.sender is not None and abs(message.stored_at - message.sent_at) > LATE:
            text += f" (written {clock(message.sent_at)})"
        first, *rest = text.split("\n")
        answers = f", answering {quote}" if (quote := self._answered(message)) else ""
        return [f"{when}{name}{where}{answers}{colon} {first}", *(f"    {line}" for line in rest)]

    def _answered(self, message: Message) -> str:
        """The message that this one answers, by its words."""
        if message.reply_to is None:
            return ""
        for each in reversed(self._state.talk(message.conversation).messages()):
            if each.id == message.reply_to:
                return _quote(each)
        return "an earlier message"

    def _added(self, message: Message) -> list[str]:
        if message.sender is not None:
            return self.message(message)
        self._latest = max(self._latest, message.number)
        typed = next((line for line in self._typed if line.endswith(message.text)), None)
        if typed is not None:
            self._typed.remove(typed)
            return self._delivery(message)
        to = self._state.title(message.conversation)
        return [f"you to {to}: {_quote(message)}", *self._delivery(message)]

    def _delivery(self, message: Message) -> list[str]:
        """What became of a message of ours: that it waits and why, that it arrived, or that it failed."""
        number, state = message.number, message.state
        if state in (Delivery.QUEUED, Delivery.SENT):
            self._told.pop(number, None)
            self._under_way.add(number)
            return self._wait(message)
        self._under_way.discard(number)
        waited = self._waiting.pop(number, None)
        if self._told.get(number) is state:
            return []
        self._told[number] = state
        if len(self._told) > KNOWN:
            self._told.pop(next(iter(self._told)))
        if state is Delivery.FAILED:
            return [f"{self._which(message)} was {failure(message)}"]
        if number == self._latest and waited is None and message.conversation == self._state.open:
            return [
                f"delivered to {plural(len(message.recipients), 'person', 'people')}"
                if message.conversation.peer is None
                else "delivered"
            ]
        return [f"{self._which(message)} was delivered"]

    def _wait(self, message: Message) -> list[str]:
        waiting = [each for each in message.recipients if each.state is Delivery.QUEUED and each.reason]
        if not waiting or self._waiting.get(message.number) == waiting[0].reason:
            return []
        self._waiting[message.number] = waiting[0].reason
        peer = self._state.label(waiting[0].peer)
        reason = f"{peer} is not here" if waiting[0].reason == "not here" else printable(waiting[0].reason)
        return [f"your message to {self._state.title(message.conversation)} waits: {reason}"]

    def _which(self, message: Message) -> str:
        return f"your message to {self._state.title(message.conversation)}, {_quote(message)},"

    # --- files ---

    def _transfer(self, transfer: Transfer) -> list[str]:
        changed = self._moved.get(transfer.number) is not transfer.state
        self._moved[transfer.number] = transfer.state
        if transfer.state is TransferState.RUNNING:
            return self._step(transfer)
        if not changed:
            return []
        if transfer.state is TransferState.OFFERED and transfer.direction is Direction.IN:
            return self._offer(transfer)
        paths = transfer.paths if transfer.direction is Direction.IN else ()
        done = [f"    {printable(path)}" for path in paths if transfer.state is TransferState.DONE]
        phrase = spoken.phrase(self._state, Progress(transfer))
        return [f"transfer {transfer.number}, {transfer_title(transfer)}: {phrase}", *done]

    def _offer(self, transfer: Transfer) -> list[str]:
        alarm = f", {warning(transfer)}" if warning(transfer) else ""
        offer = f"{who(self._state, transfer)} offers {transfer_title(transfer)}, {transfer_size(transfer)}"
        answers = f"/accept {transfer.number} or /decline {transfer.number}"
        text = [f"    {printable(transfer.text)}"] if transfer.text else []
        return [f"{offer}{alarm}: {answers}", *text]

    def _step(self, transfer: Transfer) -> list[str]:
        done = percent(transfer)
        if done is None:
            return []
        now = self._state.tick
        said, when = self._steps.setdefault(transfer.number, (done, now))
        step = done // STEP * STEP
        if step <= said or now - when < STEP_SECONDS:
            return []
        self._steps[transfer.number] = step, now
        return [f"transfer {transfer.number}: {step} percent of {human_size(transfer.total or 0)}"]


def _quote(message: Message) -> str:
    text = clip(printable(message.text, Kind.LINE).replace("\\x0a", " "), QUOTED, "...")
    return f'"{text}"'
