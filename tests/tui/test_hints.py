"""What explains itself the first time, and only then."""

from lanmsg.api import MessageAdded, PeerChanged, TransferAdded, Trust
from lanmsg.tui import moves
from lanmsg.tui.update import update
from tests.tui.double import Double, peer_id, person
from tests.tui.given import BEN, open_talk, picture, state_of


def test_the_first_message_explains_its_signs_and_the_second_does_not() -> None:
    node = Double()
    node.meet(person("ben"))
    state = state_of(node, newcomer=True)
    moves.open_conversation(state, BEN)  # not yet read from the store: the line is not lost
    update(state, MessageAdded(node.tell("ben", "hello")))
    open_talk(state, node)
    assert "✓ means that ben has it; … that it waits until ben is here." in picture(state, 120, 36)
    update(state, MessageAdded(node.tell("ben", "again")))
    assert picture(state, 120, 36).count("means that") == 1


def test_who_has_written_before_needs_no_explanation() -> None:
    node = Double()
    node.meet(person("ben"))
    state = state_of(node)
    open_talk(state, node)
    update(state, MessageAdded(node.tell("ben", "hello")))
    assert "means that" not in picture(state, 120, 36)


def test_a_key_that_becomes_somebodys_says_so_once() -> None:
    node = Double()
    node.meet(person("ben", trust=Trust.NEW))
    state = state_of(node)
    open_talk(state, node)
    node.meet(person("ben"))
    for _ in range(2):
        update(state, PeerChanged(node.known[peer_id("ben")]))
    shown = picture(state, 120, 36)
    assert shown.count("ben is this key from now on: 6700 869C.") == 1
    assert "/verify ben makes sure" in shown


def test_the_first_file_says_that_nothing_is_written_yet() -> None:
    node = Double()
    node.meet(person("ben"))
    state = state_of(node)
    open_talk(state, node)
    update(state, TransferAdded(node.offered("ben", "a.txt", 10)))
    update(state, TransferAdded(node.offered("ben", "b.txt", 10)))
    assert picture(state, 120, 36).count("A file is written only after your yes: /accept 1, /decline 1") == 1
