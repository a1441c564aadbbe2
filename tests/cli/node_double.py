"""A node that knows whom it is told to know and notes what it is asked to do: for rules, not for networks."""

from pathlib import Path

from lanmsg.api import Wanted
from lanmsg.model import (
    Direction,
    FileProgress,
    LanmsgError,
    OfferedFile,
    Peer,
    PeerId,
    Transfer,
    TransferId,
    TransferState,
    Trust,
)


def peer(name: str, trust: Trust = Trust.NEW, *, number: int = 1) -> Peer:
    return Peer(PeerId(bytes([number]) * 32), name, trust=trust, present=True)


def incoming(sender: Peer, number: int = 1, state: TransferState = TransferState.OFFERED) -> Transfer:
    files = (OfferedFile("report.pdf", 1000),)
    return Transfer(number, TransferId(bytes(16)), Direction.IN, sender.id, state, files, 1, 1000)


class NodeDouble:
    def __init__(self, *peers: Peer, transfers: tuple[Transfer, ...] = ()):
        self.known = {each.id: each for each in peers}
        self.rows = list(transfers)
        self.done: list[tuple[str, int]] = []
        self.listening = True
        self.pinned = False
        self.dialled = 0
        self.wanted: Wanted | None = None
        self.awaited: set[int] = set()

    def peer(self, peer_id: PeerId) -> Peer | None:
        return self.known.get(peer_id)

    async def find(self, who: str, *, wait: float = 0.0, dial: bool = True) -> Peer:
        self.dialled += dial
        found = [each for each in self.known.values() if each.name == who]
        if len(found) != 1:
            raise LanmsgError("who?", code="ambiguous" if found else "not_found")
        return found[0]

    def file_in_progress(self, number: int) -> FileProgress | None:
        return FileProgress(number, "a.txt", 1, None)

    def take_files(
        self,
        *,
        destination: Path | None = None,
        keep_executable: bool | None = None,
    ) -> None:
        """Not looked at."""

    async def await_files(self, wanted: Wanted | None) -> None:
        self.wanted = wanted

    def is_awaited(self, transfer: Transfer) -> bool:
        return transfer.number in self.awaited

    async def transfers(self, *, open_only: bool = False) -> list[Transfer]:
        return self.rows

    async def accept(self, number: int, *, destination: Path | None = None, pin: bool = True) -> Transfer:
        self.pinned = pin
        self.done.append(("accept", number))
        return next(each for each in self.rows if each.number == number)

    async def decline(self, number: int, reason: str = "") -> Transfer:
        self.done.append(("decline", number))
        return next(each for each in self.rows if each.number == number)
