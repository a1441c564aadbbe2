"""One conversation on the screen: a window of its entries, their wrapped rows, and how far it is read."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from lanmsg.api import Conversation, Message, Transfer
from lanmsg.tui.rows import Row

KEPT_ENTRIES = 2_000
"""Of one conversation in memory; the rest is paged from the store (100,000 cost 48 MB and long pauses)."""


class Key(NamedTuple):
    """Names an entry of a conversation: what it is and its number."""

    kind: str  # "m"essage, "t"ransfer, "n"ote
    number: int


@dataclass(frozen=True, slots=True)
class Note:
    """Lines of our own in a conversation: what a command answered, who came and went. Never stored."""

    number: int
    time: float
    text: str
    style: str = ""


@dataclass(slots=True)
class Entry:
    """One thing in a conversation, with its rows as last wrapped."""

    key: Key
    time: float
    day: tuple[int, int]
    value: Message | Transfer | Note
    wrapped: tuple[object, list[Row]] | None = None

    @staticmethod
    def of(value: Message | Transfer | Note) -> "Entry":
        if isinstance(value, Message):
            kind, when = "m", value.stored_at
        elif isinstance(value, Transfer):
            kind, when = "t", value.created_at
        else:
            kind, when = "n", value.time
        day = time.localtime(when)
        return Entry(Key(kind, value.number), when, (day.tm_year, day.tm_yday), value)


class Anchor(NamedTuple):
    """What stands at the bottom edge: an entry, and how many of its rows are below the edge."""

    key: Key
    below: int


@dataclass(slots=True)
class Talk:
    """A conversation: a window of its entries without gaps, and how far it is read."""

    conversation: Conversation
    entries: list[Entry] = field(default_factory=list)
    index: dict[Key, Entry] = field(default_factory=dict)
    loaded: bool = False
    loading: bool = False
    older: bool = False  # there is more in the store before the window
    newer: bool = False  # ... or after it: then nothing is appended
    unread: int = 0
    first_unread: int | None = None
    read: int = 0  # the number up to which the store was told that it is read
    mark: int = -1  # the same as the store told last; -1: it has not
    doubted: bool = False  # something of it changed in the store: a message may be gone from there
    line: int | None = None  # the first message below the unread line, until the next visit
    line_count: int = 0
    sighted: set[int] = field(default_factory=set)  # messages below that line that were on the screen
    went_up: bool = False  # the person went to that line and need not be called there again
    anchor: Anchor | None = None  # None: the newest is in sight
    owed: int = 0  # rows that the person went further up than the window reaches: gone when it is read
    stale: bool = False  # something was missed while the window was being read
    draft: str = ""
    aside: str = ""  # put aside by Ctrl-C, and nothing sent since: it must outlive a second Ctrl-C
    last_time: float = 0.0
    reply_to: Message | None = None
    found: Key | None = None

    def add(self, value: Message | Transfer | Note) -> None:
        """The newest entry. What is loaded already is replaced."""
        entry = Entry.of(value)
        if entry.key in self.index:
            self.replace(value)
        elif isinstance(value, Note) or ((self.loaded or self.loading) and not self.newer):
            self.entries.append(entry)
            self.index[entry.key] = entry
            if len(self.entries) > KEPT_ENTRIES:
                self._forget(self.entries[: KEPT_ENTRIES // 4])
                self.older = True

    def replace(self, value: Message | Transfer | Note) -> bool:
        """The same entry with a newer value; False when it is not in the window."""
        entry = self.index.get(Entry.of(value).key)
        if entry is None:
            return False
        entry.value, entry.wrapped = value, None
        return True

    def fill(self, values: Iterable[Message | Transfer | Note]) -> None:
        """The window is this, sorted by time; messages keep their own order whatever the clock did."""
        fresh = {entry.key: entry for entry in map(Entry.of, values)}
        # What events brought meanwhile is not older than what was read from the store.
        self.index = {key: self.index.get(key, entry) for key, entry in fresh.items()}
        latest = 0.0
        for key in sorted(key for key in self.index if key.kind == "m"):
            entry = self.index[key]
            latest = entry.time = max(entry.time, latest)
        self.entries = sorted(self.index.values(), key=lambda entry: (entry.time, entry.key))

    def drop(self, value: Message) -> None:
        """One message is gone from the store."""
        entry = self.index.pop(Entry.of(value).key, None)
        if entry is not None:
            self.entries.remove(entry)

    def forget_all(self) -> None:
        """Only what the window holds; the store keeps everything."""
        self._forget(self.entries[:])
        self.loaded, self.older, self.newer, self.anchor = False, False, False, None

    def forget_rows(self) -> None:
        for entry in self.entries:
            entry.wrapped = None

    def _forget(self, entries: list[Entry]) -> None:
        for entry in entries:
            del self.index[entry.key]
        del self.entries[: len(entries)]

    def end_news(self) -> None:
        """All of it is read: no line any more between what was read and what is new."""
        self.line, self.line_count, self.went_up = None, 0, False
        self.sighted.clear()

    def messages(self) -> list[Message]:
        return [entry.value for entry in self.entries if isinstance(entry.value, Message)]
