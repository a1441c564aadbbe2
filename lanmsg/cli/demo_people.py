"""The people of `lanmsg demo`: real nodes in one process, each following a small script of its own."""

import asyncio
import os
import random
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from itertools import cycle
from pathlib import Path

from msgspec import Struct

from lanmsg.api import (
    EVERYONE,
    Conversation,
    ConversationKind,
    Direction,
    LanmsgError,
    Message,
    MessageAdded,
    Node,
    NodeEvent,
    PeerAppeared,
    PeerId,
    Settings,
    Status,
    Transfer,
    TransferAdded,
    TransferChanged,
    TransferState,
    VerificationChanged,
    VerificationStage,
    open_node,
)
from lanmsg.terminal import human_size

FIRST_WORD_S = 1.5
NEXT_PERSON_S = 0.8
THINKING_S = (0.6, 1.8)
CHAT_S = (12.0, 25.0)
OFFER_AFTER_S = 9.0
STAY_S = (40.0, 70.0)
AWAY_S = (8.0, 15.0)
LAST_MOMENT_S = 2.0


class Persona(Struct, frozen=True):
    """`habit`: none, offers (a file, after a while), pauses (away and back), leaves (and comes back)."""

    name: str
    greeting: str
    answers: tuple[str, ...]
    remarks: tuple[str, ...]
    habit: str = "none"


PERSONAS = (
    Persona(
        "ben",
        "hi! I am not real, but everything else here is: keys, packets, files. Write me something.",
        (
            "I read you. The tick behind your line says that it is on my disk.",
            "Try Ctrl-K: it jumps to any conversation.",
            "/verify ben compares four words with me: is there nobody between us?",
            "Send me a file: /send ben and a path. I accept everything.",
            "/who shows who is here, and with which key.",
            "Nothing of this leaves your machine.",
        ),
        (
            "is anyone else hungry?",
            "the printer on the second floor has paper again",
            "who has the blue stapler?",
        ),
    ),
    Persona(
        "carla",
        "hello! I will send you something in a moment; look at the question above the input.",
        (
            "Ctrl-Y takes a file, Ctrl-N does not.",
            "You can write to everybody at once in # everyone.",
            "/help lists all there is.",
        ),
        ("cake in the kitchen!", "standup in five minutes", "thanks for the scan, by the way"),
        "offers",
    ),
    Persona(
        "dmitri",
        "good to see you. I have to run in a minute, but messages wait until I am back.",
        ("busy, but here.", "mail that I miss waits in your outbox until I am back.", "later, promise."),
        ("back to back meetings today", "the build is green", "anyone for a walk at four?"),
        "leaves",
    ),
    Persona(
        "mei",
        "hey, nice to meet you!",
        ("yes!", "let me think about it.", "ask carla, she knows."),
        ("the window is open, mind the rain", "does anybody use the big room at three?"),
        "pauses",
    ),
    Persona("noah", "hello there", ("sounds good", "no idea, sorry"), ("coffee machine is fixed",)),
    Persona(
        "olga",
        "welcome!",
        ("sure", "tomorrow would be better"),
        ("parcel for room 12 at the door",),
        "pauses",
    ),
    Persona("pavel", "hi", ("ok", "on it"), ("server room is 19 degrees again",), "leaves"),
    Persona("rosa", "hola", ("claro", "give me a minute"), ("who wants the last sandwich?",)),
    Persona("sven", "morning", ("yep", "nope"), ("fire drill at two, do not run",), "pauses"),
)

RECIPE = """\
Apple cake, for a whole floor

  250 g butter, 200 g sugar, 4 eggs, 300 g flour, 1 spoon of baking powder, 5 apples

Beat butter and sugar, then the eggs one by one; flour and powder; half of the apples in, half on top.
180 degrees, 50 minutes. Leave a slice for dmitri.
"""

WORDS = (
    "my screen shows {}. Yours too? Then answer: same. "
    "(With real people you call and ask: what is written here could be forged as well.)"
)


class Actor:
    """One person: answers, remarks on this and that, and follows its habit."""

    def __init__(self, persona: Persona, settings: Settings, cast: set[PeerId], dice: random.Random):
        self._persona = persona
        self._settings = settings
        self._cast = cast
        self._dice = dice
        self._answers: Iterator[str] = cycle(persona.answers)
        self._remarks: Iterator[str] = cycle(persona.remarks)
        self._greeted = False

    async def live(self) -> None:
        """Comes, stays for a while, and, if that is the habit, leaves and comes back, for ever."""
        while True:
            stay = self._dice.uniform(*STAY_S) if self._persona.habit == "leaves" else None
            with suppress(TimeoutError):
                async with asyncio.timeout(stay), open_node(self._settings, listen=True) as node:
                    await self._be_here(node)
            await asyncio.sleep(self._dice.uniform(*AWAY_S))

    async def _be_here(self, node: Node) -> None:
        self._cast.add(node.id)
        events = node.events()
        async with asyncio.TaskGroup() as tasks:
            for peer in node.peers():
                tasks.create_task(self._see(node, peer.id))
            tasks.create_task(self._chat(node))
            if self._persona.habit == "pauses":
                tasks.create_task(self._pause_now_and_then(node))
            async for event in events:
                if (reaction := self._reaction(node, event)) is not None:
                    tasks.create_task(reaction())

    def _reaction(self, node: Node, event: NodeEvent) -> Callable[[], Coroutine[None, None, None]] | None:
        match event:
            case PeerAppeared(peer):
                return lambda: self._see(node, peer.id)
            case MessageAdded(message) if message.sender is not None:
                return lambda: self._answer(node, message)
            case TransferAdded(transfer) if transfer.direction is Direction.IN:
                return lambda: self._take(node, transfer)
            case TransferChanged(transfer) if transfer.state is TransferState.DONE:
                return lambda: self._thank(node, transfer)
            case VerificationChanged():
                return lambda: self._compare(node, event)
            case _:
                return None

    async def _see(self, node: Node, peer: PeerId) -> None:
        """Greets a visitor, once."""
        await self._think()
        if peer in self._cast or self._greeted:
            return
        self._greeted = True
        await asyncio.sleep(FIRST_WORD_S)
        await self._say(node, Conversation.with_peer(peer), self._persona.greeting)
        if self._persona.habit == "offers":
            await asyncio.sleep(OFFER_AFTER_S)
            await self._offer(node, peer)

    async def _offer(self, node: Node, peer: PeerId) -> None:
        path = self._settings.home / "apple-cake.txt"
        path.write_text(RECIPE, encoding="utf-8")
        with suppress(LanmsgError):
            await node.offer(peer, [path], text="the recipe")

    async def _answer(self, node: Node, message: Message) -> None:
        """To a visitor's private message; among themselves they only remark."""
        if message.sender is None or message.sender in self._cast:
            return
        if message.conversation.kind is ConversationKind.EVERYONE and self._dice.random() < 0.5:
            return
        await self._think()
        await self._say(node, message.conversation, next(self._answers))

    async def _take(self, node: Node, transfer: Transfer) -> None:
        await self._think()
        with suppress(LanmsgError):
            await node.accept(transfer.number)

    async def _thank(self, node: Node, transfer: Transfer) -> None:
        what = f"{transfer.title}, {human_size(transfer.done)}"
        text = (
            f"got {what}, thanks!" if transfer.direction is Direction.IN else f"you have {what} now. Enjoy!"
        )
        await self._say(node, Conversation.with_peer(transfer.peer), text)

    async def _compare(self, node: Node, event: VerificationChanged) -> None:
        """Joins in, reads its words out, and believes the visitor who finds them the same."""
        await self._think()
        with suppress(LanmsgError):  # it is over meanwhile
            if event.stage is VerificationStage.COMPARING:
                text = WORDS.format(" ".join(word.upper() for word in event.words))
                await self._say(node, Conversation.with_peer(event.peer.id), text)
            elif event.stage is VerificationStage.ASKED and not event.ours:
                await node.verify(event.peer.id)
            elif event.stage is VerificationStage.SAME and not event.ours:
                await node.answer_verification(event.peer.id, same=True)

    async def _chat(self, node: Node) -> None:
        while True:
            await asyncio.sleep(self._dice.uniform(*CHAT_S))
            await self._say(node, EVERYONE, next(self._remarks))

    async def _pause_now_and_then(self, node: Node) -> None:
        while True:
            await asyncio.sleep(self._dice.uniform(*CHAT_S))
            await node.set_status(Status.AWAY, "tea")
            await asyncio.sleep(self._dice.uniform(*AWAY_S))
            await node.set_status(Status.AVAILABLE)

    async def _say(self, node: Node, conversation: Conversation, text: str) -> None:
        with suppress(LanmsgError):  # nobody is here just now
            await node.send_text(conversation, text)

    async def _think(self) -> None:
        await asyncio.sleep(self._dice.uniform(*THINKING_S))


def loopback(number: int) -> str:
    """An address on this machine alone; macOS has only the first."""
    return "127.0.0.1" if sys.platform == "darwin" else f"127.0.0.{100 + number}"


async def perform(folder: Path, port: int, count: int) -> None:
    """One after the other they come; each needs a moment to make its key."""
    dice, cast = random.Random(), set[PeerId]()  # noqa: S311 - small talk is no secret
    async with asyncio.TaskGroup() as tasks:
        for number, persona in enumerate(PERSONAS[:count], 2):
            home = folder / "people" / persona.name
            settings = Settings(home, home / "saved", persona.name, port, interfaces=(loopback(number),))
            tasks.create_task(Actor(persona, settings, cast, dice).live())
            await asyncio.sleep(NEXT_PERSON_S)


async def until_the_end(folder: Path, port: int, count: int) -> None:
    """Plays until stdin ends, which it does when the screen's process has ended, however that went."""
    play = asyncio.current_task()
    loop = asyncio.get_running_loop()

    def watch() -> None:
        sys.stdin.buffer.read()
        with suppress(RuntimeError):  # the loop has ended by itself
            loop.call_soon_threadsafe(play.cancel if play else loop.stop)
        threading.Event().wait(LAST_MOMENT_S)
        os._exit(1)  # something hangs: it must not stay behind

    threading.Thread(target=watch, daemon=True).start()
    await perform(folder, port, count)


def main() -> None:
    folder, port, count = sys.argv[1:]
    parent = os.getppid()
    # Keys and a closed terminal are the screen's affair; its end shows as the end of stdin.
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    with suppress(asyncio.CancelledError):
        asyncio.run(until_the_end(Path(folder), int(port), int(count)))
    if os.getppid() != parent:  # killed, so it has not cleaned up
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
