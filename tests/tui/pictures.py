"""Plays scenes through the real app on a virtual screen and writes docs/pictures/*.svg."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from lanmsg.api import Trust
from tests.tui import scenes
from tests.tui.double import Double, person
from tests.tui.real_run import pictures
from tests.tui.screen import Screen
from tests.tui.svg import svg

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
Scene = Callable[[Screen], Awaitable[None]]


async def talk(screen: Screen) -> None:
    await screen.type("<c-k>ben<enter>")
    scenes.busy(screen.node)
    await screen.draw()
    screen.app.state.transfers[7].running_since -= 60
    screen.app.state.free, screen.app.state.downloads = 212_000_000_000, "~/Downloads/lanmsg"
    screen.app.state.epoch += 1
    screen.node.move(7, rate=88e6)
    await screen.type("almost done, give me a minute")
    await screen.draw()


async def nobody(screen: Screen) -> None:
    await screen.draw()


async def offer_list(screen: Screen) -> None:
    await talk(screen)
    await screen.type("<c-c><c-t>")


async def key_changed(screen: Screen) -> None:
    await screen.type("<c-k>ben~<enter>")


async def help_page(screen: Screen) -> None:
    await screen.type("<f1>")


async def palette(screen: Screen) -> None:
    await screen.type("<c-k>anna<enter>/")


async def switcher(screen: Screen) -> None:
    await screen.type("<c-k>a")


async def everyone(screen: Screen) -> None:
    await screen.type("<c-k>every<enter><a-r>")


async def people_page(screen: Screen) -> None:
    screen.node.meet(person("eve", trust=Trust.NEW, host="192.168.1.88"))
    await screen.type("/who<enter>")
    await screen.shows("PEOPLE   4 here")


PICTURES: dict[str, tuple[Scene, Callable[[], Double], tuple[tuple[int, int], ...]]] = {
    "talk": (talk, scenes.office, ((120, 36), (80, 24), (50, 20))),
    "nobody": (nobody, scenes.alone, ((80, 24),)),
    "transfers": (offer_list, scenes.office, ((100, 26),)),
    "key-changed": (key_changed, scenes.changed_key, ((80, 24),)),
    "help": (help_page, scenes.office, ((80, 24),)),
    "commands": (palette, scenes.office, ((80, 24),)),
    "switch": (switcher, scenes.office, ((80, 24),)),
    "everyone": (everyone, scenes.office, ((80, 24),)),
    "people": (people_page, scenes.office, ((100, 26),)),
}
"""Scene, node, and the sizes at which it is in the documents."""


async def take(name: str, columns: int, rows: int, *, ascii: bool = False) -> Screen:  # noqa: A002
    scene, node, _ = PICTURES[name]
    screen = Screen(node(), columns, rows, ascii=ascii)
    async with screen:
        await scene(screen)
        screen.picture = svg(screen.terminal.screen, "lanmsg")
    return screen


def main(names: list[str]) -> None:
    """All pictures, or those named; `readme` is the one of a real run."""
    for name in names or ["readme", *PICTURES]:
        if name == "readme":
            for title, picture in asyncio.run(pictures()).items():
                write(title, picture)
            continue
        for columns, rows in PICTURES[name][2]:
            write(f"{name}-{columns}x{rows}", asyncio.run(take(name, columns, rows)).picture)


def write(name: str, picture: str) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    target = FOLDER / f"{name}.svg"
    target.write_text(picture, encoding="utf-8")
    print(target.relative_to(FOLDER.parents[1]))


if __name__ == "__main__":
    main(sys.argv[1:])
