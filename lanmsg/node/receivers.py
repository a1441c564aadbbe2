"""Commands that wait for files say for which, and the listener of their home leaves those to them."""

from pathlib import Path
from typing import Protocol

import msgspec

from lanmsg.model import FileRule, LanmsgError, Peer, PeerId, Transfer
from lanmsg.node.file_rules import outcome
from lanmsg.storage.owner_locks import said_by_others, say


class Wanted(msgspec.Struct, frozen=True):
    """`accept`: known, verified or all; `only_from`: a peer as a person names it, "" for anybody."""

    accept: str
    only_from: str = ""
    files_only: bool = False


class Names(Protocol):
    def get(self, peer: PeerId) -> Peer | None: ...
    def one(self, who: str) -> Peer | None: ...


class Receivers:
    """What they want stands in the file that each locks as long as it lives."""

    def __init__(self, home: Path, owner: bytes, names: Names):
        self._home = home
        self._owner = owner
        self._names = names

    def want(self, wanted: Wanted | None) -> None:
        """This process waits for such files from now on; None: not any more."""
        say(self._home, self._owner, b"" if wanted is None else msgspec.json.encode(wanted))

    def is_awaited(self, transfer: Transfer) -> bool:
        """By another process, which takes it where a person told it to."""
        return any(self._fits(words, transfer) for words in said_by_others(self._home, self._owner))

    def _fits(self, words: bytes, transfer: Transfer) -> bool:
        try:
            wanted = msgspec.json.decode(words, type=Wanted)
            named = self._names.one(wanted.only_from) if wanted.only_from else None
        except (msgspec.DecodeError, LanmsgError):  # being written; a name that fits several people
            return False
        if wanted.only_from and (named is None or named.id != transfer.peer):
            return False
        if wanted.files_only and any(file.is_folder for file in transfer.files):
            return False
        peer = self._names.get(transfer.peer)
        return outcome(wanted.accept, peer, transfer, is_named=named is not None) is FileRule.ACCEPT
