"""Why nobody shows up, judged from the facts about the network: pure, likeliest causes first."""

from collections.abc import Callable, Iterator, Sequence

from lanmsg.model import UNTRUSTED, Finding, Severity
from lanmsg.node.diagnosis_facts import Dialled, Facts, LinkFacts, PortOwner, Seen, Verdict, Wanted
from lanmsg.node.diagnosis_home import HOME_FREE_MIN
from lanmsg.node.firewall_lines import lines_for_anyone, lines_to_let_in, lines_to_let_out
from lanmsg.node.port_owners import NEIGHBOUR_PORTS
from lanmsg.terminal import Kind, plural, printable

OK, NOTE, SUSPICION, WARNING, PROBLEM = Severity
NAMED_MAX = 5


def interfaces(facts: Facts) -> Iterator[Finding]:
    held_back = [link for link in facts.links if link.skipped in UNTRUSTED]
    for link in held_back:
        yield Finding(
            "network-untrusted",
            PROBLEM,
            f"{link} is on a network that you have not trusted: nothing is sent or answered there",
            "trust it, if you want to be seen there",
            (f"lanmsg network trust {link.name}",),
        )
    if _has_network(facts):
        yield Finding("interface", OK, f"uses {'; '.join(map(str, facts.used))}{_left_out(facts)}")
        return
    if held_back:
        return
    skipped = "; ".join(f"{link.name} {link.skipped}" for link in facts.links if link.skipped)
    yield Finding(
        "no-interface",
        PROBLEM,
        "no network interface can be used" + (f" ({skipped})" if skipped else ""),
        _mend_interface(facts),
    )


def _has_network(facts: Facts) -> bool:
    """Loopback alone is none, unless the person asked for it."""
    return any(facts.named_interfaces or not link.is_loopback for link in facts.used)


def _left_out(facts: Facts) -> str:
    skipped = [f"{link.name} ({link.skipped})" for link in facts.links if link.skipped and link.name]
    return f"; leaves out {', '.join(skipped)}" if skipped else ""


def _mend_interface(facts: Facts) -> str:
    reasons = {link.skipped for link in facts.links}
    if facts.named_interfaces:
        return "name another one with --interface, or none to use them all"
    if "no carrier" in reasons:
        return "plug in the cable or join a Wi-Fi"
    if "down" in reasons:
        return "switch the interface on, or join a Wi-Fi"
    return "no address was given out: join a network, or ask whoever runs it about DHCP"


def quiet(facts: Facts) -> Iterator[Finding]:
    if facts.quiet:
        yield Finding(
            "quiet",
            WARNING,
            "quiet is on in the settings: lanmsg announces nothing, so nobody sees you",
            "switch it off, unless you want it so",
            ("lanmsg config set quiet false",),
        )


def firewall_out(facts: Facts) -> Iterator[Finding]:
    refused = [link for link in facts.used if link.refused]
    ruled = [each for each in facts.firewalls if Verdict.DROP in (each.udp_out, each.tcp_out)]
    if refused or ruled:
        where = ", ".join(map(str, refused)) or ruled[0].tool
        yield Finding(
            "firewall-out",
            PROBLEM,
            f"a firewall on this machine lets nothing of lanmsg out ({where})",
            f"let UDP and TCP to port {facts.port} out",
            lines_to_let_out(facts.port, facts.firewalls, facts.platform),
        )
    for link in facts.used:
        if link.error and not link.refused:
            yield Finding(
                "send-failed",
                PROBLEM,
                f"{link} cannot send: {link.error}",
                "look at that network connection, or leave it out by naming another with --interface",
            )


def firewall_in(facts: Facts) -> Iterator[Finding]:
    deaf = [link for link in facts.used if link.echo is False and not link.refused and not link.error]
    udp = [each for each in facts.firewalls if each.udp_in is Verdict.DROP]
    tcp = [each for each in facts.firewalls if each.tcp_in is Verdict.DROP]
    what = " and ".join((["UDP"] if deaf or udp else []) + (["TCP"] if tcp else []))
    if what:
        evidence = [f"our own broadcast on {link} did not come back" for link in deaf]
        evidence += [f"{each.tool} drops it in {each.where_in or 'its rules'}" for each in (udp or tcp)[:1]]
        yield Finding(
            "firewall-in",
            PROBLEM,
            f"a firewall on this machine keeps {what} port {facts.port} shut ({'; '.join(evidence)})",
            "open the port for UDP and TCP",
            lines_to_let_in(facts.port, facts.firewalls, facts.platform),
        )
    elif any(link.echo for link in facts.used):
        yield Finding("firewall", OK, f"our own broadcasts come back to UDP port {facts.port}")


def firewall_unread(facts: Facts) -> Iterator[Finding]:
    """Of use only while nobody is heard: what works needs no suspicion."""
    closed = [each for each in facts.firewalls if not each.readable]
    active = [each for each in closed if each.tool in ("ufw", "firewalld", "macos", "windows")]
    if active and not facts.everybody_heard:
        yield Finding(
            "firewall-unread",
            SUSPICION,
            f"{active[0].tool} is on, and its rules cannot be read without more rights",
            f"see to it that it lets in UDP and TCP port {facts.port}",
            lines_to_let_in(facts.port, active, facts.platform),
        )
    elif closed:
        tools = ", ".join(each.tool for each in closed)
        yield Finding("firewall-unread", NOTE, f"the rules of {tools} can be read by root only")


def port(facts: Facts) -> Iterator[Finding]:
    ports = facts.ports
    if not ports.any_tcp:
        yield Finding(
            "no-port",
            PROBLEM,
            "no TCP port can be had on this machine",
            "end programs that hold very many connections, or name an interface that exists",
        )
    taken = [each for each, ours in (("TCP", ports.tcp), ("UDP", ports.udp)) if not ours]
    if not taken:
        held = [each for each in ports.owners if each.is_lanmsg]
        yield Finding(
            "port", OK, _held(ports.port, held) if held else f"port {ports.port} is free for lanmsg"
        )
        return
    strangers = [each for each in ports.owners if not each.is_lanmsg and each.protocol.upper() in taken]
    holders = ", ".join(dict.fromkeys(map(owner, strangers))) or "another program"
    yield Finding(
        "port-taken",
        PROBLEM if not ports.udp else WARNING,
        f"{' and '.join(taken)} port {ports.port} is held by {holders}"
        + _beside(ports.neighbours)
        + _consequence(facts),
        "end that program, or agree with everybody on another port: lanmsg --port 2400",
        () if strangers and all(each.program for each in strangers) else (_who_line(facts),),
    )


def _held(port: int, ours: Sequence[PortOwner]) -> str:
    return f"port {port} is held by lanmsg: {', '.join(dict.fromkeys(map(owner, ours)))}"


def owner(holder: PortOwner) -> str:
    """As a person finds it: the program with its number, or whose it is."""
    if holder.program:
        return f"{printable(holder.program)} (process {holder.pid}, {holder.user})"
    return f"a program of {holder.user}" if holder.user else "another program"


def _beside(neighbours: Sequence[PortOwner]) -> str:
    rows = [f"{each.port} ({NEIGHBOUR_PORTS[each.port]}) by {owner(each)}" for each in neighbours]
    return f"; in use beside it: {', '.join(dict.fromkeys(rows))}" if rows else ""


def _consequence(facts: Facts) -> str:
    if not facts.ports.udp:
        return "; lanmsg does not hear who announces itself"
    if not facts.ports.tcp:
        return "; lanmsg takes another port, which firewalls may not let in"
    return ""


def _who_line(facts: Facts) -> str:
    """What names the program to those who have more rights than this process."""
    if facts.platform == "win32":
        return f"netstat -ano | findstr :{facts.port}"
    if facts.platform == "darwin":
        return f"sudo lsof -nP -i :{facts.port}"
    return f"sudo ss -lntup 'sport = :{facts.port}'"


def refused_connections(facts: Facts) -> Iterator[Finding]:
    for each in facts.seen:
        if each.dialled in (None, Dialled.CONNECTED):
            continue
        if not (each.replied or each.answered or facts.listener.live):
            continue
        name, port = name_of(each), each.address.port
        if each.dialled is Dialled.REFUSED:
            why = f"refuses TCP connections at {each.address}"
        else:
            why = f"lets no TCP connection through to {each.address} ({each.why})"
        yield Finding(
            "peer-tcp",
            PROBLEM,
            f"{name} answers by UDP but {why}: messages and files cannot get there",
            f"a firewall on {name}'s machine: over there, open TCP port {port} with the line for its system",
            lines_for_anyone(port),
        )


def deaf_peers(facts: Facts) -> Iterator[Finding]:
    """They announce themselves, and our questions do not get to them."""
    for each in facts.seen:
        if each.replied or each.answered or each.address.port != facts.port or _shut(facts):
            continue
        if each.dialled is Dialled.CONNECTED:
            yield Finding(
                "peer-deaf",
                WARNING,
                f"{name_of(each)} at {each.address} does not answer UDP: it may not see who is here",
                f"a firewall over there: open UDP port {facts.port} with the line for its system",
                lines_for_anyone(facts.port),
            )


def _shut(facts: Facts) -> bool:
    """The fault is on this side, so nothing can be said about others."""
    return any(link.refused or link.error for link in facts.used) or bool([*firewall_in_wrong(facts)])


def firewall_in_wrong(facts: Facts) -> Iterator[Finding]:
    return (each for each in firewall_in(facts) if not each.ok)


def isolation(facts: Facts) -> Iterator[Finding]:
    if facts.everybody_heard or _shut(facts):
        return
    for link in facts.used:
        if link.gateway_answers and link.silent and not link.others:
            known = plural(len(link.silent), "address of somebody you know", "addresses of people you know")
            yield Finding(
                "isolation",
                SUSPICION,
                f"on {link} the gateway {link.gateway} answers and nobody else does"
                f" ({known}: {', '.join(link.silent[:NAMED_MAX])}): a guest network or client isolation may"
                " keep devices apart, or they are switched off",
                "use the network's main Wi-Fi or a cable, or ask whoever runs it to switch isolation off",
            )


def lost_broadcasts(facts: Facts) -> Iterator[Finding]:
    """Questions to one address are answered, those to everyone are not."""
    alone = [each for each in facts.seen if each.answered and not each.replied]
    if not alone or any(each.replied for each in facts.seen) or _shut(facts):
        return
    addresses = tuple(each.address.host for each in alone[:NAMED_MAX])
    yield Finding(
        "no-broadcast",
        PROBLEM,
        f"this network loses broadcasts: {', '.join(map(name_of, alone[:NAMED_MAX]))} answered only when"
        " asked at their own address",
        "name the addresses of those whom you want to see",
        (f"lanmsg config set peers {' '.join(addresses)}",),
    )


def listener(facts: Facts) -> Iterator[Finding]:
    who = facts.listener
    if who.pid and not who.live and 0 <= facts.home.folder.free < HOME_FREE_MIN:
        yield Finding(
            "listener",
            NOTE,
            f"the lanmsg of this home (process {who.pid}) runs, and cannot write down that it lives",
            "it goes on by itself when there is space",
        )
    elif who.pid and not who.live:
        yield Finding(
            "listener-hangs",
            WARNING,
            f"the lanmsg of this home (process {who.pid}) gives no sign of life",
            "end it and start it again",
            (f"kill {who.pid}",),
        )
    elif who.live:
        by = f" by process {who.pid}" if who.pid else ""
        yield Finding("listener", OK, f"others can see you{by}; it sees {plural(who.present, 'peer')}")
    else:
        yield Finding(
            "listener-none",
            NOTE,
            "no lanmsg of this home is running, so others do not see you now",
            "open the screen with lanmsg, or be here without one: lanmsg listen",
        )


def people(facts: Facts) -> Iterator[Finding]:
    if not _has_network(facts):
        return
    heard = [
        each for each in facts.seen if each.replied or each.answered or each.dialled is Dialled.CONNECTED
    ]
    if heard:
        names = ", ".join(map(name_of, heard[:NAMED_MAX]))
        more = f" and {len(heard) - NAMED_MAX} more" if len(heard) > NAMED_MAX else ""
        yield Finding("people", OK, f"{names}{more} can be heard")
        return
    if _shut(facts):
        yield Finding("nobody", NOTE, "of two machines that are shut like this neither finds the other")
        return
    yield Finding(
        "nobody",
        WARNING,
        "nobody answers: most likely nobody else has lanmsg open on this network",
        "ask them to run lanmsg, and `lanmsg doctor` over there; compare the networks' names and addresses;"
        " if you know theirs: lanmsg doctor ADDRESS",
    )


def wanted(facts: Facts) -> Iterator[Finding]:
    """The PEER that was named."""
    who = facts.wanted
    if who is None:
        return
    word = printable(who.word, Kind.NAME)
    if who.address is None:
        yield Finding(
            "peer-unknown",
            PROBLEM,
            who.failure or f"nobody called {word} is here, and this home knows no address of theirs",
            "give the address instead of the name: `lanmsg doctor` over there shows it",
        )
    elif who.seen is not None and who.seen.dialled is Dialled.CONNECTED:
        yield Finding("peer", OK, f"{word} can be reached at {who.address}")
    elif (
        who.seen is not None and who.seen.dialled is not None and not (who.seen.replied or who.seen.answered)
    ):
        yield Finding("peer-unreachable", PROBLEM, *_unreachable(who, who.seen, word))


def _unreachable(who: Wanted, seen: Seen, word: str) -> tuple[str, str]:
    if seen.dialled is Dialled.REFUSED:
        return (
            f"{word}: the machine at {who.address} is there, but no lanmsg takes connections on that port",
            "start lanmsg over there, or open its firewall: `lanmsg doctor` over there says which",
        )
    if not who.on_link:
        return (
            f"{word} at {who.address} does not answer, and is on another network than this machine",
            "join the same network, or a VPN that reaches it",
        )
    return (
        f"{word} at {who.address} does not answer at all",
        "it is switched off, at another address now, behind a firewall, or this network keeps devices apart",
    )


def name_of(each: Seen) -> str:
    return printable(each.name, Kind.NAME) or each.address.host


def describe(link: LinkFacts) -> str:
    """The figures of one interface in a line."""
    echo = {True: "our own came back", False: "our own did not come back", None: "no ear for our own"}
    return f"{link}/{link.prefix}: {link.sent} sent, {link.heard} heard of others, {echo[link.echo]}"


def traffic(facts: Facts) -> Iterator[Finding]:
    for link in facts.used:
        yield Finding("traffic", NOTE, describe(link))


NETWORK_RULES: tuple[Callable[[Facts], Iterator[Finding]], ...] = (
    interfaces,
    quiet,
    wanted,
    firewall_out,
    firewall_in,
    port,
    refused_connections,
    lost_broadcasts,
    deaf_peers,
    isolation,
    firewall_unread,
    listener,
    people,
    traffic,
)
"""In the order in which they most likely are why nobody is here, as far as they can be told for sure."""
