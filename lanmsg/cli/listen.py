"""listen: be here without a screen; one line, or one JSON object, for each thing that happens."""

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lanmsg.api import (
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
    Transfer,
    TransferAdded,
    TransferChanged,
    VerificationChanged,
    is_passing,
)
from lanmsg.cli import fields
from lanmsg.cli.following import TransferReport, failure
from lanmsg.cli.options import EVENTS
from lanmsg.cli.output import Output, Result
from lanmsg.cli.parser import Invocation, usage_error
from lanmsg.cli.patience import PatientWriter
from lanmsg.cli.policy import Doorkeeper, Policy
from lanmsg.cli.progress import Progress
from lanmsg.cli.readiness import READY, STOPPING, tell_manager
from lanmsg.cli.receive import folder_option
from lanmsg.cli.running import run_node
from lanmsg.cli.wording import (
    certain_name_of,
    clock_now,
    comparison_of,
    name_of,
    one_line,
    size_of,
    speaker_of,
    title_of,
    trust_remark,
)
from lanmsg.model import ConversationKind, Delivery, Direction, LanmsgError, TransferState
from lanmsg.terminal import printable

if TYPE_CHECKING:
    from lanmsg.api import Node

KINDS = EVENTS


def listen(invocation: Invocation) -> Result:
    options = invocation.options
    kinds = wanted_kinds(invocation)
    destination = folder_option(options.to)
    policy = Policy(options.accept, getattr(options, "from"))

    async def tell(node: "Node") -> Result:
        teller = Teller(node, invocation.output, kinds, policy)
        doorkeeper = Doorkeeper(
            node, policy, destination, invocation.output, keep_executable=options.keep_exec
        )
        try:
            async with asyncio.timeout(options.timeout):
                await until_enough(node, teller, doorkeeper, options.count)
        except TimeoutError:
            if options.count:
                raise LanmsgError(
                    f"{teller.told} of {options.count} events came within {options.timeout:g} s",
                    code="timeout",
                ) from None
        finally:
            tell_manager(STOPPING)
        return Result()

    return run_node(invocation, tell, listen=True)


async def until_enough(node: "Node", teller: "Teller", doorkeeper: Doorkeeper, count: int) -> None:
    events: AsyncIterator[NodeEvent] = node.events()
    teller.ready()
    await teller.flush()
    tell_manager(READY, f"STATUS={node.name}")
    await doorkeeper.standing()
    for peer in node.peers():
        await teller.tell(PeerAppeared(peer))
    if count and teller.told >= count:
        return
    looking = asyncio.get_running_loop().create_task(doorkeeper.look_again())
    try:
        async for event in events:
            await teller.tell(event)
            if isinstance(event, TransferAdded):
                await doorkeeper.offered(event.transfer)
            if count and teller.told >= count:
                return
    finally:
        looking.cancel()


def wanted_kinds(invocation: Invocation) -> frozenset[str]:
    chosen = invocation.options.events
    if chosen is None:
        return frozenset(KINDS)
    kinds = [word.strip() for word in chosen.split(",")]
    for kind in kinds:
        if kind not in KINDS:
            raise usage_error(
                f"--events: no event {kind!r} (there are {', '.join(KINDS)})", invocation.command
            )
    return frozenset(kinds)


class Teller:
    """Prints the events that were asked for, and counts them."""

    def __init__(self, node: "Node", output: Output, kinds: frozenset[str], policy: Policy):
        self._node = node
        self._output = output
        self._kinds = kinds
        self._policy = policy
        self._report = TransferReport(node, output, Progress(output, "never"), self._event)
        self._seen: dict[PeerId, tuple[object, ...]] = {}
        self._states: dict[tuple[int, PeerId], Delivery] = {}
        self._verifications: dict[PeerId, tuple[object, ...]] = {}
        self._ended: set[int] = set()
        self._is_listener = False
        self._print = PatientWriter()
        self._due: list[Callable[[], None]] = []
        self.told = 0

    def ready(self) -> None:
        node = self._node
        self._is_listener = node.listening
        if not node.listening:
            self._output.notice("another lanmsg of this home listens already; this one follows it")
        tcp = [str(address) for address in node.tcp]
        where = f"listens on {', '.join(tcp)}" if tcp else "follows the lanmsg that listens"
        self._say(
            "ready",
            f"{node.name} {where}",
            id=node.id.hex(),
            name=node.name,
            tcp=tcp,
            udp=node.udp_port,
        )

    async def tell(self, event: NodeEvent) -> None:
        await self._take(event)
        await self.flush()

    async def flush(self) -> None:
        """Print what is due, and wait for the reader; the node goes on meanwhile."""
        due, self._due = self._due, []
        if due:
            await self._print(partial(write_all, due))

    async def _take(self, event: NodeEvent) -> None:
        match event:
            case PeerAppeared() | PeerChanged() | PeerLeft() | KeyChanged():
                await self._tell_of_peer(event)
            case VerificationChanged():
                await self._verification(event)
            case MessageAdded(message) if message.sender is not None:
                await self._message(message, message.sender)
            case MessageAdded(message) | MessageChanged(message):
                self._deliveries(message)
            case TransferAdded(transfer):
                await self._transfer(transfer, 0.0, fresh=True)
            case TransferChanged(transfer, rate):
                await self._transfer(transfer, rate, fresh=False)
            case Notice(text, hint):
                self._output.notice(text, hint)
            case ListeningChanged(listening=True) if not self._is_listener:
                self.ready()
            case _:
                pass

    async def _tell_of_peer(self, event: PeerAppeared | PeerChanged | PeerLeft | KeyChanged) -> None:
        peer = event.peer
        name = name_of(peer)
        if not await self._policy.concerns(self._node, peer):
            return
        match event:
            case KeyChanged(_, before):
                text = f"{name} shows up with ANOTHER KEY {peer.id.hex()[:16]} (before: {before.hex()[:16]})"
                self._say(
                    "key_changed", text, peer=fields.peer_fields(peer), before=before.hex(), now=peer.id.hex()
                )
            case PeerLeft():
                self._seen.pop(peer.id, None)
                self._say("peer_gone", f"{name} has left", peer=fields.peer_fields(peer))
            case PeerAppeared() | PeerChanged():
                self._presence(peer)

    async def _verification(self, event: VerificationChanged) -> None:
        """A wish that meets the other side's changes its row, and is no news."""
        look = (event.stage, event.ours, event.words)
        is_news = self._verifications.get(event.peer.id) != look
        self._verifications[event.peer.id] = look
        if is_news and await self._policy.concerns(self._node, event.peer):
            self._say("verification", comparison_of(event), **fields.verification_fields(event))

    def _presence(self, peer: Peer) -> None:
        """An address that moved or a time that was refreshed is no news."""
        look = (peer.name, peer.status, peer.note, peer.trust)
        before = self._seen.get(peer.id)
        if look == before or not peer.present:
            return
        self._seen[peer.id] = look
        note = f", {printable(peer.note)}" if peer.note else ""
        state = "" if peer.status == 0 else f", {peer.status.name.lower()}"
        text = f"{name_of(peer)}{trust_remark(peer)} is here{state}{note}"
        self._say("peer_seen" if before is None else "peer_changed", text, peer=fields.peer_fields(peer))

    async def _message(self, message: Message, sender: PeerId) -> None:
        peer = self._report.peer(sender)
        if await self._policy.concerns(self._node, peer):
            to = " to everyone" if message.conversation.kind is ConversationKind.EVERYONE else ""
            text = f"{speaker_of(peer)}{to}: {one_line(message)}"
            self._say("message", text, **fields.message_fields(message, peer))

    def _deliveries(self, message: Message) -> None:
        for recipient in message.recipients:
            key = (message.number, recipient.peer)
            if self._states.get(key) is recipient.state:
                continue
            self._states[key] = recipient.state
            peer = self._report.peer(recipient.peer)
            known: dict[str, Any] = {"id": message.id.hex(), "peer": fields.peer_fields(peer)}
            if recipient.state is Delivery.DELIVERED:
                self._say("delivered", f"{name_of(peer)} has got your message", **known)
            elif recipient.state is Delivery.FAILED:
                text = f"{name_of(peer)} did not get your message: {printable(recipient.reason)}"
                self._say("delivery_failed", text, **known, error=recipient.reason)

    async def _transfer(self, transfer: Transfer, rate: float, *, fresh: bool) -> None:
        peer = self._report.peer(transfer.peer)
        if not await self._policy.concerns(self._node, peer):
            return
        if fresh and transfer.direction is Direction.IN:
            what = f"{title_of(transfer)}, {size_of(transfer)}: transfer {transfer.number}"
            text = f"{certain_name_of(peer)} offers {what}"
            self._say("offer", text, **fields.offer_fields(transfer, peer))
        if not transfer.state.is_final:
            if news := self._report.changed(transfer, rate):
                self._line("transfer_paused", news)
        elif transfer.number not in self._ended:
            self._ended.add(transfer.number)
            self._report.ended(transfer)
            self._end_lines(transfer, peer)

    def _end_lines(self, transfer: Transfer, peer: Peer) -> None:
        if transfer.state is not TransferState.DONE:
            error = failure(transfer, peer)
            hint = f" ({error.hint})" if error.hint else ""
            self._line("transfer_failed", printable(f"{error}{hint}"))
        elif transfer.direction is Direction.OUT:
            self._line("transfer_done", f"{name_of(peer)} has got {title_of(transfer)}")
        elif transfer.destination and is_passing(Path(transfer.destination)):
            self._line("transfer_done", f"{title_of(transfer)} from {name_of(peer)}: taken by lanmsg receive")
        else:
            for path in transfer.paths:
                self._line("transfer_done", f"saved {printable(path)} from {name_of(peer)}")

    def _say(self, kind: str, text: str, /, **values: object) -> None:
        self._line(kind, text)
        self._event(kind, **values)

    def _line(self, kind: str, text: str) -> None:
        if not self._output.json and kind in self._kinds:
            self.told += kind != "ready"
            self._due.append(partial(self._output.line, f"{clock_now()}  {text}"))

    def _event(self, kind: str, /, **values: object) -> None:
        if self._output.json and kind in self._kinds:
            self.told += kind != "ready"
            self._due.append(partial(self._output.event, kind, **values))


def write_all(due: list[Callable[[], None]]) -> None:
    for write in due:
        write()
