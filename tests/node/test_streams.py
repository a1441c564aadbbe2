"""What is piped into a command: to a host that lets nobody in, and to a disk that is full."""

import errno
import io
import os

import pytest

from lanmsg.model import TransferState
from lanmsg.node.connection import Connection
from lanmsg.node.dialer import UnreachableError
from lanmsg.node.stream_relay import FOLDER
from lanmsg.storage.downloads import PartialTransfer
from lanmsg.storage.folder import disk_error
from tests.node.neighbours import Neighbours, engine_of, sees, until
from tests.node.test_stream_relay import Broken
from tests.node.transfer_story import becomes, impatience, offered, parts_in, saved


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    impatience(monkeypatch)


async def walled(*_: object, **__: object) -> Connection:
    raise UnreachableError("a firewall")


def test_what_is_piped_in_does_not_wait_for_who_cannot_be_reached(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        ben = await neighbours.open("ben")
        command = await neighbours.open("anna", listen=False)
        await until(lambda: sees(command, ben.id))
        monkeypatch.setattr(engine_of(command).sessions, "open", walled)
        piped = await command.offer(ben.id, [], stdin=io.BytesIO(b"data"), stdin_name="x")
        failed = await becomes(command, piped, TransferState.FAILED)
        assert failed.code == "network"
        assert "cannot wait for it to call back" in failed.reason

    neighbours.run(story)


def test_what_is_piped_in_goes_by_the_listener_that_can_be_dialled_back(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = os.urandom(1 << 20)

    async def story() -> None:
        anna, ben = await neighbours.meet("anna", "ben")
        command = await neighbours.open("anna", listen=False)
        await until(lambda: sees(command, ben.id))
        monkeypatch.setattr(engine_of(command).sessions, "open", walled)
        piped = await command.offer(ben.id, [], stdin=io.BytesIO(data), stdin_name="x")
        (received,) = await offered(ben)
        await ben.accept(received.number)
        assert saved(await becomes(ben, received, TransferState.DONE)) == data
        assert (await becomes(command, piped, TransferState.DONE)).done == len(data)
        assert not list((anna.settings.home / FOLDER).iterdir())

    neighbours.run(story)


def test_what_ends_with_the_command_that_read_it_is_not_saved(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        _, ben = await neighbours.meet("anna", "ben")
        command = await neighbours.open("anna", listen=False)
        await until(lambda: sees(command, ben.id))
        monkeypatch.setattr(engine_of(command).sessions, "open", walled)
        piped = await command.offer(ben.id, [], stdin=Broken(b"half"), stdin_name="x")
        (received,) = await offered(ben)
        await ben.accept(received.number)
        assert (await becomes(ben, received, TransferState.FAILED)).code == "unreadable"
        failed = await becomes(command, piped, TransferState.FAILED)
        assert failed.reason == "its input ended with the command that read it"
        assert not (ben.settings.downloads / "x").exists()

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
