"""What the node tells the screens: every change, whichever process of the home caused it."""

from msgspec import Struct

from lanmsg.model import Conversation, Interface, Message, Peer, PeerId, Status, Transfer, VerificationStage


class PeerAppeared(Struct, frozen=True):
    peer: Peer


class PeerChanged(Struct, frozen=True):
    """Name, status, note, trust or address of a peer, present or not."""

    peer: Peer


class PeerLeft(Struct, frozen=True):
    peer: Peer


class KeyChanged(Struct, frozen=True):
    """A new key goes by the name of a pinned peer; nothing was sent to it. `peer` is the new one."""

    peer: Peer
    before: PeerId


class VerificationChanged(Struct, frozen=True):
    """A live comparison of words with `peer` moved; the fields are those of `Verification`.

    SAME that is not `ours`: the other person said so, and this one has still to look at the `words`.
    DIFFERENT that is not `ours` is only told: it changes nothing about the key here.
    """

    peer: Peer
    stage: VerificationStage
    words: tuple[str, ...] = ()
    ours: bool = True
    reason: str = ""


class MessageAdded(Struct, frozen=True):
    """A message is in the history now, ours or a peer's."""

    message: Message


class MessageChanged(Struct, frozen=True):
    """The delivery of one of our messages moved."""

    message: Message


class ReadMarkMoved(Struct, frozen=True):
    """A screen of this home has read a conversation up to `number`; `unread` messages are behind it."""

    conversation: Conversation
    number: int
    unread: int = 0
    first_unread: int | None = None


class TransferAdded(Struct, frozen=True):
    transfer: Transfer


class TransferChanged(Struct, frozen=True):
    """State or progress; `rate` is bytes a second over the last seconds, 0.0 when not running."""

    transfer: Transfer
    rate: float = 0.0


class InterfacesChanged(Struct, frozen=True):
    interfaces: tuple[Interface, ...]


class ListeningChanged(Struct, frozen=True):
    """This process became the home's listener, or stopped being it."""

    listening: bool


class Notice(Struct, frozen=True):
    """Something a person should know that belongs to no peer, message or transfer."""

    text: str
    hint: str = ""
    missed: int = 0  # so many events never came: what is shown should be read anew


class ProfileChanged(Struct, frozen=True):
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
