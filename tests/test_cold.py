"""Scripts start cold: four processes of one home at a time, each finds the peer, and none fails."""

import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="loopback addresses as on Linux")
def test_ten_runs_of_each_four_at_a_time() -> None:
    done = subprocess.run(
        [sys.executable, CHECKOUT / "scripts" / "cold", "--runs", "10", "--at-once", "4", "--on", "loopback"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("10 of 10 arrived") == 2
    assert "interpreter and imports" in done.stdout
