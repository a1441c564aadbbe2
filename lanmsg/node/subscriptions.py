"""The event stream: each screen reads at its own pace, and a slow one holds nobody up."""

import asyncio
from collections.abc import Hashable

from lanmsg.node.events import (
    InterfacesChanged,
    MessageChanged,
    NodeEvent,
    Notice,
    PeerAppeared,
    PeerChanged,
    PeerLeft,
    TransferChanged,
)

WAITING_MAX = 5_000
"""Events that wait for a reader; far more than a screen is ever behind, and some megabytes."""

MISSED_HINT = "the history has all messages"


class Subscription:
    """Events from its creation on. Of one thing's changes only the last waits, in the place of the first.

    Of more than WAITING_MAX the oldest are dropped, and a notice in their place says how many.
    """

    def __init__(self) -> None:
        self._waiting: dict[Hashable, NodeEvent] = {}
        self._some = asyncio.Event()
        self._ended = False
        self._serial = 0
        self._missed = 0

    def __aiter__(self) -> "Subscription":
        return self

    async def __anext__(self) -> NodeEvent:
        if self._missed:
            missed, self._missed = self._missed, 0
            text = f"{missed} events came faster than they were read, and were passed over"
            return Notice(text, MISSED_HINT, missed)
        while not self._waiting:
            if self._ended:
                raise StopAsyncIteration
            self._some.clear()
            await self._some.wait()
        return self._waiting.pop(next(iter(self._waiting)))

    def put(self, event: NodeEvent) -> None:
        self._serial += 1
        subject = _subject(event)
        if isinstance(event, PeerAppeared | PeerLeft):
            # It says all; a change that still waits would be told in the place of an older one.
            self._waiting.pop(("peer", event.peer.id), None)
        self._waiting[self._serial if subject is None else subject] = event
        if len(self._waiting) > WAITING_MAX:
            self._waiting.pop(next(iter(self._waiting)))
            self._missed += 1
        self._some.set()

    def end(self) -> None:
        self._ended = True
        self._some.set()


class Subscriptions:
    def __init__(self) -> None:
        self._open: list[Subscription] = []

    def new(self) -> Subscription:
        subscription = Subscription()
        self._open.append(subscription)
        return subscription

    def publish(self, event: NodeEvent) -> None:
        for subscription in self._open:
            subscription.put(event)

    def drop(self, subscription: Subscription) -> None:
        """Its reader is done."""
        if subscription in self._open:
            self._open.remove(subscription)

    def end(self) -> None:
        """Every reader's loop ends after what is still waiting for it."""
        for subscription in self._open:
            subscription.end()
        self._open.clear()


def _subject(event: NodeEvent) -> Hashable | None:
    """What a change is about; None for what must not be merged."""
    match event:
        case PeerChanged(peer):
            return "peer", peer.id
        case MessageChanged(message):
            return "message", message.number
        case TransferChanged(transfer):
            return "transfer", transfer.number
        case InterfacesChanged():
            return "interfaces"
        case _:
            return None
