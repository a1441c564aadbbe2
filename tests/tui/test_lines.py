"""Plain lines: words for everything, said once, safe to print."""

from msgspec.structs import replace

from lanmsg.api import (
    Conversation,
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


def test_who_comes_and_goes_is_said_together() -> None:
    reader = Reader(Double())
    assert reader.hear(PeerAppeared(person("ben"))) == []
    assert reader.lines.presence() == ["ben is here"]
    reader.hear(PeerAppeared(person("eve", trust=Trust.NEW)))
    reader.hear(PeerAppeared(person("rude", trust=Trust.BLOCKED)))
    reader.hear(PeerAppeared(person("ben")))
    reader.hear(PeerAppeared(person("anna")))
    reader.hear(PeerLeft(person("anna", present=False)))
    assert reader.lines.presence() == ["eve (new) is here"]
    reader.hear(PeerLeft(person("ben", present=False)))
    reader.hear(PeerLeft(person("eve", trust=Trust.NEW, present=False)))
    for name in ("a", "b", "c", "d", "e", "f"):
        reader.hear(PeerAppeared(person(name)))
    assert reader.lines.presence() == ["a, b, c, d and 2 more are here", "ben and eve left"]
    assert reader.lines.presence() == []


def test_another_key_is_a_warning_and_says_what_to_type() -> None:
    reader = Reader(Double())
    reader.hear(PeerAppeared(person("ben")))
    changed = person("ben", key="other", trust=Trust.CHANGED)
    warning, advice = reader.hear(KeyChanged(changed, peer_id("ben")))
    assert warning.startswith("WARNING")
    assert "/block ben~" in advice


def test_a_message_is_name_and_text_with_further_rows_indented() -> None:
    node = Double()
    node.meet(person("ben"))
    reader = Reader(node)
    assert reader.hear(MessageAdded(node.hear("ben", "one\ntwo \x1b[2J"))) == ["ben: one", "    two \\x1b[2J"]
    assert reader.hear(MessageAdded(node.hear("ben", "all", everyone=True))) == ["ben to everyone: all"]
    assert reader.hear(MessageAdded(node.hear("ben", "/me waves"))) == ["* ben waves"]
    assert reader.lines.message(node.hear("ben", "/me left", everyone=True), time=True) == [
        "10:00 * ben to everyone left"
    ]
    assert reader.lines.message(node.tell("ben", "/me waves back")) == ["* mira waves back"]
    answer = node.hear("ben", "yes", reply_to=node.said[0].id)
    reader.state.talk(answer.conversation).loaded = True
    reader.state.talk(answer.conversation).fill([node.said[0]])
    assert reader.hear(MessageAdded(answer)) == ['ben, answering "one two \\x1b[2J": yes']
    mine = node.tell("ben", "mine")
    assert reader.lines.message(mine, time=True) == ["10:00 you: mine"]


def test_what_was_typed_here_is_not_said_again_and_what_was_sent_elsewhere_is() -> None:
    node = Double()
    node.meet(person("ben"))
    reader = Reader(node)
    reader.lines.typed("/msg ben lunch?")
    assert reader.hear(MessageAdded(node.tell("ben", "lunch?", state=Delivery.QUEUED))) == []
    elsewhere = MessageAdded(node.tell("ben", "lunch?", state=Delivery.QUEUED))
    assert reader.hear(elsewhere) == ['you to ben: "lunch?"']


def test_what_becomes_of_a_message() -> None:
    node = Double()
    node.meet(person("ben"))
    reader = Reader(node)
    reader.state.open = Conversation.with_peer(peer_id("ben"))
    message = node.tell("ben", "hello", state=Delivery.QUEUED)
    reader.lines.typed("hello")
    reader.hear(MessageAdded(message))
    assert reader.hear(MessageChanged(node.deliver(message, Delivery.SENT))) == []
    assert (reader.lines.under_way, reader.lines.hurrying) == (1, 1)
    assert reader.hear(MessageChanged(node.deliver(message))) == ["delivered"]
    assert reader.hear(MessageChanged(node.deliver(message))) == []
    waits = node.deliver(message, Delivery.QUEUED, "not here")
    assert reader.hear(MessageChanged(waits)) == ["your message to ben waits: ben is not here"]
    assert reader.hear(MessageChanged(waits)) == []
    assert (reader.lines.under_way, reader.lines.hurrying) == (1, 0)
    delivered = ['your message to ben, "hello", was delivered']
    assert reader.hear(MessageChanged(node.deliver(message))) == delivered
    failed = node.deliver(message, Delivery.FAILED, "refused")
    said = 'your message to ben, "hello", was not delivered: refused; /retry sends it again'
    assert reader.hear(MessageChanged(failed)) == [said]


def test_a_file_from_the_offer_to_the_end() -> None:
    node = Double()
    node.meet(person("ben"))
    reader = Reader(node)
    offer = node.offered("ben", "a.exe", 1_000, text="run it")
    assert reader.hear(TransferAdded(offer)) == [
        "ben (known) offers a.exe, 1.0 kB, a program: /accept 1 or /decline 1",
        "    run it",
    ]
    running = replace(offer, state=TransferState.RUNNING)
    said = []
    for tick, done in ((0, 10), (1, 260), (6, 300), (7, 510), (12, 519), (18, 1000)):
        reader.state.tick = float(tick)
        said += reader.hear(TransferChanged(replace(running, done=done)))
    assert said == [
        "transfer 1: 30 percent of 1.0 kB",
        "transfer 1: 50 percent of 1.0 kB",
        "transfer 1: 100 percent of 1.0 kB",
    ]
    done_at_last = replace(offer, state=TransferState.DONE, paths=("/home/mira/a.exe",))
    assert reader.hear(TransferChanged(done_at_last))[1] == "    /home/mira/a.exe"
    assert reader.hear(TransferChanged(done_at_last)) == []


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
