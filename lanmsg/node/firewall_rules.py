"""Firewall rules as chains, and what becomes of one packet in them; what is not understood stays unknown."""

import json
import shlex
from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Any

from msgspec import Struct

from lanmsg.node.diagnosis_facts import Verdict

Traced = tuple[Verdict, str]
"""What becomes of a packet, and the chain that decides it when it is dropped."""

DEPTH_MAX = 16
MAYBE = None
"""A condition that depends on more than is known of a packet."""


class Packet(Struct, frozen=True):
    """The first one of somebody new: nothing before it that a rule about connections could know."""

    protocol: str
    port: int
    interface: str
    hook: str


Condition = Callable[[Packet], bool | None]


class Rule(Struct, frozen=True):
    """`verdict`: accept, drop, return, or `jump NAME`; "" for a rule that only counts or marks."""

    conditions: tuple[Condition, ...]
    verdict: str


class Chain(Struct, frozen=True):
    """`hook` is "" for one that others jump to; `where` names it as its tool does."""

    table: str
    name: str
    hook: str
    policy: str
    rules: tuple[Rule, ...]

    @property
    def where(self) -> str:
        return f"{self.table} {self.name}"


def trace(chains: Sequence[Chain], packet: Packet) -> Traced:
    """Every chain at the hook has to let it through."""
    outcome: Traced = (Verdict.ACCEPT, "")
    for chain in chains:
        if chain.hook != packet.hook:
            continue
        verdict = _walk(chain, {each.name: each for each in chains if each.table == chain.table}, packet, 0)
        if verdict is Verdict.DROP:
            return verdict, chain.where
        if verdict is Verdict.UNKNOWN:
            outcome = (verdict, "")
    return outcome


def _walk(chain: Chain, named: dict[str, Chain], packet: Packet, depth: int) -> Verdict | None:
    """None: it came out at the end of a chain without a policy."""
    possible: set[Verdict | None] = set()
    for rule in chain.rules:
        answers = [condition(packet) for condition in rule.conditions]
        if False in answers or not rule.verdict:
            continue
        verdict = _verdict(rule.verdict, named, packet, depth)
        if verdict is None and rule.verdict != "return":
            continue
        if rule.verdict == "return":
            verdict = _policy(chain)
        possible.add(verdict)
        if MAYBE not in answers:
            return verdict if possible == {verdict} else Verdict.UNKNOWN
    end = _policy(chain)
    return end if possible <= {end} else Verdict.UNKNOWN


def _verdict(word: str, named: dict[str, Chain], packet: Packet, depth: int) -> Verdict | None:
    if word.startswith("jump "):
        target = named.get(word.removeprefix("jump "))
        if target is None or depth >= DEPTH_MAX:
            return Verdict.UNKNOWN
        return _walk(target, named, packet, depth + 1)
    return {"accept": Verdict.ACCEPT, "drop": Verdict.DROP}.get(word)


def _policy(chain: Chain) -> Verdict | None:
    if not chain.hook:
        return None
    return Verdict.DROP if chain.policy == "drop" else Verdict.ACCEPT


# --- nftables, as `nft -j list ruleset` prints it


TRANSPORTS = {"th", "udp", "tcp", "icmp", "icmpv6", "igmp", "sctp", "udplite", "dccp"}


def nft_chains(text: str) -> tuple[Chain, ...]:
    try:
        items = json.loads(text).get("nftables", [])
    except (ValueError, AttributeError):
        return ()
    rules: dict[tuple[str, str], list[Rule]] = {}
    for item in items:
        if rule := item.get("rule"):
            rules.setdefault(_nft_place(rule, "chain"), []).append(_nft_rule(rule.get("expr", [])))
    return tuple(
        Chain(
            _nft_place(chain, "name")[0],
            chain["name"],
            chain.get("hook", "") if chain.get("type", "filter") == "filter" else "",
            chain.get("policy", "accept"),
            tuple(rules.get(_nft_place(chain, "name"), ())),
        )
        for item in items
        if (chain := item.get("chain")) and chain.get("family") in ("ip", "inet")
    )


def _nft_place(item: dict[str, Any], key: str) -> tuple[str, str]:
    return f"{item.get('family')} {item.get('table')}", str(item.get(key))


def _nft_rule(expressions: Iterable[dict[str, Any]]) -> Rule:
    conditions: list[Condition] = []
    verdict = ""
    for each in expressions:
        kind, value = next(iter(each.items()))
        match kind:
            case "match":
                conditions.append(_nft_condition(value))
            case "accept" | "drop" | "return":
                verdict = kind
            case "reject":
                verdict = "drop"
            case "jump" | "goto":
                verdict = f"jump {value.get('target')}"
            case "counter" | "log" | "mangle":
                pass
            case _:
                conditions.append(_unknown)
    return Rule(tuple(conditions), verdict)


def _unknown(_packet: Packet) -> bool | None:
    return MAYBE


def _nft_condition(match: dict[str, Any]) -> Condition:
    left, right, negated = match.get("left"), match.get("right"), match.get("op") == "!="

    def answer(packet: Packet) -> bool | None:
        is_like, value = _nft_value(left, packet)
        if not is_like:
            return False
        found = MAYBE if value is None else _is_among(value, right)
        return found if found is None else found != negated

    return answer


def _nft_value(left: object, packet: Packet) -> tuple[bool, object]:
    """Whether the packet has that field at all, and its value; None: not known."""
    kind, value = next(iter(left.items())) if isinstance(left, dict) else ("", {})
    if kind == "payload":
        return _field(str(value.get("protocol")), str(value.get("field")), packet)
    if kind == "meta":
        return True, _meta(packet).get(str(value.get("key")))
    is_state = kind == "ct" and value.get("key") == "state"
    return True, "new" if is_state else None


def _field(protocol: str, name: str, packet: Packet) -> tuple[bool, object]:
    if protocol in TRANSPORTS:
        return protocol in ("th", packet.protocol), packet.port if name == "dport" else None
    return protocol != "ip6", packet.protocol if name == "protocol" else None


def _meta(packet: Packet) -> dict[str, object]:
    side = "iif" if packet.hook == "input" else "oif"
    interface = packet.interface or None
    return {
        "l4proto": packet.protocol,
        "nfproto": "ipv4",
        "protocol": "ip",
        side: interface,
        f"{side}name": interface,
        "pkttype": "broadcast" if packet.protocol == "udp" else "host",
    }


def _is_among(value: object, right: object) -> bool | None:
    """None: the right side is a named set, or something else that is written elsewhere."""
    match right:
        case list():
            found = _any(_is_among(value, each) for each in right)
        case {"set": inner}:
            found = _is_among(value, inner)
        case {"range": [low, high]} if isinstance(value, int):
            found = bool(low <= value <= high)
        case str() if not right.startswith("@"):
            found = fnmatchcase(str(value), right) if right.endswith("*") else str(value) == right
        case int():
            found = value == right
        case _:
            found = MAYBE
    return found


def _any(answers: Iterable[bool | None]) -> bool | None:
    known = list(answers)
    return True if True in known else MAYBE if MAYBE in known else False


# --- iptables, as `iptables -S` prints it

IPTABLES_HOOKS = {"INPUT": "input", "OUTPUT": "output"}
HARMLESS_MODULES = {"udp", "tcp", "conntrack", "state", "comment", "multiport", "addrtype"}


def iptables_chains(text: str) -> tuple[Chain, ...]:
    policies: dict[str, str] = {}
    rules: dict[str, list[Rule]] = {}
    for line in text.splitlines():
        words = shlex.split(line)
        if len(words) >= 2 and words[0] in ("-P", "-N"):
            policies[words[1]] = words[2].lower() if words[0] == "-P" else ""
        elif len(words) >= 2 and words[0] == "-A":
            rules.setdefault(words[1], []).append(_iptables_rule(words[2:]))
    return tuple(
        Chain("iptables", name, IPTABLES_HOOKS.get(name, ""), policy, tuple(rules.get(name, ())))
        for name, policy in policies.items()
    )


def _iptables_rule(words: Sequence[str]) -> Rule:
    conditions: list[Condition] = []
    verdict, index, negated = "", 0, False
    while index < len(words):
        word, value = words[index], words[index + 1] if index + 1 < len(words) else ""
        index += 1
        if word == "!":
            negated = True
            continue
        if word in ("-j", "-g"):
            verdict = _iptables_verdict(value)
            break
        if word.startswith("-") and word != "-f":
            index += 1
            conditions += _iptables_condition(word, value, negated=negated)
            negated = False
    return Rule(tuple(conditions), verdict)


def _iptables_verdict(target: str) -> str:
    if target in ("ACCEPT", "DROP", "RETURN"):
        return target.lower()
    if target == "REJECT":
        return "drop"
    return "" if target in ("LOG", "NFLOG", "MARK", "CONNMARK", "TRACE", "AUDIT") else f"jump {target}"


def _iptables_condition(option: str, value: str, *, negated: bool) -> list[Condition]:
    def on(compare: Callable[[Packet], bool | None]) -> list[Condition]:
        def answer(packet: Packet) -> bool | None:
            found = compare(packet)
            return found if found is None else found != negated

        return [answer]

    match option:
        case "-p":
            found = on(lambda packet: value in (packet.protocol, "all"))
        case "-i" | "-o":
            hook = "input" if option == "-i" else "output"
            found = on(lambda packet: packet.hook == hook and _fits_name(packet.interface, value))
        case "--dport" | "--dports":
            found = on(lambda packet: any(_fits_port(packet.port, each) for each in value.split(",")))
        case "--ctstate" | "--state":
            found = on(lambda _packet: "NEW" in value.split(","))
        case "-m":
            found = [] if value in HARMLESS_MODULES else [_unknown]
        case _:
            found = [] if option == "--comment" else [_unknown]
    return found


def _fits_name(name: str, pattern: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("+") else name == pattern


def _fits_port(port: int, pattern: str) -> bool:
    low, _, high = pattern.partition(":")
    return low.isdigit() and int(low) <= port <= int(high or low if (high or low).isdigit() else 65535)


# --- ufw, as `ufw status verbose` prints it


def ufw_allows(text: str, port: int, protocol: str) -> Verdict:
    """Its rules decide in the order in which they stand, and its default about the rest."""
    for line in text.splitlines():
        columns = [column.strip() for column in line.split("  ") if column.strip()]
        if len(columns) < 3 or not columns[1].startswith(("ALLOW", "DENY", "REJECT", "LIMIT")):
            continue
        if columns[1].endswith("OUT") or "(v6)" in columns[0]:
            continue
        place = columns[0].split(" ")[0]
        if not _ufw_fits(place, port, protocol):
            continue
        if columns[2].split(" ")[0] != "Anywhere" or " on " in columns[0]:
            return Verdict.UNKNOWN
        return Verdict.ACCEPT if columns[1].startswith(("ALLOW", "LIMIT")) else Verdict.DROP
    return Verdict.ACCEPT if "allow (incoming)" in text else Verdict.DROP


def _ufw_fits(place: str, port: int, protocol: str) -> bool:
    numbers, _, only = place.partition("/")
    if place == "Anywhere":
        return True
    if only and only != protocol:
        return False
    return any(_fits_port(port, each) for each in numbers.split(","))
