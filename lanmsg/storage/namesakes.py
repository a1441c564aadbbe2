"""Whose name is whose: somebody known may take another name, but not that of another one who is known."""

from lanmsg.model import Trust
from lanmsg.storage.database import Transaction
from lanmsg.terminal import folded, skeleton

KNOWN = (Trust.PINNED.value, Trust.VERIFIED.value)


def put_own_name(write: Transaction, name: str) -> None:
    write.run("INSERT OR REPLACE INTO state VALUES ('own_name', ?)", (name,))


def own_name(write: Transaction) -> str:
    row = write.one("SELECT value FROM state WHERE name = 'own_name'")
    return str(row[0]) if row else ""


def is_taken(write: Transaction, peer: bytes, name: str) -> bool:
    """Whether `name` is, or looks like, that of another one who is known, or this person's own."""
    rows = write.all(
        "SELECT iif(petname = '', nickname, petname) FROM peers"
        " WHERE id <> ? AND NOT replaced AND (petname <> '' OR trust IN (?, ?))",
        (peer, *KNOWN),
    )
    looks = {look for (other,) in rows for look in looks_of(other)} | looks_of(own_name(write))
    return not looks.isdisjoint({skeleton(name), folded(name)} - {""})


def looks_of(name: str) -> set[str]:
    """What a hurried reader takes for `name`; `ben@thinkpad` is ben as well, as people say it."""
    # A capital I is taken for a small l, and yet it is an i in capitals: both count.
    return {look(each) for each in (name, name.partition("@")[0]) for look in (skeleton, folded)} - {""}
