"""What people are called on this screen: safe to print, never like our own marks, one label for one key."""

from dataclasses import dataclass, field
from operator import attrgetter

from lanmsg.api import Peer, PeerId, Trust
from lanmsg.model import OLD_KEY
from lanmsg.terminal import folded, imitates, mixes_scripts, shown_name

LABEL = attrgetter("name", "petname", "trust", "lookalike_of", "words_differ")
"""What it, and the signs by it, say."""

DIGITS = 4
"""Of the key behind a name; as many again where two of a name share them."""


@dataclass(slots=True)
class Names:
    """Everybody who is known, by key, and how they are told apart."""

    peers: dict[PeerId, Peer] = field(default_factory=dict)
    sharing: dict[str, set[PeerId]] = field(default_factory=dict)  # who is shown by the same name
    labels: dict[PeerId, str] = field(default_factory=dict)

    def put(self, peer: Peer) -> int:
        """A person is known, or known better; so many labels that were on screen are out of date."""
        before = self.peers.get(peer.id)
        self.peers[peer.id] = peer
        if before is None:
            return self._join(peer)
        return self._leave(before) + self._join(peer) if LABEL(before) != LABEL(peer) else 0

    def _join(self, peer: Peer) -> int:
        same = self.sharing.setdefault(as_shown(peer), set())
        same.add(peer.id)
        return self._outdate(same)

    def _leave(self, peer: Peer) -> int:
        same = self.sharing[as_shown(peer)]
        outdated = self._outdate(same)
        same.discard(peer.id)
        if not same:
            # Or whoever takes a thousand names in turn fills the memory.
            del self.sharing[as_shown(peer)]
        return outdated

    def _outdate(self, people: set[PeerId]) -> int:
        # Only a label that was on screen can be in wrapped rows: a thousand newcomers cost no rewrap.
        return sum(self.labels.pop(each, None) is not None for each in people)

    def label(self, peer: PeerId) -> str:
        """What a person is called here: different for different keys."""
        found = self.labels.get(peer)
        if found is None:
            found = self.labels[peer] = self._label(peer)
        return found

    def _label(self, peer: PeerId) -> str:
        known = self.peers.get(peer)
        if known is None:
            return f"~{_digits(peer, DIGITS)}"
        rivals = self.rivals(known)
        if self.is_pinned(peer):
            # The name alone means the key that this person knows, whoever else comes by that name.
            rivals = {other for other in rivals if self.is_pinned(other)}
        is_doubtful = rivals or (known.lookalike_of and not known.petname) or not _is_plain(known)
        return f"{_shown(known)}~{self._own_digits(known)}" if is_doubtful else _shown(known)

    def _own_digits(self, peer: Peer) -> str:
        """The first of the key, so many that nobody of that name has the same."""
        others, count = self.rivals(peer), DIGITS
        while any(_digits(each, count) == _digits(peer.id, count) for each in others):
            count += DIGITS
        return _digits(peer.id, count)

    def rivals(self, peer: Peer) -> set[PeerId]:
        """All others who are shown by the same name."""
        return self.sharing.get(as_shown(peer), set()) - {peer.id}

    def shown_as(self, name: str) -> list[Peer]:
        """Everybody who is shown by that name, as it stands before the digits."""
        return [self.peers[peer] for peer in sorted(self.sharing.get(folded(name), ()))]

    def is_pinned(self, peer: PeerId) -> bool:
        known = self.peers.get(peer)
        return known is not None and known.trust in (Trust.PINNED, Trust.VERIFIED)

    def rival(self, peer: Peer) -> Peer | None:
        """For a changed key the known one of that name; for a known one that is gone, the changed key.

        While the known key is here nothing is in doubt: a stranger that takes a name cannot stop a talk, nor
        can one who was found out by the words.
        """
        same = (self.peers[other] for other in self.rivals(peer))
        others = [other for other in same if folded(other.name) == folded(peer.name)]
        if peer.trust is Trust.CHANGED:
            return next((other for other in others if self.is_pinned(other.id)), None)
        if self.is_pinned(peer.id) and not peer.present:
            claims = (each for each in others if each.trust is Trust.CHANGED and each.present)
            return next((each for each in claims if not each.words_differ), None)
        return None


def is_odd(peer: Peer) -> bool:
    """A name that could be taken for another, or for a mark of ours; one that this person gave is none."""
    if peer.petname:
        return False
    return bool(peer.lookalike_of) or mixes_scripts(peer.nickname) or imitates(peer.nickname)


def as_shown(peer: Peer) -> str:
    """What names are compared by: two long ones that differ where they are cut look the same."""
    return folded(_shown(peer))


def _shown(peer: Peer) -> str:
    return shown_name(peer.called) + (OLD_KEY if peer.is_old_key and peer.called else "")


def _is_plain(peer: Peer) -> bool:
    """A name, and not a mark of ours. One that was given may be one that somebody took once, and kept."""
    return bool(_shown(peer)) and not imitates(peer.called)


def _digits(peer: PeerId, count: int) -> str:
    return peer.hex()[:count].upper()
