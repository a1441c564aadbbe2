"""The lab's fixtures, and what it says at the end: the figures it measured, or why it was left out."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.lab.lan import Lan
from tests.lab.namespaces import why_not, why_one_user
from tests.lab.tunnel import why_no_tunnel

HERE = Path(__file__).parent
FIGURES = pytest.StashKey[list[str]]()
LEFT_OUT = pytest.StashKey[list[str]]()


@dataclass
class Figures:
    """What the lab measured, beside what was promised."""

    rows: list[str] = field(default_factory=list)

    def within(self, bound: float, measured: float, what: str) -> None:
        """Keeps the figure and asserts the promise."""
        self.rows.append(f"{measured:7.3f} s  (at most {bound:g})  {what}")
        assert measured <= bound, f"{what}: {measured:.3f} s, promised {bound:g}"


@pytest.fixture
def figures(pytestconfig: pytest.Config) -> Figures:
    return Figures(pytestconfig.stash.setdefault(FIGURES, []))


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
    for reason in config.stash.get(LEFT_OUT, []):
        terminalreporter.write_line(reason, yellow=True)
    if rows := config.stash.get(FIGURES, []):
        terminalreporter.write_sep("-", "measured in the lab")
        for row in rows:
            terminalreporter.write_line(row)
