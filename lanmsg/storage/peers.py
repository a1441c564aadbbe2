"""Who is known: keys, what they call themselves, what this person calls them, and how far they are trusted.

A hint from the network never changes what a handshake has proven, and nothing but the person changes trust.
"""

import json
from collections.abc import Sequence
from typing import Any

from lanmsg.model import Address, FileRule, Peer, PeerId, Status, Trust
from lanmsg.storage.database import Database, Transaction
from lanmsg.storage.namesakes import is_taken

STRANGERS_MAX = 8192
"""Keys that nobody decided about; a flood of new ones pushes out the strangers heard longest ago."""

STRANGERS_EVICTED = 256
"""Dropped together, so that a flood does not pay for a search with each datagram."""

SEEN_STEP_SECONDS = 30.0
"""`last_seen` of somebody who stays is written no more often than this."""

_COLUMNS = (
    "id, nickname, petname, trust, proven, status, note, addresses, first_seen, last_seen, verified_at,"
    " file_rule, file_rule_max, muted, replaced"
)


def addresses_to_json(addresses: Sequence[Address]) -> str:
    return json.dumps([[address.host, address.port] for address in addresses])


def addresses_from_json(text: str) -> tuple[Address, ...]:
    return tuple(Address(host, port) for host, port in json.loads(text))


class PeerBook:
    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, peer: PeerId) -> Peer | None:
        row = self._database.one(f"SELECT {_COLUMNS} FROM peers WHERE id = ?", (peer,))  # noqa: S608
        return _peer_of(row) if row else None

    def all(self) -> list[Peer]:
        """In the order in which they were first seen."""
        return [_peer_of(row) for row in self._database.all(f"SELECT {_COLUMNS} FROM peers ORDER BY rowid")]  # noqa: S608

    def named(self, name: str) -> list[Peer]:
        """Those with exactly this petname or nickname; if there are none, those who differ in case only."""
        rows = self._database.all("SELECT id, petname, nickname FROM peers ORDER BY rowid")
        found = [key for key, *names in rows if name in names]
        if not found:
            folded = name.casefold()
            found = [key for key, *names in rows if folded in [each.casefold() for each in names]]
        peers = (self.get(PeerId(key)) for key in found)
        return [peer for peer in peers if peer is not None] if name else []

    def remember(self, peer: Peer, now: float) -> None:
        """A row for somebody who was only seen so far; what a handshake has proven stays."""
        self.saw(
            peer.id,
            nickname=peer.nickname,
            status=peer.status,
            note=peer.note,
            addresses=peer.addresses,
            now=now,
        )

    def saw(
        self,
        peer: PeerId,
        *,
        nickname: str,
        status: Status = Status.AVAILABLE,
        note: str = "",
        addresses: Sequence[Address] = (),
        now: float,
        public_key: bytes | None = None,
        proven: bool = False,
    ) -> Peer:
        """Notes what a peer says of itself; the record as it is now.

        Not `proven`: a hint, which leaves name, note and addresses of a peer alone whose key was proven once.
        Somebody who is known and takes the name of another one goes on being shown by the old name.
        """
        values: dict[str, Any] = {
            "id": peer,
            "nickname": nickname,
            "status": int(status),
            "note": note,
            "addresses": addresses_to_json(addresses),
            "now": now,
            "public_key": public_key,
            "proven": proven,
        }
        with self._database.transaction(durable=False) as write:
            row = write.one(f"SELECT {_COLUMNS} FROM peers WHERE id = ?", (peer,))  # noqa: S608
            if row is None:
                _add(write, values)
                _evict_strangers(write, keep=peer)
            else:
                _refresh(write, _peer_of(row), values)
        return self._required(peer)

    def pin(self, peer: PeerId, *, nickname: str = "", now: float) -> Peer:
        """NEW or unknown becomes PINNED: the person wrote to it or took something. Other states stay."""
        with self._database.transaction() as write:
            self._ensure(write, peer, nickname, now)
            if write.one("SELECT 1 FROM peers WHERE id = ? AND trust = 'new'", (peer,)):
                _set(write, peer, "trust", Trust.PINNED.value)
        return self._required(peer)

    def set_trust(self, peer: PeerId, trust: Trust, now: float) -> Peer:
        if trust is Trust.BLOCKED:
            return self.block(peer, now)
        with self._database.transaction() as write:
            self._ensure(write, peer, "", now)
            _set(write, peer, "trust", trust.value)
            _set(write, peer, "verified_at", now if trust is Trust.VERIFIED else 0.0)
            _set(write, peer, "replaced", 0)
        return self._required(peer)

    def block(self, peer: PeerId, now: float) -> Peer:
        """What was decided about the key before is kept for unblock()."""
        with self._database.transaction() as write:
            self._ensure(write, peer, "", now)
            known = self._required(peer)
            if known.trust is not Trust.BLOCKED:
                _set(write, peer, "trust_before", known.trust.value)
                _set(write, peer, "verified_before", known.verified_at)
                _set(write, peer, "trust", Trust.BLOCKED.value)
                _set(write, peer, "verified_at", 0.0)
        return self._required(peer)

    def unblock(self, peer: PeerId, now: float) -> Peer:
        """As it was before it was blocked; new where another key has been given its name meanwhile."""
        with self._database.transaction() as write:
            self._ensure(write, peer, "", now)
            sql = "SELECT trust_before, verified_before FROM peers WHERE id = ? AND trust = 'blocked'"
            row = write.one(sql, (peer,))
            if row is not None:
                before = Trust(row[0])
                is_known = before in (Trust.PINNED, Trust.VERIFIED)
                if is_known and is_taken(write, peer, self._required(peer).name):
                    before = Trust.NEW
                _set(write, peer, "trust", before.value)
                _set(write, peer, "verified_at", row[1] if before is Trust.VERIFIED else 0.0)
        return self._required(peer)

    def rename(self, peer: PeerId, petname: str, now: float) -> Peer:
        """`petname` "": what the peer calls itself counts again."""
        with self._database.transaction() as write:
            self._ensure(write, peer, "", now)
            _set(write, peer, "petname", petname)
        return self._required(peer)

    def set_file_rule(self, peer: PeerId, rule: FileRule, most: int | None, now: float) -> Peer:
        """What becomes of the files it offers; with ACCEPT only up to `most` bytes, None for any number."""
        with self._database.transaction() as write:
            self._ensure(write, peer, "", now)
            _set(write, peer, "file_rule", rule.value)
            _set(write, peer, "file_rule_max", most)
        return self._required(peer)

    def set_muted(self, peer: PeerId, now: float, *, muted: bool) -> Peer:
        with self._database.transaction() as write:
            self._ensure(write, peer, "", now)
            _set(write, peer, "muted", int(muted))
        return self._required(peer)

    def succeed(self, old: PeerId, new: PeerId, *, nickname: str, now: float) -> Peer:
        """`new` is pinned in the place of `old`: the petname goes over, and `old` is called an old key.

        Nothing is sent to that one any more: what waits for it was meant for its eyes only.
        """
        with self._database.transaction() as write:
            self._ensure(write, old, "", now)
            self._ensure(write, new, nickname, now)
            before = self._required(old)
            if before.petname or self._required(new).is_old_key:
                _set(write, new, "petname", before.petname)
            _set(write, new, "replaced", 0)
            _set(write, old, "replaced", 1)
            _set(write, old, "trust", Trust.CHANGED.value)
            _set(write, old, "verified_at", 0.0)
            _set(write, new, "trust", Trust.PINNED.value)
        return self._required(new)

    def public_key(self, peer: PeerId) -> bytes | None:
        """The modulus that a handshake has proven, for safety numbers."""
        row = self._database.one("SELECT public_key FROM peers WHERE id = ?", (peer,))
        return row[0] if row else None

    def version(self, peer: PeerId) -> int:
        """The highest protocol version that this peer ever spoke (0: none yet); a lower one is refused."""
        row = self._database.one("SELECT version FROM peers WHERE id = ?", (peer,))
        return int(row[0]) if row else 0

    def versions_above(self, version: int) -> dict[PeerId, int]:
        """Those who have spoken a newer one, with a program that this home or they had then."""
        rows = self._database.all("SELECT id, version FROM peers WHERE version > ?", (version,))
        return {PeerId(key): highest for key, highest in rows}

    def raise_version(self, peer: PeerId, version: int) -> None:
        if self.version(peer) >= version:
            return
        with self._database.transaction(durable=False) as write:
            write.run("UPDATE peers SET version = ? WHERE id = ? AND version < ?", (version, peer, version))

    def changed(self, revision: int) -> list[Peer]:
        sql = f"SELECT {_COLUMNS} FROM peers WHERE revision > ? ORDER BY revision"  # noqa: S608
        rows = self._database.all(sql, (revision,))
        return [_peer_of(row) for row in rows]

    def _ensure(self, write: Transaction, peer: PeerId, nickname: str, now: float) -> None:
        if write.one("SELECT 1 FROM peers WHERE id = ?", (peer,)) is None:
            _add(write, {"id": peer, "nickname": nickname, "now": now} | _NOTHING_KNOWN)

    def _required(self, peer: PeerId) -> Peer:
        found = self.get(peer)
        if found is None:  # written a moment ago
            raise AssertionError("a peer that was just written is gone")
        return found


_NOTHING_KNOWN = {"status": 0, "note": "", "addresses": "[]", "public_key": None, "proven": False}


def _peer_of(row: tuple[Any, ...]) -> Peer:
    key, nickname, petname, trust, proven, status, note, addresses, first_seen, last_seen = row[:10]
    verified_at, file_rule, file_rule_max, muted, replaced = row[10:]
    return Peer(
        id=PeerId(key),
        nickname=nickname,
        petname=petname,
        trust=Trust(trust),
        proven=bool(proven),
        status=Status(status),
        note=note,
        addresses=addresses_from_json(addresses),
        first_seen=first_seen,
        last_seen=last_seen,
        verified_at=verified_at,
        file_rule=FileRule(file_rule),
        file_rule_max=file_rule_max,
        muted=bool(muted),
        replaced=bool(replaced),
    )


def _add(write: Transaction, values: dict[str, Any]) -> None:
    write.run(
        "INSERT INTO peers (id, nickname, proven, status, note, addresses, public_key, first_seen, last_seen,"
        " revision) VALUES (:id, :nickname, :proven, :status, :note, :addresses, :public_key, :now, :now,"
        " :revision)",
        values | {"revision": write.revision()},
    )


def _refresh(write: Transaction, known: Peer, values: dict[str, Any]) -> None:
    if known.proven and not values["proven"]:
        values = values | {
            "nickname": known.nickname,
            "note": known.note,
            "addresses": addresses_to_json(known.addresses),
        }
    if known.trust is not Trust.NEW and not values["nickname"]:
        values = values | {"nickname": known.nickname}  # or the next name would be no rename
    _keep_name(write, known, values["nickname"])
    before = (known.nickname, int(known.status), known.note, addresses_to_json(known.addresses), known.proven)
    after = (
        values["nickname"],
        values["status"],
        values["note"],
        values["addresses"],
        known.proven or values["proven"],
    )
    if before != after:
        write.run(
            "UPDATE peers SET nickname = :nickname, status = :status, note = :note, addresses = :addresses,"
            " proven = max(proven, :proven), public_key = coalesce(:public_key, public_key),"
            " last_seen = max(last_seen, :now), revision = :revision WHERE id = :id",
            values | {"revision": write.revision()},
        )
    elif abs(values["now"] - known.last_seen) >= SEEN_STEP_SECONDS:
        write.run("UPDATE peers SET last_seen = :now WHERE id = :id", values)


def _keep_name(write: Transaction, known: Peer, wanted: str) -> None:
    """Whom this person has decided about does not become somebody else by calling itself so."""
    is_rename = known.trust is not Trust.NEW and not known.petname and known.nickname != wanted
    if is_rename and known.nickname and is_taken(write, known.id, wanted):
        _set(write, known.id, "petname", known.nickname)


def _set(write: Transaction, peer: PeerId, column: str, value: str | float | None) -> None:
    write.run(
        f"UPDATE peers SET {column} = ?, revision = ? WHERE id = ?",  # noqa: S608
        (value, write.revision(), peer),
    )


def _evict_strangers(write: Transaction, *, keep: PeerId) -> None:
    row = write.one("SELECT count(*) FROM peers WHERE trust = 'new' AND petname = ''")
    if row is None or row[0] <= STRANGERS_MAX:
        return
    write.run(
        "DELETE FROM peers WHERE id IN (SELECT id FROM peers WHERE trust = 'new' AND petname = '' AND id <> ?"
        " AND file_rule = '' AND muted = 0"
        " AND NOT EXISTS (SELECT 1 FROM conversations c WHERE c.kind = 'private' AND c.peer = peers.id)"
        " AND NOT EXISTS (SELECT 1 FROM presence p WHERE p.id = peers.id)"
        " ORDER BY last_seen LIMIT ?)",
        (keep, STRANGERS_EVICTED),
    )
