"""Order of delivery, and discovery of later days: a peer that was written from protocol.md alone."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from pathlib import Path

from tests.interop.conftest import identity
from tests.interop.program import Listening, Program
from tests.interop.stranger import Stranger
from tests.interop.stranger_discovery import BYE, QUERY
from tests.interop.stranger_session import Session


def answers_to(session: Session, *idents: bytes) -> list[str]:
    """They may come in any order."""
    answers: dict[bytes, str] = {}
    while len(answers) < len(idents):
        heard = session.hear("ack", "refused", seconds=20)
        assert heard["id"] not in answers
        answers[heard["id"]] = heard.get("code", heard["t"])
    return [answers[ident] for ident in idents]


def test_what_was_written_first_comes_first(
    tmp_path: Path, anna: Listening, stranger: Stranger, loopback: Callable[[], str]
) -> None:
    """Put off, sent again from the oldest on, over a session that breaks; written by several programs."""
    stranger.talk(anna.address, anna.fingerprint).close()
    stranger.leave()
    anna.event("peer_gone", 20)
    for text in ("one", "two", "three"):
        command = ("msg", "stranger", text, "--queue", "--wait", "0")
        with Program(tmp_path / "anna", "anna", anna.address, stranger.port, *command) as msg:
            assert msg.exit_code(20) == 0
    with Stranger(identity("alice"), "stranger", stranger.address, stranger.port) as back:
        session = back.accept_talk(20)
        silent = back.dial(anna.address, anna.fingerprint)
        first = session.hear("message", seconds=20)
        assert first["text"] == "one"
        session.say("refused", id=first["id"], code="busy")
        heard = []
        while (message := session.hear("message", seconds=20))["id"] != first["id"]:
            heard.append(message["text"])
            session.say("refused", id=message["id"], code="busy")
        assert heard == ["two", "three"][: len(heard)]
        session.say("ack", id=first["id"])
        second = session.hear("message", seconds=20)
        session.stream.close()  # two is not acknowledged
        assert second["text"] == "two"
        session = back.accept_talk(20)
        for text in ("two", "three"):
            message = session.hear("message", seconds=20)
            assert message["text"] == text
            session.say("ack", id=message["id"])
        assert silent.close_code(20) == "idle", "who proves a key and says nothing stays"


def test_a_stranger_too_fast_is_put_off_and_nothing_overtakes(anna: Listening, stranger: Stranger) -> None:
    session = stranger.talk(anna.address, anna.fingerprint)
    sent: list[bytes] = []
    put_off: list[bytes] = []
    while len(put_off) < 20:
        batch = [secrets.token_bytes(16) for _ in range(300)]
        for ident in batch:
            session.message(ident, f"number {len(sent)}")
            sent.append(ident)
        answers = answers_to(session, *batch)
        put_off += [ident for ident, answer in zip(batch, answers, strict=True) if answer == "busy"]
        assert set(answers) <= {"ack", "busy"}
    assert put_off == sent[-len(put_off) :], "one overtook another that had been put off"
    session.message(sent[0], "known already")
    assert answers_to(session, sent[0]) == ["ack"]
    late = secrets.token_bytes(16)
    session.message(late, "not yet")
    assert answers_to(session, late) == ["busy"]
    for ident in put_off[:3]:
        again_until_taken(session, ident)
    shown = [anna.event("message", 20)["id"] for _ in range(len(sent) - len(put_off) + 3)]
    assert shown == [ident.hex() for ident in [*sent[: -len(put_off)], *put_off[:3]]]


def again_until_taken(session: Session, ident: bytes) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        session.message(ident, "again")
        if answers_to(session, ident) == ["ack"]:
            return
    raise AssertionError("put off for ever")


# discovery


def test_goodbye_goes_to_who_asked_it_alone(anna: Listening, stranger: Stranger) -> None:
    stranger.discovery.ask((anna.address, stranger.port), 20)
    anna.process.terminate()
    heard = stranger.discovery.wait(lambda it: it.said.kind == BYE and not it.broadcast, 20)
    assert heard.said.fingerprint == anna.fingerprint


def test_who_says_goodbye_is_hung_up_on(anna: Listening, stranger: Stranger) -> None:
    anna.event("peer_seen", 20)
    session = stranger.talk(anna.address, anna.fingerprint)
    stranger.discovery.close()
    assert anna.event("peer_gone", 20)["peer"]["name"] == "stranger"
    assert session.close_code(20) == "idle"


def test_a_static_peer_is_asked_alone_until_it_is_there(
    ben_home: Path, loopback: Callable[[], str], free_port: int
) -> None:
    address = loopback()
    with Stranger(identity("bob"), "silent", address, free_port, silent=True) as stranger:
        stranger.discovery.mute = True
        static = ("--peer", f"{address}:{free_port}")
        with Listening(ben_home, loopback(), free_port, *static) as ben:
            stranger.discovery.wait(lambda it: it.said.kind == QUERY and not it.broadcast, 20)
            stranger.discovery.mute = False
            assert ben.event("peer_seen", 20)["peer"]["id"] == stranger.me.fingerprint.hex()
            assert stranger.accept_talk(20).peer == ben.fingerprint
            ben.process.terminate()
            stranger.discovery.wait(lambda it: it.said.kind == BYE and not it.broadcast, 20)
