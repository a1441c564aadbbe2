"""The lab's fixtures, and what it says at the end: the figures it measured, or why it was left out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.lab.lan import Lan
from tests.lab.namespaces import why_not, why_one_user
from tests.lab.tunnel import why_no_tunnel

HERE = Path(__file__).parent
FIGURE = "figure of the lab"
LEFT_OUT = pytest.StashKey[list[str]]()


@dataclass
class Figures:
    """What the lab measured, beside what was promised; it travels with the test's report."""

    keep: Callable[[str, object], None]

    def within(self, bound: float, measured: float, what: str) -> None:
        """Keeps the figure and asserts the promise."""
        self.keep(FIGURE, f"{measured:7.3f} s  (at most {bound:g})  {what}")
        assert measured <= bound, f"{what}: {measured:.3f} s, promised {bound:g}"


@pytest.fixture
def figures(record_property: Callable[[str, object], None]) -> Figures:
    return Figures(record_property)


@pytest.fixture
def lan(tmp_path: Path) -> Iterator[Lan]:
    """A switch with nobody on it yet."""
    with Lan(tmp_path) as lan:
        yield lan


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    ours = [item for item in items if item.path.is_relative_to(HERE)]
    for item in ours:
        item.add_marker(pytest.mark.lab)
    leave_out(config, items, ours, why_not())
    leave_out(config, items, [item for item in ours if "second_user" in item.name], why_one_user())
    leave_out(config, items, [item for item in ours if "vpn_tunnel" in item.name], why_no_tunnel())


def leave_out(config: pytest.Config, items: list[pytest.Item], ours: list[pytest.Item], reason: str) -> None:
    left_out = [item for item in ours if item in items]
    if not reason or not left_out:
        return
    config.stash.setdefault(LEFT_OUT, []).append(f"{len(left_out)} tests of the lab left out: {reason}")
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    reasons = config.stash.get(LEFT_OUT, [])
    if config.pluginmanager.hasplugin("dsession") and (why := why_not()):
        reasons = [f"the tests of the lab were left out: {why}"]  # the workers collected
    for reason in reasons:
        terminalreporter.write_line(reason, yellow=True)
    reports = [each for outcome in ("passed", "failed") for each in terminalreporter.stats.get(outcome, [])]
    if rows := [text for each in reports for key, text in each.user_properties if key == FIGURE]:
        terminalreporter.write_sep("-", "measured in the lab")
        for row in rows:
            terminalreporter.write_line(row)
