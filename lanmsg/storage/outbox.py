"""What still has to reach somebody: one row for each message and recipient, from queued to delivered.

Delivery is at least once: a row that was sent but not acknowledged is sent again, and the receiver knows
it by its id. So a state need not survive a power cut, only what the person decided must.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from lanmsg.model import Delivery, Message, PeerId, Recipient
from lanmsg.storage.database import Database, Transaction
from lanmsg.storage.errors import StorageError
from lanmsg.storage.leases import FREE_OR_OURS, OURS
from lanmsg.storage.messages import read_message

CANCELLED = "cancelled"

OF_PEER_MAX = 20_000
"""Messages that may wait for one peer: a script that writes to somebody who never comes is told, before it
has filled the disk. Hundreds a day of an absence of months are fewer."""

TOTAL_MAX = 100_000
"""Deliveries that may wait in all."""

COUNT_EVERY = 500
"""Places taken between two counts; so far each program of a home may go beyond a bound."""

BOX_FULL = "too many messages wait for them already"

WAITING = "state IN ('queued', 'sent')"
"""The condition of the partial indexes: written alike, or SQLite does not use them."""


class Pending(Struct, frozen=True):
    """One message on its way to one peer. `attempts`: how often it was sent without an answer."""

    message: Message
    peer: PeerId
    state: Delivery
    attempts: int = 0


class Outbox:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._room: dict[PeerId | None, int] = {}

    def outbox(
        self,
        *,
        owner: bytes,
        now: float,
        peer: PeerId | None = None,
        limit: int = 100,
        only_own: bool = False,
        listener_lives: bool = False,
    ) -> list[Pending]:
        """What this process may send now, oldest first: to each peer as far as no row of others comes before.

        So the order of writing holds whichever process sends. `only_own`: only to peers for whom it holds
        a row, with the free ones before that; or not before those are gone if `listener_lives` to send them.
        """
        leased = OURS if only_own and listener_lives else FREE_OR_OURS
        with self._database.snapshot():
            rows = self._in_turn(owner, now, peer, limit, leased)
            if only_own:
                own = {each for (each,) in self._database.all(_OWN_PEERS, {"owner": owner})}
                rows = [row for row in rows if row[1] in own]
            return [self._pending(row) for row in rows]

    def waiting_peers(
        self, *, owner: bytes, now: float, only_own: bool = False, listener_lives: bool = False
    ) -> list[PeerId]:
        """Everybody for whom this process may send the first row that waits; see outbox()."""
        peers = _OWN_WAITING_PEERS if only_own else _WAITING_PEERS
        leased = OURS if only_own and listener_lives else FREE_OR_OURS
        sql = (
            f"{peers} AND (SELECT {leased} FROM deliveries"  # noqa: S608
            f" WHERE deliveries.peer = everybody.peer AND {WAITING} ORDER BY message LIMIT 1) ORDER BY peer"
        )
        return [PeerId(row[0]) for row in self._database.all(sql, {"owner": owner, "now": now})]

    def renew_leases(self, owner: bytes, until: float) -> int:
        """Lengthens every lease of this process; how many it holds."""
        with self._database.transaction(durable=False) as write:
            return write.run(
                f"UPDATE deliveries SET lease_until = ? WHERE lease_owner = ? AND {WAITING}",  # noqa: S608
                (until, owner),
            )

    def mark_sent(self, numbers: Sequence[int], peer: PeerId, now: float) -> set[int]:
        """SENT from now on, so that nobody takes them back; those of them that do not wait any more."""
        with self._database.transaction(durable=False) as write:
            one = f"SELECT 1 FROM deliveries WHERE message = ? AND peer = ? AND {WAITING}"  # noqa: S608
            waiting = {number for number in numbers if write.one(one, (number, peer))}
            self.set_deliveries([(number, peer) for number in sorted(waiting)], Delivery.SENT, now=now)
        return set(numbers) - waiting

    def requeue_sent(self, owner: bytes | None = None) -> None:
        """What `owner` sent without an answer, or None: who had no lease. It has ended, with its sessions."""
        sent = f"{WAITING} AND state = 'sent' AND lease_owner IS ?"
        with self._database.transaction(durable=False) as write:
            if write.one(f"SELECT 1 FROM deliveries WHERE {sent}", (owner,)):  # noqa: S608
                write.run(
                    f"UPDATE deliveries SET state = 'queued', revision = ? WHERE {sent}",  # noqa: S608
                    (write.revision(), owner),
                )

    def release_leases(self, owner: bytes) -> None:
        with self._database.transaction(durable=False) as write:
            self.requeue_sent(owner)
            write.run(
                "UPDATE deliveries SET lease_owner = NULL, lease_until = 0 WHERE lease_owner = ?", (owner,)
            )

    def hand_over(self, peer: PeerId, owner: bytes, *, reason: str, now: float) -> None:
        """What this process holds for `peer` is the listener's now; it hears of it as of any change."""
        held = f"peer = ? AND {WAITING} AND lease_owner = ?"
        with self._database.transaction(durable=False) as write:
            rows = write.all(f"SELECT message FROM deliveries WHERE {held}", (peer, owner))  # noqa: S608
            for (number,) in rows:
                _move(write, number, peer, Delivery.QUEUED, reason=reason, now=now)
            write.run(
                f"UPDATE deliveries SET lease_owner = NULL, lease_until = 0 WHERE {held}",  # noqa: S608
                (peer, owner),
            )

    def set_deliveries(
        self,
        deliveries: Sequence[tuple[int, PeerId]],
        state: Delivery,
        *,
        reason: str = "",
        now: float,
    ) -> int:
        """Moves (message number, peer)s, in one transaction; how many of them it moved.

        DELIVERED stays; FAILED may turn out delivered, else only retry() moves it.
        """
        moved = 0
        with self._database.transaction(durable=False) as write:
            for number, peer in deliveries:
                row = write.one(
                    "SELECT state, reason FROM deliveries WHERE message = ? AND peer = ?", (number, peer)
                )
                if row and row != (state.value, reason) and _may_move(Delivery(row[0]), state):
                    _move(write, number, peer, state, reason=reason, now=now)
                    moved += 1
        return moved

    def waiting_messages(self, *, failed: bool = False) -> list[Message]:
        """Ours that have not reached everybody they are for, oldest first; `failed`: also what never will."""
        wanted = f"{WAITING} OR state = 'failed'" if failed else WAITING
        with self._database.snapshot():
            rows = self._database.all(
                f"SELECT DISTINCT message FROM deliveries WHERE {wanted} ORDER BY message"  # noqa: S608
            )
            found = [read_message(self._database, number) for (number,) in rows]
        return [message for message in found if message is not None]

    def retry(self, number: int, now: float) -> bool:
        """What failed is queued again. False when nothing had failed."""
        return self._move_all(number, Delivery.FAILED, Delivery.QUEUED, "", now)

    def cancel(self, number: int, now: float) -> bool:
        """What is still queued fails as cancelled. False when nothing was queued."""
        return self._move_all(number, Delivery.QUEUED, Delivery.FAILED, CANCELLED, now)

    def may_have_arrived(self, number: int) -> bool:
        """Whether it was sent to somebody whose answer never came."""
        sql = "SELECT 1 FROM deliveries WHERE message = ? AND attempts > 0 AND state <> 'delivered'"
        return self._database.one(sql, (number,)) is not None

    def _move_all(self, number: int, before: Delivery, after: Delivery, reason: str, now: float) -> bool:
        with self._database.transaction() as write:
            rows = write.all(
                "SELECT peer FROM deliveries WHERE message = ? AND state = ?", (number, before.value)
            )
            for (peer,) in rows:
                _move(write, number, PeerId(peer), after, reason=reason, now=now)
            return bool(rows)

    def _add_deliveries(
        self,
        write: Transaction,
        number: int,
        recipients: Sequence[PeerId],
        now: float,
        lease: tuple[Any, float],
    ) -> tuple[Recipient, ...]:
        """Raises StorageError (outbox_full) when there is no room for any of them."""
        made = [self._recipient(write, peer) for peer in sorted(set(recipients))]
        if made and all(each.state is Delivery.FAILED for each in made):
            raise _full(made)
        for each in made:
            owner, until = lease if each.state is Delivery.QUEUED else (None, 0.0)
            write.run(
                "INSERT INTO deliveries"
                " (message, peer, state, reason, updated_at, lease_owner, lease_until, revision)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (number, each.peer, each.state.value, each.reason, now, owner, until, write.revision()),
            )
        return tuple(made)

    def _recipient(self, write: Transaction, peer: PeerId) -> Recipient:
        """Queued, or failed where too many wait already: of those many of a broadcast the others get it."""
        if self._has_room(write, peer, OF_PEER_MAX) and self._has_room(write, None, TOTAL_MAX):
            return Recipient(peer, Delivery.QUEUED)
        return Recipient(peer, Delivery.FAILED, BOX_FULL)

    def _has_room(self, write: Transaction, peer: PeerId | None, most: int) -> bool:
        """Takes one place, of one peer or in all. Counting is what costs, so it is done now and then."""
        if not self._room.get(peer):
            whose = "peer = :peer AND " if peer is not None else ""
            row = write.one(f"SELECT count(*) FROM deliveries WHERE {whose}{WAITING}", {"peer": peer})  # noqa: S608
            self._room[peer] = max(0, min(most - (row[0] if row else 0), COUNT_EVERY))
        if not self._room[peer]:
            return False
        self._room[peer] -= 1
        return True

    def _in_turn(
        self, owner: bytes, now: float, peer: PeerId | None, limit: int, leased: str
    ) -> list[tuple[Any, ...]]:
        """The first `limit` rows, of each peer's those before the first one that is not `leased` so."""
        whose = "peer = :peer AND " if peer is not None else ""
        rows = self._database.all(
            f"SELECT message, peer, state, attempts, {leased} FROM deliveries WHERE {whose}{WAITING}"  # noqa: S608
            " ORDER BY message, peer LIMIT :limit",
            {"owner": owner, "now": now, "limit": limit} | ({"peer": peer} if peer is not None else {}),
        )
        held_up = set[bytes]()
        found = []
        for *row, may_send in rows:
            if not may_send:
                held_up.add(row[1])
            if row[1] not in held_up:
                found.append(tuple(row))
        return found

    def _pending(self, row: tuple[Any, ...]) -> Pending:
        number, peer, state, attempts = row
        message = read_message(self._database, number)
        if message is None:  # a foreign key holds it
            raise AssertionError(f"delivery of message {number}, which is not there")
        return Pending(message, PeerId(peer), Delivery(state), attempts)


_OWN_PEERS = f"SELECT DISTINCT peer FROM deliveries WHERE {WAITING} AND {OURS}"  # noqa: S608
_OWN_WAITING_PEERS = f"WITH everybody (peer) AS ({_OWN_PEERS}) SELECT peer FROM everybody WHERE TRUE"  # noqa: S608

# From peer to peer through the index: thousands of messages that wait for one of them cost nothing.
_WAITING_PEERS = f"""
    WITH RECURSIVE everybody (peer) AS (
        SELECT min(peer) FROM deliveries WHERE {WAITING}
        UNION ALL
        SELECT (SELECT min(d.peer) FROM deliveries d WHERE d.peer > everybody.peer AND {WAITING})
        FROM everybody WHERE everybody.peer IS NOT NULL)
    SELECT peer FROM everybody WHERE peer IS NOT NULL
    """  # noqa: S608


def _full(recipients: Sequence[Recipient]) -> StorageError:
    whom = "this peer" if len(recipients) == 1 else "these peers"
    return StorageError(
        f"the outbox is full: it takes {OF_PEER_MAX:,} messages for one peer and {TOTAL_MAX:,} in all, and"
        f" that many wait; nothing was queued for {whom}",
        code="outbox_full",
        hint="lanmsg outbox shows them, lanmsg outbox cancel takes them back",
    )


def _may_move(before: Delivery, after: Delivery) -> bool:
    match before:
        case Delivery.DELIVERED:
            return False
        case Delivery.FAILED:
            return after is Delivery.DELIVERED
        case Delivery.QUEUED | Delivery.SENT:
            return True


def _move(write: Transaction, number: int, peer: PeerId, state: Delivery, *, reason: str, now: float) -> None:
    ended = state in (Delivery.DELIVERED, Delivery.FAILED)
    write.run(
        "UPDATE deliveries SET state = :state, reason = :reason, updated_at = :now, revision = :revision,"
        " attempts = attempts + (:state = 'sent'),"
        " lease_owner = iif(:ended, NULL, lease_owner), lease_until = iif(:ended, 0, lease_until)"
        " WHERE message = :number AND peer = :peer",
        {
            "state": state.value,
            "reason": reason,
            "now": now,
            "revision": write.revision(),
            "ended": ended,
            "number": number,
            "peer": peer,
        },
    )
