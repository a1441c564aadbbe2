"""`python -m tests.siege`, which scripts/siege runs."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.lab.lan import Lan
from tests.siege.campaign import Siege, every_attack, failures, free_port

parser = argparse.ArgumentParser(
    prog="scripts/siege",
    description="The screen under attack: each kind of flood, then all at once, from 250 addresses.",
)
parser.add_argument("--seconds", type=float, default=10.0, help="for each phase (default 10)")
parser.add_argument("--lan", action="store_true", help="from another host, in namespaces (needs root)")
parser.add_argument("--attack", choices=every_attack(), help="this one alone")


def main(seconds: float, attack: str | None, *, lan: bool) -> int:
    phases: list[tuple[str, tuple[str, ...]]] = [("peace", ())]
    phases += [(each, (each,)) for each in ([attack] if attack else every_attack())]
    phases += [] if attack else [("all at once", every_attack())]
    with tempfile.TemporaryDirectory(prefix="lanmsg-siege-") as folder:
        if not lan:
            addresses = [f"127.93.7.{number}" for number in range(1, 5)]
            return run(Siege(Path(folder), free_port(addresses[0]), addresses, "127.94.7"), phases, seconds)
        with Lan(Path(folder) / "lan", ["anna", "ben", "eve"]) as wire:
            addresses = [wire.hosts[0].address, *[wire.hosts[1].address] * 3]
            places = [["ip", "netns", "exec", host.namespace] for host in wire.hosts]
            return run(Siege(Path(folder), 2372, addresses, "", places=places), phases, seconds)


def run(begun: Siege, phases: Sequence[tuple[str, tuple[str, ...]]], seconds: float) -> int:
    failed: list[str] = []
    with begun as siege:
        print("median/95th percentile (count)", flush=True)
        for name, attacks in phases:
            found = siege.phase(name, attacks, seconds)
            print(found.line(), flush=True)
            for each in found.attackers:
                print(f"            {each}", flush=True)
            failed += [f"{name}: {each}" for each in failures(found, siege.memory_before)]
        siege.wait_until_quiet()
        print(f"memory grew by {(siege.screen.memory() - siege.memory_before) / 1e6:.0f} MB in all")
    print("\n".join(failed) or "held")
    return bool(failed)


chosen = parser.parse_args()
sys.exit(main(chosen.seconds, chosen.attack, lan=chosen.lan))
