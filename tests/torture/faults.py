"""What is done to the hosts: each fault begins, is counted, and ends by itself after a while."""

import heapq
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import count
from random import Random

from tests.lab.lan import Lan
from tests.torture.clock_shift import set_clock
from tests.torture.place import Place, Slot

CLOCKS_S = (-400 * 86400.0, -86400.0, -3600.0, -45.0, -5.0, 5.0, 45.0, 3600.0, 86400.0, 400 * 86400.0)
LONG_STOP_S = 33.0
"""Longer than a sender waits for an acknowledgement."""

KINDS = ("kill", "restart", "stop", "cut", "unplug", "address", "disk", "clock", "loss")

End = Callable[[], None]


class Faults:
    """`kinds`: which ones; `longest`: seconds that one lasts at most."""

    def __init__(
        self,
        lan: Lan,
        places: Sequence[Place],
        random: Random,
        *,
        longest: float,
        kinds: Sequence[str] = KINDS,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._lan = lan
        self._places = places
        self._random = random
        self._longest = longest
        self._kinds = kinds
        self._ends: list[tuple[float, int, End]] = []
        self._serial = count()

    def strike(self, now: float) -> None:
        """One more fault, unless that host suffers from the same already."""
        kind, place = self._random.choice(self._kinds), self._random.choice(self._places)
        lasts = self._random.uniform(0.2, self._longest)
        if kind in place.afflicted:
            return
        end: End = getattr(self, f"_{kind}")(place)
        if kind == "stop" and self._longest > 8 and self._random.random() < 0.1:
            lasts = LONG_STOP_S
        self.counts[kind] += 1
        place.afflicted.add(kind)

        def healed() -> None:
            place.afflicted.discard(kind)
            end()

        heapq.heappush(self._ends, (now + lasts, next(self._serial), healed))

    def heal_due(self, now: float) -> None:
        while self._ends and self._ends[0][0] <= now:
            heapq.heappop(self._ends)[2]()

    def heal_all(self) -> None:
        """Every fault ends, and every clock is right again."""
        self.heal_due(float("inf"))
        for place in self._places:
            set_clock(place.clock, 0.0)

    def _slot(self, place: Place) -> Slot:
        return self._random.choice(place.slots)

    def _end_of(self, place: Place, number: signal.Signals) -> End:
        """A program ends, and stays away for as long as the fault lasts."""
        slot = self._slot(place)
        slot.may_run = False
        if slot.actor is not None and slot.actor.running:
            slot.actor.send_signal(number)

        def back() -> None:
            slot.may_run = True
            if slot.actor is not None:
                slot.actor.resume()  # one that was stopped has not even heard that it is to end

        return back

    def _kill(self, place: Place) -> End:
        return self._end_of(place, signal.SIGKILL)

    def _restart(self, place: Place) -> End:
        return self._end_of(place, signal.SIGTERM)

    def _stop(self, place: Place) -> End:
        stopped = [actor for actor in place.actors if actor.can_hear and self._random.random() < 0.8]
        for actor in stopped:
            actor.stop()

        def go_on() -> None:
            for actor in stopped:
                actor.resume()

        return go_on

    def _cut(self, place: Place) -> End:
        self._lan.cut(place.host)
        return lambda: nothing(self._lan.mend(place.host))

    def _unplug(self, place: Place) -> End:
        place.host.link_down()
        return lambda: nothing(place.host.link_up())

    def _address(self, place: Place) -> End:
        """For good: the next change of it gives another one."""
        last = int(place.host.address.rpartition(".")[2])
        place.host.change_address(f"10.77.0.{last % 50 + 50 * self._random.randrange(1, 5)}")
        return lambda: None

    def _disk(self, place: Place) -> End:
        place.fill()
        return place.free

    def _clock(self, place: Place) -> End:
        """It stays wrong until it is set again, or all is healed."""
        set_clock(place.clock, self._random.choice(CLOCKS_S))
        return lambda: None

    def _loss(self, place: Place) -> End:
        place.host.lose(self._random.randrange(5, 45))
        return lambda: place.host.run("nft", "delete", "table", "inet", "loss").check_returncode()


def nothing(_: object) -> None:
    """For an end that says when."""
