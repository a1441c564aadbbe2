"""Who is on the network, as the home's listener sees it, for the home's other processes.

Nothing here survives its listener: a reader asks is_live() first.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from lanmsg.model import Address, Peer, PeerId, Status, Trust
from lanmsg.storage.database import Database, Transaction
from lanmsg.storage.peers import SEEN_STEP_SECONDS, addresses_from_json, addresses_to_json

LIVE_SECONDS = 15.0
"""A listener that gave no heartbeat for this long is gone."""

Sighting = tuple[PeerId, str, Status, str, Sequence[Address], float]
"""Peer, nickname, status, note, addresses, when."""


class Presence:
    def __init__(self, database: Database) -> None:
        self._database = database

    def put_many(self, sightings: Iterable[Sighting]) -> None:
        """Adds or refreshes; others are told only of what a person could see."""
        with self._database.transaction(durable=False) as write:
            # every sighting is looked at: no any() here
            if sum([_put(write, sighting) for sighting in sightings]):
                _stamp(write)

    def remove_many(self, peers: Iterable[PeerId]) -> None:
        with self._database.transaction(durable=False) as write:
            if sum([write.run("DELETE FROM presence WHERE id = ?", (peer,)) for peer in peers]):
                _stamp(write)

    def clear(self) -> None:
        with self._database.transaction(durable=False) as write:
            if write.run("DELETE FROM presence WHERE TRUE"):
                _stamp(write)

    def all(self) -> list[Peer]:
        """With what this home knows of them; present is True. In the order in which they appeared."""
        rows = self._database.all(
            "SELECT p.id, p.nickname, p.status, p.note, p.addresses, p.since, p.seen,"
            " b.petname, b.trust, b.proven, b.first_seen"
            " FROM presence p LEFT JOIN peers b ON b.id = p.id ORDER BY p.rowid"
        )
        return [_peer_of(row) for row in rows]

    def begin(self, owner: bytes, now: float) -> bytes:
        """This process is the listener; returns the `owner` of the one before it, b"" if there was none."""
        with self._database.transaction(durable=False) as write:
            row = write.one("SELECT value FROM state WHERE name = 'listener'")
            write.run("INSERT OR REPLACE INTO state VALUES ('listener', ?)", (owner,))
            self.clear()
            self.heartbeat(now)
        return bytes(row[0]) if row else b""

    def heartbeat(self, now: float) -> None:
        """The listener lives. Wakes nobody up, unless it was thought dead."""
        with self._database.transaction(durable=False) as write:
            if not self.is_live(now):
                _stamp(write)
            write.run("UPDATE state SET value = ? WHERE name = 'heartbeat'", (now,))

    def stop(self) -> None:
        """The listener ends: nobody is seen by it any more."""
        with self._database.transaction(durable=False) as write:
            write.run("DELETE FROM presence WHERE TRUE")
            write.run("UPDATE state SET value = 0.0 WHERE name = 'heartbeat'")
            _stamp(write)

    def ended(self, owner: bytes) -> None:
        """That process is dead; if it was the listener, there is none."""
        with self._database.transaction(durable=False) as write:
            if write.one("SELECT 1 FROM state WHERE name = 'listener' AND value = ?", (owner,)):
                self.stop()

    def is_live(self, now: float) -> bool:
        row = self._database.one("SELECT value FROM state WHERE name = 'heartbeat'")
        return row is not None and abs(now - row[0]) <= LIVE_SECONDS  # abs: the clock may have been set back

    def changed(self, revision: int) -> bool:
        row = self._database.one("SELECT value FROM state WHERE name = 'presence_revision'")
        return row is not None and row[0] > revision


def _put(write: Transaction, sighting: Sighting) -> bool:
    """True when a person could see the difference."""
    peer, nickname, status, note, addresses, now = sighting
    shown = (nickname, int(status), note, addresses_to_json(addresses))
    row = write.one("SELECT nickname, status, note, addresses, seen FROM presence WHERE id = ?", (peer,))
    if row is not None and row[:4] == shown:
        if abs(now - row[4]) >= SEEN_STEP_SECONDS:
            write.run("UPDATE presence SET seen = ? WHERE id = ?", (now, peer))
        return False
    write.run(
        "INSERT INTO presence (id, nickname, status, note, addresses, since, seen)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET nickname = excluded.nickname, status = excluded.status,"
        " note = excluded.note, addresses = excluded.addresses, seen = excluded.seen",
        (peer, *shown, now, now),
    )
    return True


def _stamp(write: Transaction) -> None:
    write.run("UPDATE state SET value = ? WHERE name = 'presence_revision'", (write.revision(),))


def _peer_of(row: tuple[Any, ...]) -> Peer:
    key, nickname, status, note, addresses, since, seen, petname, trust, proven, first_seen = row
    return Peer(
        id=PeerId(key),
        nickname=nickname,
        petname=petname or "",
        trust=Trust(trust or "new"),
        proven=bool(proven),
        present=True,
        status=Status(status),
        note=note,
        addresses=addresses_from_json(addresses),
        first_seen=since if first_seen is None else first_seen,
        last_seen=seen,
    )
