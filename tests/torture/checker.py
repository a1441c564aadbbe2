"""The judge: reads every store after the torture, with SQL of its own, and says what was lost or came twice.

It knows nothing of the program but its tables messages, conversations and deliveries (storage/migrations.py).
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

READ = (
    "SELECT m.number, m.id, m.sender, c.kind, m.text, m.sent_at"
    " FROM messages m JOIN conversations c ON c.key = m.conversation ORDER BY m.number"
)
READ_DELIVERIES = "SELECT message, peer, state, reason FROM deliveries"
WAITING = frozenset({"queued", "sent"})


@dataclass(frozen=True, slots=True)
class Row:
    """A message as a store has it; `sender` is b"" for the home's own."""

    number: int
    id: bytes
    sender: bytes
    kind: str
    text: str
    sent_at: float


@dataclass(frozen=True, slots=True)
class Books:
    """One home's store: its messages in their order, and what became of its own, by number and recipient."""

    owner: bytes
    rows: Sequence[Row]
    deliveries: Mapping[tuple[int, bytes], tuple[str, str]]


@dataclass(slots=True)
class Verdict:
    written: int = 0
    states: Counter[str] = field(default_factory=Counter)
    received: int = 0
    late: int = 0
    """Given up by the person after it had arrived, unknown to the sender: nobody can know better."""
    faults: dict[str, list[str]] = field(default_factory=dict)

    def fault(self, kind: str, what: str) -> None:
        self.faults.setdefault(kind, []).append(what)

    def count(self, kind: str) -> int:
        return len(self.faults.get(kind, ()))


KINDS = ("lost", "duplicate", "misordered", "forged", "altered", "misdirected", "untruthful", "forgotten")


def read_books(owner: bytes, database: Path) -> Books:
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=20)) as store:
        store.execute("BEGIN")
        rows = [Row(*row) for row in store.execute(READ)]
        deliveries = {
            (number, peer): (state, reason) for number, peer, state, reason in store.execute(READ_DELIVERIES)
        }
    return Books(owner, rows, deliveries)


def waiting(database: Path) -> int:
    """How many deliveries are still to be made."""
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=20)) as store:
        found = store.execute("SELECT count(*) FROM deliveries WHERE state IN ('queued', 'sent')").fetchone()
    return int(found[0])


def judge(books: Sequence[Books], promised: Iterable[tuple[bytes, bytes]] = ()) -> Verdict:
    """`promised`: (owner, message id) of what a program said to its person was in the outbox."""
    verdict = Verdict()
    by_owner = {each.owner: each for each in books}
    for sender in books:
        _judge_sender(verdict, sender, by_owner)
    for receiver in books:
        _judge_receiver(verdict, receiver, by_owner)
    kept = {(each.owner, row.id) for each in books for row in each.rows if not row.sender}
    for owner, message_id in set(promised) - kept:
        verdict.fault("forgotten", f"{owner.hex()[:8]} was told that {message_id.hex()} is in its outbox")
    return verdict


def _judge_sender(verdict: Verdict, books: Books, by_owner: Mapping[bytes, Books]) -> None:
    own = {row.number: row for row in books.rows if not row.sender}
    verdict.written += len(own)
    has = {
        owner: {row.id for row in other.rows if row.sender == books.owner}
        for owner, other in by_owner.items()
    }
    for (number, peer), (state, reason) in books.deliveries.items():
        what = f"{books.owner.hex()[:8]} to {peer.hex()[:8]}: {own[number].text[:40]!r}"
        arrived = own[number].id in has[peer]
        verdict.states[state] += 1
        if state == "delivered" and not arrived:
            verdict.fault("lost", what)
        elif state == "failed" and not reason:
            verdict.fault("untruthful", f"{what} failed without a reason")
        elif state == "failed" and arrived:
            verdict.late += 1
            if reason != "cancelled":
                verdict.fault("untruthful", f"{what} is said to have failed ({reason}), and arrived")


def _judge_receiver(verdict: Verdict, books: Books, by_owner: Mapping[bytes, Books]) -> None:
    taken: dict[bytes, list[tuple[int, str]]] = {}
    written = {
        (owner, row.id): row for owner, other in by_owner.items() for row in other.rows if not row.sender
    }
    for row in books.rows:
        if not row.sender:
            continue
        verdict.received += 1
        what = f"{books.owner.hex()[:8]} has {row.text[:40]!r} of {row.sender.hex()[:8]}"
        sent = written.get((row.sender, row.id))
        if sent is None:
            verdict.fault("forged", f"{what}, who has not written it")
            continue
        if (sent.text, sent.kind, int(sent.sent_at * 1000)) != (
            row.text,
            row.kind,
            round(row.sent_at * 1000),
        ):
            verdict.fault("altered", what)
        if (sent.number, books.owner) not in by_owner[row.sender].deliveries:
            verdict.fault("misdirected", f"{what}, and it was for somebody else")
        taken.setdefault(row.sender, []).append((sent.number, what))
    for order in taken.values():
        _judge_order(verdict, order)


def _judge_order(verdict: Verdict, order: Sequence[tuple[int, str]]) -> None:
    highest, seen = 0, set[int]()
    for number, what in order:
        if number in seen:
            verdict.fault("duplicate", what)
        elif number < highest:
            verdict.fault("misordered", f"{what} (number {number}) after number {highest}")
        highest = max(highest, number)
        seen.add(number)
