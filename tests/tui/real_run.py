"""The picture of the README: five real nodes on loopback talk, and Anna's screen is photographed."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from lanmsg.api import (
    EVERYONE,
    Conversation,
    Node,
    PeerId,
    Settings,
    Status,
    TransferAdded,
    load_settings,
    open_node,
)
from tests.tui.screen import Screen
from tests.tui.svg import LIGHT, svg

COLUMNS, ROWS = 100, 24
SCANS_BYTES = 1_600_000_000
"""A sparse file, and stopped after the picture: only what crosses in a few seconds is ever written."""


def settings_of(folder: Path, name: str, host: int, port: int) -> Settings:
    return load_settings(
        home=folder / name,
        name=name,
        port=port,
        interfaces=(f"127.77.1.{host}",),
        downloads=folder / name / "files",
        environment={},
    )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


async def known(node: Node, peer: PeerId) -> None:
    async with asyncio.timeout(10):
        while node.peer(peer) is None:
            await asyncio.sleep(0.02)


async def take_all(node: Node) -> None:
    """Somebody who accepts every file."""
    async for event in node.events():
        if isinstance(event, TransferAdded):
            await node.accept(event.transfer.number)


@asynccontextmanager
async def neighbours(folder: Path, port: int) -> AsyncIterator[dict[str, Node]]:
    async with AsyncExitStack() as stack:
        nodes = {}
        for host, name in enumerate(("ben", "carla", "dmitri", "eve"), 2):
            nodes[name] = await stack.enter_async_context(
                open_node(settings_of(folder, name, host, port), listen=True)
            )
        yield nodes


async def pictures() -> dict[str, str]:
    """Anna's screen in the middle of a morning, on a dark and on a light terminal: file name -> SVG."""
    with TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        anna = settings_of(folder, "anna", 1, port)
        async with neighbours(folder, port) as nodes:
            screen = Screen(None, COLUMNS, ROWS, settings=anna, opening=lambda: open_node(anna, listen=True))
            async with screen:
                await talk(screen, nodes)
                async with asyncio.TaskGroup() as tasks:
                    taking = tasks.create_task(take_all(nodes["ben"]))
                    await files(screen, nodes, folder)
                    taking.cancel()
                seen = screen.terminal.screen
                taken = {
                    "readme": svg(seen, "anna: lanmsg"),
                    "readme-light": svg(seen, "anna: lanmsg", LIGHT),
                }
                await screen.type("<c-c>/cancel 1<enter>")
                await screen.shows("cancelled")
    return taken


async def talk(screen: Screen, nodes: dict[str, Node]) -> None:
    desk = screen.app.keyboard.desk
    assert desk is not None
    anna = Conversation.with_peer(desk.node.id)
    for node in nodes.values():
        await known(node, desk.node.id)
    await screen.until(lambda: screen.app.state.here == len(nodes))
    await nodes["dmitri"].set_status(Status.AWAY, "lunch")
    await screen.type("/msg ben did the new shelves arrive?<enter>")
    await screen.shows("arrive?  ✓")
    await answer(screen, nodes["ben"], anna, "two of them. the third is on its way")
    await answer(screen, nodes["ben"], anna, "the old ones are free, if you want one")
    await screen.type("for the tape archive! is the printer back?<enter>")
    await screen.shows("back?  ✓")
    await answer(
        screen, nodes["ben"], anna, "it is. paper is in the cupboard next to the kitchen, second shelf"
    )
    await answer(
        screen, nodes["ben"], anna, "and please tell carla that the forms have to be out before noon"
    )
    await nodes["eve"].send_text(EVERYONE, "there is cake in the kitchen")
    await nodes["eve"].send_text(anna, "do you want some?")
    await screen.type("<a-r>I will. here are the scans<enter>")
    await screen.shows("scans  ✓")


async def answer(screen: Screen, node: Node, conversation: Conversation, text: str) -> None:
    await node.send_text(conversation, text)
    await screen.shows(text[:20])


async def files(screen: Screen, nodes: dict[str, Node], folder: Path) -> None:
    desk = screen.app.keyboard.desk
    assert desk is not None
    scans, forms = folder / "scans.tar", folder / "forms.pdf"
    scans.touch()
    os.truncate(scans, SCANS_BYTES)
    forms.write_bytes(os.urandom(1_240_000))
    await screen.type(f"/send {scans}<enter>")
    await screen.shows("sending")
    await nodes["carla"].offer(desk.node.id, [forms], text="please sign by noon")
    await screen.shows("carla")
    await screen.type("almost done, give me a minute")
    await screen.shows("[^Y]")
    await screen.shows(" left")
