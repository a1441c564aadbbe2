"""A peer whose every word is an attack on the terminal, against each command: what comes out is harmless.

Names, notes, messages, file names, reasons and the words of an offer; on stdout and stderr, with tracebacks.
"""

import asyncio
import os
import re
import subprocess
import sys
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from lanmsg.cli import answers
from lanmsg.cli.main import run
from lanmsg.cli.table import COMMANDS
from lanmsg.model import (
    EVERYONE,
    Address,
    Conversation,
    Direction,
    MessageId,
    OfferedFile,
    PeerId,
    Status,
    TransferId,
    TransferState,
)
from lanmsg.protocol import payload as wire
from lanmsg.storage.identity import save_key
from lanmsg.storage.store import Store
from tests.cli.givens import key_of
from tests.siege.attackers import HOSTILE, Line, Target, sources_in

EVIL = "\x1b[2J\x1b]0;t\x07\x9b31m\u202eexe\u2066\r\nroot# \x08\x7f\u2028\u200b\u00ad\U000e0041[red]%s{0}"
MARK = "evil"
EVE, MALLORY = PeerId(b"\xee" * 32), PeerId(b"\x66" * 32)
PATIENCE_S = 30.0

QUIET = ("--wait", "0.05")
RUNS: dict[str, tuple[tuple[str, ...], ...]] = {
    "peers": (("peers", "--wait", "0", "--all"), ("peers", "--wait", "0", "--all", "-v"), ("peers", *QUIET)),
    "history": (
        ("history",),
        ("history", "ee" * 8),
        ("history", "everyone"),
        ("history", "--export", "text"),
    ),
    "offers": (("offers",), ("offers", "-v")),
    "transfers": (("transfers",), ("transfers", "-v")),
    "outbox": (("outbox",), ("outbox", "-v")),
    "decline": (("decline", "1"),),
    "accept": (("accept", "999"),),
    "cancel": (("cancel", "2"),),
    "pause": (("pause", "3"),),
    "resume": (("resume", "3"),),
    "retry": (("retry", "4"),),
    "rule": (("rule",), ("rule", "ee" * 8), ("rule", "ee" * 8, "refuse")),
    "block": (("block", "66" * 8, "--wait", "0"),),
    "unblock": (("unblock", "66" * 8, "--wait", "0"),),
    "rename": (("rename", "ee" * 8, "plain", "--wait", "0"), ("rename", "ee" * 8, "", "--wait", "0")),
    "trust": (("trust", "66" * 8, "--wait", "0"), ("trust", "evil" + EVIL, "--wait", "0")),
    "verify": (("verify", "ee" * 8, "--safety-number", "--wait", "0"), ("verify", "evil", "--wait", "0")),
    "msg": (("msg", "evil", "hello", *QUIET), ("msg", "ee" * 8, "hello", *QUIET), ("msg", EVIL, "x", *QUIET)),
    "send": (("send", "ee" * 8, "/nowhere/" + EVIL, *QUIET),),
    "forget": (("forget", "evil"), ("forget", "ee" * 8)),
    "completion": (("completion", "--candidates", "--", "msg", ""),),
    "help": (("help", EVIL),),
    "config": (("config", "get", EVIL),),
}
OF_THE_STORE = {"peers", "history", "offers", "transfers", "outbox", "rule", "trust", "msg"}
ELSEWHERE = {
    "tui", "demo",  # the screen: tests/tui/test_hostile_words.py
    "listen", "receive",  # below, with a live peer
    "id", "status", "broadcast", "doctor", "network", "service",  # no word of a peer is in them
}  # fmt: skip


@pytest.fixture
def anna(home: Path, monkeypatch: pytest.MonkeyPatch, free_port: int, loopback: Callable[[], str]) -> Path:
    """Her home, after all that a hostile peer could leave in it."""
    save_key(home, key_of("anna").to_der())
    store = Store.open(home)
    now = time.time()
    for number, peer in enumerate((EVE, MALLORY)):
        where = (Address(f"127.0.0.{number + 2}", 9),)
        store.peers.saw(
            peer, nickname=MARK + EVIL, note=EVIL, status=Status.AWAY, addresses=where, now=now, proven=True
        )
    store.peers.pin(EVE, nickname=MARK + EVIL, now=now)
    for number, conversation in enumerate((EVERYONE, Conversation.with_peer(EVE))):
        store.history.add_incoming(
            EVE, MessageId(bytes((number,)) * 16), conversation, MARK + EVIL, sent_at=now, now=now
        )
    store.history.add_outgoing(
        Conversation.with_peer(EVE), "waits", [EVE], message_id=MessageId(b"o" * 16), now=now
    )
    states = (TransferState.OFFERED, TransferState.OFFERED, TransferState.ACCEPTED, TransferState.FAILED)
    for number, state in enumerate(states):
        made = store.transfers.add(
            id=TransferId(bytes((number,)) * 16), direction=Direction.IN, peer=EVE, text=EVIL,
            files=(OfferedFile(MARK + EVIL + ".pdf", 5), OfferedFile(EVIL, None, is_folder=True)),
            count=2, total=5, expires_at=now + 600, now=now, state=TransferState.OFFERED,
        )  # fmt: skip
        if made is not None and state is not TransferState.OFFERED:
            store.transfers.move(made.number, state, reason=EVIL, now=now)
    store.close()
    monkeypatch.setenv("LANMSG_HOME", str(home))
    monkeypatch.setenv("LANMSG_INTERFACE", loopback())
    monkeypatch.setenv("LANMSG_PORT", str(free_port))
    monkeypatch.setenv("LANMSG_DEBUG", "1")
    monkeypatch.chdir(home.parent)
    monkeypatch.setattr(answers, "TELL_S", 0.1)  # nobody is there to be told
    return home


def unsafe(text: str) -> set[str]:
    """What a terminal would act on, or a reader not see."""
    return {
        f"U+{ord(c):04X}"
        for c in text
        if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    }


def test_every_command_that_shows_a_peers_words_is_tried() -> None:
    assert {command.name for command in COMMANDS} == RUNS.keys() | ELSEWHERE


@pytest.mark.parametrize("command", RUNS)
def test_nothing_but_letters_and_line_ends_comes_out(
    command: str, anna: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for words in RUNS[command]:
        for json_too in ((), ("--json",)) if command in OF_THE_STORE else ((),):
            run([*words, *json_too])
            said = capfd.readouterr()
            assert unsafe(said.out.replace("\t", " ")) == set(), words  # tabs: between word and description
            assert unsafe(said.err) == set(), words


def test_the_peers_words_were_there_to_be_shown(anna: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Otherwise the test above proves nothing."""
    for words in (("peers", "--wait", "0", "--all"), ("history",), ("offers",), ("transfers",)):
        run(words)
        assert f"{MARK}\\x1b[2J" in capfd.readouterr().out, words


def test_no_line_of_theirs_can_be_taken_for_one_of_ours(
    anna: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run(["history"])
    run(["offers"])
    assert not re.search(r"^root#", capfd.readouterr().out, re.MULTILINE)


async def speak(host: str, port: int) -> None:
    """To the listener there: everything that a payload can say."""
    target = Target(host, port, port, float("inf"), sources_in(""))
    line = Line(target, await target.connect(), 4)
    try:
        assert await line.opens()
        line.say(wire.Profile(MARK + EVIL[:20], 1, EVIL, 0, EVIL[:12]))
        line.say(wire.Message(MessageId(b"m" * 16), "private", MARK + EVIL, 0))
        line.say(wire.Message(MessageId(b"n" * 16), "everyone", MARK + HOSTILE, 0))
        files = (wire.OfferedItem(MARK + EVIL, 5, folder=False),)
        made = wire.Offer(TransferId(b"t" * 16), files, 1, 5, EVIL, 600)
        line.say(made)
        while not any(isinstance(each, wire.Ack) and each.id == made.id for each in await line.heard()):
            pass
        line.say(wire.Cancel(made.id, EVIL))
        while not any(isinstance(each, wire.Ack) and each.of == "cancel" for each in await line.heard()):
            pass
    finally:
        line.writer.transport.abort()


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_listener_says_all_of_it_harmlessly(
    home: Path, loopback: Callable[[], str], free_port: int, options: tuple[str, ...]
) -> None:
    save_key(home, key_of("anna").to_der())
    where = loopback()
    program = [sys.executable, "-m", "lanmsg", "--home", str(home), "-vv"]
    with subprocess.Popen(
        [*program, "--interface", where, "--port", str(free_port), "listen", "--timeout", "30", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"LANMSG_DEBUG": "1"},
        text=True,
    ) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        asyncio.run(speak(where, free_port))
        while said.count(MARK) < 3 and (line := process.stdout.readline()):
            said += line
        process.terminate()
        out, err = process.communicate(timeout=PATIENCE_S)
    assert said.count(MARK) >= 3
    assert unsafe(said + out) == set()
    assert unsafe(err) == set()
