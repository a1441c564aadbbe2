"""`python -m tests.torture`, which scripts/torture runs."""

import argparse
import secrets
import sys
import tempfile
from pathlib import Path

from tests.lab.namespaces import why_not
from tests.torture.campaign import NAMES, Campaign, Plan
from tests.torture.faults import KINDS

DESCRIPTION = """Nothing lost, nothing twice, nothing out of order: real nodes on a LAN of network namespaces,
with every fault that can be made, and a judge that reads all stores afterwards."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/torture", description=DESCRIPTION)
    parser.add_argument("--nodes", type=int, default=5, choices=range(2, len(NAMES) + 1), metavar="N")
    parser.add_argument("--messages", type=int, default=10_000, metavar="N", help="written before the peace")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 32), help="of faults and texts")
    parser.add_argument("--minutes", type=float, default=0.0, metavar="M", help="at least so long")
    parser.add_argument("--rate", type=float, default=40.0, metavar="R", help="messages a second, of all")
    parser.add_argument("--faults", nargs="+", choices=KINDS, default=KINDS, metavar="KIND")
    options = parser.parse_args()
    if reason := why_not():
        print(reason, file=sys.stderr)
        return 2
    plan = Plan(
        options.seed, options.nodes, options.messages, options.minutes, options.rate, kinds=options.faults
    )
    print(f"seed {plan.seed}: {plan.nodes} nodes, {plan.messages:,} messages", flush=True)
    with tempfile.TemporaryDirectory(prefix="lanmsg-torture-") as folder:
        outcome = Campaign(plan, Path(folder)).run()
    print(outcome.table())
    for violation in outcome.violations[:50]:
        print(violation)
    print("VIOLATED" if outcome.violations else "nothing lost, nothing twice, nothing out of order")
    return 1 if outcome.violations else 0


if __name__ == "__main__":
    sys.exit(main())
