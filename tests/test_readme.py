"""The README does not drift: its tables are the program's, and what it points to exists."""

import re
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")


def test_the_tables_are_those_of_the_program() -> None:
    done = subprocess.run(
        [sys.executable, CHECKOUT / "scripts" / "readme", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_every_file_it_points_to_exists() -> None:
    targets = re.findall(r"\]\(([^)#]+)\)|(?:src|srcset)=\"([^\"]+)\"", README)
    missing = [path for pair in targets for path in pair if path and not (CHECKOUT / path).exists()]
    assert missing == []


def test_every_script_it_names_exists() -> None:
    named = set(re.findall(r"scripts/(\w+)", README))
    assert named
    assert [name for name in sorted(named) if not (CHECKOUT / "scripts" / name).exists()] == []
