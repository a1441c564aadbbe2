"""Dialling: the first address that answers wins, and what failed is said address by address."""

import asyncio
import socket
from collections.abc import Callable

import pytest

from lanmsg.model import Address
from lanmsg.node.dialer import UnreachableError, dial


def test_the_address_that_answers_is_taken(loopback: Callable[[], str], free_port: int) -> None:
    good = loopback()
    with socket.create_server((good, free_port)):
        sock, where = asyncio.run(dial([Address(loopback(), free_port), Address(good, free_port)]))
        sock.close()
    assert where == Address(good, free_port)


def test_each_failure_is_named(loopback: Callable[[], str], free_port: int) -> None:
    first, second = Address(loopback(), free_port), Address(loopback(), free_port)
    with pytest.raises(UnreachableError) as failure:
        asyncio.run(dial([first, second]))
    assert str(failure.value) == f"{first}: connection refused; {second}: connection refused"


def test_nobody_can_be_dialled_without_an_address() -> None:
    with pytest.raises(UnreachableError, match="no address is known"):
        asyncio.run(dial([]))


def test_two_that_answer_at_once_leave_no_socket_behind(loopback: Callable[[], str], free_port: int) -> None:
    addresses = [Address(loopback(), free_port) for _ in range(2)]
    with (
        socket.create_server((addresses[0].host, free_port)),
        socket.create_server((addresses[1].host, free_port)),
    ):
        sock, _ = asyncio.run(dial(addresses))
        sock.close()
