"""A host under torture: one home on a disk of its own size, and the programs that share it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from lanmsg.protocol.identity import generate_identity
from lanmsg.storage.identity import save_key
from tests.lab.host import Host
from tests.lab.lan import Lan
from tests.lab.program import Program
from tests.torture.clock_shift import set_clock

DISK_MIB = 64
BALLAST_STEP = 1 << 16
BEHIND_BYTES = 1 << 14


class Actor(Program):
    """tests/torture/actor.py in its own process."""

    stopped = False

    def __init__(self, command: Sequence[str], **fields: Any) -> None:
        super().__init__(command, **fields)
        self._unwritten = bytearray()

    def tell(self, to: str, text: str) -> None:
        """A line on its stdin, unless it is far behind: one that hangs must not hang us."""
        if len(self._unwritten) < BEHIND_BYTES:
            self._unwritten += (json.dumps({"to": to, "text": text}) + "\n").encode()
        os.set_blocking(self._stdin.fileno(), False)
        with suppress(BlockingIOError, BrokenPipeError):
            del self._unwritten[: os.write(self._stdin.fileno(), self._unwritten)]

    @property
    def can_hear(self) -> bool:
        return self.running and not self.stopped

    def stop(self) -> None:
        self.stopped = True
        self.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.stopped = False
        if self.running:
            self.send_signal(signal.SIGCONT)

    def stored(self) -> Iterator[bytes]:
        """The ids of what it said is in its outbox."""
        return (bytes.fromhex(line["id"]) for line in list(self.lines) if line.type == "stored")

    @property
    def crash(self) -> str:
        """What it said that no program should say."""
        text = "\n".join(self.errors)
        return text if "Traceback" in text or "exception" in text.lower() else ""


@dataclass(slots=True)
class Slot:
    """A program of the home that is started again whenever it has ended."""

    options: tuple[str, ...] = ()
    actor: Actor | None = None
    may_run: bool = True


@dataclass(slots=True)
class Place:
    host: Host
    home: Path
    clock: Path
    id: bytes
    slots: list[Slot]
    afflicted: set[str] = field(default_factory=set)
    past: list[Actor] = field(default_factory=list)
    commands: list[Program] = field(default_factory=list)
    refusals: int = 0

    @classmethod
    def on(cls, lan: Lan, name: str, slots: list[Slot]) -> "Place":
        host = lan.host(name)
        disk, clock = host.folder / "disk", host.folder / "clock"
        disk.mkdir()
        options = f"size={DISK_MIB}m,mode=0700"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "lanmsg-torture", disk], check=True)
        set_clock(clock, 0.0)
        identity = generate_identity()
        save_key(disk / "home", identity.to_der())
        return cls(host, disk / "home", clock, bytes(identity.peer_id), slots)

    @property
    def database(self) -> Path:
        return self.home / "lanmsg.db"

    @property
    def actors(self) -> list[Actor]:
        return [slot.actor for slot in self.slots if slot.actor is not None]

    def keep_running(self) -> None:
        """Starts whatever has ended, however it ended."""
        for slot in self.slots:
            if slot.actor is not None and not slot.actor.running:
                self.bury(slot)
            if slot.actor is None and slot.may_run:
                slot.actor = self._start(slot)

    def bury(self, slot: Slot) -> None:
        """What is dead is read to its end, and remembered."""
        if slot.actor is None:
            return
        slot.actor.close()
        self.refusals += slot.actor.find("refused") is not None
        self.past.append(slot.actor)
        slot.actor = None

    def tell(self, to: str, text: str, random: Random) -> None:
        if hearing := [actor for actor in self.actors if actor.can_hear]:
            random.choice(hearing).tell(to, text)

    def command(self, *arguments: str) -> None:
        """The command line, for one message."""
        who = ("--home", str(self.home), "--name", self.host.name)
        program = (sys.executable, "-P", "-m", "tests.torture.actor", str(self.clock), "--")
        self.commands.append(self.host.spawn(*program, *who, *arguments))

    def fill(self) -> None:
        with (self.home.parent / "ballast").open("wb") as ballast, suppress(OSError):
            while True:
                os.write(ballast.fileno(), bytes(BALLAST_STEP))
        with (self.home.parent / "ballast").open("ab") as ballast, suppress(OSError):
            while True:
                os.write(ballast.fileno(), bytes(512))

    def free(self) -> None:
        (self.home.parent / "ballast").unlink(missing_ok=True)

    def promised(self) -> Iterator[tuple[bytes, bytes]]:
        for actor in [*self.past, *self.actors]:
            for message_id in actor.stored():
                yield self.id, message_id

    def crashes(self) -> list[str]:
        said = [actor.crash for actor in [*self.past, *self.actors]]
        said += ["\n".join(each.errors) for each in self.commands if "Traceback" in "\n".join(each.errors)]
        return [each for each in said if each]

    def close(self) -> None:
        """After the programs are gone."""
        subprocess.run(["umount", "--lazy", self.home.parent], check=False)

    def _start(self, slot: Slot) -> Actor:
        program = (sys.executable, "-P", "-m", "tests.torture.actor", str(self.home), self.host.name)
        command = self.host._command((*program, str(self.clock), *slot.options))
        label = f"{self.host.name} {' '.join(slot.options)}"
        return self.host._keep(
            Actor(command, label=label, env=self.host._environment(), cwd=self.host.folder)
        )
