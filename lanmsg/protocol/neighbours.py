"""Addresses on our links that the system knows of; asked where we hear no broadcasts (protocol.md, 5.3).

A host that lets in only answers drops the answers to its broadcasts: they come from addresses that it never
wrote to. Whoever sent one has asked for our hardware address before, and so is known to our system.
"""

from collections.abc import Callable, Sequence, Set

from lanmsg.protocol.announcement import Source
from lanmsg.protocol.constants import (
    NEIGHBOUR_QUERY_AGAIN_S,
    NEIGHBOUR_QUERY_INTERVAL_S,
    NEIGHBOURS_MAX,
    TOKEN_BYTES,
)


class Neighbour:
    """One such address; who or what is there we do not know."""

    __slots__ = ("asked", "next_at", "source", "token")

    def __init__(self, source: Source, token: bytes, now: float) -> None:
        self.source = source
        self.token = token
        self.next_at = now
        self.asked = 0

    def plan_next(self, now: float) -> None:
        self.asked += 1
        self.next_at = now + (NEIGHBOUR_QUERY_AGAIN_S if self.asked == 1 else NEIGHBOUR_QUERY_INTERVAL_S)


class Neighbours:
    """`is_needed`: we hear no broadcasts on some link, so that these are all that we can ask."""

    def __init__(self, random_bytes: Callable[[int], bytes]) -> None:
        self._random_bytes = random_bytes
        self._neighbours: dict[tuple[str, int], Neighbour] = {}
        self._known: Set[tuple[str, int]] = frozenset()
        self.is_needed = False

    def update(self, found: Sequence[Source] | None, now: float) -> None:
        """All that are there now; None: nobody needs to be asked like that any more."""
        self.is_needed = found is not None
        there = {source[:2]: source for source in found or ()}
        self._neighbours = {at: each for at, each in self._neighbours.items() if at in there}
        before, self._known = self._known, there.keys()
        for at, source in there.items():
            if at not in before:
                self._add(source, now, is_news=bool(before))

    def _add(self, source: Source, now: float, *, is_news: bool) -> None:
        """News is who has just written to us: more likely one of us than those that are silent."""
        if len(self._neighbours) >= NEIGHBOURS_MAX:
            if not is_news:
                return
            del self._neighbours[max(self._neighbours, key=lambda at: self._neighbours[at].asked)]
        self._neighbours[source[:2]] = Neighbour(source, self._random_bytes(TOKEN_BYTES), now)

    def is_answered_by(self, token: bytes, source: Source) -> bool:
        neighbour = self._neighbours.get(source[:2])
        return neighbour is not None and neighbour.token == token

    def due(self, now: float, present: Callable[[], Set[str]]) -> list[Neighbour]:
        """Those to ask now; not where somebody is `present`, who is asked when its lifetime ends."""
        due = [each for each in self._neighbours.values() if each.next_at <= now]
        if not due:
            return []
        for each in due:
            each.plan_next(now)
        hosts = present()
        return [each for each in due if each.source.host not in hosts]

    def next_deadline(self) -> float | None:
        return min((each.next_at for each in self._neighbours.values()), default=None)
