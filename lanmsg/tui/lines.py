"""Events as lines of plain words: for screen readers, dumb terminals and pipes. Only the new is ever said."""

from lanmsg.api import (
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
from lanmsg.terminal import Kind, clock, human_size, printable
from lanmsg.tui import comparing
from lanmsg.tui.state import State
from lanmsg.tui.wording import (
    TRUST_WORDS,
    failure,
    percent,
    transfer_size,
    transfer_state,
    transfer_title,
    warning,
    who,
)

STEP = 25
"""Percent between two lines about a transfer."""


class Lines:
    """What to say about each event, after the state took it in, given what was said before."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._waiting: set[int] = set()
        self._steps: dict[int, int] = {}
        self._moved: dict[int, TransferState] = {}

    def known(self, transfer: Transfer) -> None:
        """It was so before anybody listened."""
        self._moved[transfer.number] = transfer.state

    def of(self, event: NodeEvent) -> list[str]:
        said: list[str] = []
        match event:
            case PeerAppeared(peer):
                said = self._came(peer)
            case PeerLeft(peer):
                said = [f"{self._state.label(peer.id)} left"]
            case KeyChanged(peer):
                name = printable(peer.name, Kind.NAME)
                said = [f"WARNING, KEY CHANGED: another key calls itself {name}. Nothing is sent to it."]
            case MessageAdded(message):
                said = self.message(message) if message.sender is not None else []
            case MessageChanged(message):
                said = self._delivery(message)
            case TransferAdded(transfer) | TransferChanged(transfer):
                said = self._transfer(transfer)
            case VerificationChanged():
                said = self._comparison(event)
            case Notice(text, hint):
                said = [printable(f"{text}. {hint}" if hint else text)]
            case PeerChanged() | ReadMarkMoved() | InterfacesChanged() | ListeningChanged():
                pass
            case ProfileChanged():
                pass
        return said

    def _comparison(self, event: VerificationChanged) -> list[str]:
        verification = self._state.verifications[event.peer.id]
        if verification.awaits_answer:
            words = ", ".join(verification.words)
            asked = comparing.question(self._state, verification, seen=True)
            return [f"words to compare: {words}", f"{asked} /yes or /no; read them out, do not write them"]
        if comparing.is_question(verification):
            return [f"{comparing.question(self._state, verification)}: /yes or /no"]
        return [said] if (said := comparing.outcome(self._state, event)) else []

    def _came(self, peer: Peer) -> list[str]:
        if peer.trust is Trust.BLOCKED:
            return []
        new = f" ({TRUST_WORDS[peer.trust]})" if peer.trust is Trust.NEW else ""
        return [f"{self._state.label(peer.id)}{new} is here"]

    def message(self, message: Message, *, time: bool = False) -> list[str]:
        """NAME: text; the rows after the first are indented."""
        name = "you" if message.sender is None else self._state.label(message.sender)
        where = " to everyone" if message.conversation.peer is None else ""
        when = f"{clock(message.stored_at)} " if time else ""
        first, *rest = printable(message.text, Kind.TEXT).split("\n")
        return [f"{when}{name}{where}: {first}", *(f"    {line}" for line in rest)]

    def _delivery(self, message: Message) -> list[str]:
        """Silence when it works at once; a line when it waits, and when that ends."""
        to = self._state.title(message.conversation)
        if message.state is Delivery.DELIVERED and message.number in self._waiting:
            self._waiting.discard(message.number)
            return [f"your message to {to} was delivered"]
        if message.state is Delivery.FAILED:
            self._waiting.discard(message.number)
            return [f"your message to {to}: {failure(message)}"]
        reasons = [
            each.reason for each in message.recipients if each.state is Delivery.QUEUED and each.reason
        ]
        if reasons and message.number not in self._waiting:
            self._waiting.add(message.number)
            return [f"your message to {to} waits: {printable(reasons[0])}"]
        return []

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
        state = transfer_state(self._state, transfer)
        return [f"transfer {transfer.number}, {transfer_title(transfer)}: {state}", *done]

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
        step = done // STEP * STEP
        if step <= self._steps.get(transfer.number, 0):
            return []
        self._steps[transfer.number] = step
        return [f"transfer {transfer.number}: {step} percent of {human_size(transfer.total or 0)}"]
