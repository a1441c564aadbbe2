"""Where the program did something else than protocol.md says, found by a peer written from it alone."""

from __future__ import annotations

import secrets

import pytest

from tests.interop.program import Listening
from tests.interop.stranger import Stranger
from tests.interop.stranger_files import Item
from tests.interop.stranger_pack import pack, unpack
from tests.interop.stranger_session import PAYLOAD, ClosedError


def test_another_first_payload_closes(anna: Listening, stranger: Stranger) -> None:
    session = stranger.dial(anna.address, anna.fingerprint)
    session.say("ping", token=1)
    with pytest.raises(ClosedError, match="protocol"):
        session.record()


def test_the_responder_s_first_payload_is_its_profile(anna: Listening, stranger: Stranger) -> None:
    session = stranger.dial(anna.address, anna.fingerprint)
    profile = {"t": "profile", "name": "x", "status": 0, "note": "", "port": 0, "client": ""}
    both = session.sealed(PAYLOAD, pack(profile)) + session.sealed(PAYLOAD, pack({"t": "ping", "token": 1}))
    session.stream.send(both)
    assert unpack(session.record()[1])["t"] == "profile"


def test_accept_of_what_was_never_offered_is_ignored(anna: Listening, stranger: Stranger) -> None:
    session = stranger.talk(anna.address, anna.fingerprint)
    session.say("accept", id=secrets.token_bytes(16), entry=0, offset=0)
    with pytest.raises(TimeoutError):
        session.hear("cancel", seconds=1)


def test_a_second_bulk_session_is_a_duplicate(anna: Listening, stranger: Stranger) -> None:
    session = stranger.talk(anna.address, anna.fingerprint)
    ident = stranger.offer(session, [Item("a", b"1")])
    session.hear("accept")
    stranger.bulk(anna.address, anna.fingerprint, ident).hear("accept")
    assert stranger.bulk(anna.address, anna.fingerprint, ident).close_code() == "duplicate"
