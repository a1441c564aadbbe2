"""A node on the network: its ports, whom it hears, and how addresses are written."""

import asyncio
import socket
from collections.abc import Callable

import pytest

from lanmsg.config import split_host
from lanmsg.model import Address, LanmsgError
from lanmsg.node import air as module
from lanmsg.node.air import is_address, resolve
from lanmsg.node.clock import wall_clock
from lanmsg.node.events import InterfacesChanged, Notice
from lanmsg.node.interfaces import Link, scan
from tests.node.neighbours import (
    SOON_S,
    Heard,
    Neighbours,
    engine_of,
    say_and_wait,
    see_each_other,
    story,
    texts,
    until,
)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("10.0.0.1", "10.0.0.1", 2372),
        ("10.0.0.1:99", "10.0.0.1", 99),
        ("desk", "desk", 2372),
        ("desk:99", "desk", 99),
        ("fe80::1", "fe80::1", 2372),
        ("[fe80::1]", "fe80::1", 2372),
        ("[fe80::1%eth0]:99", "fe80::1%eth0", 99),
    ],
)
def test_an_address_with_or_without_a_port(text: str, host: str, port: int) -> None:
    assert split_host(text, 2372) == (host, port)


@pytest.mark.parametrize("text", ["desk:", "desk:0", "desk:65536", "desk:x", ":99", "[fe80::1]:x"])
def test_what_is_no_address_is_said_to_be_none(text: str) -> None:
    with pytest.raises(LanmsgError) as failure:
        split_host(text, 2372)
    assert failure.value.code == "usage"


def test_what_is_an_address_needs_no_name_server() -> None:
    assert asyncio.run(resolve("127.0.0.9:7", 2372)) == Address("127.0.0.9", 7)
    assert asyncio.run(resolve("fe80::1%lo", 2372)) == Address("fe80::1%lo", 2372)
    assert not is_address("desk")
    assert not is_address("127.0.0.1%lo")


@pytest.mark.parametrize("name", ["no such host", "x" * 64, "a\0b", ".."])
def test_a_name_that_nobody_knows_is_not_found(name: str) -> None:
    with pytest.raises(LanmsgError) as failure:
        asyncio.run(resolve(name, 2372))
    assert failure.value.code == "not_found"


@story
async def test_a_taken_tcp_port_is_told_and_another_one_used(neighbours: Neighbours) -> None:
    with socket.create_server((neighbours.address("anna"), neighbours.port)):
        anna = await neighbours.open("anna")
        heard = Heard(anna)
        ben = await neighbours.open("ben")
        assert anna.tcp[0].port != neighbours.port
        assert str(neighbours.port) in (await heard.next(Notice)).text
        await see_each_other(anna, ben)
        await say_and_wait(ben, anna, "I found you all the same")
        assert await texts(anna) == ["I found you all the same"]


@story
async def test_a_udp_port_that_another_program_holds_is_told(neighbours: Neighbours) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as other:
        other.bind(("", neighbours.port))
        anna = await neighbours.open("anna")
        assert f"UDP port {neighbours.port}" in (await Heard(anna).next(Notice)).text


@story
async def test_no_port_at_all_is_an_error_and_leaves_the_home_free(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*args: object) -> None:
        raise OSError(99, "no port")

    with monkeypatch.context() as patch:
        patch.setattr(module, "Listener", none)
        async with asyncio.timeout(SOON_S):
            with pytest.raises(LanmsgError, match="no TCP port can be had"):
                await neighbours.attempt("anna")
    anna = await neighbours.open("anna")
    assert anna.listening


@story
async def test_we_dial_from_the_address_that_the_person_chose(neighbours: Neighbours) -> None:
    anna, ben = await neighbours.meet("anna", "ben")
    await say_and_wait(anna, ben, "hello")
    line = engine_of(ben).sessions.live(anna.id)
    assert line is not None
    assert line.remote.host == neighbours.address("anna")


@story
async def test_an_address_that_comes_and_goes_is_told_and_used(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch, loopback: Callable[[], str]
) -> None:
    monkeypatch.setattr(module, "SCAN_INTERVAL_S", 0.02)
    second = loopback()

    anna = await neighbours.open("anna")
    heard = Heard(anna)

    def more(wanted: object) -> list[Link]:
        return scan([neighbours.address("anna"), second])

    with monkeypatch.context() as patch:
        patch.setattr("lanmsg.node.beacon.scan", more)
        while second not in addresses(await heard.next(InterfacesChanged)):
            pass
    while second in addresses(await heard.next(InterfacesChanged)):
        pass


def addresses(event: InterfacesChanged) -> list[str]:
    return [each.address for each in event.interfaces if not each.skipped]


@story
async def test_interfaces_that_cannot_be_read_now_are_read_later(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SCAN_INTERVAL_S", 0.01)

    anna = await neighbours.open("anna")
    failed = asyncio.Event()

    def fail(wanted: object) -> list[Link]:
        failed.set()
        raise OSError(24, "too many open files")

    with monkeypatch.context() as patch:
        patch.setattr("lanmsg.node.beacon.scan", fail)
        await failed.wait()
    assert anna.interfaces[0].address == neighbours.address("anna")


@story
async def test_after_a_sleep_everybody_is_asked_again(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SCAN_INTERVAL_S", 0.02)

    anna, _ = await neighbours.meet("anna", "ben")
    asked: list[float] = []
    monkeypatch.setattr(engine_of(anna).air.discovery, "interfaces_changed", asked.append)
    monkeypatch.setattr(module, "wall_clock", lambda: wall_clock() + 3600)
    await until(lambda: asked)


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_port_that_there_is_not(port: int) -> None:
    with pytest.raises(LanmsgError, match="is no port"):
        asyncio.run(resolve("127.0.0.9", port))


@story
async def test_a_dialer_that_has_nowhere_to_look_says_why(neighbours: Neighbours) -> None:
    with pytest.raises(LanmsgError, match="nosuch: not found") as failure:
        await neighbours.attempt("anna", listen=False, interfaces=("nosuch",))
    assert failure.value.code == "network"
