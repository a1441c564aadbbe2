"""When to draw: keys at once by themselves, news a few times a second, and what time changes."""

import asyncio
from collections.abc import Callable

from lanmsg.tui.progress import STALL_AFTER, Progress
from lanmsg.tui.state import State
from lanmsg.tui.strips import ETA_AFTER, LINGER
from lanmsg.tui.update import Damage

GAPS = {Damage.ROWS: 0.1, Damage.PROGRESS: 0.25}
"""Seconds between two redraws for the network's sake."""

FLOOD, FLOOD_GAP = 10, 0.2
"""So much news since the last redraw is more than anybody reads: then the next one may take a bit longer."""


COUNTERS_EVERY = 1.0
"""Seconds between two looks at what was sent and heard, while that is in sight."""


class Pace:
    """Calls `draw`; an idle screen has no timer running."""

    def __init__(self, draw: Callable[[], None]) -> None:
        self._draw = draw
        self._last = 0.0
        self._news = 0  # since the last redraw
        self._soon: asyncio.TimerHandle | None = None
        self._later: asyncio.TimerHandle | None = None

    def damaged(self, damage: Damage) -> None:
        """Something changed that is not the person's doing."""
        if damage is Damage.NONE:
            return
        self._news += 1
        loop = asyncio.get_running_loop()
        when = max(self._last + GAPS[damage], loop.time())
        if self._soon is not None:
            if self._soon.when() <= when:
                return
            self._soon.cancel()
        self._soon = loop.call_at(when, self._now)

    def _now(self) -> None:
        self._soon = None
        loop = asyncio.get_running_loop()
        if self._news > FLOOD and loop.time() < self._last + FLOOD_GAP:
            self._soon = loop.call_at(self._last + FLOOD_GAP, self._now)
            return
        self._last, self._news = loop.time(), 0
        self._draw()

    def drawn(self, state: State, tick: float) -> None:
        """After each redraw, a key's too: all news is shown; wake up once when something there runs out."""
        self._last, self._news = asyncio.get_running_loop().time(), 0
        if self._later is not None:
            self._later.cancel()
            self._later = None
        moments = [moment for moment in changes(state) if moment > tick]
        if moments:
            self._later = asyncio.get_running_loop().call_later(min(moments) - tick + 0.01, self._expired)

    def _expired(self) -> None:
        self._later = None
        self._draw()

    def stop(self) -> None:
        for handle in (self._soon, self._later):
            if handle is not None:
                handle.cancel()


def _next_second(progress: Progress, tick: float) -> float:
    """When it is said next for how long nothing came."""
    return progress.moved + max(STALL_AFTER, int(tick - progress.moved) + 1)


def watches_network(state: State) -> bool:
    """Whether the counters of the interfaces are in sight: nobody is here, or the page about it is open."""
    if state.page is not None:
        return state.ready and state.page.kind == "status"
    return state.ready and state.open is None and not state.here


def changes(state: State) -> list[float]:
    """Moments of the steady clock at which the picture changes by itself."""
    moments = [state.notice.until] if state.notice is not None else []
    moments += [progress.ended + LINGER for progress in state.moving.values() if progress.ended > 0]
    moments += [each.running_since + ETA_AFTER for each in state.moving.values() if each.running_since]
    moments += [_next_second(each, state.tick) for each in state.moving.values() if each.running_since]
    if watches_network(state):
        moments.append(state.tick + COUNTERS_EVERY)
    if state.roster_stale:
        moments.append(state.order_held)
    return moments
