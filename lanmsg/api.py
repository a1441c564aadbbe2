"""The front door: all that screens and scripts may use of the rooms below.

Importing this costs neither asyncio nor cryptography nor msgspec: `open_home` reads the store alone, for
commands that need no network; `open_node` brings the rest.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING

from lanmsg.config import NAME_MAX_BYTES, ConfigError, Settings, load_settings
from lanmsg.model import (
    EVERYONE,
    Address,
    Conversation,
    ConversationKind,
    Delivery,
    Diagnosis,
    Direction,
    FileProgress,
    FileRule,
    Finding,
    Interface,
    LanmsgError,
    Message,
    MessageId,
    OfferedFile,
    Peer,
    PeerId,
    Recipient,
    SafetyNumber,
    Severity,
    Status,
    Transfer,
    TransferId,
    TransferState,
    Trust,
    Verification,
    VerificationStage,
    Wish,
)
from lanmsg.node.clock import steady_clock, wall_clock
from lanmsg.node.events import (
    InterfacesChanged,
    KeyChanged,
    ListeningChanged,
    MessageAdded,
    MessageChanged,
    NodeEvent,
    Notice,
    PeerAppeared,
    PeerChanged,
    PeerLeft,
    ProfileChanged,
    ReadMarkMoved,
    TransferAdded,
    TransferChanged,
    VerificationChanged,
)
from lanmsg.node.file_rules import LISTENER_TAKES_NONE, NO_FILES, outcome, rule_for
from lanmsg.node.own_words import checked_note, make_folder

if TYPE_CHECKING:
    from lanmsg.node.networks import Network
    from lanmsg.node.node import Node
    from lanmsg.node.outbox import NO_ROOM
    from lanmsg.node.receivers import Wanted
    from lanmsg.node.roster import Roster
    from lanmsg.storage.errors import StorageError
    from lanmsg.storage.forgetting import Extent, Forgotten
    from lanmsg.storage.scratch import is_passing, scratch_folder
    from lanmsg.storage.store import Store

__all__ = [
    "EVERYONE",
    "LISTENER_TAKES_NONE",
    "NAME_MAX_BYTES",
    "NO_FILES",
    "NO_ROOM",
    "Address",
    "ConfigError",
    "Conversation",
    "ConversationKind",
    "Delivery",
    "Diagnosis",
    "Direction",
    "Extent",
    "FileProgress",
    "FileRule",
    "Finding",
    "Forgotten",
    "Interface",
    "InterfacesChanged",
    "KeyChanged",
    "LanmsgError",
    "ListeningChanged",
    "Message",
    "MessageAdded",
    "MessageChanged",
    "MessageId",
    "Network",
    "Node",
    "NodeEvent",
    "Notice",
    "OfferedFile",
    "Peer",
    "PeerAppeared",
    "PeerChanged",
    "PeerId",
    "PeerLeft",
    "ProfileChanged",
    "ReadMarkMoved",
    "Recipient",
    "Roster",
    "SafetyNumber",
    "Settings",
    "Severity",
    "Status",
    "StorageError",
    "Store",
    "Transfer",
    "TransferAdded",
    "TransferChanged",
    "TransferId",
    "TransferState",
    "Trust",
    "Verification",
    "VerificationChanged",
    "VerificationStage",
    "Wanted",
    "Wish",
    "change_passphrase",
    "checked_note",
    "diagnose",
    "home_roster",
    "is_locked",
    "is_passing",
    "load_settings",
    "make_folder",
    "networks_here",
    "open_home",
    "open_node",
    "outcome",
    "own_id",
    "passphrase_of",
    "recognised_network",
    "rule_for",
    "safety_number",
    "scratch_folder",
    "settle_home",
    "steady_clock",
    "wall_clock",
]

LATER = {
    "Extent": "lanmsg.storage.forgetting",
    "Forgotten": "lanmsg.storage.forgetting",
    "NO_ROOM": "lanmsg.node.outbox",
    "Network": "lanmsg.node.networks",
    "Node": "lanmsg.node.node",
    "Roster": "lanmsg.node.roster",
    "StorageError": "lanmsg.storage.errors",
    "Store": "lanmsg.storage.store",
    "Wanted": "lanmsg.node.receivers",
    "is_passing": "lanmsg.storage.scratch",
    "scratch_folder": "lanmsg.storage.scratch",
}
"""Names that cost an import only when they are asked for."""


def __getattr__(name: str) -> object:
    if name not in LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(LATER[name]), name)


def open_home(settings: Settings) -> "Store":
    """The store of the home, made if it is missing. Raises StorageError."""
    from lanmsg.storage.store import Store  # sqlite3, for those who need it

    return Store.open(settings.home)


def home_roster(store: "Store") -> "Roster":
    """Whom this home knows, and whom its listener sees if one is running, without a network of our own."""
    from lanmsg.node.roster import Roster  # as above

    roster = Roster(PeerId(b""), store.own_profile.name)
    roster.load_book(store.peers.all())
    if store.presence.is_live(wall_clock()):
        roster.set_shared(store.presence.all())
    return roster


def settle_home(store: "Store", settings: Settings) -> None:
    """Before the rows of transfers are read without a node: none is shown as running whose process died."""
    from lanmsg.storage.burial import settle  # as above

    settle(store, settings.home, wall_clock())


def own_id(settings: Settings) -> PeerId:
    """The fingerprint of this home's key, made on first use; it needs no passphrase. Raises StorageError."""
    from lanmsg.node.identity import home_id  # cryptography

    return home_id(settings.home)


def is_locked(settings: Settings) -> bool:
    """Whether this home's key needs a passphrase: `Settings.passphrase`, or a file that the settings name."""
    from lanmsg.storage.identity import has_sealed_key

    return has_sealed_key(settings.home)


def passphrase_of(settings: Settings) -> str | None:
    """What was typed, or is in the file that the settings name. Raises StorageError."""
    from lanmsg.node.identity import passphrase_of as read  # cryptography

    return read(settings)


def change_passphrase(settings: Settings, new: str | None) -> None:
    """None: the key opens without one. Raises LanmsgError, code `locked` if the settings do not open it."""
    from lanmsg.node.identity import change_passphrase as change  # cryptography

    change(settings, new)


def safety_number(settings: Settings, peer: PeerId) -> SafetyNumber:
    """What this home and `peer` compare without a session. Raises StorageError."""
    from lanmsg.protocol.verification import safety_number as compute  # msgspec

    return compute(own_id(settings), peer)


@asynccontextmanager
async def open_node(settings: Settings, *, listen: bool) -> AsyncIterator["Node"]:
    """A running node of this home.

    `listen`: it becomes the home's listener if no other process is; else it is a view of what that one
    does, and takes over when that one ends. Without `listen` it only looks for peers and dials them.
    """
    from lanmsg.node.node import Node  # asyncio, cryptography, msgspec

    async with Node.running(settings, listen=listen) as node:
        yield node


def networks_here(settings: Settings) -> "list[Network]":
    """The networks that this machine is on, by whatever interfaces the settings allow."""
    from lanmsg.node.networks import networks_here as look  # sockets

    return look(settings.interfaces)


def recognised_network(network: "Network", settings: Settings) -> "Network":
    """The same, with the gateway's hardware address if it answers within a second."""
    from lanmsg.node.networks import recognised  # as above

    return recognised(network, settings.interfaces)


async def diagnose(
    settings: Settings, *, node: "Node | None" = None, wait: float = 2.0, peer: str = ""
) -> Diagnosis:
    """Why nobody shows up, and whatever else is wrong with this home: takes about `wait` seconds.

    It changes nothing and raises nothing. `node`: one that runs in this process; `peer`: PEER to be tried.
    """
    from lanmsg.node.diagnosis import diagnose as look  # as above

    return await look(settings, node=node, wait=wait, peer=peer)
