"""The real program in a login over a line of 0.1 s each way: few bytes, nothing torn, nothing lost."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lanmsg.model import Conversation, MessageId, PeerId
from lanmsg.storage.history import Incoming
from lanmsg.storage.store import Store
from tests.tui.real_terminal import PATIENCE, RealTerminal, home_with_key, lanmsg
from tests.tui.slow_line import SlowLine, over_slow_line, server_program

ONE_WAY = 0.1
FEW = 200
"""Bytes that one key may take."""

PEOPLE, MESSAGES = 12, 60
WORDS = "the paper is in the cupboard next to the kitchen, second shelf"
PGUP, PASTE, PASTE_END = b"\x1b[5~", b"\x1b[200~", b"\x1b[201~"


def home_with_a_past(home: Path) -> Conversation:
    """Some people, and a conversation with one of them that is longer than the screen."""
    store = Store.open(home_with_key(home))
    try:
        people = [PeerId(os.urandom(32)) for _ in range(PEOPLE)]
        now = time.time()
        for number, peer in enumerate(people):
            store.peers.saw(peer, nickname=f"{chr(97 + number)}nna", now=now)
            store.peers.pin(peer, now=now)
        talk = Conversation.with_peer(people[0])
        said = [
            Incoming(people[0], MessageId(os.urandom(16)), talk, f"{number} {WORDS}", now)
            for number in range(MESSAGES)
        ]
        store.history.add_incoming_many(said, now=now)
        store.history.mark_read(talk, MESSAGES, now)
    finally:
        store.close()
    return talk


@contextlib.contextmanager
def logged_in(home: Path, port: int, address: str, code: Path) -> Iterator[tuple[RealTerminal, SlowLine]]:
    """With the conversation on the screen. `code` tells how the program ended, when the line does not."""
    program = (
        f"import sys; from lanmsg.cli.main import run; code = run(sys.argv[1:]);"
        f"open({str(code)!r}, 'w').write(str(code))"
    )
    words = ["-c", program, *lanmsg(home, port, address, "mira")[2:]]
    with over_slow_line(words, folder=home.parent, seconds=ONE_WAY) as (run, line):
        run.shows(f"{MESSAGES - 1} {WORDS[:20]}")
        yield run, line


def written(run: RealTerminal, keys: bytes, *texts: str) -> int:
    """Bytes that came until the screen shows the texts."""
    before = len(run.seen)
    run.type(keys)
    for text in texts:
        run.shows(text)
    return len(run.seen) - before


def ended(code: Path) -> str:
    """How the program ended, there."""
    end = time.monotonic() + PATIENCE
    while not (code.exists() and code.read_text()):
        assert time.monotonic() < end, "it does not end"
        time.sleep(0.02)
    return code.read_text()


def draft(home: Path, conversation: Conversation) -> str:
    store = Store.open(home)
    try:
        return store.history.draft(conversation)
    finally:
        store.close()


@pytest.mark.skipif(server_program() is None, reason="no ssh server is installed")
def test_a_login_over_a_slow_line(tmp_path: Path, free_port: int, loopback: Callable[[], str]) -> None:
    home, code = tmp_path / "home", tmp_path / "code"
    talk = home_with_a_past(home)
    with logged_in(home, free_port, loopback(), code) as (run, line):
        keys_take_few_bytes(run)
        a_paste_is_one_paste(run)
        keys_of_several_bytes_are_keys(run)
        run.type(b"a draft, half")
        run.shows("a draft, half")
        line.cut()
        assert ended(code) == "143"
        run.ended()
    assert draft(home, talk) == "a draft, half"


def keys_take_few_bytes(run: RealTerminal) -> None:
    """One by one, in a burst, where the line wraps, and back."""
    assert sum(written(run, bytes([key]), "› hello"[: at + 3]) for at, key in enumerate(b"hello")) < 5 * FEW
    assert written(run, b" " + b"abcdefghij" * 7, "› hello " + "abcdefghij" * 7) < FEW
    assert written(run, b"KLMNOPQR", "abcdefghijKL", "  MNOPQR") < 2 * FEW
    assert "F1 help" in run.text
    assert written(run, b"\x15", "^K switch") < 2 * FEW


def a_paste_is_one_paste(run: RealTerminal) -> None:
    run.type(PASTE + b"first line\nsecond\nthird" + PASTE_END)
    run.shows("  third")
    assert "you  " not in run.text
    run.type(b"\x03")
    run.until(lambda: "third" not in run.text, "the paste is put aside")


def keys_of_several_bytes_are_keys(run: RealTerminal) -> None:
    run.type(PGUP)
    run.shows("below: Esc")
    run.type(b"\x1b")
    run.until(lambda: "below: Esc" not in run.text, "Esc goes to the newest")
    run.type(b"\x1b2")
    run.shows("│ bnna")
    run.type(b"\x1b1")
    run.shows("│ anna")
