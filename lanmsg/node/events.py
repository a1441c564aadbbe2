"""What the node tells the screens: every change, whichever process of the home caused it."""

from dataclasses import dataclass

from lanmsg.model import Conversation, Interface, Message, Peer, PeerId, Status, Transfer, VerificationStage


@dataclass(frozen=True, slots=True)
class PeerAppeared:
    peer: Peer


@dataclass(frozen=True, slots=True)
class PeerChanged:
    """Name, status, note, trust or address of a peer, present or not."""

    peer: Peer


@dataclass(frozen=True, slots=True)
class PeerLeft:
    peer: Peer


@dataclass(frozen=True, slots=True)
class KeyChanged:
    """A new key goes by the name of a pinned peer; nothing was sent to it. `peer` is the new one."""

    peer: Peer
    before: PeerId


@dataclass(frozen=True, slots=True)
class VerificationChanged:
    """A live comparison of words with `peer` moved; the fields are those of `Verification`.

    SAME that is not `ours`: the other person said so, and this one has still to look at the `words`.
    DIFFERENT that is not `ours` is only told: it changes nothing about the key here.
    """

    peer: Peer
    stage: VerificationStage
    words: tuple[str, ...] = ()
    ours: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True)
class MessageAdded:
    """A message is in the history now, ours or a peer's."""

    message: Message


@dataclass(frozen=True, slots=True)
class MessageChanged:
    """The delivery of one of our messages moved."""

    message: Message


@dataclass(frozen=True, slots=True)
class ReadMarkMoved:
    """A screen of this home has read a conversation up to `number`; `unread` messages are behind it."""

    conversation: Conversation
    number: int
    unread: int = 0
    first_unread: int | None = None


@dataclass(frozen=True, slots=True)
class TransferAdded:
    transfer: Transfer


@dataclass(frozen=True, slots=True)
class TransferChanged:
    """State or progress; `rate` is bytes a second over the last seconds, 0.0 when not running."""

    transfer: Transfer
    rate: float = 0.0


@dataclass(frozen=True, slots=True)
class InterfacesChanged:
    interfaces: tuple[Interface, ...]


@dataclass(frozen=True, slots=True)
class ListeningChanged:
    """This process became the home's listener, or stopped being it."""

    listening: bool


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should know that belongs to no peer, message or transfer."""

    text: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class ProfileChanged:
    """How this person is called and shown, said in any process of the home."""

    name: str
    status: Status
    note: str


NodeEvent = (
    PeerAppeared
    | PeerChanged
    | PeerLeft
    | KeyChanged
    | VerificationChanged
    | MessageAdded
    | MessageChanged
    | ReadMarkMoved
    | TransferAdded
    | TransferChanged
    | InterfacesChanged
    | ListeningChanged
    | Notice
    | ProfileChanged
)
