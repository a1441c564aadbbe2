"""The screen measured as a person meets it: the real program on a real terminal, with 100,000 messages.

Other work on the machine makes wall times longer and leaves CPU times nearly alone: both are shown, and the
load beside them. What the node does anyway is measured by `lanmsg listen` under the same flood.
"""

import asyncio
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from lanmsg.api import Conversation, Delivery, MessageId, Node, PeerId, Settings, load_settings, open_node
from lanmsg.node.identity import home_identity
from lanmsg.storage.history import Incoming
from lanmsg.storage.store import Store
from tests.tui.bench_line import bench_line
from tests.tui.real_terminal import ROOT, RealTerminal, lanmsg, terminal_of

PEOPLE = 500
MESSAGES = 100_000
ELSEWHERE = 20
"""Messages with each of the others; all the rest is one conversation."""

COLUMNS, ROWS = 120, 36
PORT = 23790
SCREEN, FLOODER = "127.79.1.1", "127.79.1.2"
KEYS, KEY_PAUSE = 200, 0.06
PAGES, PAGES_AT_ONCE = 1_000, 10
FLOOD, FLOOD_SECONDS = 500, 10.0
IDLE_SECONDS = 15.0
PGUP = b"\x1b[5~"
WORDS = "the paper is in the cupboard next to the kitchen, second shelf, and the forms have to be out by noon"
SAID = b" the paper is"


# --- a home with a past


def prepare(folder: Path) -> None:
    """Anna's home with all of it, and the one of Ben, with whom she has talked most."""
    began = time.perf_counter()
    home_identity(folder / "anna")
    ben = home_identity(folder / "ben").peer_id
    others = [PeerId(os.urandom(32)) for _ in range(PEOPLE - 1)]
    store = Store.open(folder / "anna")
    try:
        now = time.time()
        for number, peer in enumerate([ben, *others]):
            store.peers.saw(peer, nickname=f"person {number}" if number else "ben", now=now)
            store.peers.pin(peer, now=now)
        said = [(peer, number) for peer in others for number in range(ELSEWHERE)]
        said += [(ben, number) for number in range(MESSAGES - len(said))]
        for start in range(0, len(said), 10_000):
            store.history.add_incoming_many(
                map(incoming, said[start : start + 10_000]), now=now - MESSAGES + start
            )
        for summary in store.history.conversations():
            store.history.mark_read(summary.conversation, len(said), now)
    finally:
        store.close()
    show("prepared", f"{PEOPLE} people, {len(said):,} messages in {time.perf_counter() - began:.1f} s")


def incoming(said: tuple[PeerId, int]) -> Incoming:
    peer, number = said
    text = f"{number} {WORDS[: 10 + number * 7 % 90]}"
    return Incoming(peer, MessageId(os.urandom(16)), Conversation.with_peer(peer), text, time.time())


# --- what a process uses


def cpu(pid: int) -> float:
    """Seconds of all its threads, by the clock that each process has."""
    return time.clock_gettime((~pid << 3) | 2)


def memory(pid: int) -> float:
    """MB that it holds and that are its own."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("RssAnon")).split()[1]) / 1000


def wakeups(pid: int) -> int:
    """Times that one of its threads had slept and was woken."""
    total = 0
    for status in Path(f"/proc/{pid}/task").glob("*/status"):
        lines = status.read_text(encoding="ascii").splitlines()
        total += int(next(line for line in lines if line.startswith("voluntary_ctxt")).split()[1])
    return total


def show(what: str, value: str, goal: str = "") -> None:
    print(f"{what:52}{value:>24}  {goal}".rstrip(), flush=True)


# --- one run of the screen


@contextmanager
def screen(folder: Path, *words: str) -> Iterator[RealTerminal]:
    command = lanmsg(folder / "anna", PORT, SCREEN, "anna", *words)
    with terminal_of(command, columns=COLUMNS, rows=ROWS, folder=folder) as run:
        yield run
        run.process.terminate()
        run.ended()


def rest(run: RealTerminal, seconds: float) -> None:
    """Nothing is typed; what it writes is read."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        run.read(left)


def quiet(run: RealTerminal, seconds: float = 0.5) -> None:
    """Until it has written nothing for so long."""
    while run.read(seconds):
        pass


def opened(run: RealTerminal) -> None:
    """Until the conversation with Ben is on the screen, and all is settled."""
    run.writes(SAID)
    quiet(run, 1.5)


def timed(run: RealTerminal, keys: bytes, answer: Callable[[bytes], bool]) -> tuple[float, int]:
    """Milliseconds until the answer to the keys is written, and the bytes that came in all."""
    before, began = len(run.seen), time.perf_counter()
    os.write(run.fd, keys)
    while not answer(run.seen[before:]):
        if not run.read(10.0):
            raise SystemExit(f"no answer to {keys!r}: {run.seen[before:]!r}")
    took = time.perf_counter() - began
    return 1000 * took, before


def contains(key: bytes, data: bytes) -> bool:
    return key in data


def p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


# --- the measurements


def bench_tui(rounds: int) -> None:
    """All of it; `rounds` times what takes turns with something else."""
    memory_folder = Path("/dev/shm")
    with tempfile.TemporaryDirectory(
        prefix="lanmsg-bench-", dir=memory_folder if memory_folder.is_dir() else None
    ) as name:
        folder = Path(name)
        show("load of the machine", " ".join(f"{each:.1f}" for each in os.getloadavg()))
        prepare(folder)
        start(folder, rounds)
        with screen(folder) as run:
            opened(run)
            idle(run)
            typing(run)
            scrolling(run)
        flood(folder, rounds)
        bench_line(folder)
        show("load of the machine", " ".join(f"{each:.1f}" for each in os.getloadavg()))


def start(folder: Path, rounds: int) -> None:
    """Taking turns with what cannot be faster: its biggest library alone."""
    walls: dict[str, list[float]] = {"toolkit": [], "paint": [], "all": []}
    cpus: dict[str, list[float]] = {"toolkit": [], "paint": [], "all": []}
    for _ in range(rounds):
        began, before = time.perf_counter(), os.times()
        subprocess.run([sys.executable, "-c", "import prompt_toolkit"], check=True, cwd=ROOT)
        after = os.times()
        walls["toolkit"].append(1000 * (time.perf_counter() - began))
        used = after.children_user + after.children_system - before.children_user - before.children_system
        cpus["toolkit"].append(1000 * used)
        began = time.perf_counter()
        with screen(folder) as run:
            for what, mark in (("paint", b"PEOPLE"), ("all", SAID)):
                run.writes(mark)
                walls[what].append(1000 * (time.perf_counter() - began))
                cpus[what].append(1000 * cpu(run.process.pid))
    for what, words, goal in (
        ("toolkit", "python -c 'import prompt_toolkit'", ""),
        ("paint", "start to first paint", "< 300 ms"),
        ("all", "start to the conversation", ""),
    ):
        wall, used = statistics.median(walls[what]), statistics.median(cpus[what])
        ratio = used / statistics.median(cpus["toolkit"])
        show(f"{words}: ms, CPU ms, ratio of CPU", f"{wall:.0f}  {used:.0f}  {ratio:.2f}", goal)


def idle(run: RealTerminal) -> None:
    pid = run.process.pid
    used, woken, written = cpu(pid), wakeups(pid), len(run.seen)
    rest(run, IDLE_SECONDS)
    show("idle: CPU of a core", f"{100 * (cpu(pid) - used) / IDLE_SECONDS:.2f} %", "< 1 %")
    show(
        "idle: wake-ups and bytes a second",
        f"{(wakeups(pid) - woken) / IDLE_SECONDS:.0f}  {(len(run.seen) - written) / IDLE_SECONDS:.0f}",
    )
    show("memory of its own after start", f"{memory(pid):.0f} MB")


def typing(run: RealTerminal) -> None:
    """Letters at the pace of a fast typist, each until it is on the screen."""
    latencies: list[float] = []
    sizes: list[float] = []
    used = cpu(run.process.pid)
    for number in range(KEYS):
        key = b"abcdefghijklmnopqrstuvwxyz"[number % 26 : number % 26 + 1]
        took, before = timed(run, key, partial(contains, key))
        latencies.append(took)
        rest(run, KEY_PAUSE)
        sizes.append(len(run.seen) - before)
    used = cpu(run.process.pid) - used
    show("a key: CPU", f"{1000 * used / KEYS:.1f} ms", "< 16 ms")
    show(
        "a key to its echo: median, p95",
        f"{statistics.median(latencies):.1f}  {p95(latencies):.1f} ms",
        "< 20 ms",
    )
    show("a key: bytes written, median, p95", f"{statistics.median(sizes):.0f}  {p95(sizes):.0f}", "< 200")
    os.write(run.fd, b"\x15\x0b")
    os.write(run.fd, b"\x03")
    quiet(run)


def scrolling(run: RealTerminal) -> None:
    """Up by the page, ten of them at once, through more than is ever in memory."""
    pid = run.process.pid
    first = memory(pid)
    took, _ = timed(run, PGUP, lambda data: b"below" in data)
    show("the first page up", f"{took:.1f} ms")
    quiet(run)
    used, most, newest = cpu(pid), first, top_message(run)
    for _ in range(PAGES // PAGES_AT_ONCE):
        os.write(run.fd, PGUP * PAGES_AT_ONCE)
        quiet(run, 0.05)
        most = max(most, memory(pid))
    used = cpu(pid) - used
    show("scrolled back: messages", f"{newest - top_message(run):,}")
    show("a page of it: CPU", f"{1000 * used / PAGES:.1f} ms")
    show("memory: before, most, after", f"{first:.0f}  {most:.0f}  {memory(pid):.0f} MB", "bounded")
    timed(run, b"\x1b[1;5F", bool)
    quiet(run)


def top_message(run: RealTerminal) -> int:
    """The number that the first message in sight begins with."""
    found = re.search(r"ben  (\d+) the", run.text)
    return int(found[1]) if found else 0


def flood(folder: Path, rounds: int) -> None:
    """To a node alone and to the screen, in turns: what the screen uses more is its own."""
    used: dict[str, list[float]] = {"node": [], "screen": []}
    sizes = []
    for _ in range(rounds):
        with here(folder, "node", b"here") as run:
            used["node"].append(flooded(folder, run))
        with here(folder, "screen", SAID) as run:
            run.type(b"\x1b")
            quiet(run)
            written = len(run.seen)
            used["screen"].append(flooded(folder, run))
            sizes.append((len(run.seen) - written) / FLOOD_SECONDS)
    node, screen_too = (statistics.median(used[what]) for what in ("node", "screen"))
    more = sorted(both - alone for alone, both in zip(used["node"], used["screen"], strict=True))
    show(f"{FLOOD} messages a second: CPU of a node alone", f"{node:.1f} %")
    show("... of node and screen", f"{screen_too:.1f} %")
    show(
        "... so of the screen: median, least, most",
        f"{statistics.median(more):.1f}  {more[0]:.1f}  {more[-1]:.1f} %",
        "< 15 %",
    )
    show("... bytes written a second", f"{statistics.median(sizes):,.0f}")


@contextmanager
def here(folder: Path, what: str, mark: bytes) -> Iterator[RealTerminal]:
    if what == "screen":
        with screen(folder) as run:
            run.writes(mark)
            quiet(run, 1.5)
            yield run
    else:
        with terminal_of(["-m", "tests.tui.bench", "node", folder], folder=ROOT) as run:
            run.writes(mark)
            yield run


def flooded(folder: Path, run: RealTerminal) -> float:
    """Percent of a core that it takes until Ben has sent all, and that was seen."""
    command = [sys.executable, "-m", "tests.tui.bench", "flood", str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as sender:
        assert sender.stdout
        assert sender.stdout.readline() == b"go\n"
        before, began = cpu(run.process.pid), time.perf_counter()
        while time.perf_counter() - began < FLOOD_SECONDS:
            run.read(0.2)
        share = 100 * (cpu(run.process.pid) - before) / (time.perf_counter() - began)
        show("  a turn", sender.stdout.readline().decode().strip())
    return share


async def be_flooded(folder: Path) -> None:
    """A node whose events somebody reads and nobody shows."""
    async with open_node(settings_of(folder, "anna", SCREEN), listen=True) as node:
        print("here", flush=True)
        count = 0
        async for _ in node.events():
            count += 1


def settings_of(folder: Path, name: str, address: str) -> Settings:
    downloads = folder / f"{name}-files"
    return load_settings(
        home=folder / name, name=name, port=PORT, interfaces=(address,), downloads=downloads, environment={}
    )


async def send_flood(folder: Path) -> None:
    async with open_node(settings_of(folder, "ben", FLOODER), listen=True) as node:
        anna = await node.find("anna", wait=30.0)
        conversation = Conversation.with_peer(anna.id)
        await node.send_text(conversation, "first")
        await asyncio.sleep(1.0)
        print("go", flush=True)
        began, sent = time.perf_counter(), 0
        while (passed := time.perf_counter() - began) < FLOOD_SECONDS:
            due = int(passed * FLOOD) - sent
            async with asyncio.TaskGroup() as tasks:
                for number in range(sent, sent + due):
                    text = f"{number} {WORDS[: 20 + number * 7 % 80]}"
                    tasks.create_task(say(node, conversation, text))
            sent += due
            await asyncio.sleep(0.01)
        passed = time.perf_counter() - began
        await asyncio.sleep(1.0)
        stored = await node.read(lambda store: store.history.messages(conversation, limit=sent))
        waiting = sum(each.state is not Delivery.DELIVERED for each in stored)
        print(f"{sent / passed:.0f} a second, {waiting} waited", flush=True)


async def say(node: Node, conversation: Conversation, text: str) -> None:
    await node.send_text(conversation, text)


ROLES = {"flood": send_flood, "node": be_flooded}

if __name__ == "__main__":
    if sys.argv[1:2]:
        asyncio.run(ROLES[sys.argv[1]](Path(sys.argv[2])))
    else:
        bench_tui(3)
