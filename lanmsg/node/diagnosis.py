"""Why does nobody show up: gathers the facts, side by side, and has the rules judge them.

Nothing is changed: no port is kept, no file is made, and nobody sees who asks.
"""

import asyncio
import os
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from lanmsg.config import Settings
from lanmsg.model import Address, Diagnosis, Finding, LanmsgError, PeerId
from lanmsg.node.air import is_address, resolve
from lanmsg.node.channel import contains, open_ear
from lanmsg.node.clock import wall_clock
from lanmsg.node.diagnosis_facts import Dialled, Facts, LinkFacts, ListenerFacts, PortFacts, Seen, Wanted
from lanmsg.node.diagnosis_home import HOME_RULES
from lanmsg.node.diagnosis_network import NETWORK_RULES
from lanmsg.node.firewalls import read_firewalls
from lanmsg.node.interfaces import Link, scan
from lanmsg.node.networks import Networks
from lanmsg.node.port_owners import NEIGHBOUR_PORTS, owners_of
from lanmsg.node.routes import can_read_neighbours, gateways, neighbours
from lanmsg.node.sealed_key import sealed_id
from lanmsg.node.survey import LinkSurvey, Survey, Surveyor, try_connection
from lanmsg.protocol.errors import LocalProtocolError
from lanmsg.protocol.identity import load_identity
from lanmsg.storage.health import HomeHealth, KnownPeer, examine_folder, examine_home
from lanmsg.storage.home import IDENTITY_FILE
from lanmsg.storage.identity import is_sealed
from lanmsg.storage.listener_lock import ListenerLock

if TYPE_CHECKING:
    from lanmsg.node.node import Node

WAIT_S = 2.0
KNOWN_ASKED_MAX = 8
HEX_MIN = 8


async def diagnose(
    settings: Settings, *, node: "Node | None" = None, wait: float = WAIT_S, peer: str = ""
) -> Diagnosis:
    """Looks around for `wait` seconds. `node`: one that runs here already, whose counters are then shown.

    `peer`: somebody, by name or address, to whom the way is tried.
    """
    return judge(await gather(settings, node=node, wait=wait, peer=peer))


def judge(facts: Facts) -> Diagnosis:
    found: list[Finding] = [each for rule in (*NETWORK_RULES, *HOME_RULES) for each in rule(facts)]
    return Diagnosis(tuple(sorted(found, key=lambda each: each.ok)))


async def gather(settings: Settings, *, node: "Node | None", wait: float, peer: str) -> Facts:
    home = await asyncio.to_thread(examine_home, settings.home)
    me, key_failure = await asyncio.to_thread(own_id, settings.home)
    ports = await asyncio.to_thread(
        look_at_ports, settings, home, has_node=node is not None
    )  # before we hold any ourselves
    networks = Networks(trust_new=settings.trusts_new_networks)
    networks.load(home.store.networks)
    links = networks.judge(scan(settings.interfaces))
    used = [link for link in links if not link.skipped]
    wanted = await look_up(peer, home.store.known, settings.port, used, wait) if peer else None
    ask = [
        Address(host, settings.port)
        for name, host in gateways().items()
        if name in {each.name for each in used}
    ]
    surveyor = Surveyor(
        links,
        port=settings.port,
        me=me,
        known=to_ask(home, wall_clock()),
        ask=[*([wanted.address] if wanted and wanted.address else []), *ask],
        broadcast=not settings.quiet,
    )
    async with asyncio.TaskGroup() as tasks:
        survey = tasks.create_task(surveyor.look(wait))
        firewalls = tasks.create_task(read_firewalls(settings.port, sorted({each.name for each in used})))
        dialled = tasks.create_task(dial(wanted))
    found = survey.result()
    return Facts(
        port=settings.port,
        platform=sys.platform,
        now=wall_clock(),
        links=link_facts(links, found, home.store.known, node),
        seen=tuple(here_or_heard(found, home)),
        ports=ports,
        home=home,
        downloads=examine_folder(settings.downloads),
        firewalls=firewalls.result(),
        listener=listener_facts(settings, home, node),
        quiet=settings.quiet,
        named_interfaces=settings.interfaces,
        encoding=getattr(sys.stdout, "encoding", None) or "utf-8",
        key_failure=key_failure,
        wanted=met(wanted, found, dialled.result()),
    )


def own_id(home: Path) -> tuple[PeerId | None, str]:
    """Whom to leave out, and what is wrong with the key. One that is not there yet is made elsewhere."""
    try:
        stored = (home / IDENTITY_FILE).read_bytes()
        return (sealed_id(stored) if is_sealed(stored) else load_identity(stored).peer_id), ""
    except FileNotFoundError:
        return None, ""
    except OSError as error:
        return None, error.strerror or "it cannot be read"
    except LocalProtocolError as error:
        return None, str(error)


# --- people


def to_ask(home: HomeHealth, now: float) -> list[Seen]:
    """Whom the listener of this home sees; and some of those whom it once saw, at their last address."""
    live = home.store.is_live(now)
    known = [each for each in home.store.known if each.addresses]
    here = [each for each in known if each.present and live]
    gone = [each for each in known if each not in here][:KNOWN_ASKED_MAX]
    return [Seen(each.id, next(iter(each.names), ""), each.addresses[0]) for each in [*here, *gone]]


def here_or_heard(found: Survey, home: HomeHealth) -> list[Seen]:
    """Without those who are only remembered and gave no sign at all: they are not here, which is no news."""
    live = home.store.is_live(wall_clock())
    here = {each.id for each in home.store.known if each.present and live} | found.heard
    addresses = {each.address for each in found.seen.values() if each.peer in here}
    return [
        each
        for each in found.seen.values()
        if each.peer in here or (each.dialled is Dialled.CONNECTED and each.address not in addresses)
    ]


async def look_up(
    word: str, known: Sequence[KnownPeer], port: int, used: Sequence[Link], seconds: float
) -> Wanted:
    """Where PEER may be, by what this home knows and by the name service."""
    for each in known:
        if each.addresses and is_meant(word, each.id, each.names):
            return on_link(Wanted(word, each.addresses[0], known=True), used)
    host = word.rpartition(":")[0] if word.count(":") == 1 else word
    if not (is_address(word) or is_address(host) or "." in host or word.startswith("[")):
        return Wanted(word)
    try:
        async with asyncio.timeout(max(seconds, 1.0)):
            return on_link(Wanted(word, await resolve(word, port)), used)
    except TimeoutError:
        return Wanted(word, failure=f"nobody could say in time where {word} is")
    except LanmsgError as error:
        return Wanted(word, failure=str(error))


def is_meant(word: str, peer: PeerId, names: Sequence[str]) -> bool:
    digits = word.replace(" ", "").lower()
    by_key = len(digits) >= HEX_MIN and peer.hex().startswith(digits)
    return by_key or word.casefold() in [name.casefold() for name in names]


def on_link(wanted: Wanted, used: Sequence[Link]) -> Wanted:
    address = wanted.address
    inside = address is not None and any(contains(link, address.host) for link in used)
    return replace(wanted, on_link=inside)


async def dial(wanted: Wanted | None) -> Seen | None:
    if wanted is None or wanted.address is None:
        return None
    outcome, why = await try_connection(wanted.address)
    return Seen(PeerId(b""), wanted.word, wanted.address, dialled=outcome, why=why)


def met(wanted: Wanted | None, found: Survey, dialled: Seen | None) -> Wanted | None:
    """With what the look around brought: they may have answered under their name."""
    if wanted is None:
        return None
    for each in found.seen.values():
        heard = each.replied or each.answered or each.peer in found.heard
        if heard and (is_meant(wanted.word, each.peer, [each.name]) or each.address == wanted.address):
            return replace(wanted, address=each.address, seen=each, known=True, failure="")
    return replace(wanted, seen=dialled)


# --- this machine


def link_facts(
    links: Sequence[Link], found: Survey, known: Sequence[KnownPeer], node: "Node | None"
) -> tuple[LinkFacts, ...]:
    surveys = {each.link: each for each in found.links}
    counted = {(each.name, each.address): each for each in (node.interfaces if node is not None else ())}
    facts = []
    for link in links:
        each = LinkFacts(link.name, link.address, link.prefix, link.skipped)
        if (survey := surveys.get(link)) is not None:
            each = measured(each, survey)
        if (of_node := counted.get((link.name, link.address))) is not None:
            each = replace(each, sent=each.sent + of_node.sent, heard=each.heard + of_node.heard)
        facts.append(each if link.skipped else with_neighbours(each, link, known))
    return tuple(facts)


def measured(facts: LinkFacts, survey: LinkSurvey) -> LinkFacts:
    return replace(
        facts,
        sent=survey.channel.sent if survey.channel is not None else 0,
        heard=survey.heard,
        echo=survey.echo,
        error=survey.error,
        refused=survey.refused,
    )


def with_neighbours(facts: LinkFacts, link: Link, known: Sequence[KnownPeer]) -> LinkFacts:
    """Who owns up to an address on this link, as the kernel found out when we asked them."""
    if not can_read_neighbours():
        return facts
    gateway = gateways().get(link.name, "")
    answers = {each.address: bool(each.mac) for each in neighbours() if each.interface == link.name}
    theirs = {address.host for each in known for address in each.addresses if contains(link, address.host)}
    silent = sorted(theirs & {address for address, answered in answers.items() if not answered})
    others = sum(answered for address, answered in answers.items() if address != gateway)
    return replace(
        facts,
        gateway=gateway,
        gateway_answers=answers.get(gateway) if gateway else None,
        silent=tuple(silent),
        others=others,
    )


def listener_facts(settings: Settings, home: HomeHealth, node: "Node | None") -> ListenerFacts:
    pid = ListenerLock(settings.home).holder() or 0
    live = home.store.is_live(wall_clock()) or (node is not None and node.listening)
    present = sum(each.present for each in home.store.known)
    return ListenerFacts(pid, live, len(node.peers()) if node is not None else present)


def look_at_ports(settings: Settings, home: HomeHealth, *, has_node: bool) -> PortFacts:
    """Tries to have the ports for a moment, as a listener would; one that runs has them rightly."""
    port = settings.port
    ours = {ListenerLock(settings.home).holder() or -1, os.getpid() if has_node else -1}
    owners = tuple(replace(each, is_lanmsg=each.is_lanmsg or each.pid in ours) for each in owners_of([port]))
    addresses = [each for each in settings.interfaces if is_address(each)]
    listens = home.store.is_live(wall_clock()) and not owners
    tcp = (
        listens
        or can_bind(addresses, port)
        or any(each.is_lanmsg and each.protocol == "tcp" for each in owners)
    )
    udp = can_hear(port)
    strangers = not (tcp and udp)
    return PortFacts(
        port=port,
        tcp=tcp,
        udp=udp,
        any_tcp=tcp or can_bind(addresses, 0),
        owners=owners,
        neighbours=owners_of(list(NEIGHBOUR_PORTS)) if strangers else (),
    )


def can_bind(addresses: Sequence[str], port: int) -> bool:
    """Without listening, so that nobody ever connects to it."""
    for address in addresses or [""]:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as sock:
            if hasattr(socket, "AF_UNIX"):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind((address, port))
            except OSError:
                return False
    return True


def can_hear(port: int) -> bool:
    with suppress(OSError):
        for sock in open_ear(port).sockets:
            sock.close()
        return True
    return False
