"""Other systems, as far as one can act them on this one: people meet, talk and hand over a folder."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.elsewhere import LACKING
from tests.lab.program import Program

CHECKOUT = Path(__file__).resolve().parents[1]
PATIENCE_S = 60.0

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it is another system already")


@pytest.mark.parametrize("system", LACKING)
def test_two_people_on_another_system(
    system: str, tmp_path: Path, loopback: Callable[[], str], free_port: int
) -> None:
    environment = {"PYTHONPATH": str(CHECKOUT), "PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    program = [sys.executable, "-P", "-m", "tests.elsewhere", system, "--port", str(free_port)]

    def who(name: str) -> list[str]:
        where = ["--interface", loopback(), "--downloads", str(tmp_path / "saved")]
        return [*program, "--name", name, "--home", str(tmp_path / name), *where]

    def anna(*words: str) -> None:
        done = subprocess.run(
            [*sender, *words], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr + ben.transcript()

    sender = who("anna")
    (tmp_path / "cakes").mkdir()
    (tmp_path / "cakes" / "carrot").write_text("one")
    listening = [*who("ben"), "listen", "--json", "--accept", "all"]
    with Program(listening, label=f"ben on {system}", env=environment, cwd=tmp_path) as ben:
        ben.wait_for("ready", within=PATIENCE_S)
        anna("msg", "ben", "--wait", "30", "--timeout", "30", "hello")
        ben.wait_for("message", text="hello", within=PATIENCE_S)
        anna("send", "ben", "cakes", "--wait", "30")
        done = ben.wait_for("transfer_done", direction="in", within=PATIENCE_S)
        assert (Path(done["paths"][0]) / "carrot").read_text() == "one"
        assert "Traceback" not in json.dumps(ben.errors)
