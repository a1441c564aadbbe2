"""Offers of files and what became of them: whoever answers one, in whichever process, moves its row."""

import json
from collections.abc import Collection, Sequence
from typing import Any

from lanmsg.model import (
    FINAL_STATES,
    HELD,
    HELD_BOTH,
    HELD_THERE,
    Direction,
    OfferedFile,
    PeerId,
    Transfer,
    TransferId,
    TransferState,
)
from lanmsg.storage.database import Database
from lanmsg.storage.leases import FREE_OR_OURS

UNTOLD = "state IN ('declined', 'cancelled', 'expired', 'failed') AND told <> state"
OPEN = "state IN ('queued', 'offered', 'accepted', 'running', 'paused')"
"""The conditions of the partial indexes: written alike, or SQLite does not use them."""

OPEN_STATES = frozenset(TransferState) - FINAL_STATES
UNDER_WAY = frozenset({TransferState.ACCEPTED, TransferState.RUNNING, TransferState.PAUSED})

HOLDS = {HELD: frozenset({True}), HELD_THERE: frozenset({False}), HELD_BOTH: frozenset({True, False})}
"""Codes of what persons have paused, and which of them: True stands for the one here."""

HELD_REASONS = {
    HELD: "paused by you",
    HELD_THERE: "paused by the other side",
    HELD_BOTH: "paused by both sides",
}

TELL_WITHIN_SECONDS = 86_400.0
"""A decision that its peer has not come back to hear of by then does not matter any more."""

_COLUMNS = (
    "number, id, direction, peer, state, files, count, total, text, done, reason, code, paths, destination,"
    " created_at, updated_at, expires_at"
)

Rows = list[Transfer]  # inside the class, `list` is a method


class Transfers:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        *,
        id: TransferId,  # noqa: A002 - the contract's name
        direction: Direction,
        peer: PeerId,
        files: Sequence[OfferedFile],
        count: int,
        total: int | None,
        text: str = "",
        paths: Sequence[str] = (),
        destination: str = "",
        expires_at: float,
        now: float,
        state: TransferState,
        lease_owner: bytes | None = None,
        lease_until: float = 0.0,
    ) -> Transfer | None:
        """A new offer, on the disk when it returns. None: this peer's offer with that id is there already."""
        with self._database.transaction() as write:
            number = write.insert(
                "INSERT INTO transfers (id, direction, peer, state, files, count, total, text, paths,"
                " destination, created_at, updated_at, expires_at, lease_owner, lease_until, revision)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (
                    id,
                    direction.value,
                    peer,
                    state.value,
                    json.dumps([[file.name, file.size, file.is_folder] for file in files]),
                    count,
                    total,
                    text,
                    json.dumps(paths),
                    json.dumps(destination),
                    now,
                    now,
                    expires_at,
                    lease_owner,
                    lease_until,
                    write.revision(),
                ),
            )
            return None if number is None else self.get(number)

    def get(self, number: int) -> Transfer | None:
        found = self._select("WHERE number = ?", number)
        return found[0] if found else None

    def find(self, transfer_id: TransferId, peer: PeerId, direction: Direction) -> Transfer | None:
        found = self._select(
            "WHERE id = ? AND peer = ? AND direction = ?", transfer_id, peer, direction.value
        )
        return found[0] if found else None

    def open(self) -> Rows:
        """Everything that has not ended, oldest first."""
        return self._select(f"WHERE {OPEN} ORDER BY number")

    def changed(self, revision: int) -> Rows:
        return self._select("WHERE revision > ? ORDER BY revision, number", revision)

    def move(
        self,
        number: int,
        state: TransferState,
        *,
        now: float,
        reason: str = "",
        code: str = "",
        done: int | None = None,
        paths: Sequence[str] | None = None,
        destination: str | None = None,
        only_from: Collection[TransferState] | None = None,
        unless_held: bool = False,
    ) -> Transfer | None:
        """None: it is not there, has ended, or is in none of `only_from`. None for a value: as it was.

        What has ended is moved only where `only_from` names that end. `unless_held`: nor when a person has
        paused it.
        """
        with self._database.transaction() as write:
            row = write.one("SELECT state, code FROM transfers WHERE number = ?", (number,))
            if row is None or TransferState(row[0]) not in (OPEN_STATES if only_from is None else only_from):
                return None
            if unless_held and row[0] == TransferState.PAUSED.value and row[1] in HOLDS:
                return None
            write.run(
                "UPDATE transfers SET state = :state, reason = :reason, code = :code,"
                " done = coalesce(:done, done), paths = coalesce(:paths, paths),"
                " destination = coalesce(:destination, destination),"
                " lease_owner = iif(:final, NULL, lease_owner), updated_at = :now, revision = :revision"
                " WHERE number = :number",
                {
                    "number": number,
                    "state": state.value,
                    "final": state.is_final,
                    "reason": reason,
                    "code": code,
                    "done": done,
                    "paths": None if paths is None else json.dumps(paths),
                    "destination": None if destination is None else json.dumps(destination),
                    "now": now,
                    "revision": write.revision(),
                },
            )
            return self.get(number)

    def hold(self, number: int, *, here: bool, held: bool, now: float) -> Transfer | None:
        """A person pauses it or lets it go on: the one here, or the one there. None: it is not under way.

        Each counts for itself; while one of them holds it, it is PAUSED with a code that says who.
        """
        with self._database.transaction() as write:
            row = write.one("SELECT state, code FROM transfers WHERE number = ?", (number,))
            if row is None or TransferState(row[0]) not in (UNDER_WAY if held else {TransferState.PAUSED}):
                return None
            before = HOLDS.get(row[1], frozenset()) if row[0] == TransferState.PAUSED.value else frozenset()
            after = before | {here} if held else before - {here}
            code = next((code for code, who in HOLDS.items() if who == after), "")
            if row != (TransferState.PAUSED.value, code):
                write.run(
                    "UPDATE transfers SET state = 'paused', code = ?, reason = ?, updated_at = ?,"
                    " revision = ?, told = iif(?, 'unsure', told) WHERE number = ?",
                    (code, HELD_REASONS.get(code, ""), now, write.revision(), here and held, number),
                )
            return self.get(number)

    def progress(self, number: int, done: int, now: float) -> None:
        """How far it is; a power cut may undo it, resuming looks at the file."""
        with self._database.transaction(durable=False) as write:
            moved = f"SELECT 1 FROM transfers WHERE number = ? AND done <> ? AND {OPEN}"  # noqa: S608
            if write.one(moved, (number, done)):
                write.run(
                    "UPDATE transfers SET done = ?, updated_at = ?, revision = ? WHERE number = ?",
                    (done, now, write.revision(), number),
                )

    def told(self, number: int) -> str:
        """The last state that the peer has been told of, "" if none."""
        row = self._database.one("SELECT told FROM transfers WHERE number = ?", (number,))
        return str(row[0]) if row else ""

    def set_told(self, number: int, state: str | TransferState) -> None:
        """Lost in a power cut, it is told again, which does no harm."""
        value = state.value if isinstance(state, TransferState) else state
        with self._database.transaction(durable=False) as write:
            write.run("UPDATE transfers SET told = ? WHERE number = ?", (value, number))

    def undecided_since(self, peer: PeerId, since: float) -> int:
        """How many offers of this peer, stored since then, nobody here has said yes to."""
        row = self._database.one(
            "SELECT count(*) FROM transfers WHERE peer = ? AND created_at > ? AND direction = 'in'"
            " AND state IN ('offered', 'declined', 'cancelled', 'expired')",
            (peer, since),
        )
        return int(row[0]) if row else 0

    def needing_work(self, now: float) -> Rows:
        """What is open, and what ended without the peer being told, for as long as that may matter."""
        untold = f"{UNTOLD} AND updated_at > :since"
        return self._select(
            f"WHERE number IN (SELECT number FROM transfers WHERE {OPEN}"  # noqa: S608
            f" UNION SELECT number FROM transfers WHERE {untold}) ORDER BY number",
            since=now - TELL_WITHIN_SECONDS,
        )

    def reopen(
        self,
        number: int,
        state: TransferState,
        *,
        now: float,
        only_from: Collection[TransferState] | None = None,
        new_id: TransferId | None = None,
        told: str = "",
        unless_held: bool = False,
    ) -> Transfer | None:
        """Starts over what ended or paused; the peer is told again. None: it is in none of `only_from`.

        With `new_id` it is another transfer to the peer, of which nothing has come. `told`: what the peer may
        have heard of it. `unless_held`: None also when a person has paused it.
        """
        with self._database.transaction() as write:
            row = write.one("SELECT state, code FROM transfers WHERE number = ?", (number,))
            if row is None or (only_from is not None and TransferState(row[0]) not in only_from):
                return None
            if unless_held and row[0] == TransferState.PAUSED.value and row[1] in HOLDS:
                return None
            write.run(
                "UPDATE transfers SET state = ?, reason = '', code = '', told = ?, updated_at = ?,"
                " revision = ?, done = iif(? IS NULL, done, 0), id = coalesce(?, id) WHERE number = ?",
                (state.value, told, now, write.revision(), new_id, new_id, number),
            )
            return self.get(number)

    def take_lease(self, number: int, owner: bytes, until: float, *, now: float) -> bool:
        """True: this process serves the transfer until then."""
        values = {"number": number, "owner": owner, "until": until, "now": now}
        with self._database.transaction(durable=False) as write:
            taken = write.run(
                "UPDATE transfers SET lease_owner = :owner, lease_until = :until"  # noqa: S608
                f" WHERE number = :number AND {FREE_OR_OURS}",
                values,
            )
        return taken > 0

    def hand_over(self, number: int, owner: bytes, now: float) -> bool:
        """This process's row is the listener's to serve; it hears of it as of any change."""
        with self._database.transaction(durable=False) as write:
            given = write.run(
                "UPDATE transfers SET lease_owner = NULL, lease_until = 0, updated_at = ?, revision = ?"  # noqa: S608
                f" WHERE number = ? AND lease_owner = ? AND {OPEN}",
                (now, write.revision(), number, owner),
            )
        return given > 0

    def any_running(self) -> bool:
        running = f"SELECT 1 FROM transfers WHERE {OPEN} AND state = 'running'"  # noqa: S608
        return self._database.one(running) is not None

    def interrupt_unserved(self, now: float) -> None:
        """What ran in a process that has died, and whose leases were freed, does not run any more."""
        with self._database.transaction() as write:
            write.run(
                "UPDATE transfers SET state = 'paused', reason = 'interrupted', code = '', updated_at = ?,"  # noqa: S608
                f" revision = ? WHERE {OPEN} AND state = 'running' AND lease_owner IS NULL",
                (now, write.revision()),
            )

    def release_leases(self, owner: bytes) -> None:
        with self._database.transaction(durable=False) as write:
            write.run(
                "UPDATE transfers SET lease_owner = NULL, lease_until = 0 WHERE lease_owner = ?", (owner,)
            )

    def _select(self, rest: str, *positional: object, **named: object) -> Rows:
        rows = self._database.all(f"SELECT {_COLUMNS} FROM transfers {rest}", named or positional)  # noqa: S608
        return [_transfer_of(row) for row in rows]

    def list(self, limit: int = 100, *, open_only: bool = False) -> Rows:
        """Newest first: all that has not ended, however old, and of the last `limit` also what has."""
        if open_only:
            return self.open()[::-1]
        return self._select(
            f"WHERE number IN (SELECT number FROM transfers WHERE {OPEN}"  # noqa: S608
            " UNION SELECT number FROM (SELECT number FROM transfers ORDER BY number DESC LIMIT ?))"
            " ORDER BY number DESC",
            limit,
        )


def _transfer_of(row: tuple[Any, ...]) -> Transfer:
    (
        number,
        key,
        direction,
        peer,
        state,
        files,
        count,
        total,
        text,
        done,
        reason,
        code,
        paths,
        folder,
        *times,
    ) = row
    created_at, updated_at, expires_at = times
    return Transfer(
        number=number,
        id=TransferId(key),
        direction=Direction(direction),
        peer=PeerId(peer),
        state=TransferState(state),
        files=tuple(OfferedFile(name, size, is_folder) for name, size, is_folder in json.loads(files)),
        count=count,
        total=total,
        text=text,
        done=done,
        reason=reason,
        code=code,
        # JSON, because a path need not be Unicode: os.fsdecode() leaves half surrogates, which JSON escapes.
        paths=tuple(json.loads(paths)),
        destination=json.loads(folder),
        created_at=created_at,
        updated_at=updated_at,
        expires_at=expires_at,
    )
