"""The shape of the house: which room may touch what, where tests live, how long files get, their names."""

import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]
PACKAGE = CHECKOUT / "lanmsg"
TESTS = CHECKOUT / "tests"
MODULES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")

MAX_LINES = 400
"""Where readers of other projects lost the thread, files had three times as many."""

ATTICS = {"utils", "util", "helpers", "helper", "common", "manager", "misc", "base", "core"}
"""Names that say nothing about what is inside, so that everything ends up there."""

TESTED_ELSEWHERE = {
    "__main__.py": "cli/test_main.py starts it",
    "model/errors.py": "the type of an error",
    "model/files.py": "values without behaviour",
    "model/messages.py": "values without behaviour",
    "model/network.py": "values without behaviour",
    "model/people.py": "values without behaviour",
    "node/diagnosis_facts.py": "values without behaviour",
    "node/events.py": "values without behaviour",
    "protocol/constants.py": "compared with protocol.md",
    "protocol/errors.py": "types without behaviour",
    "protocol/events.py": "values without behaviour",
}
"""Modules without a test file of their own, and why."""


def test_import_contracts_hold() -> None:
    code = "import sys; from importlinter.cli import lint_imports_command as run; sys.exit(run())"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_every_module_has_its_tests_at_the_mirrored_place(module: Path) -> None:
    tests = TESTS / module.parent / f"test_{module.name}"
    if module.as_posix() in TESTED_ELSEWHERE:
        assert not tests.exists(), f"{tests} exists: take {module} off the list"
    else:
        assert tests.exists(), f"{tests} is missing"


def test_the_list_of_exceptions_names_modules_that_exist() -> None:
    assert [name for name in TESTED_ELSEWHERE if not (PACKAGE / name).exists()] == []


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    sources = [path for folder in (PACKAGE, TESTS) for path in folder.rglob("*.py")]
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in sources}
    assert [f"{path}: {lines}" for path, lines in lengths.items() if lines > MAX_LINES] == []


def test_no_module_is_an_attic() -> None:
    attics = [module for module in MODULES if set(module.with_suffix("").parts) & ATTICS]
    assert attics == []


def test_every_folder_of_python_is_a_package() -> None:
    """Otherwise two test files of the same stem get in each other's way, and mypy misses whole folders."""
    folders = {path.parent for top in (PACKAGE, TESTS) for path in top.rglob("*.py")}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").exists()] == []
