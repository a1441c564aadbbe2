"""What `lanmsg doctor` knows before it judges: measured and read elsewhere, plain values here."""

from enum import Enum

from msgspec import Struct, field

from lanmsg.model import Address, PeerId
from lanmsg.storage.health import FolderHealth, HomeHealth


class Verdict(Enum):
    """What a firewall would do with a packet of ours, as far as its rules can be understood."""

    ACCEPT = "accept"
    DROP = "drop"
    UNKNOWN = "unknown"


class LinkFacts(Struct, frozen=True):
    """One interface address. `sent` and `heard` count datagrams of lanmsg, `heard` those of others.

    `echo`: our own broadcast came back to our own ear; None: nobody could listen for it. `gateway` is "" when
    none is known there; `gateway_answers` and `silent` (known peers whose address nobody owns up to) tell
    of ARP, and are None and () where it cannot be read.
    """

    name: str
    address: str
    prefix: int
    skipped: str = ""
    sent: int = 0
    heard: int = 0
    echo: bool | None = None
    error: str = ""
    refused: bool = False
    gateway: str = ""
    gateway_answers: bool | None = None
    silent: tuple[str, ...] = ()
    others: int = 0

    @property
    def is_loopback(self) -> bool:
        return self.address.startswith("127.") or self.address == "::1"

    def __str__(self) -> str:
        return f"{self.name} {self.address}".rstrip()


class Dialled(Enum):
    CONNECTED = "connected"
    REFUSED = "refused"
    SILENT = "silent"
    FAILED = "failed"


class Seen(Struct, frozen=True):
    """Somebody else's node. `replied`: to what we asked everyone; `answered`: to what we asked it alone.

    `dialled` is None while nobody tried to open a connection to it.
    """

    peer: PeerId
    name: str
    address: Address
    replied: bool = False
    answered: bool = False
    dialled: Dialled | None = None
    why: str = ""


class PortOwner(Struct, frozen=True):
    """Who holds a port of this machine; `pid` 0 and `program` "": the system does not tell us."""

    port: int
    protocol: str
    pid: int = 0
    program: str = ""
    user: str = ""
    is_lanmsg: bool = False

    @property
    def is_known(self) -> bool:
        return bool(self.program or self.user)


class PortFacts(Struct, frozen=True):
    """`tcp`, `udp`: can be had, or are held by lanmsg itself. `any_tcp`: at least some other TCP port can."""

    port: int
    tcp: bool = True
    udp: bool = True
    any_tcp: bool = True
    owners: tuple[PortOwner, ...] = ()
    neighbours: tuple[PortOwner, ...] = ()


class FirewallFacts(Struct, frozen=True):
    """One firewall of this machine. `readable` is False when its rules are closed to us.

    The four verdicts are about lanmsg's port; `where` names the chain that drops, as family, table, chain.
    """

    tool: str
    readable: bool = True
    udp_in: Verdict = Verdict.ACCEPT
    tcp_in: Verdict = Verdict.ACCEPT
    udp_out: Verdict = Verdict.ACCEPT
    tcp_out: Verdict = Verdict.ACCEPT
    where_in: str = ""
    where_out: str = ""


class ListenerFacts(Struct, frozen=True):
    """The process of this home that listens: `pid` 0: none holds the lock; `live`: it gave a sign of life."""

    pid: int = 0
    live: bool = False
    present: int = 0


class Wanted(Struct, frozen=True):
    """The PEER that was asked about: where it is, as far as that could be found, and how the try went."""

    word: str
    address: Address | None = None
    known: bool = False
    seen: Seen | None = None
    on_link: bool = True
    failure: str = ""


class Facts(Struct, frozen=True):
    """Everything that the rules may look at."""

    port: int
    platform: str
    now: float
    links: tuple[LinkFacts, ...]
    seen: tuple[Seen, ...]
    ports: PortFacts
    home: HomeHealth
    downloads: FolderHealth
    firewalls: tuple[FirewallFacts, ...] = ()
    listener: ListenerFacts = field(default_factory=ListenerFacts)
    quiet: bool = False
    named_interfaces: tuple[str, ...] = ()
    encoding: str = "utf-8"
    key_failure: str = ""
    wanted: Wanted | None = None

    @property
    def used(self) -> tuple[LinkFacts, ...]:
        return tuple(link for link in self.links if not link.skipped)

    @property
    def everybody_heard(self) -> bool:
        return any(each.replied or each.answered for each in self.seen)
