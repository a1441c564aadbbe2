"""A real node that types what it is told to: `python -m tests.torture.actor HOME NAME CLOCK [--dialer]`.

Each line on stdin is {"to": fingerprint or "everyone", "text": ...}; on stdout it says `ready`, then for
each line `stored` once the message is in the outbox, or `error` with the reason. A screen without a screen.
`python -m tests.torture.actor CLOCK -- ARGUMENTS` is the command line, lanmsg ARGUMENTS, on the same clock.
"""

import asyncio
import contextlib
import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.torture.clock_shift import follow

if TYPE_CHECKING:
    from lanmsg.api import Node


def say(kind: str, **fields: Any) -> None:
    sys.stdout.write(json.dumps({"type": kind, **fields}) + "\n")
    sys.stdout.flush()


async def act(home: Path, name: str, *, listen: bool) -> None:
    from lanmsg.api import Settings, open_node  # after the clock was replaced

    settings = Settings(home=home, downloads=home.parent / "downloads", name=name)
    async with open_node(settings, listen=listen) as node:
        say("ready", id=node.id.hex(), listening=node.listening)
        lines = await stdin_lines()
        with contextlib.suppress(asyncio.CancelledError):
            while line := await lines.readline():
                await obey(node, json.loads(line))


async def stdin_lines() -> asyncio.StreamReader:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    task = asyncio.current_task()
    assert task is not None
    loop.add_signal_handler(signal.SIGTERM, task.cancel)
    return reader


async def obey(node: "Node", order: dict[str, str]) -> None:
    from lanmsg.api import EVERYONE, Conversation, LanmsgError, PeerId

    to = order["to"]
    conversation = EVERYONE if to == "everyone" else Conversation.with_peer(PeerId(bytes.fromhex(to)))
    try:
        message = await node.send_text(conversation, order["text"])
    except LanmsgError as error:
        say("error", code=error.code, text=str(error))
    else:
        say("stored", text=message.text, id=message.id.hex())


def main(arguments: list[str]) -> int:
    if arguments[1:2] == ["--"]:
        follow(Path(arguments[0]))
        from lanmsg.__main__ import main as lanmsg

        return lanmsg(arguments[2:])
    home, name, clock = arguments[:3]
    follow(Path(clock))
    from lanmsg.api import LanmsgError

    try:
        asyncio.run(act(Path(home), name, listen="--dialer" not in arguments))
    except LanmsgError as error:
        say("refused", code=error.code, text=str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
