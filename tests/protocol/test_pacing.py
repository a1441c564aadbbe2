"""Intervals, budgets, and answers that wait for their turn."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanmsg.protocol.constants import (
    BYE_ADDRESSES_MAX,
    COLD_START_PAUSE_S,
    NEWCOMERS_PER_SOURCE_BURST,
    REPLIES_WAITING_MAX,
    REPLY_BURST,
    REPLY_BURST_PER_SOURCE,
    REPLY_JITTER_MAX_S,
    SOURCES_REMEMBERED_MAX,
)
from lanmsg.protocol.pacing import (
    Caller,
    LoneCallers,
    NewcomerBudget,
    ReplyPacing,
    SourceBuckets,
    TokenBucket,
    announce_interval,
    earliest,
    lifetime_of,
    network_cost,
)


def caller(number: int, *, listener: bool = True) -> Caller:
    return Caller(f"10.0.{number >> 8}.{number & 255}", 2372, "eth0", number.to_bytes(16, "big"), listener)


def pacing(share: float = 1.0) -> ReplyPacing:
    """Chance always gives this share of what it may."""
    return ReplyPacing(lambda limit: share * limit)


# --- intervals


@pytest.mark.parametrize(
    ("present", "interval", "lifetime"),
    [(0, 5, 12), (1, 5, 12), (100, 5, 12), (200, 10, 24), (1000, 50, 120), (1200, 60, 144), (5000, 60, 144)],
)
def test_intervals_grow_with_the_network(present: int, interval: float, lifetime: int) -> None:
    assert announce_interval(present) == interval
    assert lifetime_of(interval) == lifetime


@pytest.mark.parametrize(("present", "cost"), [(0, 1), (100, 1), (1000, 10), (5000, 50)])
def test_what_all_nodes_do_at_once_costs_each_more(present: int, cost: float) -> None:
    assert network_cost(present) == cost


def test_the_earliest_of_what_is_set() -> None:
    assert earliest() is None
    assert earliest(None, None) is None
    assert earliest(None, 3.0, 2.0, None, 2.5) == 2.0


# --- budgets


@given(
    st.floats(0.1, 100),
    st.integers(1, 50),
    st.lists(st.floats(0, 10), max_size=200),
)
def test_a_bucket_never_gives_more_than_burst_and_rate(rate: float, burst: int, pauses: list[float]) -> None:
    bucket, now, given_out = TokenBucket(rate, burst), 0.0, 0
    for pause in pauses:
        now += pause
        given_out += bucket.take(now)
        assert given_out <= burst + rate * now + 0.001


def test_a_cost_above_the_burst_needs_a_full_bucket_and_is_paid_back() -> None:
    bucket = TokenBucket(10, 20)
    assert bucket.take(0.0, 50)
    assert not bucket.take(4.9, 50)
    assert bucket.take(5.1, 50)


def test_a_clock_that_stands_still_or_slips_gives_nothing() -> None:
    bucket = TokenBucket(10, 1)
    assert bucket.take(5.0)
    assert not bucket.take(5.0)
    assert not bucket.take(4.0)


def test_sources_do_not_share_a_budget_and_are_forgotten_in_order() -> None:
    buckets = SourceBuckets(0.001, 1)
    assert buckets.take("a", 0.0)
    assert not buckets.take("a", 0.0)
    for number in range(SOURCES_REMEMBERED_MAX - 1):
        assert buckets.take(str(number), 0.0)
    assert not buckets.take("a", 0.0)  # still remembered, and now the youngest
    assert buckets.take("one more", 0.0)
    assert buckets.take("0", 0.0)  # was the oldest, so its past is forgotten
    assert not buckets.take("a", 0.0)


def test_newcomers_of_one_address_do_not_use_up_those_of_others() -> None:
    budget = NewcomerBudget()
    taken = sum(budget.take("10.0.0.9", 0.0) for _ in range(1000))
    assert taken == NEWCOMERS_PER_SOURCE_BURST
    assert budget.take("10.0.0.1", 0.0)
    assert budget.take_protected(0.0)


# --- replies


def test_a_question_to_us_alone_is_answered_at_once() -> None:
    replies = pacing()
    replies.asked(caller(1), to_everyone=False, present=1000, now=0.0)
    assert replies.replies_due(0.0) == [caller(1)]
    assert replies.replies_due(9.0) == []


@pytest.mark.parametrize(("present", "until"), [(0, 0.0), (20, 0.02), (400, 0.4), (5000, REPLY_JITTER_MAX_S)])
def test_the_answers_of_all_are_spread(present: int, until: float) -> None:
    replies = pacing()
    replies.asked(caller(1), to_everyone=True, present=present, now=10.0)
    assert replies.next_deadline() == pytest.approx(10 + until)
    assert replies.replies_due(10 + until - 0.001) == []
    assert replies.replies_due(10 + until) == [caller(1)]
    assert replies.next_deadline() is None


def test_a_question_that_arrives_by_two_broadcast_addresses_is_answered_once() -> None:
    replies = pacing()
    for now in (0.0, 0.0, 0.1):
        replies.asked(caller(1), to_everyone=True, present=10, now=now)
    assert replies.replies_due(0.2) == [caller(1)]
    replies.asked(caller(1), to_everyone=True, present=10, now=1.0)  # asked again, as the answer may be lost
    assert replies.replies_due(1.2) == [caller(1)]


def test_few_listeners_get_an_answer_each() -> None:
    replies = pacing()
    for number in range(2):
        replies.asked(caller(number), to_everyone=True, present=50, now=0.0)
    assert not replies.is_broadcast_due(1.0)
    assert len(replies.replies_due(1.0)) == 2


def test_many_listeners_get_one_broadcast() -> None:
    replies = pacing()
    for number in range(500):
        replies.asked(caller(number), to_everyone=True, present=50, now=0.0)
    assert replies.is_broadcast_due(0.05)
    assert replies.replies_due(1.0) == []


def test_in_a_large_network_a_handful_is_not_many() -> None:
    replies = pacing()
    for number in range(15):
        replies.asked(caller(number), to_everyone=True, present=1000, now=0.0)
    assert not replies.is_broadcast_due(1.0)
    assert len(replies.replies_due(1.0)) == 15


def test_dialers_hear_no_broadcast_and_are_answered_each() -> None:
    replies = pacing()
    for number in range(100):
        replies.asked(caller(number, listener=False), to_everyone=True, present=50, now=0.0)
    for number in range(100, 110):
        replies.asked(caller(number), to_everyone=True, present=50, now=0.0)
    assert replies.is_broadcast_due(0.1)
    due = replies.replies_due(1.0)
    assert len(due) == 100
    assert not any(each.is_listener for each in due)


def test_whatever_everyone_heard_of_us_answers_those_who_wait() -> None:
    replies = pacing()
    replies.asked(caller(1), to_everyone=True, present=50, now=0.0)
    replies.asked(caller(2, listener=False), to_everyone=True, present=50, now=0.0)
    replies.asked(caller(3), to_everyone=False, present=50, now=0.0)
    replies.broadcast_sent(0.01)
    assert set(replies.replies_due(1.0)) == {caller(2, listener=False), caller(3)}


def broadcasts_on_demand(replies: ReplyPacing, present: int, seconds: float) -> list[float]:
    """When they go out while somebody asks for one all the time."""
    times, now = [], 100.0
    while now < 100 + seconds:
        replies.want_broadcast(now, present)
        if replies.is_broadcast_due(now):
            replies.broadcast_sent(now)
            times.append(round(now - 100, 2))
        now += 0.01
    return times


@pytest.mark.parametrize(
    ("present", "times"),
    [
        (1, [0, 0.5, 1.0, 1.5, 2.0, 2.5]),
        (200, [0, 0.5, 1.0, 3.0, 3.5, 4.0, 6.0, 6.5, 7.0, 9.0]),
        (1000, [0, 0.5, 1.0, 15.0, 15.5, 16.0]),
    ],
)
def test_broadcasts_on_demand_are_few(present: int, times: list[float]) -> None:
    sent = broadcasts_on_demand(pacing(share=0.0), present, times[-1] + 0.2)
    assert sent == pytest.approx(times, abs=0.05)


def test_after_any_broadcast_the_next_on_demand_waits_a_little() -> None:
    replies = pacing(share=0.0)
    replies.broadcast_sent(10.0)
    replies.want_broadcast(10.1, present=1000)
    assert replies.next_deadline() == 10 + COLD_START_PAUSE_S


def test_one_address_cannot_use_up_the_answers_of_others() -> None:
    replies = pacing()
    for number in range(1000):
        flooder = Caller("10.0.0.66", number, "eth0", number.to_bytes(16, "big"), is_listener=False)
        replies.asked(flooder, to_everyone=False, present=10, now=0.0)
    replies.asked(caller(1), to_everyone=False, present=10, now=0.0)
    due = replies.replies_due(0.0)
    assert len(due) == REPLY_BURST_PER_SOURCE + 1
    assert caller(1) in due


@pytest.mark.parametrize(("present", "answers"), [(10, REPLY_BURST), (1000, REPLY_BURST // 10)])
def test_a_flood_from_forged_addresses_is_answered_within_the_networks_budget(
    present: int, answers: int
) -> None:
    replies = pacing()
    for number in range(20_000):
        replies.asked(caller(number, listener=False), to_everyone=True, present=present, now=0.0)
    assert len(replies.replies_due(1.0)) == answers


def test_listeners_beyond_the_budget_are_answered_by_a_broadcast() -> None:
    replies = pacing()
    for number in range(REPLY_BURST):
        replies.asked(caller(number, listener=False), to_everyone=True, present=10, now=0.0)
    replies.asked(caller(999), to_everyone=True, present=10, now=0.0)
    assert replies.is_broadcast_due(0.01)


def test_unicast_questions_beyond_the_budget_are_dropped() -> None:
    replies = pacing()
    for number in range(REPLY_BURST + 50):
        replies.asked(caller(number), to_everyone=False, present=10, now=0.0)
    assert len(replies.replies_due(0.0)) == REPLY_BURST


def test_of_lone_callers_the_last_are_remembered() -> None:
    callers = LoneCallers()
    asked = [caller(number) for number in range(BYE_ADDRESSES_MAX + 2)]
    for each in [*asked, asked[2]]:
        callers.note(each)
    assert list(callers.interfaces) == [(each.host, each.port) for each in [*asked[3:], asked[2]]]


def test_memory_is_bounded() -> None:
    replies = pacing()
    for number in range(20_000):
        replies.asked(caller(number, listener=False), to_everyone=True, present=1, now=number / 100)
    assert len(replies._waiting) <= REPLIES_WAITING_MAX
    assert len(replies._recent) <= REPLIES_WAITING_MAX
    assert len(replies._sources._buckets) <= SOURCES_REMEMBERED_MAX
