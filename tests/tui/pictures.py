"""Plays scenes through the real app on a virtual screen and writes docs/pictures/*.svg."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from unittest.mock import patch

from lanmsg.api import Finding, Settings, Severity, TransferState, Trust, VerificationStage
from tests.tui import scenes
from tests.tui.double import NOON, Double, person
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


async def accepted(screen: Screen) -> None:
    """Ben's file was accepted and comes; one of Carla's is here already; one of ours waits for her."""
    node = screen.node
    await screen.type("<c-k>ben<enter>")
    node.offered("ben", "plan.pdf", 2_100_000, number=8)
    node.offered("ben", "holiday-video.mkv", 1_400_000_000, number=9)
    await screen.draw()
    await screen.type("/accept 8<enter>/accept 9<enter>")
    paths = ("/home/mira/Downloads/lanmsg/plan.pdf",)
    node.move(8, state=TransferState.DONE, done=2_100_000, paths=paths)
    node.move(9, state=TransferState.RUNNING, done=390_000_000)
    await screen.draw()
    screen.app.state.transfers[9].running_since -= 60
    node.move(9, rate=41e6)
    await screen.draw()


async def resized(screen: Screen) -> None:
    """Made small and large again while something is read further up and an answer is half written."""
    columns, rows = screen.size.columns, screen.size.rows
    await screen.type("<c-k>ben<enter><pgup>yes, I will bring")
    for size in ((44, 12), (20, 6), (100, 30), (columns, rows)):
        await screen.resize(*size)
    await screen.draw()


async def pasting(screen: Screen) -> None:
    await screen.type("<c-k>ben<enter>")
    await screen.paste("\n".join(f"{number:03}  192.168.1.{number}  ok" for number in range(1, 61)))
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


async def first_words(screen: Screen) -> None:
    """Somebody who never used it writes to a stranger and is offered a file."""
    screen.node.meet(person("ben", trust=Trust.NEW))
    await screen.draw()
    await screen.type("/msg ben hello, is this the printer room?<enter>")
    screen.node.meet(person("ben"))
    screen.node.deliver(screen.node.said[0])
    screen.node.hear("ben", "it is! here is the manual")
    screen.node.offered("ben", "manual.pdf", 3_400_000)
    await screen.draw()


async def verifying(screen: Screen) -> None:
    await screen.type("<c-k>anna<enter>/verify<enter>")
    screen.node.compare("anna", VerificationStage.COMPARING, words="absurd pioneer tracker universe")
    await screen.draw()


async def searching(screen: Screen) -> None:
    await screen.type("<c-k>ben<enter><c-f>the<enter><enter>")
    await screen.shows(" of ")


async def unread(screen: Screen) -> None:
    for number in range(40):
        screen.node.hear("anna", f"line {number + 1} of a long report about the printer", at=scenes.MORNING)
    await screen.draw()
    await screen.type("<c-k>anna<enter>")
    await screen.shows("40 new")


async def settings(screen: Screen) -> None:
    await screen.type("/set<enter>")


async def doctor(screen: Screen) -> None:
    await screen.type("/doctor<enter>")
    await screen.shows("DOCTOR")


FINDINGS = (
    Finding(
        "firewall",
        Severity.PROBLEM,
        "a firewall on this machine keeps UDP port 2372 shut",
        "open the port for UDP and TCP",
        ("sudo ufw allow 2372",),
    ),
    Finding("no-peers", Severity.SUSPICION, "nobody was heard on wlan0", "does anybody else run lanmsg?"),
    Finding("clock", Severity.OK, "the clock is right"),
    Finding("disk", Severity.OK, "212 GB free where files go"),
)

SIZES = ((120, 36), (80, 24), (50, 20))

PICTURES: dict[str, tuple[Scene, Callable[[], Double]]] = {
    "talk": (talk, scenes.office),
    "nobody": (nobody, scenes.alone),
    "first-words": (first_words, scenes.alone),
    "accepted": (accepted, scenes.office),
    "transfers": (offer_list, scenes.office),
    "key-changed": (key_changed, scenes.changed_key),
    "verify": (verifying, scenes.office),
    "unread": (unread, scenes.office),
    "search": (searching, scenes.office),
    "paste": (pasting, scenes.office),
    "resize": (resized, scenes.office),
    "help": (help_page, scenes.office),
    "commands": (palette, scenes.office),
    "switch": (switcher, scenes.office),
    "everyone": (everyone, scenes.office),
    "people": (people_page, scenes.office),
    "settings": (settings, scenes.office),
    "doctor": (doctor, scenes.office),
}
"""Scene and node; each is in the documents at all sizes."""


async def take(name: str, columns: int, rows: int, *, ascii: bool = False) -> Screen:  # noqa: A002
    scene, node = PICTURES[name]
    there = node()
    settings = Settings(Path("/nowhere/home"), Path("~/Downloads/lanmsg"), there.name)
    screen = Screen(there, columns, rows, ascii=ascii, findings=FINDINGS, settings=settings)
    # Notes of our own carry the time of the screen: that of the morning on which all pictures are taken.
    with patch("lanmsg.tui.app.wall_clock", lambda: NOON):
        async with screen:
            screen.app.state.downloads = "~/Downloads/lanmsg"
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
        for columns, rows in SIZES:
            write(f"{name}-{columns}x{rows}", asyncio.run(take(name, columns, rows)).picture)


def write(name: str, picture: str) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    target = FOLDER / f"{name}.svg"
    target.write_text(picture, encoding="utf-8")
    print(target.relative_to(FOLDER.parents[1]))


if __name__ == "__main__":
    main(sys.argv[1:])
