"""Every example of docs/api.md runs as written, and does what stands beside it."""

import re
import sys
from pathlib import Path

import pytest

from lanmsg import api
from tests.docs.document import CHECKOUT, PATIENCE_S, Neighbourhood, blocks

EXAMPLES = {block.heading: block for block in blocks(CHECKOUT / "docs" / "api.md")}
TEXT = (CHECKOUT / "docs" / "api.md").read_text(encoding="utf-8")
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="loopback addresses as on Linux")


def run(neighbourhood: Neighbourhood, heading: str) -> str:
    done = neighbourhood.run("anna", [sys.executable, "-c", EXAMPLES[heading].text])
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_every_example_is_run_here() -> None:
    ours = Path(__file__).read_text(encoding="utf-8")
    assert [heading for heading in EXAMPLES if f'"{heading}"' not in ours] == []


def test_what_it_names_is_there() -> None:
    named = {name for line in re.findall(r"from lanmsg\.api import (.*)", TEXT) for name in line.split(", ")}
    named |= {name for name in re.findall(r"`([A-Z][A-Za-z]+)`", TEXT) if not name.isupper()}
    assert sorted(name for name in named if name not in api.__all__) == []


def test_examples_with_ben(neighbourhood: Neighbourhood) -> None:
    ben = neighbourhood.listen("ben", "--accept", "all")
    key = neighbourhood.people.id("ben").hex()
    said = run(neighbourhood, "Who is here")
    assert said.startswith(f"ben {key} new True\nhere: ben 127.0.0.12:")
    assert run(neighbourhood, "A message") == "on his disk\n"
    ben.wait_for("message", text="lunch?", within=PATIENCE_S)
    (neighbourhood.folder("anna") / "report.pdf").write_bytes(b"x" * 1000)
    assert run(neighbourhood, "A file") == "done 1000 bytes\n"
    assert (neighbourhood.folder("ben") / "saved" / "report.pdf").stat().st_size == 1000
    assert run(neighbourhood, "Without a network") == "you 'lunch?'\n"
    assert run(neighbourhood, "Errors").startswith("not_found - nobody here is called")


def test_the_example_that_listens(neighbourhood: Neighbourhood) -> None:
    listening = neighbourhood.start("anna", [sys.executable, "-c", EXAMPLES["What happens"].text])
    said = neighbourhood.run("ben", ["lanmsg", "msg", "anna", "--wait", "30", "caf\u00e9\x1b[2J"])
    assert said.returncode == 0, said.stderr + listening.transcript()
    listening.wait_for_output(r"'ben' 'caf\xe9\x1b[2J'", within=PATIENCE_S)
