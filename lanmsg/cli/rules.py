"""rule: what becomes of the files that one peer offers, whatever the listener does with everybody."""

from typing import TYPE_CHECKING

from lanmsg.api import FileRule, Peer, Trust, wall_clock
from lanmsg.cli.output import Result
from lanmsg.cli.parser import Invocation, usage_error
from lanmsg.cli.trust import decided
from lanmsg.cli.wording import name_of, short_id
from lanmsg.model import LanmsgError
from lanmsg.terminal import human_size

if TYPE_CHECKING:
    from lanmsg.api import Store

RULES = {
    "ask": FileRule.ASK,
    "accept": FileRule.ACCEPT,
    "refuse": FileRule.REFUSE,
    "default": FileRule.DEFAULT,
}

SENTENCES = {
    FileRule.ASK: "files from {name} wait for your answer",
    FileRule.ACCEPT: "files from {name}{most} are taken without asking",
    FileRule.REFUSE: "files from {name} are declined",
    FileRule.DEFAULT: "files from {name} are treated like everybody's",
}

UNSURE = frozenset({Trust.NEW, Trust.CHANGED, Trust.BLOCKED})


def rule(invocation: Invocation) -> Result:
    """Without a rule to set, the one in force is told."""
    word, most = invocation.options.rule, invocation.options.max
    wanted = RULES[word] if word else None
    if most is not None and wanted is not FileRule.ACCEPT:
        raise usage_error("--max goes with accept: up to which size", invocation.command)

    def decide(store: "Store", peer: Peer) -> str:
        if wanted is FileRule.ACCEPT and peer.trust in UNSURE:
            raise LanmsgError(
                f"{name_of(peer)} ({short_id(peer)}) is {peer.trust.word}: its files are taken only when you"
                " say so each time",
                code="security",
                hint=f"lanmsg trust {short_id(peer)} first, once you know whose key it is",
            )
        if wanted is not None:
            store.peers.remember(peer, wall_clock())
            peer = store.peers.set_file_rule(peer.id, wanted, most, wall_clock())
        return sentence(peer)

    return decided(invocation, decide)


def sentence(peer: Peer) -> str:
    most = "" if peer.file_rule_max is None else f" up to {human_size(peer.file_rule_max)}"
    return SENTENCES[peer.file_rule].format(name=name_of(peer), most=most)
