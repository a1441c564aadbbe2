"""What people type, to whom, and how it fared."""

from enum import Enum
from typing import NewType

from msgspec import Struct

from lanmsg.model.people import PeerId

MessageId = NewType("MessageId", bytes)
"""16 random bytes, chosen by the sender."""


class ConversationKind(Enum):
    PRIVATE = "private"
    EVERYONE = "everyone"


class Conversation(Struct, frozen=True):
    """One thread of messages: with one peer, or with everyone who is present."""

    kind: ConversationKind
    peer: PeerId | None = None

    @staticmethod
    def with_peer(peer: PeerId) -> "Conversation":
        return Conversation(ConversationKind.PRIVATE, peer)


EVERYONE = Conversation(ConversationKind.EVERYONE)


class Delivery(Enum):
    """State of a message towards one recipient. DELIVERED: the peer has it on disk and said so."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"


class Recipient(Struct, frozen=True):
    """How one message fared towards one peer. `reason` says why it waits or failed, in a person's words."""

    peer: PeerId
    state: Delivery
    reason: str = ""


class Message(Struct, frozen=True):
    """What a person typed. `number` orders the history of this home; times are seconds since the epoch.

    `sender` is None when it is our own. `recipients` is empty for what others sent.
    """

    number: int
    id: MessageId
    conversation: Conversation
    sender: PeerId | None
    text: str
    sent_at: float
    stored_at: float
    reply_to: MessageId | None = None
    recipients: tuple[Recipient, ...] = ()

    @property
    def state(self) -> Delivery:
        """The least advanced recipient decides, a failure counts only when nothing is still under way."""
        states = {recipient.state for recipient in self.recipients}
        for state in (Delivery.QUEUED, Delivery.SENT, Delivery.FAILED):
            if state in states:
                return state
        return Delivery.DELIVERED
