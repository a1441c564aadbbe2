"""The store of a home: its parts, and what changed in it since somebody last looked."""

from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct, field

from lanmsg.model import (
    Conversation,
    Direction,
    Message,
    Peer,
    PeerId,
    Transfer,
    TransferState,
    Verification,
)
from lanmsg.storage.database import Database
from lanmsg.storage.forgetting import Forgetting
from lanmsg.storage.history import History
from lanmsg.storage.networks import NetworkBook
from lanmsg.storage.own_profile import OwnProfile, ProfileBook
from lanmsg.storage.peers import PeerBook
from lanmsg.storage.presence import Presence
from lanmsg.storage.slots import SlotBook
from lanmsg.storage.transfers import Transfers
from lanmsg.storage.verifications import Verifications


class Changes(Struct, frozen=True):
    """What any process wrote after a revision; `revision` is where to go on from.

    `conversations` are those whose draft or read mark moved. `networks` are all decisions about networks.
    """

    revision: int
    messages: tuple[Message, ...] = ()
    peers: tuple[Peer, ...] = ()
    presence_changed: bool = False
    transfers: tuple[Transfer, ...] = ()
    conversations: tuple[Conversation, ...] = ()
    verifications: tuple[Verification, ...] = ()
    networks: Mapping[str, bool] = field(default_factory=dict)
    own_profile: OwnProfile | None = None


class Store:
    """Used by one thread at a time."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.history = History(database)
        self.forgetting = Forgetting(database)
        self.own_profile = ProfileBook(database)
        self.peers = PeerBook(database)
        self.presence = Presence(database)
        self.slots = SlotBook(database)
        self.networks = NetworkBook(database)
        self.transfers = Transfers(database)
        self.verifications = Verifications(database, self.peers)

    @classmethod
    def open(cls, home: Path) -> "Store":
        """Raises StorageError. `notice` says what the person must be told about how it went."""
        return cls(Database.open(home))

    @property
    def notice(self) -> str:
        return self.database.notice

    def revision(self) -> int:
        return self.database.revision()

    def data_version(self) -> int:
        """Changes when another process has committed; then changes_since() has the news.

        Raises LostStoreError when the file is not the one that was opened.
        """
        self.database.require_same_file()
        return self.database.data_version()

    def changes_since(self, revision: int) -> Changes:
        with self.database.snapshot():
            latest = self.database.revision()
            if latest == revision:
                return Changes(revision, networks=self.networks.decisions())
            return Changes(
                revision=latest,
                messages=tuple(self.history.changed_messages(revision)),
                peers=tuple(self.peers.changed(revision)),
                presence_changed=self.presence.changed(revision),
                transfers=tuple(self.transfers.changed(revision)),
                conversations=tuple(self.history.changed_conversations(revision)),
                verifications=tuple(self.verifications.changed(revision)),
                networks=self.networks.decisions(),
                own_profile=self.own_profile.changed(revision),
            )

    def block(self, peer: PeerId, now: float) -> Peer:
        """The key is refused, and so is what it offers; what it wrote waits for nobody any more."""
        with self.database.transaction():
            for transfer in self.transfers.open():
                is_offer = transfer.direction is Direction.IN and transfer.state is TransferState.OFFERED
                if is_offer and transfer.peer == peer:
                    self.transfers.move(transfer.number, TransferState.DECLINED, now=now)
            conversation = Conversation.with_peer(peer)
            last = self.history.messages(conversation, limit=1)
            if last:
                self.history.mark_read(conversation, last[-1].number, now)
            return self.peers.block(peer, now)

    def beside(self, is_over: Callable[[], bool]) -> "Store":
        """Another one of the same home, to read from in another thread; it must not outlive this one."""
        return Store(self.database.beside(is_over))

    def close(self) -> None:
        self.database.close()
