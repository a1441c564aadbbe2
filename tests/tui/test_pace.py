"""When the screen is drawn: a flood a few times a second, an idle screen never."""

import asyncio
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from lanmsg.api import TransferState
from lanmsg.tui import roster
from lanmsg.tui.pace import Pace, changes
from lanmsg.tui.state import Notice, Page
from lanmsg.tui.update import Damage
from tests.tui.double import Double, person
from tests.tui.given import BEN, state_of


class FakeTimers:
    """Stands for the loop's clock: timers are run by hand."""

    def __init__(self) -> None:
        self.now = 100.0
        self.timers: list[tuple[float, Callable[[], None], asyncio.TimerHandle]] = []

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, call: Callable[[], None]) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, call, (), self)  # type: ignore[arg-type]  # what a handle asks of a loop
        self.timers.append((when, call, handle))
        return handle

    def call_later(self, delay: float, call: Callable[[], None]) -> asyncio.TimerHandle:
        return self.call_at(self.now + delay, call)

    def get_debug(self) -> bool:
        return False

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None: ...

    def waiting(self) -> list[float]:
        return sorted(when for when, _, handle in self.timers if not handle.cancelled())

    def run_until(self, moment: float) -> None:
        while due := [each for each in self.timers if each[0] <= moment and not each[2].cancelled()]:
            first = min(due, key=lambda each: each[0])
            self.timers.remove(first)
            self.now = max(self.now, first[0])
            first[1]()
        self.now = moment


def paced(monkeypatch: Any) -> tuple[Pace, FakeTimers, list[float]]:
    timers = FakeTimers()
    drawn: list[float] = []
    monkeypatch.setattr(asyncio, "get_running_loop", lambda: timers)
    return Pace(lambda: drawn.append(timers.now)), timers, drawn


def test_news_is_drawn_ten_times_a_second_and_a_flood_five_times(monkeypatch: Any) -> None:
    pace, timers, drawn = paced(monkeypatch)
    for news, least, most in ((50, 9, 12), (500, 5, 7)):
        drawn.clear()
        began = timers.now
        for step in range(news):
            timers.run_until(began + step / news)
            pace.damaged(Damage.ROWS)
        timers.run_until(began + 2)
        assert least <= len(drawn) <= most
        assert drawn[0] == began
        assert timers.waiting() == []


def test_what_a_key_drew_is_not_drawn_again_at_once(monkeypatch: Any) -> None:
    pace, timers, drawn = paced(monkeypatch)
    pace.damaged(Damage.ROWS)
    timers.run_until(100.09)
    pace.drawn(state_of(), 1000.0)
    pace.damaged(Damage.ROWS)
    timers.run_until(101)
    assert drawn == [100.0, 100.19]


def test_progress_waits_longer_and_words_do_not_wait_for_it(monkeypatch: Any) -> None:
    pace, timers, drawn = paced(monkeypatch)
    for step in range(100):
        timers.run_until(100 + step / 100)
        pace.damaged(Damage.PROGRESS)
    assert len(drawn) <= 5
    timers.run_until(101.0)
    last = drawn[-1]
    pace.damaged(Damage.PROGRESS)
    pace.damaged(Damage.ROWS)
    timers.run_until(102)
    assert drawn[-1] == max(last + 0.1, 101.0)


def test_nothing_changed_is_no_reason(monkeypatch: Any) -> None:
    pace, timers, drawn = paced(monkeypatch)
    pace.damaged(Damage.NONE)
    timers.run_until(200)
    assert drawn == []


def test_an_idle_screen_has_no_timer_and_one_with_a_notice_has_one(monkeypatch: Any) -> None:
    pace, timers, drawn = paced(monkeypatch)
    state = state_of()
    state.open = BEN
    pace.drawn(state, 1000.0)
    assert timers.waiting() == []
    state.notice = Notice("hello", "", 1005.0)
    pace.drawn(state, 1000.0)
    pace.drawn(state, 1000.0)
    assert len(timers.waiting()) == 1
    timers.run_until(110)
    assert len(drawn) == 1
    pace.drawn(state, 1005.1)
    assert timers.waiting() == []
    pace.stop()


def test_what_runs_out_by_itself() -> None:
    node = Double()
    node.meet(person("ben"))
    node.offered("ben", "a", 10, state=TransferState.RUNNING)
    state = state_of(node)
    roster.refresh(state)
    assert changes(state) == [1002.0, 1003.0]
    state.put_transfer(replace(node.moving[1], state=TransferState.DONE))
    roster.refresh(state)
    assert changes(state) == [1004.0]
    state.roster_stale, state.order_held = True, 1010.0
    assert 1010.0 in changes(state)


def test_a_transfer_that_stalls_wakes_the_screen_every_second() -> None:
    node = Double()
    node.meet(person("ben"))
    node.offered("ben", "a", 10, state=TransferState.RUNNING, done=1)
    state = state_of(node)
    start = state.tick
    assert start + 3.0 in changes(state)
    state.tick += 7.4
    assert start + 8.0 in changes(state)


def test_the_counters_of_an_empty_screen_are_looked_at_while_they_are_in_sight() -> None:
    state = state_of(Double())
    roster.refresh(state)
    assert changes(state) == [state.tick + 1.0]
    state.open = BEN
    roster.refresh(state)
    assert changes(state) == []
    state.page = Page("status")
    assert changes(state) == [state.tick + 1.0]
