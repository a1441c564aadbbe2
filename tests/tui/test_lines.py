"""Plain lines: words for everything, said once, safe to print."""

from msgspec.structs import replace

from lanmsg.api import (
    Delivery,
    Direction,
    InterfacesChanged,
    KeyChanged,
    MessageAdded,
    MessageChanged,
    NodeEvent,
    Notice,
    PeerAppeared,
    PeerLeft,
    TransferAdded,
    TransferChanged,
    TransferState,
    Trust,
)
from lanmsg.tui.lines import Lines
from lanmsg.tui.update import update
from tests.tui.double import Double, peer_id, person
from tests.tui.given import state_of


class Reader:
    def __init__(self, node: Double) -> None:
        self.state = state_of(node)
        self.lines = Lines(self.state)

    def hear(self, event: NodeEvent) -> list[str]:
        update(self.state, event)
        return self.lines.of(event)


def test_who_comes_and_goes() -> None:
    reader = Reader(Double())
    assert reader.hear(PeerAppeared(person("ben"))) == ["ben is here"]
    assert reader.hear(PeerAppeared(person("eve", trust=Trust.NEW))) == ["eve (new) is here"]
    assert reader.hear(PeerAppeared(person("rude", trust=Trust.BLOCKED))) == []
    assert reader.hear(PeerLeft(person("ben", present=False))) == ["ben left"]
    changed = person("ben", key="other", trust=Trust.CHANGED)
    assert "WARNING" in reader.hear(KeyChanged(changed, peer_id("ben")))[0]


def test_a_message_is_name_and_text_with_further_rows_indented() -> None:
    node = Double()
    node.meet(person("ben"))
    reader = Reader(node)
    assert reader.hear(MessageAdded(node.hear("ben", "one\ntwo \x1b[2J"))) == ["ben: one", "    two \\x1b[2J"]
    assert reader.hear(MessageAdded(node.hear("ben", "all", everyone=True))) == ["ben to everyone: all"]
    assert reader.hear(MessageAdded(node.tell("ben", "mine"))) == []
    assert reader.lines.message(node.said[2], time=True) == ["10:00 you: mine"]


def test_delivery_is_worth_a_line_only_when_it_is_not_at_once() -> None:
    node = Double()
    node.meet(person("ben"))
    reader = Reader(node)
    message = node.tell("ben", "hello", state=Delivery.QUEUED)
    assert reader.hear(MessageChanged(node.deliver(message, Delivery.SENT))) == []
    waits = node.deliver(message, Delivery.QUEUED, "not here")
    assert reader.hear(MessageChanged(waits)) == ["your message to ben waits: not here"]
    assert reader.hear(MessageChanged(waits)) == []
    assert reader.hear(MessageChanged(node.deliver(message))) == ["your message to ben was delivered"]
    assert reader.hear(MessageChanged(node.deliver(message))) == []
    failed = node.deliver(message, Delivery.FAILED, "refused")
    assert reader.hear(MessageChanged(failed))[0].startswith("your message to ben: not delivered: refused")


def test_a_file_from_the_offer_to_the_end() -> None:
    node = Double()
    node.meet(person("ben"))
    reader = Reader(node)
    offer = node.offered("ben", "a.exe", 1_000, text="run it")
    assert reader.hear(TransferAdded(offer)) == [
        "ben (pinned) offers a.exe, 1.0 kB, a program: /accept 1 or /decline 1",
        "    run it",
    ]
    running = replace(offer, state=TransferState.RUNNING)
    said = [reader.hear(TransferChanged(replace(running, done=done))) for done in (10, 260, 300, 510, 1000)]
    assert [line for lines in said for line in lines] == [
        "transfer 1: 25 percent of 1.0 kB",
        "transfer 1: 50 percent of 1.0 kB",
        "transfer 1: 100 percent of 1.0 kB",
    ]
    done = replace(offer, state=TransferState.DONE, paths=("/home/mira/a.exe",))
    assert reader.hear(TransferChanged(done))[1] == "    /home/mira/a.exe"
    assert reader.hear(TransferChanged(done)) == []


def test_what_was_so_before_is_not_said() -> None:
    node = Double()
    node.meet(person("ben"))
    reader = Reader(node)
    offer = node.offered("ben", "a", 1, direction=Direction.OUT)
    reader.lines.known(offer)
    assert reader.hear(TransferChanged(offer)) == []
    stream = replace(offer, state=TransferState.RUNNING, total=None)
    assert reader.hear(TransferChanged(stream)) == []


def test_notices_and_what_is_no_news() -> None:
    reader = Reader(Double())
    assert reader.hear(Notice("port taken", "try another")) == ["port taken. try another"]
    assert reader.hear(InterfacesChanged(())) == []
