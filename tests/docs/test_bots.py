"""Every bot of docs/bots.md works as written, against real peers."""

import shutil
import sys
import time
from pathlib import Path

import pytest

from lanmsg.model import Trust
from tests.cli.givens import now
from tests.docs.document import CHECKOUT, PATIENCE_S, Block, Neighbourhood, blocks
from tests.lab.program import Program

BOTS = blocks(CHECKOUT / "docs" / "bots.md")
pytestmark = pytest.mark.skipif(
    not (shutil.which("jq") and shutil.which("setsid")), reason="jq and setsid are not installed"
)


def bots(heading: str) -> pytest.MarkDecorator:
    found = [block for block in BOTS if block.heading == heading]
    assert [block.info for block in found] == ["sh", "python"]
    return pytest.mark.parametrize("bot", found, ids=lambda block: block.info)


def start(neighbourhood: Neighbourhood, bot: Block) -> Program:
    """The bot as ben, once he is here."""
    program = [sys.executable, "-c"] if bot.info == "python" else ["sh", "-c"]
    running = neighbourhood.start("ben", [*program, bot.text])
    found = neighbourhood.run("carla", ["lanmsg", "msg", "ben", "--wait", "30", "are you here?"])
    assert found.returncode == 0, found.stderr + running.transcript()
    return running


def test_each_bot_is_ten_lines_or_so() -> None:
    assert {len(block.text.splitlines()) <= 12 for block in BOTS} == {True}
    assert len(BOTS) == 6


@bots("Echo")
def test_the_echo_answers_each_message_and_no_echo(bot: Block, neighbourhood: Neighbourhood) -> None:
    anna = neighbourhood.listen("anna", "--events", "ready,message")
    start(neighbourhood, bot)
    for text in ("echo: is no question", "$(touch owned) \\n\u00e9", "-v"):
        said = neighbourhood.run("anna", ["lanmsg", "msg", "ben", "--", text])
        assert said.returncode == 0, said.stderr
    anna.wait_for("message", text="echo: $(touch owned) \\n\u00e9", within=PATIENCE_S)
    anna.wait_for("message", text="echo: -v", within=PATIENCE_S)
    anna.expect_none("message", since=0.0, text="echo: echo: is no question")
    assert not (neighbourhood.folder("ben") / "owned").exists()


@bots("Drop-box")
def test_the_drop_box_files_what_verified_people_send(bot: Block, neighbourhood: Neighbourhood) -> None:
    people = neighbourhood.people
    neighbourhood.folder("ben")
    store = people.store("ben")
    store.peers.pin(people.id("anna"), nickname="anna", now=now())
    store.peers.set_trust(people.id("anna"), Trust.VERIFIED, now())
    store.close()
    for who in ("anna", "carla"):
        (neighbourhood.folder(who) / "a report.txt").write_text(f"by {who}")
    start(neighbourhood, bot)
    sent = neighbourhood.run("anna", ["lanmsg", "send", "ben", "a report.txt"])
    assert sent.returncode == 0, sent.stderr
    refused = neighbourhood.run("carla", ["lanmsg", "send", "ben", "a report.txt", "--timeout", "1"])
    assert refused.returncode == 6, "the offer of somebody who is not verified stays open"
    box = neighbourhood.folder("ben") / "dropbox"
    filed = box / people.id("anna").hex()[:16] / "a report.txt"
    wait_for(filed)
    assert filed.read_text() == "by anna"
    assert [path.name for path in box.iterdir()] == [people.id("anna").hex()[:16]]


@bots("Alert on a word")
def test_the_alert_tells_carla(bot: Block, neighbourhood: Neighbourhood) -> None:
    start(neighbourhood, bot)
    carla = neighbourhood.listen("carla", "--events", "ready,message")
    for text in ("firewall is fine", "there is a FIRE"):
        said = neighbourhood.run("anna", ["lanmsg", "msg", "ben", text])
        assert said.returncode == 0, said.stderr
    carla.wait_for("message", text='"anna: there is a FIRE"', within=PATIENCE_S)
    carla.expect_none("message", since=0.0, text='"anna: firewall is fine"')


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} never came"
        time.sleep(0.05)
