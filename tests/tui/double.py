"""A node without a network: the same methods as lanmsg.api.Node, over plain lists; tests write its events."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from msgspec.structs import replace

from lanmsg.api import (
    EVERYONE,
    Address,
    Conversation,
    Delivery,
    Direction,
    FileRule,
    Interface,
    LanmsgError,
    Message,
    MessageAdded,
    MessageChanged,
    MessageId,
    NodeEvent,
    OfferedFile,
    Peer,
    PeerAppeared,
    PeerChanged,
    PeerId,
    PeerLeft,
    Recipient,
    SafetyNumber,
    Status,
    Transfer,
    TransferAdded,
    TransferChanged,
    TransferId,
    TransferState,
    Trust,
    Verification,
    VerificationChanged,
    VerificationStage,
    Wish,
)
from lanmsg.model import HELD

NOON = 1_795_255_200.0
"""Sat 21 Nov 2026, 10:00 UTC: the day on which all pictures of the screen are taken."""


def peer_id(name: str) -> PeerId:
    return PeerId(hashlib.sha256(name.encode()).digest())


def person(
    name: str, *, trust: Trust = Trust.PINNED, present: bool = True, host: str = "192.168.1.23", **more: Any
) -> Peer:
    """A peer by that name; `key` gives it another key."""
    key = more.pop("key", name)
    return Peer(
        peer_id(key),
        name,
        trust=trust,
        proven=True,
        present=present,
        addresses=(Address(host, 2372),),
        last_seen=more.pop("last_seen", NOON),
        **more,
    )


@dataclass
class Summary:
    conversation: Conversation
    last: Message | None
    unread: int
    first_unread: int | None
    draft: str


@dataclass
class Slots:
    kept: dict[PeerId, int]

    def get(self) -> dict[PeerId, int]:
        return self.kept


@dataclass
class Double:
    """`calls` is what the screen asked for, in order."""

    name: str = "mira-laptop"
    id: PeerId = field(default_factory=lambda: peer_id("mira"))
    status: Status = Status.AVAILABLE
    note: str = ""
    listening: bool = True
    udp_port: int = 2372
    interfaces: tuple[Interface, ...] = (Interface("wlan0", "192.168.1.20", 24, sent=14),)
    known: dict[PeerId, Peer] = field(default_factory=dict)
    said: list[Message] = field(default_factory=list)
    read_up_to: dict[Conversation, int] = field(default_factory=dict)
    drafts: dict[Conversation, str] = field(default_factory=dict)
    moving: dict[int, Transfer] = field(default_factory=dict)
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    queues: list[asyncio.Queue[NodeEvent]] = field(default_factory=list)
    clock: float = NOON
    closed: bool = False
    numbers: dict[PeerId, int] = field(default_factory=dict)
    compared: dict[PeerId, Verification] = field(default_factory=dict)

    # --- what tests do ---

    @asynccontextmanager
    async def opened(self) -> AsyncIterator["Double"]:
        yield self
        self.closed = True

    def emit(self, event: NodeEvent) -> None:
        for queue in self.queues:
            queue.put_nowait(event)

    def meet(self, *people: Peer) -> None:
        for peer in people:
            before = self.known.get(peer.id)
            self.known[peer.id] = peer
            if before is None or before.present == peer.present:
                self.emit(PeerChanged(peer) if before else PeerAppeared(peer))
            else:
                self.emit(PeerAppeared(peer) if peer.present else PeerLeft(peer))

    def hear(
        self, who: str, text: str, *, at: float | None = None, everyone: bool = False, **more: Any
    ) -> Message:
        """Somebody says something."""
        sender = peer_id(who)
        conversation = EVERYONE if everyone else Conversation.with_peer(sender)
        when = self.clock if at is None else at
        return self._store(conversation, sender, text, when, **more)

    def tell(
        self, who: str, text: str, *, at: float | None = None, state: Delivery = Delivery.DELIVERED
    ) -> Message:
        """We said something earlier."""
        peer = peer_id(who)
        when = self.clock if at is None else at
        recipients = (Recipient(peer, state),)
        return self._store(Conversation.with_peer(peer), None, text, when, recipients=recipients)

    def _store(
        self, conversation: Conversation, sender: PeerId | None, text: str, when: float, **more: Any
    ) -> Message:
        number = len(self.said) + 1
        message_id = MessageId(number.to_bytes(16, "big"))
        message = Message(number, message_id, conversation, sender, text, when, when, **more)
        self.said.append(message)
        self.emit(MessageAdded(message))
        return message

    def deliver(self, message: Message, state: Delivery = Delivery.DELIVERED, reason: str = "") -> Message:
        recipients = tuple(replace(each, state=state, reason=reason) for each in message.recipients)
        changed = replace(message, recipients=recipients)
        self.said[message.number - 1] = changed
        self.emit(MessageChanged(changed))
        return changed

    def offered(self, who: str, name: str, size: int | None, **more: Any) -> Transfer:
        """A transfer comes to be; incoming and open unless `more` says otherwise."""
        number = more.pop("number", len(self.moving) + 1)
        values: dict[str, Any] = {
            "direction": Direction.IN,
            "state": TransferState.OFFERED,
            "files": (OfferedFile(name, size, more.pop("folder", False)),),
            "count": 1,
            "total": size,
            "created_at": self.clock,
            "updated_at": self.clock,
        }
        values.update(more)
        transfer = Transfer(number=number, id=TransferId(bytes(16)), peer=peer_id(who), **values)
        self.moving[number] = transfer
        self.emit(TransferAdded(transfer))
        return transfer

    def move(self, number: int, rate: float = 0.0, **changes: Any) -> Transfer:
        transfer = self.moving[number] = replace(self.moving[number], **changes)
        self.emit(TransferChanged(transfer, rate))
        return transfer

    def compare(self, who: str, stage: VerificationStage, *, ours: bool = True, words: str = "") -> None:
        """A comparison of words moves."""
        peer = self.known[peer_id(who)]
        self.emit(VerificationChanged(peer, stage, tuple(words.split()), ours))

    # --- what the screen does ---

    def events(self) -> AsyncIterator[NodeEvent]:
        queue: asyncio.Queue[NodeEvent] = asyncio.Queue()
        self.queues.append(queue)

        async def follow() -> AsyncIterator[NodeEvent]:
            while True:
                yield await queue.get()

        return follow()

    def peers(self, *, absent: bool = False) -> list[Peer]:
        return [peer for peer in self.known.values() if absent or peer.present]

    async def read(self, work: Callable[[Any], Any], /) -> Any:
        return work(self)

    @property
    def slots(self) -> "Slots":
        return Slots(self.numbers)

    async def set_slots(self, slots: Mapping[PeerId, int]) -> None:
        self.numbers = dict(slots)

    @property
    def history(self) -> "Double":
        return self

    @property
    def verifications(self) -> "Double":
        return self

    def recent(self, *, since: float) -> list[Verification]:
        return list(self.compared.values())

    def messages(
        self,
        conversation: Conversation | None,
        *,
        before: int | None = None,
        after: int | None = None,
        limit: int = 100,
        since: float | None = None,
    ) -> list[Message]:
        found = [
            message
            for message in self.said
            if conversation in (None, message.conversation)
            and (before is None or message.number < before)
            and (after is None or message.number > after)
            and (since is None or message.stored_at >= since)
        ]
        return found[:limit] if after is not None else found[-limit:]

    async def conversations(self) -> Sequence[Summary]:
        summaries = []
        for conversation in {message.conversation for message in self.said} | self.drafts.keys():
            inside = [message for message in self.said if message.conversation == conversation]
            read = self.read_up_to.get(conversation, 0)
            unread = [each.number for each in inside if each.sender is not None and each.number > read]
            summaries.append(
                Summary(
                    conversation,
                    inside[-1] if inside else None,
                    len(unread),
                    unread[0] if unread else None,
                    self.drafts.get(conversation, ""),
                )
            )
        return summaries

    async def transfers(self, *, open_only: bool = False) -> list[Transfer]:
        return [each for each in self.moving.values() if not (open_only and each.state.is_final)]

    async def search(self, text: str, conversation: Conversation | None = None) -> list[Message]:
        return [m for m in self.said if text in m.text and conversation in (None, m.conversation)]

    async def send_text(
        self, conversation: Conversation, text: str, *, reply_to: MessageId | None = None
    ) -> Message:
        self.calls.append(("send_text", conversation, text, reply_to))
        to = [conversation.peer] if conversation.peer else [p.id for p in self.peers()]
        recipients = tuple(Recipient(peer, Delivery.QUEUED) for peer in to)
        return self._store(conversation, None, text, self.clock, reply_to=reply_to, recipients=recipients)

    async def offer(
        self,
        peer: PeerId,
        paths: Sequence[Path],
        /,
        *,
        text: str = "",
        stdin: BinaryIO | None = None,
        stdin_name: str = "",
    ) -> Transfer:
        data = stdin.read() if stdin else b""
        self.calls.append(("offer", peer, tuple(map(str, paths)), stdin_name, len(data)))
        name = stdin_name or paths[0].name
        number = len(self.moving) + 1
        transfer = Transfer(
            number, TransferId(bytes(16)), Direction.OUT, peer, TransferState.OFFERED,
            (OfferedFile(name, 5),), 1, 5, text, created_at=self.clock,
        )  # fmt: skip
        self.moving[number] = transfer
        self.emit(TransferAdded(transfer))
        return transfer

    async def set_name(self, name: str) -> None:
        self.name = name

    async def set_trust(self, peer: PeerId, trust: Trust) -> Peer:
        self.calls.append(("set_trust", peer, trust))
        self.meet(replace(self.known[peer], trust=trust))
        return self.known[peer]

    async def rename(self, peer: PeerId, petname: str) -> None:
        self.calls.append(("rename", peer, petname))
        self.meet(replace(self.known[peer], petname=petname))

    async def set_muted(self, peer: PeerId, *, muted: bool) -> None:
        self.meet(replace(self.known[peer], muted=muted))

    async def set_file_rule(self, peer: PeerId, rule: FileRule, most: int | None = None) -> Peer:
        changed = replace(self.known[peer], file_rule=rule, file_rule_max=most)
        self.meet(changed)
        return changed

    async def verify(self, peer: PeerId) -> Verification:
        self.calls.append(("verify", peer))
        known = self.compared.get(peer, Verification(peer, VerificationStage.ASKED, ours=True))
        self.compared[peer] = replace(known, wish=Wish.COMPARE)
        return self.compared[peer]

    async def answer_verification(self, peer: PeerId, *, same: bool) -> None:
        self.calls.append(("answer_verification", peer, same))
        stage = VerificationStage.SAME if same else VerificationStage.DIFFERENT
        trust = Trust.VERIFIED if same else Trust.CHANGED
        self.meet(replace(self.known[peer], trust=trust, verified_at=self.clock, words_differ=not same))
        self.emit(VerificationChanged(self.known[peer], stage, ours=True))

    async def cancel_verification(self, peer: PeerId) -> None:
        self.calls.append(("cancel_verification", peer))
        self.emit(VerificationChanged(self.known[peer], VerificationStage.FAILED, reason="you broke it off"))

    def safety_number(self, peer: PeerId) -> SafetyNumber:
        return SafetyNumber(" ".join(f"{digit:05d}" for digit in range(12)), "LANMSG1:")

    async def pause(self, number: int) -> None:
        self.calls.append(("pause", number))
        self.move(number, state=TransferState.PAUSED, code=HELD)

    async def resume(self, number: int) -> None:
        self.calls.append(("resume", number))
        self.move(number, state=TransferState.RUNNING, code="")

    async def delete_message(self, number: int) -> None:
        self.calls.append(("delete_message", number))

    async def delete_conversation(self, conversation: Conversation | None) -> None:
        self.calls.append(("delete_conversation", conversation))

    async def accept(self, number: int, *, destination: Path | None = None) -> None:
        self.calls.append(("accept", number, destination))
        self.move(number, state=TransferState.ACCEPTED)

    async def decline(self, number: int, reason: str = "") -> None:
        self.calls.append(("decline", number, reason))
        self.move(number, state=TransferState.DECLINED)

    async def cancel(self, number: int) -> None:
        self.calls.append(("cancel", number))
        self.move(number, state=TransferState.CANCELLED)

    async def retry_transfer(self, number: int) -> None:
        self.calls.append(("retry_transfer", number))

    async def retry(self, number: int) -> None:
        self.calls.append(("retry", number))
        self.deliver(self.said[number - 1], Delivery.QUEUED)

    async def cancel_message(self, number: int) -> None:
        self.calls.append(("cancel_message", number))
        self.deliver(self.said[number - 1], Delivery.FAILED, "cancelled")

    async def set_status(self, status: Status, note: str = "") -> None:
        self.calls.append(("set_status", status, note))

    async def mark_read(self, conversation: Conversation, number: int) -> None:
        self.calls.append(("mark_read", conversation, number))
        self.read_up_to[conversation] = number

    async def set_draft(self, conversation: Conversation, text: str) -> None:
        self.drafts[conversation] = text

    async def connect(self, host: str, port: int) -> Peer:
        self.calls.append(("connect", host, port))
        if host == "192.168.1.99":
            raise LanmsgError("nobody answers at 192.168.1.99", code="network", hint="is lanmsg open there?")
        found = person("zoe", host=host, trust=Trust.NEW)
        self.meet(found)
        return found
