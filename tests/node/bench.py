"""Files beside other work, and chat beside files: in the process of the screen, and under a search.

A transfer's thread shares the interpreter with whatever else its process does. So each kind of work is
measured alone and beside the other, in turns. scripts/bench beside runs it.
"""

import asyncio
import os
import select
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from lanmsg.api import Conversation, FileRule, Node, Settings, TransferState, load_settings, open_node
from lanmsg.node.identity import home_identity
from lanmsg.storage.store import Store
from tests.storage.bench import fill
from tests.tui.bench import p95
from tests.tui.real_terminal import ROOT, RealTerminal, lanmsg, terminal_of

MIB = 1 << 20
PORT = 23791
ADDRESSES = {"anna": "127.79.2.1", "ben": "127.79.2.2", "cara": "127.79.2.3", "dora": "127.79.2.4"}
"""Anna receives; ben sends files, cara chats and waits for each ✓, dora floods."""

SECONDS = 4.0
"""A turn."""

FLOOD = 500
PAUSE_S = 0.01
WORDS = "the paper is in the cupboard next to the kitchen, second shelf, and the forms have to be out by noon"
NOWHERE = "qzxqzxq"
INBOX = "inbox"
ON_OFF = (True, False)
SEARCH_LOOKS = 20
PGUP, NEWEST = b"\x1b[5~", b"\x1b[1;5F"
LOOK_S = 0.05


def bench_beside(rounds: int, size: int, messages: int, folder: Path | None) -> None:
    memory = Path("/dev/shm")
    where = folder or (memory if memory.is_dir() else None)
    with tempfile.TemporaryDirectory(prefix="lanmsg-bench-", dir=where) as name:
        work = Path(name)
        prepare(work, messages)
        with (work / "file").open("wb") as file:
            for _ in range(size):
                file.write(os.urandom(MIB))
        with helper("receive", work) as receiver:
            turns(work, "to a node without a screen", rounds, node_ways(work, receiver))
        with screen(work) as run:
            turns(work, "to the screen", rounds, screen_ways(work, run))


def prepare(work: Path, messages: int) -> None:
    """Homes that know each other; anna's has a long past, and takes what ben offers."""
    for each in ADDRESSES:
        home_identity(work / each)
    began = time.perf_counter()
    fill(work / "anna", messages)
    store = Store.open(work / "anna")
    for each in ("ben", "cara", "dora"):
        peer = home_identity(work / each).peer_id
        store.peers.saw(peer, nickname=each, now=time.time())
        store.peers.pin(peer, now=time.time())
        store.peers.set_file_rule(peer, FileRule.ACCEPT, None, time.time())
    store.close()
    print(f"{messages:,} messages made in {time.perf_counter() - began:.0f} s")


# --- turns

Beside = Callable[[], None]
"""Done over and over while a turn lasts; it takes a moment."""

Way = tuple[str, Callable[[ExitStack], Beside]]
"""What else goes on, and how it is begun."""


def turns(work: Path, title: str, rounds: int, ways: list[Way]) -> None:
    """Each way with chat and files, and with chat alone."""
    rates: dict[str, list[float]] = {what: [] for what, _ in ways}
    trips: dict[tuple[str, bool], list[list[float]]] = {(what, on): [] for what in rates for on in ON_OFF}
    with helper("files", work) as sender, helper("chat", work) as chatter:
        for _ in range(rounds):
            for what, begin in ways:
                for files in ON_OFF:
                    with ExitStack() as ending:
                        beside = begin(ending)
                        if files:
                            sender.tell("send")
                        chatter.tell("chat")
                        trips[what, files].append(chatter.answer(beside))
                        if files:
                            rates[what] += sender.answer(beside)
    print(f"\n{rounds} rounds of {SECONDS:g} s; {title}{'chat, median and p95 in ms':>{78 - len(title)}}")
    print(f"  {'beside':44}{'files, MB/s':>11}{'ratio':>7}   with files      without")
    first = statistics.median(rates[ways[0][0]])
    for what, _ in ways:
        rate = statistics.median(rates[what])
        row = f"  {what:44}{rate:11.0f}{rate / first:7.2f}"
        for files in ON_OFF:
            middle, late = (statistics.median(column) for column in zip(*trips[what, files], strict=True))
            row += f"  {middle:5.1f} {late:6.1f}"
        print(row, flush=True)


def wait() -> None:
    time.sleep(LOOK_S)


def node_ways(work: Path, receiver: "Helper") -> list[Way]:
    def searching(ending: ExitStack) -> Beside:
        receiver.tell("search")
        ending.callback(receiver.tell, "enough")
        return wait

    return [
        ("nothing", lambda _: wait),
        (f"{FLOOD} messages a second", lambda ending: flooded(work, ending, wait)),
        ("a search in this process, again and again", searching),
        ("lanmsg history --search, again and again", lambda _: lambda: search_elsewhere(work)),
    ]


def screen_ways(work: Path, run: RealTerminal) -> list[Way]:
    def read() -> None:
        run.read(LOOK_S)

    def scroll() -> None:
        os.write(run.fd, PGUP * 10)
        read()

    def scrolling(ending: ExitStack) -> Beside:
        ending.callback(os.write, run.fd, NEWEST)
        return scroll

    def searching(ending: ExitStack) -> Beside:
        ending.callback(run.type, b"\x1b")
        return lambda: look_for_nothing(run)

    return [
        ("nothing", lambda _: read),
        (f"{FLOOD} messages a second", lambda ending: flooded(work, ending, read)),
        ("scrolling, ten pages at a time", scrolling),
        ("/search for what is nowhere", searching),
    ]


def flooded(work: Path, ending: ExitStack, beside: Beside) -> Beside:
    ending.enter_context(helper("flood", work))
    return beside


def search_elsewhere(work: Path) -> None:
    words = lanmsg(work / "anna", PORT, ADDRESSES["anna"], "anna", "history", "--search", NOWHERE)
    subprocess.run([sys.executable, *map(str, words)], cwd=ROOT, capture_output=True, check=False)


def look_for_nothing(run: RealTerminal) -> None:
    run.type(f"/search {NOWHERE}\r")
    for _ in range(SEARCH_LOOKS):
        run.read(LOOK_S)


@contextmanager
def screen(work: Path) -> Iterator[RealTerminal]:
    home = ["--downloads", str(work / INBOX)]
    command = lanmsg(work / "anna", PORT, ADDRESSES["anna"], "anna", *home)
    with terminal_of(command, columns=120, rows=36, folder=work) as run:
        run.writes(b"PEOPLE")
        yield run
        run.process.terminate()
        run.ended()


# --- the other processes


class Helper:
    """Does something for a turn when it is told to, and answers with figures."""

    def __init__(self, process: "subprocess.Popen[str]"):
        self._process = process

    def tell(self, word: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()

    def answer(self, beside: Beside = wait) -> list[float]:
        assert self._process.stdout
        while not select.select([self._process.stdout], [], [], 0)[0]:
            beside()
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("a helper of the bench has ended")
        return [float(each) for each in line.split()]


@contextmanager
def helper(role: str, work: Path) -> Iterator[Helper]:
    """Ready; it ends with its input."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "tests.node.bench", role, str(work)]
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True, bufsize=1) as process:
        made = Helper(process)
        made.answer()
        yield made
        assert process.stdin
        process.stdin.close()


def settings_of(work: Path, name: str) -> Settings:
    return load_settings(
        home=work / name,
        name=name,
        port=PORT,
        interfaces=(ADDRESSES[name],),
        downloads=work / INBOX,
        environment={},
    )


async def word() -> str:
    """The next thing to do; "" when that was all."""
    line: str = await asyncio.to_thread(sys.stdin.readline)
    return line.strip()


def answer(*figures: float) -> None:
    print(*figures, flush=True)


async def receive(work: Path) -> None:
    async with open_node(settings_of(work, "anna"), listen=True) as node:
        answer(0)
        search: asyncio.Task[None] | None = None
        while said := await word():
            if said == "search":
                search = asyncio.create_task(search_on(node))
            elif search is not None:
                search.cancel()


async def search_on(node: Node) -> None:
    while True:
        await node.search(NOWHERE)


async def send(work: Path) -> None:
    """MB/s, from the offer to the word that all is saved."""
    async with open_node(settings_of(work, "ben"), listen=False) as node:
        anna, path = await node.find("anna", wait=30.0), work / "file"
        answer(0)
        while await word():
            done, taken, began = 0, 0.0, time.perf_counter()
            while not taken or time.perf_counter() - began < SECONDS:
                before = time.perf_counter()
                transfer = await node.offer(anna.id, [path])
                transfer = await node.transfer_ended(transfer.number, timeout=None)
                taken += time.perf_counter() - before
                if transfer.state is not TransferState.DONE:
                    raise SystemExit(f"{transfer.state.value}: {transfer.reason}")
                done += transfer.done
                for saved in (work / INBOX).glob("file*"):
                    saved.unlink()
            answer(done / taken / 1e6)


async def chat(work: Path) -> None:
    """Milliseconds from a message to its receipt, one after the other: the median, and the 95th of 100."""
    async with open_node(settings_of(work, "cara"), listen=False) as node:
        anna = await node.find("anna", wait=30.0)
        conversation = Conversation.with_peer(anna.id)
        answer(0)
        while await word():
            trips, began = list[float](), time.perf_counter()
            while time.perf_counter() - began < SECONDS:
                before = time.perf_counter()
                await node.delivered(await node.send_text(conversation, WORDS), timeout=30.0)
                trips.append(1000 * (time.perf_counter() - before))
                await asyncio.sleep(PAUSE_S)
            answer(statistics.median(trips), p95(trips))


async def flood(work: Path) -> None:
    """Until the end of the input."""
    async with open_node(settings_of(work, "dora"), listen=False) as node:
        anna = await node.find("anna", wait=30.0)
        conversation, over = Conversation.with_peer(anna.id), asyncio.create_task(word())
        answer(0)
        began, sent = time.perf_counter(), 0
        while not over.done():
            due = int((time.perf_counter() - began) * FLOOD) - sent
            async with asyncio.TaskGroup() as tasks:
                for _ in range(due):
                    tasks.create_task(say(node, conversation))
            sent += due
            await asyncio.sleep(PAUSE_S)


async def say(node: Node, conversation: Conversation) -> None:
    await node.send_text(conversation, WORDS)


ROLES = {"receive": receive, "files": send, "chat": chat, "flood": flood}

if __name__ == "__main__":
    asyncio.run(ROLES[sys.argv[1]](Path(sys.argv[2])))
