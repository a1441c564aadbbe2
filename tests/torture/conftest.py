"""As in the lab: left out, and said so, where no network namespaces can be made."""

from pathlib import Path

import pytest

from tests.lab.conftest import leave_out, pytest_terminal_summary
from tests.lab.namespaces import why_not

__all__ = ["pytest_terminal_summary"]

HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    ours = [item for item in items if item.path.is_relative_to(HERE) and item.path.name == "test_torture.py"]
    for item in ours:
        item.add_marker(pytest.mark.lab)
    leave_out(config, items, ours, why_not())
