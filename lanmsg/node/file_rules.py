"""What a person's rule for one peer means for an offer of that peer."""

from lanmsg.model import FileRule, Peer, Transfer, Trust

KNOWN = frozenset({Trust.PINNED, Trust.VERIFIED})


NO_FILES = "takes no files from you"
"""What a peer is told whose files a rule refuses."""


def rule_for(peer: Peer, transfer: Transfer) -> FileRule:
    """ACCEPT only for a key that this person knows, and up to the size that the rule allows; else ASK."""
    if peer.file_rule is not FileRule.ACCEPT:
        return peer.file_rule
    most, total = peer.file_rule_max, transfer.total
    fits = most is None or (total is not None and total <= most)
    return FileRule.ACCEPT if fits and peer.trust in KNOWN else FileRule.ASK
