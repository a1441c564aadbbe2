"""How often a node speaks: intervals, budgets, and answers that wait their turn (protocol.md, Discovery)."""

import heapq
from collections import OrderedDict, deque
from collections.abc import Callable
from itertools import count
from math import ceil
from typing import NamedTuple

from lanmsg.protocol.constants import (
    ANNOUNCE_INTERVAL_MAX_S,
    ANNOUNCE_INTERVAL_MIN_S,
    ANNOUNCE_RATE_PER_S,
    BYE_ADDRESSES_MAX,
    COLD_START_BURST,
    COLD_START_PAUSE_S,
    COLD_START_QUERIES_MIN,
    COLD_START_RATE_PER_S,
    COLD_START_SHARE,
    LIFETIME_INTERVALS,
    NETWORK_BUDGET_PEERS,
    NEWCOMERS_BURST,
    NEWCOMERS_PER_S,
    NEWCOMERS_PER_SOURCE_BURST,
    NEWCOMERS_PER_SOURCE_PER_S,
    PROTECTED_NEWCOMERS_BURST,
    PROTECTED_NEWCOMERS_PER_S,
    REPEATED_QUERY_S,
    REPLIES_WAITING_MAX,
    REPLY_BURST,
    REPLY_BURST_PER_SOURCE,
    REPLY_JITTER_MAX_S,
    REPLY_JITTER_PER_PEER_S,
    REPLY_RATE_PER_S,
    REPLY_RATE_PER_SOURCE_PER_S,
    SEEK_INTERVAL_MAX_S,
    SEEK_INTERVAL_MIN_S,
    SOURCES_REMEMBERED_MAX,
)


def announce_interval(present: int) -> float:
    """Between two announcements of one node, so that those of all nodes come at a constant rate."""
    return min(max(present / ANNOUNCE_RATE_PER_S, ANNOUNCE_INTERVAL_MIN_S), ANNOUNCE_INTERVAL_MAX_S)


def seek_interval(present: int) -> float:
    """Between two questions of one who waits for somebody; each is answered by all who are present."""
    return min(max(present / ANNOUNCE_RATE_PER_S, SEEK_INTERVAL_MIN_S), SEEK_INTERVAL_MAX_S)


def lifetime_of(interval: float) -> int:
    return ceil(LIFETIME_INTERVALS * interval)


def earliest(*moments: float | None) -> float | None:
    """The first of those that are set. In a loop of its own, as it runs after each datagram."""
    first = None
    for moment in moments:
        if moment is not None and (first is None or moment < first):
            first = moment
    return first


def network_cost(present: int) -> float:
    """What a datagram costs that every node of the network sends because of the same cause."""
    return max(1.0, present / NETWORK_BUDGET_PEERS)


class TokenBucket:
    """Allows `rate` a second, and `burst` at once after a rest."""

    __slots__ = ("_burst", "_level", "_rate", "_updated_at")

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._level = burst
        self._updated_at = 0.0

    def take(self, now: float, cost: float = 1.0) -> bool:
        """Pay if there is enough. A cost above the burst is paid from a full bucket, never impossible."""
        self._level = min(self._burst, self._level + max(0.0, now - self._updated_at) * self._rate)
        self._updated_at = now
        if self._level < min(cost, self._burst):
            return False
        self._level -= cost
        return True

    def give_back(self, cost: float = 1.0) -> None:
        self._level = min(self._burst, self._level + cost)


class SourceBuckets:
    """A bucket for each address; beyond SOURCES_REMEMBERED_MAX the one used longest ago is forgotten."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def take(self, host: str, now: float, cost: float = 1.0) -> bool:
        bucket = self._buckets.get(host)
        if bucket is None:
            if len(self._buckets) >= SOURCES_REMEMBERED_MAX:
                self._buckets.popitem(last=False)
            bucket = self._buckets[host] = TokenBucket(self._rate, self._burst)
        else:
            self._buckets.move_to_end(host)
        return bucket.take(now, cost)

    def give_back(self, host: str) -> None:
        if (bucket := self._buckets.get(host)) is not None:
            bucket.give_back()


class NewcomerBudget:
    """How many unheard-of peers are believed at once; beyond it they are asked first."""

    def __init__(self) -> None:
        self._of_source = SourceBuckets(NEWCOMERS_PER_SOURCE_PER_S, NEWCOMERS_PER_SOURCE_BURST)
        self._all = TokenBucket(NEWCOMERS_PER_S, NEWCOMERS_BURST)
        self._protected = TokenBucket(PROTECTED_NEWCOMERS_PER_S, PROTECTED_NEWCOMERS_BURST)

    def take(self, host: str, now: float) -> bool:
        return self._of_source.take(host, now) and self._all.take(now)

    def take_protected(self, now: float) -> bool:
        return self._protected.take(now)


class Caller(NamedTuple):
    """Who sent a QUERY, as the answer needs it. `is_listener`: hears broadcasts, so one may answer it."""

    host: str
    port: int
    interface: str
    token: bytes
    is_listener: bool


class LoneCallers:
    """Who asked us alone, or is a dialer: they may not hear a broadcast. The last few."""

    def __init__(self) -> None:
        self._callers: OrderedDict[tuple[str, int], str] = OrderedDict()

    def note(self, caller: Caller) -> None:
        self._callers[caller.host, caller.port] = caller.interface
        self._callers.move_to_end((caller.host, caller.port))
        if len(self._callers) > BYE_ADDRESSES_MAX:
            self._callers.popitem(last=False)

    @property
    def interfaces(self) -> dict[tuple[str, int], str]:
        """By address."""
        return dict(self._callers)


class ReplyPacing:
    """Decides which QUERYs are answered, when, and when one broadcast answers many."""

    def __init__(self, uniform: Callable[[float], float]) -> None:
        self._uniform = uniform
        self._at_once: list[Caller] = []
        self._waiting: list[tuple[float, int, Caller]] = []
        self._order = count()
        self._listeners_waiting = 0
        self._recent: OrderedDict[tuple[str, int, bytes], float] = OrderedDict()
        self._sources = SourceBuckets(REPLY_RATE_PER_SOURCE_PER_S, REPLY_BURST_PER_SOURCE)
        self._to_us = TokenBucket(REPLY_RATE_PER_S, REPLY_BURST)
        self._to_everyone = TokenBucket(REPLY_RATE_PER_S, REPLY_BURST)
        self._broadcast_at: float | None = None
        self._broadcast_last = float("-inf")
        self._on_demand: deque[float] = deque(maxlen=COLD_START_BURST)

    def asked(self, caller: Caller, *, to_everyone: bool, present: int, now: float) -> None:
        """A QUERY came in; `present` is the number of peers, most of whom heard it too."""
        if self._is_repeated(caller, now) or not self._sources.take(caller.host, now):
            return
        if not to_everyone:
            # Nobody else answers this one: there is nothing to spread, and no broadcast to answer it.
            if self._to_us.take(now):
                self._at_once.append(caller)
        elif caller.is_listener and self._broadcast_at is not None:
            return
        elif len(self._waiting) < REPLIES_WAITING_MAX and self._to_everyone.take(now, network_cost(present)):
            self._wait(caller, now + self._jitter(present))
            if self._listeners_waiting >= max(COLD_START_QUERIES_MIN, present * COLD_START_SHARE):
                self.want_broadcast(now, present)
        elif caller.is_listener:
            self.want_broadcast(now, present)

    def want_broadcast(self, now: float, present: int) -> None:
        """Answer all waiting listeners by one ANNOUNCE, or tell everyone of a change, as soon as is fair."""
        if self._broadcast_at is not None:
            return
        earliest_at = self._broadcast_last + COLD_START_PAUSE_S
        if len(self._on_demand) == COLD_START_BURST:
            burst_s = COLD_START_BURST * present / COLD_START_RATE_PER_S
            earliest_at = max(earliest_at, self._on_demand[0] + burst_s)
        self._broadcast_at = max(now + self._jitter(present), earliest_at)
        self._drop_listeners()

    def broadcast_sent(self, now: float) -> None:
        """Everyone has just heard of us, for whatever reason."""
        if self._broadcast_at is not None and self._broadcast_at <= now:
            self._on_demand.append(now)
        self._broadcast_at = None
        self._broadcast_last = now
        self._drop_listeners()

    def is_broadcast_due(self, now: float) -> bool:
        return self._broadcast_at is not None and self._broadcast_at <= now

    def replies_due(self, now: float) -> list[Caller]:
        due, self._at_once = self._at_once, []
        while self._waiting and self._waiting[0][0] <= now:
            caller = heapq.heappop(self._waiting)[2]
            self._listeners_waiting -= caller.is_listener
            due.append(caller)
        return due

    def next_deadline(self) -> float | None:
        return earliest(self._waiting[0][0] if self._waiting else None, self._broadcast_at)

    def _wait(self, caller: Caller, until: float) -> None:
        heapq.heappush(self._waiting, (until, next(self._order), caller))
        self._listeners_waiting += caller.is_listener

    def _jitter(self, present: int) -> float:
        return self._uniform(min(REPLY_JITTER_MAX_S, present * REPLY_JITTER_PER_PEER_S))

    def _drop_listeners(self) -> None:
        if self._listeners_waiting:
            self._waiting = [each for each in self._waiting if not each[2].is_listener]
            heapq.heapify(self._waiting)
            self._listeners_waiting = 0

    def _is_repeated(self, caller: Caller, now: float) -> bool:
        key = (caller.host, caller.port, caller.token)
        seen_at = self._recent.get(key)
        if seen_at is not None and now - seen_at < REPEATED_QUERY_S:
            return True
        self._recent[key] = now
        self._recent.move_to_end(key)
        if len(self._recent) > REPLIES_WAITING_MAX:
            self._recent.popitem(last=False)
        return False
