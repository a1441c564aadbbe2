"""Discovery's promises for a whole network; `scripts/simulate` gives the figures for larger ones."""

import pytest

from tests.protocol.lan_simulation import Headcount, Lan

NODES = 60


@pytest.fixture(scope="module")
def settled() -> Lan:
    """A network that has been up for some seconds. Tests of this file do things to it in their order."""
    lan = Lan()
    lan.add_within(NODES, 1.0)
    lan.run_until(12.0)
    lan.take_traffic()
    return lan


@pytest.mark.parametrize("seed", [1, 2])
def test_all_who_start_in_the_same_second_know_each_other_a_second_later(seed: int) -> None:
    lan = Lan(seed=seed)
    lan.add_within(NODES, 1.0)
    assert lan.run_until_all_know(limit=1.0) is not None
    lan.run_until(5.0)
    assert lan.traffic.sent < 40 * NODES  # three answers of each to each would be 180 * NODES
    assert lan.traffic.broadcasts < 12 * NODES


def test_a_settled_network_is_quiet(settled: Lan) -> None:
    start = settled.now
    settled.run_until(start + 15.0)
    traffic = settled.take_traffic()
    assert traffic.sent / 15 == pytest.approx(NODES / 5, rel=0.1)
    assert traffic.unicasts == 0
    assert settled.know_each_other()
    assert settled.false_departures == 0


def test_a_newcomer_costs_little(settled: Lan) -> None:
    settled.add()
    took = settled.run_until_all_know(limit=1.0)
    assert took is not None
    settled.run_until(settled.now + 4)
    assert settled.take_traffic().unicasts <= 3 * NODES


def test_goodbyes_show_at_once(settled: Lan) -> None:
    for node in settled.up[1::2]:
        settled.leave(node)
    took = settled.run_until_all_know(limit=1.0)
    assert took is not None
    assert took <= 0.1


def test_crashes_show_within_13_5_seconds(settled: Lan) -> None:
    for node in settled.up[1::2]:
        settled.crash(node)
    took = settled.run_until_all_know(limit=20.0)
    assert took is not None
    assert took <= 13.55
    assert settled.false_departures == 0


def test_three_datagrams_in_a_hundred_may_be_lost() -> None:
    lan = Lan(loss=0.03)
    lan.add_within(30, 1.0)
    assert lan.run_until_all_know(limit=10.0) is not None
    lan.run_until(90.0)
    assert lan.know_each_other()
    assert lan.false_departures == 0


def test_after_a_failure_of_the_switch_all_find_each_other_again() -> None:
    lan = Lan()
    lan.add_within(40, 1.0)
    lan.run_until(20.0)
    lan.loss = 1.0
    lan.run_until(50.0)
    assert all(not node.knows for node in lan.up)
    lan.loss = 0.0
    assert lan.run_until_all_know(limit=6.0) is not None


def test_headcounts_speak_like_whole_nodes() -> None:
    """What stands for most nodes of a very large network costs the wire the same as the real thing."""
    whole, thin = Lan(), Lan(whole=5)
    for lan in (whole, thin):
        lan.add_within(30, 1.0)
        lan.run_until(40.0)
        assert lan.know_each_other()
    assert isinstance(thin.nodes[-1].machine._sightings, Headcount)
    assert thin.traffic.sent == pytest.approx(whole.traffic.sent, rel=0.1)
