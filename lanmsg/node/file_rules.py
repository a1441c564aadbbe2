"""What becomes of an offer: a person's rule for one peer comes before what is done with everybody's."""

from lanmsg.model import FileRule, Peer, Transfer, Trust

KNOWN = frozenset({Trust.PINNED, Trust.VERIFIED})


NO_FILES = "takes no files from you"
"""What a peer is told whose files a rule refuses."""

LISTENER_TAKES_NONE = "takes no files now"
"""The same where this listener takes none, from whom no rule is about."""


def outcome(accept: str, peer: Peer | None, transfer: Transfer, *, is_named: bool = False) -> FileRule:
    """ACCEPT, REFUSE or ASK. `accept`: ask, none, known, verified or all; `is_named`: a person asks for the
    files of this very peer now. A changed or blocked key is never accepted from.
    """
    rule = FileRule.DEFAULT if peer is None else rule_for(peer, transfer)
    if rule in {FileRule.REFUSE, FileRule.ACCEPT}:
        return rule
    if peer is None or peer.trust in {Trust.CHANGED, Trust.BLOCKED} or accept == "none":
        is_refused = accept == "none" and rule is FileRule.DEFAULT
        return FileRule.REFUSE if is_refused else FileRule.ASK
    if rule is FileRule.ASK and not is_named:
        return FileRule.ASK
    return FileRule.ACCEPT if _trusts(accept, peer.trust) else FileRule.ASK


def _trusts(accept: str, trust: Trust) -> bool:
    wanted = {"known": KNOWN, "verified": {Trust.VERIFIED}, "all": frozenset(Trust)}
    return trust in wanted.get(accept, ())


def rule_for(peer: Peer, transfer: Transfer) -> FileRule:
    """ACCEPT only for a key that this person knows, and up to the size that the rule allows; else ASK."""
    if peer.file_rule is not FileRule.ACCEPT:
        return peer.file_rule
    most, total = peer.file_rule_max, transfer.total
    fits = most is None or (total is not None and total <= most)
    return FileRule.ACCEPT if fits and peer.trust in KNOWN else FileRule.ASK
