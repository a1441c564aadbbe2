"""The number under which a person of this home is opened with one key; it stays over restarts."""

import json
from collections.abc import Mapping

from lanmsg.model import PeerId
from lanmsg.storage.database import Database


class SlotBook:
    """One row: what a screen showed last."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self) -> dict[PeerId, int]:
        row = self._database.one("SELECT value FROM state WHERE name = 'slots'")
        kept = json.loads(row[0]) if row is not None else {}
        return {PeerId(bytes.fromhex(peer)): slot for peer, slot in kept.items()}

    def put(self, slots: Mapping[PeerId, int]) -> None:
        value = json.dumps({peer.hex(): slot for peer, slot in slots.items()})
        with self._database.transaction(durable=False) as write:
            write.run("INSERT OR REPLACE INTO state VALUES ('slots', ?)", (value,))
