"""One run of a transfer, as its thread and the event loop share it."""

import socket

from lanmsg.model import PeerId
from lanmsg.node.run import Run

BEN = PeerId(b"b" * 32)


def test_a_run_that_is_cut_says_why_and_its_thread_reads_the_end() -> None:
    ours, theirs = socket.socketpair()
    run = Run(1, BEN, sock=ours)
    with ours, theirs:
        run.cut("it rains")
        assert ours.recv(1) == b""
        assert theirs.recv(1) == b""
    assert run.stop.cut == "it rains"
    assert not run.stop.is_set()


def test_a_run_can_be_cut_before_it_has_a_connection_and_after_its_thread_closed_it() -> None:
    run = Run(1, BEN)
    run.cut("too early")
    assert run.stop.cut == ""
    run.sock = socket.socket()
    run.sock.close()
    run.cut("too late")


def test_where_it_is_at_is_nowhere_before_anything_came() -> None:
    assert Run(1, BEN).file() is None
