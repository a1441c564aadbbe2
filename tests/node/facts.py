"""Facts of a machine on which all is well, to be made ill by one cause at a time."""

from pathlib import Path
from typing import Any

from msgspec.structs import replace

from lanmsg.model import Address, PeerId
from lanmsg.node.diagnosis_facts import Facts, LinkFacts, ListenerFacts, PortFacts, Seen
from lanmsg.storage.health import FileHealth, FolderHealth, HomeHealth, StoreHealth

HOME = Path("/home/anna/lanmsg")
NOW = 1_790_000_000.0
BEN = PeerId(b"b" * 32)

ETH0 = LinkFacts("eth0", "10.0.0.5", 24, sent=6, heard=3, echo=True)
SEEN = Seen(BEN, "ben", Address("10.0.0.7", 2372), replied=True)
FOLDER = FolderHealth(HOME, exists=True, writable=True, free=80 << 30)
KEY = FileHealth(HOME / "identity.der", 0o600, is_open=False, is_ours=True)
STORE = StoreHealth(exists=True, bytes=1 << 20, newest=NOW - 60, heartbeat=NOW - 1)

WELL = Facts(
    port=2372,
    platform="linux",
    now=NOW,
    links=(ETH0,),
    seen=(SEEN,),
    ports=PortFacts(2372),
    home=HomeHealth(FOLDER, (KEY,), has_key=True, store=STORE),
    downloads=FOLDER,
    listener=ListenerFacts(pid=7, live=True, present=1),
)


def link(**changes: Any) -> Facts:
    """WELL, but for the one interface."""
    return replace(WELL, links=(replace(ETH0, **changes),))


def alone(**changes: Any) -> Facts:
    """Nobody was heard, on an interface with these changes."""
    return replace(link(**changes), seen=())


def seen(**changes: Any) -> Facts:
    """WELL, but for ben."""
    return replace(WELL, seen=(replace(SEEN, **changes),))


def home(**changes: Any) -> Facts:
    return replace(WELL, home=replace(WELL.home, **changes))


def store(**changes: Any) -> Facts:
    return home(store=replace(STORE, **changes))
