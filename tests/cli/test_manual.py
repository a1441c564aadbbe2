"""The manual page holds what the table holds, and troff has nothing to say against it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from lanmsg.cli.exit_codes import MEANINGS
from lanmsg.cli.manual import escaped, guarded, manual, option_name
from lanmsg.cli.options import GLOBAL_OPTIONS
from lanmsg.cli.table import COMMANDS

PAGE = manual()
CHECKOUT = Path(__file__).resolve().parents[2]


def test_every_command_option_and_exit_code_is_in_it() -> None:
    for command in COMMANDS:
        assert escaped(command.example) in PAGE
        for option in (*GLOBAL_OPTIONS, *command.options):
            assert option_name(option) in PAGE
    for meaning in MEANINGS.values():
        assert escaped(meaning) in PAGE


def test_what_troff_would_take_for_its_own_is_escaped() -> None:
    assert escaped("a\\n --b") == "a\\en \\-\\-b"
    assert guarded(".lanmsg-part") == "\\&.lanmsg-part"
    assert PAGE.isascii()


def test_the_page_in_docs_is_this_one() -> None:
    shipped = (CHECKOUT / "docs" / "lanmsg.1").read_text(encoding="ascii")
    assert shipped == PAGE, "run scripts/readme"


@pytest.mark.skipif(not shutil.which("groff"), reason="groff is not installed")
def test_groff_has_no_complaint() -> None:
    done = subprocess.run(
        ["groff", "-man", "-ww", "-Tutf8", "-rLL=80n"], input=PAGE, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert "lanmsg receive" in done.stdout
