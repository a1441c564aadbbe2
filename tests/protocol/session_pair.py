"""Two sessions on a wire made of bytes, both ends checked at every step."""

from collections.abc import Callable, Iterator
from itertools import repeat

from lanmsg.model import MessageId, PeerId
from lanmsg.protocol.cipher import Role
from lanmsg.protocol.ephemeral import Entropy
from lanmsg.protocol.events import PayloadReceived, SessionClosed, SessionEstablished, SessionEvent
from lanmsg.protocol.identity import LocalIdentity
from lanmsg.protocol.payload import CloseCode, Message, Payload, Profile
from lanmsg.protocol.session import Session, SessionState
from tests.protocol.people import person, repeatable

ALICE, BOB = Role.INITIATOR, Role.RESPONDER
OTHER = {ALICE: BOB, BOB: ALICE}
WHOLE = 1 << 30


def profile(name: str = "alice") -> Profile:
    return Profile(name, 0, "", 2372, "test")


def message(number: int = 0, text: str = "hello") -> Message:
    return Message(MessageId(number.to_bytes(16)), "private", text, 1_790_000_000_000)


class SessionPair:
    """`alice` dials `bob`. `wire` keeps all that each side has sent, `events` all that it has told."""

    def __init__(
        self,
        *,
        expected: PeerId | None = None,
        initiator: LocalIdentity | None = None,
        responder: LocalIdentity | None = None,
        entropy: str = "",
    ) -> None:
        self.now = 0.0
        dialler, acceptor = initiator or person("alice"), responder or person("bob")
        self.identities = {ALICE: dialler, BOB: acceptor}
        self.sessions = {
            ALICE: Session.initiator(
                dialler, expected=expected, entropy=Entropy(repeatable(f"{entropy}i")), now=self.now
            ),
            BOB: Session.responder(acceptor, entropy=Entropy(repeatable(f"{entropy}r")), now=self.now),
        }
        self.wire = {ALICE: b"", BOB: b""}
        self.events: dict[Role, list[SessionEvent]] = {ALICE: [], BOB: []}

    @classmethod
    def opened(cls, *, entropy: str = "") -> "SessionPair":
        """After handshake and profiles, the events so far taken away."""
        pair = cls(entropy=entropy)
        pair.run()
        pair.check_established()
        pair.say(ALICE, profile("alice"))
        pair.say(BOB, profile("bob"))
        return pair

    def take(self, role: Role) -> bytes:
        """What `role` wants to send, taken off the wire: the test may do what it likes with it."""
        data = self.sessions[role].data_to_send()
        self.wire[role] += data
        return data

    def give(self, role: Role, data: bytes) -> None:
        """`data` arrives at `role`."""
        self.sessions[role].receive_data(data, self.now)
        self.events[role] += self.sessions[role].events()

    def run(
        self, sizes: Iterator[int] | None = None, change: Callable[[Role, bytes], bytes] | None = None
    ) -> None:
        """Carries bytes both ways until nobody has any left, in portions of the given sizes."""
        sizes = sizes or repeat(WHOLE)
        pending = {ALICE: b"", BOB: b""}
        while True:
            for role in Role:
                data = self.take(role)
                pending[role] += change(role, data) if change and data else data
            if not any(pending.values()):
                return
            for role in Role:
                size = next(sizes)
                portion, pending[role] = pending[role][:size], pending[role][size:]
                self.give(OTHER[role], portion)

    def say(self, role: Role, *payloads: Payload) -> None:
        """`role` sends these, and the other end receives exactly these."""
        self.forget()
        for payload in payloads:
            self.sessions[role].send(payload, self.now)
        self.run()
        assert self.events[OTHER[role]] == [PayloadReceived(payload) for payload in payloads]
        assert self.events[role] == []
        self.forget()

    def hang_up(self, role: Role, code: CloseCode) -> None:
        """`role` closes, and both ends see a clean end."""
        self.sessions[role].close(code, self.now)
        self.run()
        self.events[role] += self.sessions[role].events()
        for end in Role:
            assert self.closed(end).clean
            assert self.closed(end).code == code
            assert self.sessions[end].state is SessionState.CLOSED

    def wait(self, seconds: float) -> None:
        """Time passes; each side does what is due, and nothing arrives in between."""
        until = self.now + seconds
        while (due := self.next_deadline()) is not None and due <= until:
            self.now = due
            for role, session in self.sessions.items():
                session.handle_deadline(self.now)
                self.events[role] += session.events()
            self.run()
        self.now = until

    def next_deadline(self) -> float | None:
        deadlines = [session.next_deadline() for session in self.sessions.values()]
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def end(self, role: Role) -> None:
        """The stream towards `role` ends."""
        self.sessions[role].receive_eof(self.now)
        self.events[role] += self.sessions[role].events()

    def forget(self) -> None:
        self.events = {ALICE: [], BOB: []}

    def closed(self, role: Role) -> SessionClosed:
        """How it ended for `role`; it ended once."""
        (closed,) = [event for event in self.events[role] if isinstance(event, SessionClosed)]
        return closed

    def established(self, role: Role) -> bool:
        return any(isinstance(event, SessionEstablished) for event in self.events[role])

    def check_established(self) -> None:
        """Both ends know each other, and hold the same session."""
        for role in Role:
            session, peer = self.sessions[role], self.identities[OTHER[role]]
            assert session.state is SessionState.OPEN
            assert session.peer == peer.peer_id
            assert self.events[role] == [SessionEstablished(peer.peer_id, peer.modulus)]
        i, r = self.sessions[ALICE], self.sessions[BOB]
        assert (i.session_id, i.verification_key) == (r.session_id, r.verification_key)
        self.forget()
