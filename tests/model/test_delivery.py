"""What people wrote, through everything that can happen: a machine draws stories, and the stores are judged.

The programs are the real ones: node, sessions, outbox, inbox, discovery, store. The network, the clock and
whatever breaks belong to the model. `LANMSG_STORIES=5000` draws so many stories instead of a few.
"""

import os
import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from lanmsg.model import EVERYONE, Conversation, LanmsgError, PeerId, Status, Trust
from lanmsg.node.outbox import BATCH
from lanmsg.node.roster import PINNED_STATES
from lanmsg.protocol.announcement import NO_TOKEN, Announcement, Kind
from lanmsg.protocol.constants import (
    INSTANCE_ID_BYTES,
    MESSAGE_SESSIONS_PER_PEER_MAX,
    OUTBOUND_QUEUE_MAX_BYTES,
    PORT,
    UNAUTHENTICATED_PER_ADDRESS_MAX,
)
from tests.model.hosts import KEYS, Model, engine_of
from tests.model.network import Wire
from tests.torture.checker import judge, read_books, waiting

STORIES = int(os.environ.get("LANMSG_STORIES", "0"))
FEW_STORIES, STEPS = 16, 50
PEACE_S = 240.0
"""Longer than every pause, lease and turn that was lost."""

CALLED = {"mallory": "ben"}
"""Mallory has a key of her own, and says that she is ben."""

MEMORY_DISK = Path("/dev/shm")

someone = st.sampled_from(KEYS)
pairs = st.sampled_from([(one, other) for one in KEYS for other in KEYS if one != other])
numbers = st.integers(0, 1000)
moments = st.sampled_from((0.001, 0.006, 0.012, 0.03, 0.2, 1.0, 4.0, 15.0))


class Stories(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self._exit = ExitStack()
        disk = MEMORY_DISK if os.access(MEMORY_DISK, os.W_OK) else None
        folder = self._exit.enter_context(tempfile.TemporaryDirectory(dir=disk, prefix="lanmsg-model-"))
        self.model = Model(Path(folder))
        self._exit.enter_context(self.model.in_place())
        self.said: list[str] = []
        self.trusted: dict[tuple[str, PeerId], Trust] = {}
        """What people decided; nothing else may change it."""
        self.meant: set[tuple[str, PeerId]] = set()
        """Who wrote to which key."""

    @initialize()
    def all_are_there(self) -> None:
        for name in KEYS:
            self._start(name)
        self.model.run(1.5)

    # what people do

    @rule(pair=pairs, count=st.integers(1, 4))
    def send(self, pair: tuple[str, str], count: int) -> None:
        sender, receiver = pair
        peer = self.model.id(receiver)
        for _ in range(count if sender in self.model.nodes else 0):
            if not self._say(sender, Conversation.with_peer(peer)):
                break
            self.meant.add((sender, peer))
            self.trusted.setdefault((sender, peer), Trust.PINNED)

    @rule(sender=someone)
    def send_to_everyone(self, sender: str) -> None:
        if sender in self.model.nodes:
            here = [peer for peer in self.model.nodes[sender].peers() if peer.trust is not Trust.CHANGED]
            if self._say(sender, EVERYONE):
                self.meant |= {(sender, peer.id) for peer in here}

    @rule(sender=someone)
    def send_to_whoever_is_called_ben(self, sender: str) -> None:
        """Once a key is pinned under that name it means that key and no other, present or not."""
        node = self.model.nodes.get(sender)
        if node is None or sender in {"ben", "mallory"}:
            return
        try:
            peer = self.model.do(node.find("ben", dial=False))
        except LanmsgError:
            return
        book = engine_of(node).disk.store.peers.all()
        pinned = {each.id for each in book if each.trust in PINNED_STATES and each.name == "ben"}
        assert not pinned or peer.id in pinned
        if self._say(sender, Conversation.with_peer(peer.id)):
            self.meant.add((sender, peer.id))
            self.trusted.setdefault((sender, peer.id), Trust.PINNED)

    @rule(pair=pairs, blocked=st.booleans())
    def block_or_take_back(self, pair: tuple[str, str], blocked: bool) -> None:
        one, other = pair
        peer = self.model.id(other)
        if one not in self.model.nodes or (one, peer) not in self.trusted:
            return
        trust = Trust.BLOCKED if blocked else Trust.PINNED
        if blocked or self.trusted[one, peer] is Trust.BLOCKED:
            self._decide(one, peer, trust)

    # what happens to them

    @rule(seconds=moments)
    def time_goes_by(self, seconds: float) -> None:
        self.model.run(seconds)

    @rule(name=someone)
    def crash(self, name: str) -> None:
        if name in self.model.nodes:
            self.model.crash(name)

    @rule(name=someone)
    def leave(self, name: str) -> None:
        if name in self.model.nodes:
            self.model.leave(name)

    @rule(name=someone)
    def start(self, name: str) -> None:
        if name not in self.model.nodes:
            self._start(name)

    @rule(which=numbers)
    def a_connection_breaks(self, which: int) -> None:
        """With what is on its way: an acknowledgement, or the message itself."""
        for wire in self._some_wire(which):
            wire.break_off()

    @rule(which=numbers)
    def a_connection_is_slow(self, which: int) -> None:
        """What it carries comes after what is said on later ones."""
        for wire in self._some_wire(which):
            wire.hold()

    @rule()
    def what_was_slow_arrives(self) -> None:
        for wire in list(self.model.network.wires):
            wire.release()

    @rule(pair=pairs)
    def partition(self, pair: tuple[str, str]) -> None:
        self.model.network.walls.add(frozenset(self.model.host(name) for name in pair))

    @rule(name=someone)
    def mend(self, name: str) -> None:
        self.model.network.mend(self.model.host(name))

    @rule(pair=pairs)
    def an_address_is_stolen(self, pair: tuple[str, str]) -> None:
        """Its connections break, and whoever dials the victim reaches the thief."""
        thief, victim = pair
        network, host = self.model.network, self.model.host(victim)
        network.stolen[host] = self.model.host(thief)
        for wire in list(network.wires):
            if wire.host == host:
                wire.break_off()

    @rule(claimed=someone, liar=someone, victim=someone, kind=st.sampled_from((Kind.ANNOUNCE, Kind.BYE)))
    def spoofed_datagram(self, claimed: str, liar: str, victim: str, kind: Kind) -> None:
        """`claimed` is said to be where `liar` is, or to have left."""
        said = Announcement(
            kind,
            self.model.id(claimed),
            bytes(INSTANCE_ID_BYTES),
            NO_TOKEN,
            PORT,
            30,
            Status.AVAILABLE,
            claimed,
        )
        network = self.model.network
        network.datagram(
            said.encode(), self.model.host(liar), self.model.host(victim), to_everyone=kind is Kind.ANNOUNCE
        )

    # what always holds

    @invariant()
    def pins_are_what_people_decided(self) -> None:
        for name, node in self.model.nodes.items():
            settled = PINNED_STATES | {Trust.BLOCKED}
            found = {
                (name, peer.id): peer.trust
                for peer in engine_of(node).disk.store.peers.all()
                if peer.trust in settled
            }
            assert found == {key: trust for key, trust in self.trusted.items() if key[0] == name}

    @invariant()
    def caps_hold(self) -> None:
        for node in self.model.nodes.values():
            engine = engine_of(node)
            strangers = Counter(
                each.remote.host for each in engine.sessions._connections if each.peer is None
            )
            assert max(strangers.values(), default=0) <= 2 * UNAUTHENTICATED_PER_ADDRESS_MAX
            for group in engine.sessions._by_peer.values():
                assert sum(not each.closed for each in group) <= MESSAGE_SESSIONS_PER_PEER_MAX
            assert len(engine.outbox._awaited) <= BATCH * len(KEYS)
            assert all(
                len(each._outgoing) <= 2 * OUTBOUND_QUEUE_MAX_BYTES for each in engine.sessions._connections
            )

    @invariant()
    def histories_are_true(self) -> None:
        """Nobody has what nobody wrote to them, or has it twice, or in another order; no ack was a lie."""
        books = [
            read_books(self.model.id(name), self._database(name)) for name in KEYS if self._has_home(name)
        ]
        assert judge(books).faults == {}

    @invariant()
    def only_who_was_meant_has_it(self) -> None:
        for name in KEYS:
            if self._has_home(name):
                books = read_books(self.model.id(name), self._database(name))
                assert {(name, peer) for _, peer in books.deliveries} <= self.meant

    def teardown(self) -> None:
        try:
            self._peace()
            overheard = bytes(self.model.network.overheard)
            assert [text for text in self.said if text.encode() in overheard] == []
        finally:
            self._exit.close()

    def _peace(self) -> None:
        """Everything is mended: then everything is delivered, but to those whom somebody has blocked."""
        self.model.network.mend()
        for name in KEYS:
            if name not in self.model.nodes:
                self._start(name)
        for (name, peer), trust in list(self.trusted.items()):
            if trust is Trust.BLOCKED:
                self._decide(name, peer, Trust.PINNED)
        for _ in range(int(PEACE_S / 5)):
            self.model.run(5.0)
            if not sum(waiting(self._database(name)) for name in KEYS):
                break
        assert {name: waiting(self._database(name)) for name in KEYS} == dict.fromkeys(KEYS, 0)
        self.histories_are_true()

    def _decide(self, name: str, peer: PeerId, trust: Trust) -> None:
        self.model.do(self.model.nodes[name].set_trust(peer, trust))
        self.trusted[name, peer] = trust
        namesakes = {self.model.id("ben"), self.model.id("mallory")}
        if trust is Trust.PINNED and peer in namesakes:
            # The person says that this is ben: then the other one is not any more.
            (other,) = namesakes - {peer}
            if self.trusted.get((name, other)) not in {None, Trust.BLOCKED, self._trust_of(name, other)}:
                del self.trusted[name, other]

    def _trust_of(self, name: str, peer: PeerId) -> Trust | None:
        known = engine_of(self.model.nodes[name]).disk.store.peers.get(peer)
        return None if known is None else known.trust

    def _say(self, sender: str, conversation: Conversation) -> bool:
        text = f"<message {len(self.said)} of {sender}>"
        try:
            self.model.do(self.model.nodes[sender].send_text(conversation, text))
        except LanmsgError as error:
            if error.code not in {"key_changed", "blocked", "not_found"}:
                raise
            return False
        self.said.append(text)
        return True

    def _start(self, name: str) -> None:
        self.model.start(name, called=CALLED.get(name, name))

    def _some_wire(self, which: int) -> list[Wire]:
        """One of those that are open, if any is."""
        wires = sorted(self.model.network.wires, key=lambda wire: wire.number)
        return wires[which % len(wires) :][:1] if wires else []

    def _has_home(self, name: str) -> bool:
        return self._database(name).exists()

    def _database(self, name: str) -> Path:
        return self.model.folder / name / "lanmsg.db"


TestStories = Stories.TestCase
TestStories.settings = settings(
    max_examples=STORIES or FEW_STORIES,
    stateful_step_count=STEPS if not STORIES else 100,
    deadline=None,
    derandomize=not STORIES,
    database=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
    # Without shrinking: a story that fails is short enough to be read, and takes a second to run.
    phases=(Phase.explicit, Phase.generate),
)


def test_who_has_stolen_an_address_gets_nothing_that_was_for_its_owner() -> None:
    """A story that chance tells rarely; what is said in it is delivered once the address is given back."""
    stories = Stories()
    try:
        stories.all_are_there()
        stories.send(("anna", "ben"), 1)
        stories.time_goes_by(1.0)
        stories.an_address_is_stolen(("mallory", "ben"))
        stories.send(("anna", "ben"), 2)
        stories.time_goes_by(15.0)
        stories.histories_are_true()
        assert waiting(stories._database("anna")) == 2
    finally:
        stories.teardown()


def test_what_a_slow_connection_brings_late_comes_neither_twice_nor_out_of_order() -> None:
    stories = Stories()
    try:
        stories.all_are_there()
        stories.send(("anna", "ben"), 1)
        stories.time_goes_by(1.0)
        for wire in list(stories.model.network.wires):
            wire.hold()
        stories.send(("anna", "ben"), 4)
        stories.time_goes_by(15.0)  # long enough for another session
        assert waiting(stories._database("anna")) == 0
        stories.send(("anna", "ben"), 1)
        stories.what_was_slow_arrives()
        stories.time_goes_by(1.0)
        stories.histories_are_true()
    finally:
        stories.teardown()
