"""Each move of a row wakes whoever has to act upon it."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from lanmsg.model import Direction, OfferedFile, TransferId, TransferState
from lanmsg.node.disk import Disk
from lanmsg.node.transfer_rows import TransferRows
from lanmsg.storage.store import Store
from tests.node.neighbours import identity

BEN = identity("ben").peer_id
ID = TransferId(b"t" * 16)


def with_a_row(home: Path, scene: Callable[[TransferRows, list[str]], Awaitable[None]]) -> None:
    async def whole() -> None:
        disk, woken = Disk(Store.open(home)), list[str]()
        await disk.write(
            lambda store: store.transfers.add(
                id=ID,
                direction=Direction.IN,
                peer=BEN,
                files=[OfferedFile("a", 1)],
                count=1,
                total=1,
                expires_at=0.0,
                now=1.0,
                state=TransferState.OFFERED,
            )
        )
        await scene(TransferRows(disk, lambda: woken.append("woken")), woken)
        await disk.close()

    asyncio.run(whole())


def test_a_move_wakes_and_gives_the_row_as_it_is_then(home: Path) -> None:
    async def scene(rows: TransferRows, woken: list[str]) -> None:
        moved = await rows.move(1, TransferState.ACCEPTED, destination=Path("/there"))
        assert moved is not None
        assert (moved.state, moved.destination) == (TransferState.ACCEPTED, "/there")
        assert moved == await rows.get(1)
        assert woken == ["woken"]

    with_a_row(home, scene)


def test_a_move_that_is_not_allowed_changes_nothing(home: Path) -> None:
    async def scene(rows: TransferRows, woken: list[str]) -> None:
        assert await rows.move(1, TransferState.DONE, only_from={TransferState.RUNNING}) is None
        assert await rows.reopen(1, TransferState.QUEUED, only_from={TransferState.FAILED}) is None
        found = await rows.find(ID, BEN, Direction.IN)
        assert found is not None
        assert found.state is TransferState.OFFERED

    with_a_row(home, scene)


def test_a_row_is_found_only_in_its_direction_and_for_its_peer(home: Path) -> None:
    async def scene(rows: TransferRows, woken: list[str]) -> None:
        assert await rows.find(ID, BEN, Direction.OUT) is None
        assert await rows.find(ID, identity("anna").peer_id, Direction.IN) is None

    with_a_row(home, scene)


def test_what_was_told_is_forgotten_when_it_starts_over(home: Path) -> None:
    async def scene(rows: TransferRows, woken: list[str]) -> None:
        await rows.set_told(1, TransferState.DECLINED)
        assert await rows.told(1) == "declined"
        await rows.reopen(1, TransferState.ACCEPTED)
        assert await rows.told(1) == ""

    with_a_row(home, scene)
