"""The torture: writers on several hosts, a driver of faults beside them, then peace, and the judge.

the harness, one loop
  |  lines to write                    faults, from the seed
  v                                         v
host anna            host ben            host cara …          each a network namespace on one bridge
  screen A             screen A            screen A           real nodes; A listens, B takes over when A dies
  screen B             dialer D                               a dialer only delivers what it wrote
  home on a tmpfs      home on a tmpfs     home on a tmpfs    each with a wall clock that can be set
"""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.lab.lan import Lan
from tests.torture import checker
from tests.torture.faults import KINDS, Faults
from tests.torture.place import Place, Slot

NAMES = ("anna", "ben", "cara", "dora", "emil", "fritz", "gerd", "hanna", "ida", "jana")
FILLINGS = ("", "ö" * 20, "the quick brown fox " * 4, "🍲\n\ttabs and lines\n" * 3, "long " * 900)
TICK_S = 0.02
LOOK_S = 0.5
CALM_LOOKS = 3
"""What was typed just before the peace may not be in the outbox yet."""


@dataclass(frozen=True, slots=True)
class Plan:
    seed: int
    nodes: int = 5
    messages: int = 10_000
    minutes: float = 0.0
    """At least so long, whatever was written."""
    rate: float = 40.0
    """Messages a second, of all hosts together."""
    pause: float = 1.0
    """Seconds between two faults, on average."""
    longest: float = 10.0
    drain: float = 180.0
    patience: float = 3600.0
    """The writing takes no longer, or something is wrong that is none of the faults."""
    share_of_commands: float = 0.01
    kinds: Sequence[str] = KINDS


@dataclass(slots=True)
class Outcome:
    verdict: checker.Verdict
    faults: Counter[str]
    crashes: list[str]
    waiting: int
    drained_in: float
    programs: int
    commands: int
    refusals: int

    @property
    def violations(self) -> list[str]:
        found = [f"{kind}: {what}" for kind, cases in self.verdict.faults.items() for what in cases]
        found += [f"crash: {each}" for each in self.crashes]
        if self.waiting:
            found.append(f"stuck: {self.waiting} deliveries are still to be made, with nothing in their way")
        return found

    def table(self) -> str:
        verdict = self.verdict
        rows = [
            ("messages written", verdict.written),
            ("deliveries", sum(verdict.states.values())),
            *((f"  {state}", verdict.states[state]) for state in ("delivered", "queued", "sent", "failed")),
            ("received", verdict.received),
            ("  given up by the writer, and arrived", verdict.late),
            *((kind, verdict.count(kind)) for kind in checker.KINDS),
            ("crashes", len(self.crashes)),
            ("nodes started", self.programs),
            ("  refused to start (no space)", self.refusals),
            ("commands run", self.commands),
            ("faults", sum(self.faults.values())),
            *((f"  {kind}", number) for kind, number in sorted(self.faults.items())),
        ]
        lines = [f"{name:40}{number:>10,}" for name, number in rows]
        return "\n".join([*lines, f"{'seconds until all was delivered':40}{self.drained_in:>10.1f}"])


class Campaign:
    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        self._random = Random(plan.seed)
        self._folder = folder
        self._places: list[Place] = []
        self._written = 0

    def run(self) -> Outcome:
        with Lan(self._folder) as lan:
            try:
                return self._run(lan)
            finally:
                for place in self._places:
                    place.host.close()
                    place.close()

    def _run(self, lan: Lan) -> Outcome:
        for number in range(self.plan.nodes):
            self._places.append(Place.on(lan, NAMES[number], _slots(number)))
        faults = Faults(
            lan, self._places, Random(self.plan.seed + 1), longest=self.plan.longest, kinds=self.plan.kinds
        )
        self._begin()
        self._fight(faults)
        faults.heal_all()
        drained_in, waiting = self._drain()
        self._end()
        books = [checker.read_books(place.id, place.database) for place in self._places]
        promised = [each for place in self._places for each in place.promised()]
        return Outcome(
            checker.judge(books, promised),
            faults.counts,
            [crash for place in self._places for crash in place.crashes()],
            waiting,
            drained_in,
            programs=sum(len(place.past) for place in self._places),
            commands=sum(len(place.commands) for place in self._places),
            refusals=sum(place.refusals for place in self._places),
        )

    def _begin(self) -> None:
        """All are up, and everybody has written to everybody: nobody is a stranger."""
        for place in self._places:
            place.keep_running()
        for place in self._places:
            for actor in place.actors:
                actor.wait_for("ready", within=60)
            for other in self._places:
                if other is not place:
                    place.actors[0].tell(other.id.hex(), f"{place.host.name} says hello")

    def _fight(self, faults: Faults) -> None:
        plan, random = self.plan, self._random
        started = now = time.monotonic()
        next_fault, next_look, owed = now + plan.pause, now, 0.0
        stored = 0
        while stored < plan.messages or now - started < plan.minutes * 60:
            assert now - started < plan.patience, f"only {stored} of {plan.messages} could be written"
            time.sleep(TICK_S)
            before, now = now, time.monotonic()
            owed = min(owed + (now - before) * plan.rate, plan.rate)
            while owed >= 1:
                owed -= 1
                self._write_one()
            if now >= next_fault:
                faults.strike(now)
                next_fault = now + random.expovariate(1 / plan.pause)
            faults.heal_due(now)
            if now >= next_look:
                next_look = now + LOOK_S
                stored = sum(1 for place in self._places for _ in place.promised())
                for place in self._places:
                    place.keep_running()

    def _write_one(self) -> None:
        random = self._random
        self._written += 1
        sender, receiver = random.sample(self._places, 2)
        text = f"{self._written} {sender.host.name} {random.choice(FILLINGS)}"
        if random.random() < self.plan.share_of_commands:
            sender.command("msg", "--queue", "--timeout", "5", receiver.id.hex(), text)
        elif random.random() < 0.05:
            sender.tell("everyone", text, random)
        else:
            sender.tell(receiver.id.hex(), text, random)

    def _drain(self) -> tuple[float, int]:
        """How long it took until nothing waits any more, and what does."""
        started = time.monotonic()
        calm = 0
        while True:
            for place in self._places:
                place.keep_running()
            took = time.monotonic() - started
            waiting = sum(checker.waiting(place.database) for place in self._places)
            busy = any(each.running for place in self._places for each in place.commands)
            calm = 0 if waiting or busy else calm + 1
            if calm == CALM_LOOKS or took > self.plan.drain:
                return took, waiting
            time.sleep(LOOK_S)

    def _end(self) -> None:
        for place in self._places:
            for slot in place.slots:
                if slot.actor is not None:
                    slot.actor.terminate()
        for place in self._places:
            for slot in place.slots:
                if slot.actor is not None:
                    slot.actor.wait(within=30)
                    place.bury(slot)
            for command in place.commands:
                command.close()


def _slots(number: int) -> list[Slot]:
    """A screen everywhere, a second one on every other host, and a dialer on every third."""
    slots = [Slot()]
    if number % 2 == 0:
        slots.append(Slot())
    if number % 3 == 1:
        slots.append(Slot(("--dialer",)))
    return slots
