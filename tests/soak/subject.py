"""The node that is looked at: python -m tests.soak.subject HOME HOST PORT. It takes files and answers people.

Each line on stdin makes it write what it costs, as JSON: memory, descriptors, threads, tasks, the log's size.
"""

import asyncio
import gc
import json
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from lanmsg.api import Conversation, LanmsgError, MessageAdded, Node, Settings, TransferAdded, open_node
from lanmsg.model import Direction
from lanmsg.storage.home import DATABASE_FILE

FDS = Path("/proc/self/fd")
ANSWERED = "?"


def descriptors() -> Iterator[str]:
    for name in os.listdir(FDS):  # noqa: PTH208
        try:
            yield os.readlink(FDS / name)  # noqa: PTH115
        except OSError:
            continue


def sample(node: Node) -> dict[str, float]:
    gc.collect()
    found = list(descriptors())
    engine = node._engine
    return {
        "rss_mb": int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096 / 1e6,
        "fds": len(found),
        "sockets": sum(each.startswith("socket:") for each in found),
        "threads": threading.active_count(),
        "tasks": len(asyncio.all_tasks()),
        "wal_mb": (node.settings.home / f"{DATABASE_FILE}-wal").stat().st_size / 1e6,
        "peers": len(node.peers()),
        "sessions": len(engine.sessions._connections),
        "unread": sum(len(each._waiting) for each in engine.subscriptions._open),
    }


async def live(node: Node) -> None:
    async for event in node.events():
        try:
            if (
                isinstance(event, MessageAdded)
                and event.message.sender
                and event.message.text.endswith(ANSWERED)
            ):
                await node.send_text(Conversation.with_peer(event.message.sender), "yes")
            elif isinstance(event, TransferAdded) and event.transfer.direction is Direction.IN:
                await node.accept(event.transfer.number)
        except LanmsgError:
            continue  # it left while it was being answered


async def main(home: Path, host: str, port: int) -> None:
    settings = Settings(home=home, downloads=home / "files", name="subject", port=port, interfaces=(host,))
    async with open_node(settings, listen=True) as node, asyncio.TaskGroup() as tasks:
        node.events()  # the reader who never reads: a program that asks for events and hangs
        living = tasks.create_task(live(node))
        say({"id": node.id.hex()})
        while await asyncio.to_thread(sys.stdin.readline):
            say(sample(node))
        living.cancel()


def say(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
