"""Real nodes on loopback, each with an address and a home of its own, for as long as a test's story lasts."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import cache, partial, wraps
from pathlib import Path
from typing import Any, ParamSpec

from lanmsg.config import Settings
from lanmsg.model import Address, Conversation, Message, PeerId
from lanmsg.node.engine import Engine
from lanmsg.node.events import NodeEvent
from lanmsg.node.node import Node
from lanmsg.protocol.identity import LocalIdentity, generate_identity
from lanmsg.storage.identity import save_key
from lanmsg.storage.store import Store
from tests.protocol.people import person

STORY_SECONDS = 60.0
SOON_S = 15.0
STEP_S = 0.005

Story = Callable[[], Awaitable[None]]
P = ParamSpec("P")


@cache
def identity(name: str) -> LocalIdentity:
    """The same in every test of a run: a new key takes 0.3 s."""
    ready = {"anna": "alice", "ben": "bob"}
    return person(ready[name]) if name in ready else generate_identity()


@dataclass(slots=True)
class Held:
    """A running node in a task of its own, so that its crash is the story's crash."""

    task: "asyncio.Task[None]"
    leave: asyncio.Event = field(default_factory=asyncio.Event)


class Neighbours:
    """The homes of one story. `folder` holds them; each name has its address, also after a restart."""

    def __init__(self, folder: Path, port: int, address: Callable[[], str]):
        self.folder = folder
        self.port = port
        self._address = address
        self._addresses: dict[str, str] = {}
        self._held: dict[Node, Held] = {}
        self._group = asyncio.TaskGroup()
        self.faults: list[dict[str, Any]] = []
        """What was said to the event loop's exception handler; a story that expects some takes them away."""

    def run(self, story: Story) -> None:
        """Fails when the story does, when a node crashes or says that it erred, or when it does not end."""

        async def whole() -> None:
            asyncio.get_running_loop().set_exception_handler(lambda _, context: self.faults.append(context))
            try:
                async with asyncio.timeout(STORY_SECONDS), asyncio.TaskGroup() as self._group:
                    await story()
                    for node in reversed(list(self._held)):
                        await self.close(node)
            except BaseExceptionGroup as group:
                raise _innermost(group) from group

        asyncio.run(whole())
        assert self.faults == []

    def settings(self, name: str, /, **changes: Any) -> Settings:
        home = self.folder / name
        if not (home / "identity.der").exists():
            save_key(home, identity(name).to_der())
        own = Settings(
            home=home,
            downloads=self.folder / f"{name}-downloads",
            name=name,
            port=self.port,
            interfaces=(self.address(name),),
        )
        return replace(own, **changes)

    def address(self, name: str) -> str:
        if name not in self._addresses:
            self._addresses[name] = self._address()
        return self._addresses[name]

    async def open(self, name: str, /, *, listen: bool = True, **changes: Any) -> Node:
        ready: asyncio.Future[Node] = asyncio.get_running_loop().create_future()
        leave = asyncio.Event()

        async def hold() -> None:
            async with Node.running(self.settings(name, **changes), listen=listen) as node:
                ready.set_result(node)
                await leave.wait()

        task = self._group.create_task(hold())
        task.add_done_callback(lambda _: ready.done() or ready.cancel())
        node = await ready
        self._held[node] = Held(task, leave)
        return node

    def pin(self, name: str, other: str) -> None:
        """`name` knows `other`, and so puts up with much more of it; before its node is opened."""
        store = Store.open(self.settings(name).home)
        store.peers.pin(identity(other).peer_id, nickname=other, now=1.0)
        store.close()

    async def attempt(self, name: str, /, *, listen: bool = True, **changes: Any) -> None:
        """Open and close it here, so that the failure of a start is the caller's to see."""
        async with Node.running(self.settings(name, **changes), listen=listen):
            pass

    async def meet(self, *names: str) -> list[Node]:
        """Listeners of these names, who all see each other."""
        nodes = [await self.open(name) for name in names]
        await see_each_other(*nodes)
        return nodes

    async def close(self, node: Node) -> None:
        held = self._held.pop(node)
        held.leave.set()
        await held.task

    async def kill(self, node: Node) -> None:
        """As by kill -9: nobody hears a goodbye, and nothing is put in order at home."""
        engine = engine_of(node)
        engine.air._beacon.close()
        engine._leases._locks._close()
        engine._let_go = lambda store: None  # type: ignore[method-assign]  # leases stay
        for connection in list(engine.sessions._connections):
            connection.abort()
        await self.close(node)


def story(test: Callable[P, Awaitable[None]]) -> Callable[P, None]:
    """The test is what `neighbours`, one of its fixtures, run."""

    @wraps(test)
    def run(*args: P.args, **fixtures: P.kwargs) -> None:
        neighbours = fixtures["neighbours"]
        assert isinstance(neighbours, Neighbours)
        neighbours.run(lambda: test(*args, **fixtures))

    return run


def _innermost(group: BaseException) -> BaseException:
    while isinstance(group, BaseExceptionGroup) and len(group.exceptions) == 1:
        group = group.exceptions[0]
    return group


def engine_of(node: Node) -> Engine:
    return node._engine


async def until(condition: Callable[[], object], seconds: float = SOON_S) -> None:
    """Return when `condition` holds; fail when it does not within `seconds`."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(STEP_S)


async def see_each_other(*nodes: Node) -> None:
    for node in nodes:
        for other in nodes:
            if other is not node:
                await until(partial(sees, node, other.id))


def sees(node: Node, peer: PeerId) -> bool:
    return any(each.id == peer for each in node.peers())


async def texts(node: Node) -> list[str]:
    return [message.text for message in await node.history(None, limit=5000)]


async def say(sender: Node, to: Node | PeerId, text: str) -> Message:
    peer = to.id if isinstance(to, Node) else to
    return await sender.send_text(Conversation.with_peer(peer), text)


async def say_and_wait(sender: Node, to: Node | PeerId, text: str) -> Message:
    return await sender.delivered(await say(sender, to, text), timeout=SOON_S)


class Heard:
    """The events of a node from now on; read as far as a test wants to."""

    def __init__(self, node: Node):
        self._events = node.events()
        self.all: list[NodeEvent] = []

    async def next(self, kind: type[Any], seconds: float = SOON_S) -> Any:
        """The next event of this kind; those before it are kept in `all`."""
        async with asyncio.timeout(seconds):
            while True:
                event = await anext(self._events)
                self.all.append(event)
                if isinstance(event, kind):
                    return event


def listening_at(node: Node) -> Address:
    return node.tcp[0]
