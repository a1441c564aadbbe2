"""Everybody this home knows or sees: presence from the air, sessions, and the peer book, as one list."""

import unicodedata
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from lanmsg.model import Address, LanmsgError, Peer, PeerId, Status, Trust
from lanmsg.terminal import shown_name, skeleton

if TYPE_CHECKING:
    from lanmsg.protocol.events import Presence  # costs msgspec, and `lanmsg peers --wait 0` needs none

PINNED_STATES = frozenset({Trust.PINNED, Trust.VERIFIED})
HEX_MIN = 8
DIGITS_MIN = 4
"""Of a key behind a name and ~; without a name it takes HEX_MIN."""


class Roster:
    """Keeps the book in memory, so that lists and look-ups cost no disk. Fed by the node and by `changes`."""

    def __init__(self, me: PeerId, own_name: Callable[[], str] = str):
        self.me = me
        self._own_name = own_name
        self._book: dict[PeerId, Peer] = {}
        self._air: dict[PeerId, Presence] = {}
        self._shared: dict[PeerId, Peer] = {}
        self._on_line: dict[PeerId, Address] = {}
        self._pinned_names: dict[str, PeerId] = {}
        self._pinned_looks: dict[str, str] = {}

    def load_book(self, peers: Iterable[Peer]) -> None:
        for peer in peers:
            self._book[peer.id] = peer
        pinned = [each for each in self._book.values() if each.trust in PINNED_STATES]
        self._pinned_names = {folded(each.name): each.id for each in pinned}
        self._pinned_looks = {look: each.name for each in pinned for look in _looks(each.name)}

    def set_air(self, presence: "Presence") -> None:
        self._air[presence.peer] = presence

    def clear_air(self, peer: PeerId) -> None:
        self._air.pop(peer, None)

    def set_shared(self, peers: Iterable[Peer]) -> None:
        """What the home's listener sees, for a process that is not it. Whom it lost has left for us too."""
        shared = {peer.id: peer for peer in peers if peer.id != self.me}
        for lost in self._shared.keys() - shared.keys():
            self._air.pop(lost, None)
        self._shared = shared

    def clear_shared(self, peer: PeerId) -> None:
        self._shared.pop(peer, None)

    def keep_on_air(self, heard: set[PeerId]) -> None:
        """A new listener has looked around: whoever did not answer it is not here."""
        self._air = {peer: presence for peer, presence in self._air.items() if peer in heard}
        self._shared = {}

    def set_on_line(self, peer: PeerId, address: Address | None) -> None:
        if address is None:
            self._on_line.pop(peer, None)
        else:
            self._on_line[peer] = address

    def is_present(self, peer: PeerId) -> bool:
        return peer in self._air or peer in self._on_line or peer in self._shared

    def on_line_only(self) -> set[PeerId]:
        """Whom a session alone makes present: beyond our links, say, where no announcement arrives."""
        return self._on_line.keys() - self._air.keys()

    def is_on_air(self, peer: PeerId) -> bool:
        """Whether it announces itself, and so is here without a session."""
        return peer in self._air

    def is_confirmed(self, peer: PeerId) -> bool:
        """Whether it has answered where it is said to be."""
        presence = self._air.get(peer)
        return presence is not None and presence.confirmed

    def new_name_of(self, peer: PeerId) -> str:
        """What a peer that we know by another name announces; "" when it is the same, or it has a session."""
        known, presence = self._book.get(peer), self._air.get(peer)
        if known is None or presence is None or known.trust not in PINNED_STATES:
            return ""
        return presence.name if known.proven and presence.name != known.nickname else ""

    def trust_of(self, peer: PeerId) -> Trust:
        found = self.get(peer)
        return found.trust if found else Trust.NEW

    def present(self) -> list[Peer]:
        return self._named(self._air.keys() | self._on_line.keys() | self._shared.keys())

    def all(self) -> list[Peer]:
        return self._named(self._air.keys() | self._on_line.keys() | self._shared.keys() | self._book.keys())

    def get(self, peer: PeerId) -> Peer | None:
        known = self._book.get(peer)
        seen = self._seen(peer)
        if known is None or seen is None:
            return self._judged(found) if (found := known or seen) is not None else None
        # Of somebody this person knows a datagram tells only where it is and its status: a name has to be
        # proven. Strangers are called what they call themselves now.
        is_settled = bool(known.nickname) and known.trust in PINNED_STATES
        both = replace(
            known,
            nickname=known.nickname if is_settled else seen.nickname or known.nickname,
            present=True,
            status=seen.status,
            note=known.note if seen.status is not Status.AVAILABLE or known.status is seen.status else "",
            addresses=seen.addresses or known.addresses,
        )
        return self._judged(both)

    def pinned_namesake(self, peer: Peer) -> PeerId | None:
        """The pinned peer whose name this other key goes by, or went by until that one took its place."""
        other = self._pinned_names.get(folded(peer.called))
        return None if other == peer.id else other

    def addresses_of(self, peer: PeerId) -> tuple[Address, ...]:
        """Where to dial; what the home's listener knows goes first: it hears who moves."""
        found, shared = self.get(peer), self._shared.get(peer)
        first = shared.addresses if shared else ()
        return tuple(dict.fromkeys((*first, *(found.addresses if found else ()))))

    def search(self, who: str) -> list[Peer]:
        """By name (exact, any case, what is before an @), fingerprint prefix, address, name~HEX, name@host.

        The name that a stranger gives itself comes after fingerprints and addresses: it may look like one.
        """
        if not folded(who):
            return []
        everyone = self.all()
        if _names_a_key(who):
            return _by_name_and_key(everyone, who)
        # What somebody is shown as goes before what the one so shown says of itself.
        exact = [each for each in everyone if who == each.name] or [
            each for each in everyone if who == each.nickname
        ]
        shown = [each for each in everyone if folded(who) == folded(each.name)]
        any_case = shown or [each for each in everyone if _is_called(each, who)]
        by_name = exact or any_case
        # Nobody pushes in before whom this person knows by taking the name in another case.
        by_short = [each for each in everyone if is_short_for(each, who)]
        given = [each for each in by_name if each.petname]
        certain = _known(exact) or _known(any_case) or given or _known(by_short)
        prefix = who.replace(" ", "").replace("-", "").lower()
        by_id = [each for each in everyone if len(prefix) >= HEX_MIN and each.id.hex().startswith(prefix)]
        by_address = [each for each in everyone if self._is_at(each, who)]
        return certain or by_id or by_address or by_name or by_short or _by_name_and_host(everyone, who)

    def one(self, who: str) -> Peer | None:
        """The peer that `who` means; None when there is none. Raises LanmsgError (ambiguous)."""
        found = self.search(who)
        here = [each for each in found if each.present]
        found = here or found
        if not found:
            return None
        if len(found) > 1:
            names = tuple(f"{each.name}~{each.id.hex()[:8].upper()}" for each in found)
            raise LanmsgError(f"{who} could be {len(found)} people", code="ambiguous", candidates=names)
        return found[0]

    def nearest(self, who: str) -> str:
        """A known name that looks like `who`, or ""."""
        import difflib

        names = {folded(each.name): each.name for each in self.all()}
        close = difflib.get_close_matches(folded(who), names, n=1)
        return names[close[0]] if close else ""

    def _is_at(self, peer: Peer, who: str) -> bool:
        return any(who in {address.host, str(address)} for address in peer.addresses)

    def _named(self, ids: Iterable[PeerId]) -> list[Peer]:
        peers = [peer for each in ids if (peer := self.get(each)) is not None]
        return sorted(peers, key=lambda peer: (folded(peer.name), peer.id))

    def _seen(self, peer: PeerId) -> Peer | None:
        if (presence := self._air.get(peer)) is not None:
            return Peer(
                peer, presence.name, present=True, status=presence.status, addresses=tuple(presence.addresses)
            )
        if (shared := self._shared.get(peer)) is not None:
            return replace(shared, present=True)
        if (address := self._on_line.get(peer)) is not None:
            known = self._book.get(peer)
            return Peer(
                peer,
                known.nickname if known else "",
                present=True,
                status=known.status if known else Status.AVAILABLE,
                addresses=(address,) if address.port else (),
            )
        return None

    def _judged(self, peer: Peer) -> Peer:
        """A key we do not know under a name that we pinned is not that person until the user says so."""
        if peer.trust is Trust.CHANGED and not peer.is_old_key:
            return replace(peer, words_differ=True)
        if peer.trust is not Trust.NEW:
            return peer
        if self.pinned_namesake(peer) is not None:
            return replace(peer, trust=Trust.CHANGED)
        like = "" if peer.petname else self._like(peer.nickname)
        return replace(peer, lookalike_of=like) if like else peer

    def _like(self, nickname: str) -> str:
        """Whose name it could be taken for: one of the known, or this person's own; or ""."""
        looks = {skeleton(nickname), folded(nickname)} - {""}
        known = (self._pinned_looks[look] for look in looks if look in self._pinned_looks)
        own = self._own_name()
        return next(known, own if looks & _looks(own) else "")


def _looks(name: str) -> set[str]:
    """`ben@thinkpad` is ben as well, as people say it."""
    # A capital I is taken for a small l, and yet it is an i in capitals: both count.
    return {look(each) for each in (name, name.partition("@")[0]) for look in (skeleton, folded)} - {""}


def _known(peers: list[Peer]) -> list[Peer]:
    return [each for each in peers if each.trust in PINNED_STATES]


def _is_called(peer: Peer, name: str) -> bool:
    return bool(folded(name)) and folded(name) in {folded(peer.petname), folded(peer.nickname)}


def is_short_for(peer: Peer, who: str) -> bool:
    """Whether it is the name as people say it: `ben` of `ben@thinkpad`, as names are at first."""
    return any(at and folded(who) == folded(name) for name, at, _ in _parts(peer))


def _parts(peer: Peer) -> list[tuple[str, str, str]]:
    return [name.partition("@") for name in (peer.petname, peer.nickname)]


def _names_a_key(who: str) -> bool:
    digits = who.rpartition("~")[2]
    return "~" in who and len(digits) >= DIGITS_MIN and set(digits.lower()) <= set("0123456789abcdef")


def _by_name_and_key(peers: list[Peer], who: str) -> list[Peer]:
    """name~HEX, as labels are; never somebody whose name only looks like that, here or not."""
    name, _, digits = who.rpartition("~")
    found = [
        each
        for each in peers
        if each.id.hex().startswith(digits.lower())
        and (_is_called(each, name) or folded(shown_name(each.name)) == folded(name))
    ]
    return _known(found) or found or [each for each in peers if who == each.petname]


def _by_name_and_host(peers: list[Peer], who: str) -> list[Peer]:
    name, _, host = who.rpartition("@")
    return [each for each in peers if host and _is_called(each, name) and each.host == host]


def folded(name: str) -> str:
    """What counts as the same name: compatibility forms, case and outer blanks do not tell two apart."""
    return unicodedata.normalize("NFKC", name).casefold().strip()
