"""Pause, resume, and what is said until it is acknowledged, with a peer written from protocol.md alone."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.interop.program import Listening, Program
from tests.interop.stranger import Stranger
from tests.interop.stranger_files import Basin, Item, begin, blocks_of, drink, records_of
from tests.interop.stranger_session import DATA, Session


def acked(session: Session, ident: bytes, of: str) -> None:
    assert session.hear("ack", "refused", seconds=20) == {"t": "ack", "id": ident, "of": of}


def told(session: Session, t: str, ident: bytes) -> None:
    """Of what the other side's person did: heard, and acknowledged."""
    heard = session.hear(t, seconds=20)
    assert heard["id"] == ident
    session.say("ack", id=ident, of=t)


def in_order(session: Session, *kinds: str) -> list[str]:
    """What of these kinds came before a ping was answered."""
    session.say("ping", token=7)
    heard = []
    while (payload := session.hear("pong", *kinds, seconds=20))["t"] != "pong":
        heard.append(payload["t"])
    return heard


@pytest.fixture
def command(tmp_path: Path, loopback: Callable[[], str], stranger: Stranger) -> Callable[..., Program]:
    def run(home: str, *words: str) -> Program:
        return Program(tmp_path / home, home, loopback(), stranger.port, *words)

    return run


def half_sent(stranger: Stranger, anna: Listening, ident: bytes, items: list[Item]) -> Session:
    bulk = stranger.bulk(anna.address, anna.fingerprint, ident)
    begin(bulk, ident, items)
    for record in list(records_of(blocks_of(items)))[:8]:
        bulk.send_record(DATA, record)
    return bulk


def code_when_dialled(stranger: Stranger, anna: Listening, ident: bytes) -> str:
    """`duplicate` for as long as the last run is ending."""
    end = time.monotonic() + 20
    while True:
        code = stranger.bulk(anna.address, anna.fingerprint, ident).close_code(20)
        if code != "duplicate" or time.monotonic() > end:
            return code


def finished(stranger: Stranger, anna: Listening, ident: bytes, items: list[Item]) -> None:
    begun, bulk = stranger.deliver(anna.address, anna.fingerprint, ident, items)
    assert begun.resumed
    assert bulk.hear("done", "failed", seconds=20)["t"] == "done"
    assert bulk.close_code(20) == "bye"
    assert all((anna.downloads / item.path).read_bytes() == item.data for item in items)


def test_a_source_pauses_and_goes_on(anna: Listening, stranger: Stranger) -> None:
    session = stranger.talk(anna.address, anna.fingerprint)
    items = [Item("paused.bin", os.urandom(3_000_000))]
    ident = stranger.offer(session, items)
    session.hear("accept", seconds=20)
    bulk = half_sent(stranger, anna, ident, items)
    session.say("pause", id=ident)
    acked(session, ident, "pause")
    bulk.say("failed", id=ident, code="paused", text="")
    assert bulk.close_code(20) in ("bye", "no CLOSE")
    assert code_when_dialled(stranger, anna, ident) == "busy"
    session.say("pause", id=ident)
    acked(session, ident, "pause")
    session.say("resume", id=ident)
    acked(session, ident, "resume")
    session.say("offer", **stranger.offers[ident])
    assert session.hear("ack", seconds=20)["id"] == ident
    assert session.hear("accept", "pause", seconds=20)["t"] == "accept"
    finished(stranger, anna, ident, items)


def test_a_sink_pauses_and_goes_on(
    anna: Listening, stranger: Stranger, command: Callable[..., Program]
) -> None:
    session = stranger.talk(anna.address, anna.fingerprint)
    items = [Item("held.bin", os.urandom(3_000_000))]
    ident = stranger.offer(session, items)
    session.hear("accept", seconds=20)
    bulk = half_sent(stranger, anna, ident, items)
    with command("anna", "pause", "all") as pause:
        assert pause.exit_code(20) == 0
    failed = bulk.hear("failed", "done", seconds=20)
    assert (failed["t"], failed["code"]) == ("failed", "paused")
    assert bulk.close_code(20) == "bye"
    assert session.hear("pause", seconds=20)["id"] == ident
    session.close()
    # not acknowledged: it is said again in a new session, and then no more
    session = stranger.talk(anna.address, anna.fingerprint)
    told(session, "pause", ident)
    session.close()
    again = stranger.talk(anna.address, anna.fingerprint)
    assert in_order(again, "pause") == []
    again.say("offer", **stranger.offers[ident])
    assert again.hear("ack", seconds=20)["id"] == ident
    assert again.hear("accept", "pause", seconds=20)["t"] == "pause"
    with command("anna", "resume", "all") as resume:
        assert resume.exit_code(20) == 0
    told(again, "resume", ident)
    again.say("offer", **stranger.offers[ident])
    assert again.hear("accept", "pause", seconds=20)["t"] == "accept"
    finished(stranger, anna, ident, items)


def test_a_program_that_sends_is_paused_by_either_side(
    tmp_path: Path, ben_home: Path, stranger: Stranger, command: Callable[..., Program]
) -> None:
    (tmp_path / "big.bin").write_bytes(os.urandom(3_000_000))
    with command("ben", "send", "stranger", str(tmp_path / "big.bin")) as send:
        session = stranger.accept_talk(20)
        basin = Basin(session.hear("offer", seconds=20))
        ident = basin.offer["id"]
        session.say("ack", id=ident)
        session.say("accept", id=ident, entry=0, offset=0)
        bulk = stranger.accept_bulk(ident)
        drink(bulk, ident, basin, stop_after=500_000)
        session.say("pause", id=ident)
        bulk.say("failed", id=ident, code="paused", text="")
        acked(session, ident, "pause")
        assert in_order(session, "offer") == []
        session.say("resume", id=ident)
        acked(session, ident, "resume")
        bulk.stream.close()
        assert session.hear("offer", seconds=20)["id"] == ident
        session.say("ack", id=ident)
        session.say("accept", id=ident, entry=0, offset=0)
        bulk = stranger.accept_bulk(ident)
        drink(bulk, ident, basin, stop_after=1_000_000)
        with command("ben", "pause", "all") as pause:
            assert pause.exit_code(20) == 0
        told(session, "pause", ident)
        bulk.stream.close()
        with command("ben", "resume", "all") as resume:
            told(session, "resume", ident)
            assert session.hear("offer", seconds=20)["id"] == ident
            session.say("ack", id=ident)
            session.say("accept", id=ident, entry=0, offset=0)
            bulk = stranger.accept_bulk(ident)
            assert drink(bulk, ident, basin)[1]
            assert bulk.close_code(20) == "bye"
            assert send.exit_code(20) == 0
            assert resume.exit_code(20) == 0
    assert basin.items[0].data == (tmp_path / "big.bin").read_bytes()


def test_a_decline_is_said_until_it_is_acknowledged(
    ben_home: Path, stranger: Stranger, loopback: Callable[[], str], command: Callable[..., Program]
) -> None:
    with Listening(ben_home, loopback(), stranger.port, accept="ask") as ben:
        session = stranger.talk(ben.address, ben.fingerprint)
        ident = stranger.offer(session, [Item("unwanted", b"1")])
        ben.event("offer", 20)
        with command("ben", "decline", "all") as decline:
            assert decline.exit_code(20) == 0
        assert session.hear("decline", seconds=20)["id"] == ident
        session.say("offer", **stranger.offers[ident])
        assert session.hear("ack", seconds=20)["id"] == ident
        assert session.hear("decline", "accept", seconds=20)["t"] == "decline"
        session.close()
        session = stranger.talk(ben.address, ben.fingerprint)
        told(session, "decline", ident)
        session.close()
        session = stranger.talk(ben.address, ben.fingerprint)
        assert in_order(session, "decline") == []
        # acknowledged whenever it comes, also of what is over, and of what never was
        for t, unknown in (("cancel", ident), ("cancel", bytes(15) + b"1"), ("decline", bytes(15) + b"2")):
            session.say(t, id=unknown, reason="")
            acked(session, unknown, t)
        for t in ("pause", "resume"):
            session.say(t, id=bytes(16))
            acked(session, bytes(16), t)
        session.say("failed", id=bytes(16), code="internal", text="")
        acked(session, bytes(16), "failed")


def test_a_cancelled_offer_is_taken_back_until_it_is_acknowledged(
    anna: Listening, stranger: Stranger, command: Callable[..., Program]
) -> None:
    """By the side that got it, in the middle of a run; then it is too late for an accept."""
    session = stranger.talk(anna.address, anna.fingerprint)
    items = [Item("stopped.bin", os.urandom(3_000_000))]
    ident = stranger.offer(session, items)
    session.hear("accept", seconds=20)
    bulk = half_sent(stranger, anna, ident, items)
    with command("anna", "cancel", "all") as cancel:
        assert cancel.exit_code(20) == 0
    failed = bulk.hear("failed", "done", seconds=20)
    assert (failed["t"], failed["code"]) == ("failed", "cancelled")
    session.close()
    session = stranger.talk(anna.address, anna.fingerprint)
    told(session, "cancel", ident)
    session.say("offer", **stranger.offers[ident])
    assert session.hear("ack", seconds=20)["id"] == ident
    assert session.hear("accept", "cancel", seconds=20)["t"] == "cancel"
    assert stranger.bulk(anna.address, anna.fingerprint, ident).close_code(20) == "protocol"
