"""One siege: Anna at her screen, friends whom she has pinned, and attackers; what is measured, and judged."""

import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Self

from lanmsg.storage.identity import save_key
from lanmsg.storage.store import Store
from tests.siege.attackers import ATTACKS
from tests.siege.keys import FRIENDS, friend_key
from tests.siege.screen import Screen

CHECKOUT = Path(__file__).resolve().parents[2]
GROWTH_MAX = 32 << 20
PATIENCE_S = 60.0
REAPED_S = 20.0


@dataclass
class Found:
    """What one phase showed."""

    phase: str
    warm: list[float] = field(default_factory=list)
    cold: list[float] = field(default_factory=list)
    lost: int = 0
    echoes: list[float] = field(default_factory=list)
    unanswered: int = 0
    pinned_least: int = len(FRIENDS) - 1
    memory: int = 0
    """The most it had."""
    connections: int = 0
    attackers: list[dict[str, Any]] = field(default_factory=list)

    def line(self) -> str:
        return (
            f"{self.phase:<11} message {spread(self.warm)}  after a new handshake {spread(self.cold)}"
            f"  undelivered {self.lost}  key to screen {spread(self.echoes)}"
            f"  memory {self.memory / 1e6:.0f} MB  pinned {self.pinned_least}/{len(FRIENDS) - 1}"
        )


def spread(values: Sequence[float]) -> str:
    """Median and 95th percentile in milliseconds."""
    if not values:
        return "none"
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return f"{statistics.median(ordered) * 1000:.0f}/{p95 * 1000:.0f} ms ({len(ordered)})"


class Siege:
    """Use it in a `with` block: at its end all programs have ended."""

    def __init__(
        self,
        folder: Path,
        port: int,
        addresses: Sequence[str],
        network: str,
        *,
        gentle: bool = False,
        places: Sequence[Sequence[str]] = ((), (), ()),
    ):
        """`addresses`: of the friends, Anna's first; `network`: where attackers come from, as 127.90.1.

        `gentle`: the attackers are one process, which leaves processors to whatever else runs here.
        `places`: what command lines begin with: Anna's, the friends', the attackers'.
        """
        self._attacker = ["nice", "-n", "15"] if gentle else []
        self._places = places
        self._folder = folder
        self._port = port
        self._addresses = addresses
        self._network = network
        self._stack = ExitStack()
        self._said: list[dict[str, Any]] = []
        self.memory_before = 0

    def __enter__(self) -> Self:
        try:
            self._open()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(CHECKOUT),
            "HOME": str(self._folder),
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
        }

    def _open(self) -> None:
        for name in FRIENDS:
            self._home(name)
        self.store = Store.open(self._folder / "anna")
        self._stack.callback(self.store.close)
        self.screen = self._stack.enter_context(Screen(self._anna(), env=self.environment))
        whom = (str(self._folder), str(self._port), *self._addresses[1:])
        friends = self._start("tests.siege.friends", *whom, before=self._places[1])
        assert friends.stdout is not None
        reader = threading.Thread(target=self._hear, args=(friends.stdout,), name="siege-friends")
        reader.start()
        self._stack.callback(reader.join)
        self._stack.callback(self._end, friends)
        self._wait(lambda: self.pinned() == len(FRIENDS) - 1, "all friends on the screen")
        self._wait(lambda: any(each["cold"] and each["delivered"] for each in self._said), "a first message")
        self.screen.type_from_now_on()
        self._wait(lambda: len(self.screen.echoes) > 5, "keys on the screen")
        self.memory_before = self.screen.memory()

    def _home(self, name: str) -> None:
        save_key(self._folder / name, friend_key(name).to_der())
        store = Store.open(self._folder / name)
        for other in FRIENDS:
            if other != name:
                store.peers.pin(friend_key(other).peer_id, nickname=other, now=1.0)
        store.close()

    def _anna(self) -> list[str]:
        python = [sys.executable, "-m", "lanmsg", "--home", str(self._folder / "anna"), "--name", "anna"]
        where = ["--interface", self._addresses[0], "--port", str(self._port)]
        return [*self._places[0], *python, *where, "--downloads", str(self._folder / "saved")]

    def _start(self, module: str, *arguments: str, before: Sequence[str] = ()) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [*before, sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=self.environment,
            text=True,
        )

    def _end(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()

    def _hear(self, stream: IO[str]) -> None:
        with stream:
            for line in stream:
                self._said.append(json.loads(line))

    def _wait(self, condition: Any, what: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, f"no {what} in {PATIENCE_S} s: {self.screen.seen[-2000:]!r}"
            time.sleep(0.05)

    def pinned(self) -> int:
        """How many of the friends Anna's listener sees."""
        present = {each.id for each in self.store.presence.all()}
        return sum(friend_key(name).peer_id in present for name in FRIENDS[1:])

    def phase(self, name: str, attacks: Sequence[str], seconds: float) -> Found:
        found, first = Found(name), len(self._said)
        del self.screen.echoes[:]
        where = (self._addresses[0], str(self._port), str(self._port), str(seconds), self._network)
        attackers = [
            self._start("tests.siege.attackers", each, *where, before=[*self._places[2], *self._attacker])
            for each in ([",".join(attacks)] if self._attacker else attacks)
        ]
        deadline = time.monotonic() + seconds + PATIENCE_S
        ends = time.monotonic() + seconds
        while any(each.poll() is None for each in attackers) or time.monotonic() < ends:
            assert time.monotonic() < deadline, "an attacker does not end"
            found.memory = max(found.memory, self.screen.memory())
            found.pinned_least = min(found.pinned_least, self.pinned())
            found.connections = max(found.connections, self.screen.connections(self._port))
            time.sleep(0.1)
        for each in attackers:
            said = each.communicate()[0]
            assert each.returncode == 0, f"{each.args!r} failed"
            found.attackers += json.loads(said)
        self._wait(lambda: {each["cold"] for each in self._said[first:]} == {True, False}, "message")
        self._wait(lambda: self.screen.echoes or self.screen.unanswered, "key on the screen")
        self._judge(found, self._said[first:])
        return found

    def _judge(self, found: Found, said: Sequence[dict[str, Any]]) -> None:
        for each in said:
            (found.cold if each["cold"] else found.warm).append(each["took"])
            found.lost += not each["delivered"]
        found.echoes, found.unanswered = list(self.screen.echoes), self.screen.unanswered

    def wait_until_quiet(self) -> None:
        """Only friends are connected: what the attackers opened is gone on our side as well."""
        self._wait(lambda: self.screen.connections(self._port) <= 4 * len(FRIENDS), "end of what they opened")


def free_port(host: str) -> int:
    with socket.socket() as sock:
        sock.bind((host, 0))
        return int(sock.getsockname()[1])


def failures(found: Found, before: int) -> list[str]:
    """What must hold whatever is done to her."""
    oldest = max((each["oldest"] for each in found.attackers), default=0.0)
    return [
        what
        for what, is_true in {
            f"{found.lost} messages of a friend were not delivered": found.lost == 0,
            "no message of a friend came through": bool(found.warm and found.cold),
            f"only {found.pinned_least} of the pinned stayed": found.pinned_least == len(FRIENDS) - 1,
            f"memory grew by {(found.memory - before) / 1e6:.0f} MB": found.memory - before < GROWTH_MAX,
            f"a slow socket lived for {oldest} s": oldest < REAPED_S,
            "nothing was attacked": all(len(each) > 2 for each in found.attackers),
            "the screen does not answer": bool(found.echoes) and not found.unanswered,
        }.items()
        if not is_true
    ]


def every_attack() -> tuple[str, ...]:
    return tuple(ATTACKS)
