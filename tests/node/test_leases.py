"""What a process served that was killed is served by the others, long before its leases end."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from lanmsg.model import Delivery, PeerId
from lanmsg.node import leases as module
from lanmsg.node.clock import wall_clock
from lanmsg.node.disk import Disk
from lanmsg.node.leases import Leases
from lanmsg.storage.errors import StorageError
from lanmsg.storage.store import Store
from tests.node.neighbours import Neighbours, engine_of, say, story, texts, until
from tests.storage.people import NOW

COMMAND = """
import sys
from pathlib import Path
from lanmsg.model import Conversation, MessageId, PeerId
from lanmsg.node.clock import wall_clock
from lanmsg.storage.owner_locks import OwnerLocks
from lanmsg.storage.store import Store
home, ben = Path(sys.argv[1]), PeerId(bytes.fromhex(sys.argv[2]))
store = Store.open(home)
OwnerLocks(home, b"command").hold()
store.history.add_outgoing(
    Conversation.with_peer(ben), "my last words", [ben], message_id=MessageId(bytes(16)), now=wall_clock(),
    lease_owner=b"command", lease_until=wall_clock() + 55,
)
print("queued", flush=True)
sys.stdin.read()
"""


def command_that_writes(home: Path, peer: PeerId) -> "subprocess.Popen[str]":
    """It lives on, and says nothing to anybody."""
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, str(home), peer.hex()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "queued\n"
    return process


@story
async def test_what_a_killed_command_wrote_holds_up_nothing(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    with await asyncio.to_thread(command_that_writes, anna.settings.home, ben.id) as command:
        later = await say(anna, ben, "after it")
        await asyncio.sleep(2 * module.LOOK_S)
        assert await texts(ben) == [], "a living command says its own words, and first"
        command.kill()
    assert (await anna.delivered(later, timeout=30)).state is Delivery.DELIVERED
    assert await texts(ben) == ["my last words", "after it"]


@story
async def test_a_killed_listener_listens_no_more(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lanmsg.storage.presence.LIVE_SECONDS", 1000.0)

    anna = await neighbours.open("anna")
    view = await neighbours.open("anna", listen=False)
    assert await view.read(lambda store: store.presence.is_live(wall_clock()))
    await neighbours.kill(anna)

    async def is_live() -> bool:
        return await view.read(lambda store: store.presence.is_live(wall_clock()))

    async with asyncio.timeout(30):
        while await is_live():
            await asyncio.sleep(0.05)


def test_a_process_that_begins_looks_first_and_one_that_ends_gives_all_back(home: Path) -> None:
    async def story() -> None:
        store = Store.open(home)
        disk = Disk(store)
        freed = asyncio.Event().set
        dead, ours = Leases(home, disk, freed), Leases(home, disk, freed)
        await dead.begin()
        store.presence.begin(dead.owner, NOW)
        dead._locks._close()
        await ours.begin()
        assert not store.presence.is_live(NOW)
        ours.end(store)
        assert not list((home / "owners").iterdir())
        await disk.close()

    asyncio.run(story())


@story
async def test_a_full_disk_is_waited_for(neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_S", 0.01)

    anna = await neighbours.open("anna")
    leases = engine_of(anna)._leases
    looks: list[Store] = []

    def full(store: Store) -> int:
        looks.append(store)
        raise StorageError("the disk is full")

    monkeypatch.setattr(leases, "_bury", full)
    await until(lambda: len(looks) > 2)
