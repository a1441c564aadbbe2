"""history: what was said, from the store alone."""

import re
import time
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from lanmsg.api import Message, Peer, PeerId, home_roster, wall_clock
from lanmsg.cli.fields import message_fields, peer_fields, recipient_fields, stranger
from lanmsg.cli.output import VERSION, Output, Result, encode, timestamp
from lanmsg.cli.parser import Invocation, usage_error
from lanmsg.cli.wording import name_of, nobody_known, speaker_of
from lanmsg.model import EVERYONE, Conversation, ConversationKind, Delivery
from lanmsg.terminal import Kind, printable

if TYPE_CHECKING:
    from lanmsg.api import Roster, Store

LIMIT = 100
PAGE = 1000
POLL_S = 0.1
"""How often --follow looks whether another process wrote; the look itself is a few microseconds."""

AGE_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


class Query(Struct, frozen=True):
    conversation: Conversation | None
    since: float | None
    limit: int
    search: str


def history(invocation: Invocation) -> Result:
    options = invocation.options
    since = None if options.since is None else moment(options.since, invocation)
    store = invocation.home()
    try:
        reader = Reader(store, invocation.output, numbered=options.numbers)
        limit = options.limit if options.limit is not None else 0 if options.export else LIMIT
        query = Query(reader.conversation(options.conversation), since, limit, options.search or "")
        if options.export == "json":
            export(reader, query, invocation.output)
        else:
            reader.show(query, text_only=options.export == "text")
        if options.follow:
            reader.follow(query)
    finally:
        store.close()
    return Result()


class Reader:
    """Reads and prints messages of one store."""

    def __init__(self, store: "Store", output: Output, *, numbered: bool = False):
        self._store = store
        self._output = output
        self._roster: Roster = home_roster(store)
        self._last = 0
        self._numbered = numbered

    def conversation(self, who: str | None) -> Conversation | None:
        if who is None:
            return None
        if who == "everyone":
            return EVERYONE
        peer = self._roster.one(who)
        if peer is None:
            raise nobody_known(who, self._roster)
        return Conversation.with_peer(peer.id)

    def show(self, query: Query, *, text_only: bool = False) -> None:
        for message in self.found(query):
            self._say(message, query, text_only=text_only)
        if not self._last and not self._output.json:
            self._output.notice("no messages")

    def follow(self, query: Query) -> None:
        """Prints what any process of this home adds, until somebody ends this one."""
        revision, seen = self._store.revision(), -1
        while True:
            if (version := self._store.data_version()) != seen:
                seen = version
                changes = self._store.changes_since(revision)
                revision = changes.revision
                self._roster = home_roster(self._store) if changes.peers else self._roster
                for message in changes.messages:
                    if message.number > self._last and fits(message, query):
                        self._say(message, query)
            time.sleep(POLL_S)

    def found(self, query: Query) -> Iterator[Message]:
        history = self._store.history
        if query.search:
            found = history.search(query.search, conversation=query.conversation, limit=query.limit or -1)
            yield from (message for message in found if fits(message, query))
        elif query.limit:
            yield from history.messages(query.conversation, limit=query.limit, since=query.since)
        else:
            after = 0
            while page := history.messages(query.conversation, after=after, limit=PAGE, since=query.since):
                yield from page
                after = page[-1].number

    def fields(self, message: Message) -> dict[str, Any]:
        other = message.sender or message.conversation.peer
        peer = self.peer(other) if other else None
        return {
            **message_fields(message, peer or stranger(PeerId(b""))),
            "peer": peer_fields(peer) if peer else None,
            "direction": "out" if message.sender is None else "in",
            "state": message.state.value,
            "recipients": [recipient_fields(each, self.peer(each.peer)) for each in message.recipients],
            "stored": timestamp(message.stored_at),
            "number": message.number,
        }

    def _say(self, message: Message, query: Query, *, text_only: bool = False) -> None:
        self._last = max(self._last, message.number)
        if self._output.json and not text_only:
            self._output.event("message", **self.fields(message))
            return
        day = time.strftime("%Y-%m-%d %H:%M", time.localtime(message.stored_at))
        text = printable(message.text, Kind.TEXT).replace("\n", "\n    ")
        number = f"{message.number:>7}  " if self._numbered else ""
        self._output.line(f"{number}{day}  {self._heading(message, query)}: {text}")

    def _heading(self, message: Message, query: Query) -> str:
        """Who to whom, as far as the conversation asked for does not say it."""
        who = "you" if message.sender is None else speaker_of(self.peer(message.sender))
        if query.conversation is None:
            if message.conversation.kind is ConversationKind.EVERYONE:
                who += " to everyone"
            elif message.sender is None and message.conversation.peer:
                who += f" to {name_of(self.peer(message.conversation.peer))}"
        if message.state is not Delivery.DELIVERED:
            who += f" ({message.state.value})"
        return who

    def peer(self, peer: PeerId) -> Peer:
        return self._roster.get(peer) or stranger(peer)


def fits(message: Message, query: Query) -> bool:
    if query.conversation is not None and message.conversation != query.conversation:
        return False
    if query.since is not None and message.stored_at < query.since:
        return False
    return query.search.casefold() in message.text.casefold()


def export(reader: Reader, query: Query, output: Output) -> None:
    """One JSON object with every message, written as it is read."""
    output.text(f'{{"v":{VERSION},"messages":[')
    comma = "\n"
    for message in reader.found(query):
        output.text(comma + encode(reader.fields(message)))
        comma = ",\n"
    output.line("\n]}")


def moment(text: str, invocation: Invocation, option: str = "--since") -> float:
    """Seconds since the epoch for an age (30m, 4h, 2d) or a local date with or without time."""
    if match := re.fullmatch(r"(\d+(?:\.\d+)?)([smhdw])", text):
        return wall_clock() - float(match[1]) * AGE_UNITS[match[2]]
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        message = (
            f"{option}: {text!r} is neither a date like 2026-11-21 or 2026-11-21T09:00 nor an age like 2d"
        )
        raise usage_error(message, invocation.command) from None
