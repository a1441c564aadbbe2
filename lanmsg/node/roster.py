"""Everybody this home knows or sees: presence from the air, sessions, and the peer book, as one list."""

import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from lanmsg.model import Address, LanmsgError, Peer, PeerId, Status, Trust

if TYPE_CHECKING:
    from lanmsg.protocol.events import Presence  # costs msgspec, and `lanmsg peers --wait 0` needs none

PINNED_STATES = frozenset({Trust.PINNED, Trust.VERIFIED})
HEX_MIN = 8


class Roster:
    """Keeps the book in memory, so that lists and look-ups cost no disk. Fed by the node and by `changes`."""

    def __init__(self, me: PeerId):
        self._me = me
        self._book: dict[PeerId, Peer] = {}
        self._air: dict[PeerId, Presence] = {}
        self._shared: dict[PeerId, Peer] = {}
        self._on_line: dict[PeerId, Address] = {}
        self._pinned_names: dict[str, PeerId] = {}

    def load_book(self, peers: Iterable[Peer]) -> None:
        for peer in peers:
            self._book[peer.id] = peer
        self._pinned_names = {
            folded(each.name): each.id for each in self._book.values() if each.trust in PINNED_STATES
        }

    def set_air(self, presence: "Presence") -> None:
        self._air[presence.peer] = presence

    def clear_air(self, peer: PeerId) -> None:
        self._air.pop(peer, None)

    def set_shared(self, peers: Iterable[Peer]) -> None:
        """What the home's listener sees, for a process that is not it. Whom it lost has left for us too."""
        shared = {peer.id: peer for peer in peers if peer.id != self._me}
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

    def is_on_air(self, peer: PeerId) -> bool:
        """Whether it announces itself, and so is here without a session."""
        return peer in self._air

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
        # What a peer said of itself in a session counts; a datagram only adds where it is and its status.
        both = replace(
            known,
            nickname=known.nickname if known.proven else seen.nickname,
            present=True,
            status=seen.status,
            note=known.note if seen.status is not Status.AVAILABLE or known.status is seen.status else "",
            addresses=seen.addresses or known.addresses,
        )
        return self._judged(both)

    def pinned_namesake(self, peer: Peer) -> PeerId | None:
        """The pinned peer whose name this other key goes by."""
        other = self._pinned_names.get(folded(peer.nickname))
        return None if other == peer.id else other

    def addresses_of(self, peer: PeerId) -> tuple[Address, ...]:
        found = self.get(peer)
        return found.addresses if found else ()

    def search(self, who: str) -> list[Peer]:
        """By name (exact, then any case), name~HEX, name@host, fingerprint prefix, or address."""
        everyone = self.all()
        by_name = [each for each in everyone if who in {each.petname, each.nickname}] or [
            each for each in everyone if folded(who) in {folded(each.petname), folded(each.nickname)}
        ]
        if by_name:
            return self._preferred(by_name)
        name, tilde, tail = who.rpartition("~")
        if tilde and tail:
            return [
                each
                for each in everyone
                if folded(name) in {folded(each.petname), folded(each.nickname)}
                and each.id.hex().startswith(tail.lower())
            ]
        name, at, host = who.rpartition("@")
        if at and (
            by_host := [
                each
                for each in everyone
                if folded(name) in {folded(each.petname), folded(each.nickname)} and each.host == host
            ]
        ):
            return by_host
        prefix = who.replace(" ", "").replace("-", "").lower()
        if len(prefix) >= HEX_MIN and (
            by_id := [each for each in everyone if each.id.hex().startswith(prefix)]
        ):
            return by_id
        return [each for each in everyone if self._is_at(each, who)]

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
        """A present name that looks like `who`, or ""."""
        import difflib

        names = {folded(each.name): each.name for each in self.present()}
        close = difflib.get_close_matches(folded(who), names, n=1)
        return names[close[0]] if close else ""

    def _preferred(self, found: list[Peer]) -> list[Peer]:
        """A name that is pinned means the pinned key, and nobody else who uses it, here or not."""
        pinned = [each for each in found if each.trust in PINNED_STATES]
        return pinned or found

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
        is_claim = peer.trust is Trust.NEW and self.pinned_namesake(peer) is not None
        return replace(peer, trust=Trust.CHANGED) if is_claim else peer


def folded(name: str) -> str:
    """What counts as the same name: compatibility forms, case and outer blanks do not tell two apart."""
    return unicodedata.normalize("NFKC", name).casefold().strip()
