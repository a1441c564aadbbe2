"""Who has spoken a newer version of the protocol is not spoken to in an older one (protocol.md, 7.5)."""

from collections.abc import Callable, Mapping

from lanmsg.model import PeerId
from lanmsg.node.connection import Connection
from lanmsg.node.roster import Roster
from lanmsg.protocol.payload import CloseCode
from lanmsg.terminal import Kind, printable


class Versions:
    """Nobody on the path can lower a version, but whoever holds a peer's key could: the memory is ours.

    It is in memory here, and asked without a pause: a session must not be used before the answer.
    """

    def __init__(self, roster: Roster, notice: Callable[[str, str], None]):
        self._roster = roster
        self._notice = notice
        self._highest: Mapping[PeerId, int] = {}
        self._told: set[PeerId] = set()

    def load(self, highest: Mapping[PeerId, int]) -> None:
        """What the store remembers of those who have spoken a newer version than we do."""
        self._highest = highest

    def may_speak(self, connection: Connection) -> bool:
        """Whether its proven peer may; if not, the session is closed before anything was said."""
        peer = connection.peer
        if peer is None or connection.session.version >= self._highest.get(peer, 0):
            return True
        connection.close(CloseCode.PROTOCOL)
        self._tell(peer)
        return False

    def _tell(self, peer: PeerId) -> None:
        """Once: it will dial again."""
        if peer in self._told:
            return
        self._told.add(peer)
        known = self._roster.get(peer)
        name = printable(known.name, Kind.NAME) if known and known.name else peer.hex()[:8]
        self._notice(
            f"{name} speaks an older version of the protocol than before: "
            "the session was ended, and nothing was said",
            "start the newer lanmsg again, or ask them to; what you wrote waits until then",
        )
