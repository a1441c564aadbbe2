"""peers and id: who is here, and who am I."""

import sys
from typing import TYPE_CHECKING

from lanmsg.api import Interface, Peer, PeerId, home_roster, own_id, wall_clock
from lanmsg.cli.fields import peer_fields, peers_document
from lanmsg.cli.output import BOLD, RED, Output, Result
from lanmsg.cli.parser import Invocation
from lanmsg.cli.wording import age, columns, name_of, pad, short_id, trust_of, trust_remark
from lanmsg.model import Trust
from lanmsg.terminal import Kind, date, fingerprint, printable

if TYPE_CHECKING:
    from lanmsg.api import Node


def peers(invocation: Invocation) -> Result:
    options = invocation.options
    if options.watch:
        return watch(invocation)
    found = known_here(invocation, absent=options.all)
    if found is None:
        found = looked_for(invocation, absent=options.all)
    show(found, invocation.output)
    return Result()


def known_here(invocation: Invocation, *, absent: bool) -> list[Peer] | None:
    """What the home's listener sees, at no cost; None if there is none and there is time to look."""
    store = invocation.home()
    try:
        if invocation.options.wait > 0 and not store.presence.is_live(wall_clock()):
            return None
        roster = home_roster(store)
        return roster.all() if absent else roster.present()
    finally:
        store.close()


def looked_for(invocation: Invocation, *, absent: bool) -> list[Peer]:
    from lanmsg.cli.running import run_node  # asyncio

    async def look(node: "Node") -> list[Peer]:
        await node.look_around(invocation.options.wait)
        found = node.peers(absent=absent)
        if not found:
            for each in node.interfaces:
                invocation.output.notice(searched(each))
        return found

    return run_node(invocation, look)


def show(found: list[Peer], output: Output) -> None:
    if output.json:
        output.document(**peers_document(found))
    elif found:
        full = bool(output.verbosity)
        rows = [row(peer, full=full) for peer in found]
        header, *lines = columns([["NAME", "STATE", "TRUST", "ADDRESS", "FINGERPRINT"], *rows])
        output.line(output.paint(header, BOLD))
        for peer, line in zip(found, lines, strict=True):
            decided = peer.trust in {Trust.CHANGED, Trust.BLOCKED} and not peer.is_old_key
            alarming = decided or peer.lookalike_of
            output.line(output.paint(line, *([RED] if alarming else [])))
    else:
        output.notice("nobody is here", "lanmsg doctor says why that may be")


def searched(interface: Interface) -> str:
    where = f"{interface.name} {interface.address}".rstrip()
    if interface.skipped:
        return f"did not search on {where}: {interface.skipped}"
    return f"searched on {where}/{interface.prefix}"


def row(peer: Peer, *, full: bool) -> list[str]:
    """`full`: with the day of verification, and all of the fingerprint."""
    state = peer.status.name.lower() if peer.present else "gone"
    if peer.present and peer.note:
        state += f" ({printable(peer.note, Kind.NAME)})"
    elif not peer.present and peer.last_seen:
        state += f" for {age(wall_clock() - peer.last_seen)}"
    address = str(peer.addresses[0]) if peer.addresses else "-"
    key = fingerprint(peer.id) if full else short_id(peer)
    return [name_of(peer), state, trust_with_date(peer) if full else trust_of(peer), address, key]


def trust_with_date(peer: Peer) -> str:
    when = f" {date(peer.verified_at)}" if peer.verified_at else ""
    return trust_of(peer) + when


def watch(invocation: Invocation) -> Result:
    from lanmsg.api import NodeEvent, PeerAppeared, PeerChanged, PeerLeft
    from lanmsg.cli.running import run_node  # asyncio

    output = invocation.output
    kinds = {PeerAppeared: "peer_seen", PeerChanged: "peer_changed", PeerLeft: "peer_gone"}

    shown: dict[PeerId, Peer] = {}

    def tell(event: NodeEvent) -> None:
        if isinstance(event, PeerLeft):
            shown.pop(event.peer.id, None)
        elif not isinstance(event, PeerAppeared | PeerChanged) or shown.get(event.peer.id) == event.peer:
            return
        else:
            shown[event.peer.id] = event.peer
        report(output, kinds[type(event)], event.peer)

    async def follow(node: "Node") -> Result:
        events = node.events()
        for peer in node.peers():
            tell(PeerAppeared(peer))
        async for event in events:
            tell(event)
        return Result()

    # Only a listener hears of all who come and go: nothing but answers reaches one who merely asks.
    return run_node(invocation, follow, listen=True)


def report(output: Output, kind: str, peer: Peer) -> None:
    if output.json:
        output.event(kind, peer=peer_fields(peer))
    elif kind == "peer_gone" or peer.present:
        sign = {"peer_seen": "+", "peer_changed": "=", "peer_gone": "-"}[kind]
        output.line(
            f"{sign} {name_of(peer)}{trust_remark(peer)}  {peer.status.name.lower()}  {peer.host or '-'}"
        )


def own_id_command(invocation: Invocation) -> Result:
    """`lanmsg id`; on first use it makes the key."""
    if invocation.options.set_passphrase or invocation.options.remove_passphrase:
        from lanmsg.cli.passphrase import remove_passphrase, set_passphrase

        return (set_passphrase if invocation.options.set_passphrase else remove_passphrase)(invocation)
    settings, output = invocation.settings, invocation.output
    key = own_id(settings)
    shown = fingerprint(key)
    if output.json:
        output.document(id=key.hex(), name=settings.name, home=str(settings.home), fingerprint=shown)
        return Result()
    for label, value in (("name", settings.name), ("fingerprint", shown), ("home", str(settings.home))):
        output.line(f"{pad(label, 11)}  {value}")
    if invocation.options.qr:
        output.line(qr_code(f"LANMSG1:{key.hex().upper()}"))
    return Result()


def qr_code(text: str) -> str:
    """`text` as a QR code of half blocks, or of # where this locale cannot write those."""
    from io import StringIO

    import segno  # only --qr pays for it

    code, picture = segno.make(text, error="l"), StringIO()
    if not can_write("▀█"):
        return "\n".join(
            "".join("  " if dark else "##" for dark in line) for line in code.matrix_iter(border=1)
        )
    code.terminal(picture, compact=True)
    return picture.getvalue().rstrip("\n")


def can_write(text: str) -> bool:
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except UnicodeEncodeError:
        return False
    return True
