"""What is piped into a command: to a host that lets nobody in, and to a disk that is full."""

import errno
import io
import os

import pytest

from lanmsg.model import TransferState
from lanmsg.node.connection import Connection
from lanmsg.node.dialer import UnreachableError
from lanmsg.storage.downloads import PartialTransfer
from lanmsg.storage.folder import disk_error
from tests.node.neighbours import Neighbours, engine_of, sees, until
from tests.node.transfer_story import becomes, file_of, impatience, offered, parts_in


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    impatience(monkeypatch)


def test_what_is_piped_in_does_not_wait_for_who_cannot_be_reached(neighbours: Neighbours) -> None:
    """A file does: the listener of this home can be dialled back."""

    async def walled(*_: object, **__: object) -> Connection:
        raise UnreachableError("a firewall")

    async def story() -> None:
        _, ben = await neighbours.meet("anna", "ben")
        command = await neighbours.open("anna", listen=False)
        await until(lambda: sees(command, ben.id))
        engine_of(command).sessions.open = walled  # type: ignore[method-assign]
        piped = await command.offer(ben.id, [], stdin=io.BytesIO(b"data"), stdin_name="x")
        failed = await becomes(command, piped, TransferState.FAILED)
        assert failed.code == "network"
        assert "cannot wait for it to call back" in failed.reason
        sent = await command.offer(ben.id, [file_of(neighbours)])
        await becomes(command, sent, TransferState.OFFERED)

    neighbours.run(story)


def test_what_came_of_a_stream_that_failed_takes_no_room(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: PartialTransfer, data: memoryview) -> None:
        raise disk_error("write to", "downloads", OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))

    monkeypatch.setattr(PartialTransfer, "write", full)

    async def story() -> None:
        anna, ben = await neighbours.meet("anna", "ben")
        piped = await anna.offer(ben.id, [], stdin=io.BytesIO(b"data"), stdin_name="x.pdf")
        (received,) = await offered(ben)
        await ben.accept(received.number)
        assert (await becomes(ben, received, TransferState.FAILED)).code == "disk_full"
        await becomes(anna, piped, TransferState.FAILED)
        await until(lambda: not parts_in(ben.settings.downloads))

    neighbours.run(story)
