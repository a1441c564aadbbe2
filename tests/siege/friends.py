"""Pinned friends of the besieged: python -m tests.siege.friends FOLDER PORT ADDRESS…; says how messages fare.

The first one writes all the time: on the open session, and now and then ("cold") after it was closed.
Each line on stdout is one message; it ends when its stdin does.
"""

import asyncio
import contextlib
import json
import sys
import time
from pathlib import Path

from lanmsg.api import Conversation, LanmsgError, Node, Settings, open_node
from lanmsg.model import Delivery, PeerId
from lanmsg.protocol.payload import CloseCode
from tests.siege.keys import FRIENDS, friend_key

PAUSE_S = 0.1
COLD_EVERY = 5
GIVEN_UP_S = 30.0


async def writes(node: Node, to: PeerId) -> None:
    number = 0
    while True:
        number += 1
        cold = number % COLD_EVERY == 0
        if cold:
            node._engine.sessions.close_peer(to, CloseCode.IDLE)
            while node._engine.sessions.open_with(to):
                await asyncio.sleep(0.01)
        begun = time.monotonic()
        try:
            message = await node.send_text(Conversation.with_peer(to), f"honest word {number}")
            sent = await node.delivered(message, timeout=GIVEN_UP_S)
            delivered = sent.state is Delivery.DELIVERED
        except LanmsgError:
            delivered = False
        took = time.monotonic() - begun
        print(json.dumps({"cold": cold, "delivered": delivered, "took": took}), flush=True)
        await asyncio.sleep(PAUSE_S)


async def main(folder: Path, port: int, addresses: list[str]) -> None:
    async with contextlib.AsyncExitStack() as stack:
        nodes = []
        for name, address in zip(FRIENDS[1:], addresses, strict=False):
            settings = Settings(
                folder / name, folder / f"{name}-saved", name, port=port, interfaces=(address,)
            )
            nodes.append(await stack.enter_async_context(open_node(settings, listen=True)))
        async with asyncio.TaskGroup() as tasks:
            writing = tasks.create_task(writes(nodes[0], friend_key("anna").peer_id))
            await asyncio.to_thread(sys.stdin.read)
            writing.cancel()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
