"""On a real terminal: what is selected in copy mode is what was said, /copy sends it once, and what is
deleted in another process goes from the screen.
"""

import base64
import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from lanmsg.model import Conversation, MessageId, PeerId
from lanmsg.storage.forgetting import Extent
from lanmsg.storage.store import Store
from tests.tui.real_terminal import RealTerminal, home_with_key, lanmsg, terminal_of

BEN = PeerId(bytes(range(32)))
WITH_BEN = Conversation.with_peer(BEN)
SAID = (
    "paper is in the cupboard next to the kitchen, second shelf, and please tell carla that the forms have "
    "to be out before noon; the printer wants a firm hand \x1b]52;c;ZXZpbA==\x07 and then it prints"
)
SHOWN = SAID.replace("\x1b", "\\x1b").replace("\x07", "\\x07")
OSC_52 = re.compile(rb"\x1b\]52;[^\x07\x1b]*\x07")
WRAPPED = re.compile(rb"\x1bPtmux;\x1b\x1b\]52;c;([A-Za-z0-9+/=]*)\x07\x1b\\")


def test_selecting_copying_and_what_is_deleted_elsewhere(
    tmp_path: Path, free_port: int, loopback: Callable[[], str]
) -> None:
    home = home_with_key(tmp_path / "mira")
    with closing(Store.open(home)) as store:
        store.peers.pin(BEN, nickname="ben", now=1.0)
        store.history.add_incoming(BEN, MessageId(bytes(16)), WITH_BEN, SAID, sent_at=1e9, now=1e9)
    words = lanmsg(home, free_port, loopback(), "mira", "--downloads", str(tmp_path / "files"))
    with terminal_of(words, folder=tmp_path, environment={"TMUX": "/tmp/tmux,1,0"}) as run:
        run.shows("searching")
        run.type("/msg ben\r")
        run.shows("then it prints")
        run.type("\x1bc")
        run.shows("ben: paper")
        assert selected(run) == SHOWN
        run.type("\x1bc")
        copies_once(run)
        copies_through_tmux(run)
        with closing(Store.open(home)) as store:
            store.forgetting.forget(Extent(WITH_BEN), 2e9)
        run.shows("Nothing has been said yet")
        run.process.terminate()
        assert run.ended() == 143


def selected(run: RealTerminal) -> str:
    """What a mouse marks, from behind the name to the end of the message: whole rows, nothing beside them."""
    rows = run.text.split("\n")
    first = next(number for number, row in enumerate(rows) if row.startswith("ben: paper"))
    last = next(number for number, row in enumerate(rows) if row.endswith("then it prints"))
    return " ".join(rows[first : last + 1]).removeprefix("ben: ")


def copies_once(run: RealTerminal) -> None:
    run.type("/copy\r")
    run.shows("copied, if")
    found = OSC_52.findall(run.seen)
    assert found == [b"\x1b]52;c;" + base64.b64encode(SAID.encode()) + b"\x07"]
    assert b"\x1bPtmux" not in run.seen


def copies_through_tmux(run: RealTerminal) -> None:
    run.type("/set tmux on\r")
    run.shows("tui.tmux is on")
    before = len(run.seen)
    run.type("/copy\r")
    run.until(lambda: WRAPPED.search(run.seen, before) is not None, "it copies through tmux")
    found = WRAPPED.findall(run.seen[before:])
    assert [base64.b64decode(each).decode() for each in found] == [SAID]
