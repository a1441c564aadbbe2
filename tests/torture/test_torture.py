"""A short torture of real nodes: seconds of what scripts/torture does for minutes."""

from pathlib import Path

from tests.torture.campaign import Campaign, Plan

SHORT = Plan(
    seed=2372,
    nodes=3,
    messages=400,
    rate=60.0,
    pause=0.6,
    longest=2.0,
    drain=120.0,
    patience=300.0,
    share_of_commands=0.005,
    # Without those after which a peer is found again only when its session has been asked whether it lives.
    kinds=("kill", "restart", "stop", "cut", "disk", "clock"),
)


def test_nothing_is_lost_or_comes_twice_or_out_of_order_whatever_breaks(tmp_path: Path) -> None:
    outcome = Campaign(SHORT, tmp_path).run()
    assert outcome.violations == [], outcome.table()
    assert outcome.verdict.states["delivered"] >= 300
    assert len(outcome.faults) >= 3, outcome.faults
