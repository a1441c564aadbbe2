"""What the store costs: promises to a disk, a history of a million messages. scripts/bench store runs it."""

import os
import random
import sqlite3
import statistics
import string
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from lanmsg.model import EVERYONE, Conversation, MessageId, PeerId
from lanmsg.storage.database import Transaction
from lanmsg.storage.history import Incoming
from lanmsg.storage.store import Store

PEERS = [PeerId(bytes([number, 1]) * 16) for number in range(200)]
CYRILLIC = "абвгдежзийклмнопрстуфхцчшщыэюя"
FILL = 10_000
START = 1.7e9


def bench_store(rounds: int, folder: Path | None, messages: int) -> None:
    with tempfile.TemporaryDirectory(prefix="lanmsg-bench-", dir=folder) as work:
        promises(Path(work) / "promises", rounds)
        million(Path(work) / "million", rounds, messages)


def promises(home: Path, rounds: int) -> None:
    """Commits a second: what is on the disk when it is acknowledged, and what is only safe from kill -9."""
    store = Store.open(home)
    add(store, Conversation.with_peer(PEERS[0]))

    def write(count: int, size: int, *, durable: bool) -> float:
        began = time.perf_counter()
        for _ in range(count):
            with store.database.transaction(durable=durable) as transaction:
                for _ in range(size):
                    insert(transaction)
        return count * size / (time.perf_counter() - began)

    full, normal, batched = [], [], []
    for _ in range(rounds):
        full.append(write(200, 1, durable=True))
        normal.append(write(200, 1, durable=False))
        batched.append(write(10, 100, durable=True))
    store.close()
    base = statistics.median(full)
    print(f"\nmessages stored a second, in {home.parent.parent}, {rounds} rounds")
    for name, rates in (
        ("each flushed to the disk (synchronous=FULL, what an ack waits for)", full),
        ("each safe from kill -9 only (NORMAL)", normal),
        ("a hundred to one flush (what a flood costs)", batched),
    ):
        rate = statistics.median(rates)
        print(f"  {name:68}{rate:9,.0f}{rate / base:8.1f}")


def insert(write: Transaction) -> None:
    """A row like that of a message, in a transaction of the caller's."""
    write.run(
        "INSERT INTO messages (id, sender, conversation, text, sent_at, stored_at, revision)"
        " VALUES (?, ?, 1, 'as long as a line is', 0, 0, ?)",
        (os.urandom(16), PEERS[0], write.revision()),
    )


def million(home: Path, rounds: int, count: int) -> None:
    words = fill(home, count)
    size = (home / "lanmsg.db").stat().st_size / 1e6
    print(f"\n{count:,} messages with {len(PEERS)} people, {size:,.0f} MB; milliseconds, {rounds} rounds")
    show("start, after a clean stop", rounds, lambda: Store.open(home).close())
    show("all pages checked (quick_check)", 1, lambda: check(home))
    store = Store.open(home)
    history, conversation = store.history, Conversation.with_peer(PEERS[0])
    show("the list of conversations", rounds, history.conversations)
    show("opening a conversation: its last 100", rounds, lambda: history.messages(conversation))
    show("a page from the middle of it", rounds, lambda: history.messages(conversation, before=count // 2))
    show("a message stored, flushed", rounds * 20, lambda: add(store, conversation))
    for what, text in (
        ("a common word", words[0]),
        ("a word that is nowhere", "qzxqzxq"),
        ("a common Cyrillic word", words[1]),
        ("a Cyrillic word that is nowhere", "ъыъъыъ"),
    ):
        show(f"search for {what}", rounds, partial(history.search, text))
    store.close()


def fill(home: Path, count: int) -> list[str]:
    """A word of each alphabet that occurs often."""
    draw = random.Random(1)
    latin, cyrillic = (
        ["".join(draw.choices(letters, k=draw.randint(2, 10))) for _ in range(20_000)]
        for letters in (string.ascii_lowercase, CYRILLIC)
    )
    store = Store.open(home)
    for start in range(0, count, FILL):
        batch = []
        for number in range(start, start + FILL):
            peer = draw.choice(PEERS)
            where = EVERYONE if draw.random() < 0.2 else Conversation.with_peer(peer)
            text = " ".join(draw.choices(latin if number % 10 else cyrillic, k=draw.randint(3, 30)))
            batch.append(Incoming(peer, MessageId(draw.randbytes(16)), where, text, START + number))
        store.history.add_incoming_many(batch, now=START + start)
    for summary in store.history.conversations():
        if summary.last is not None:
            store.history.mark_read(summary.conversation, summary.last.number - 5, START)
    store.close()
    return [latin[5], cyrillic[5]]


def add(store: Store, conversation: Conversation) -> None:
    store.history.add_incoming(
        PEERS[0], MessageId(os.urandom(16)), conversation, "as long as a line is", sent_at=START, now=START
    )


def check(home: Path) -> None:
    connection = sqlite3.connect(home / "lanmsg.db")
    connection.execute("PRAGMA quick_check(1)").fetchone()
    connection.close()


def show(what: str, rounds: int, work: Callable[[], object]) -> None:
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        taken.append((time.perf_counter() - began) * 1000)
    print(f"  {what:44}{statistics.median(taken):10.2f}  (first {taken[0]:.2f}, most {max(taken):.2f})")
