"""The kernel's tables of gateways and neighbours."""

import sys

import pytest

from lanmsg.node.routes import Neighbour, parse_gateways, parse_neighbours

LITTLE = pytest.mark.skipif(sys.byteorder != "little", reason="the sample is of a little-endian machine")

ROUTES = """\
Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
wlan0	00000000	0101A8C0	0003	0	0	600	00000000	0	0	0
wlan0	00000000	FE01A8C0	0003	0	0	100	00000000	0	0	0
wlan0	0001A8C0	00000000	0001	0	0	600	00FFFFFF	0	0	0
tun0	00000000	00000000	0001	0	0	50	00000000	0	0	0
eth0	0000000A	0100000A	0003	0	0	0	000000FF	0	0	0
short
"""
NEIGHBOURS = """\
IP address       HW type     Flags       HW address            Mask     Device
192.168.1.1      0x1         0x2         AA:bb:cc:00:11:22     *        wlan0
192.168.1.7      0x1         0x0         00:00:00:00:00:00     *        wlan0
192.168.1.8      0x1         0x2         00:00:00:00:00:00     *        wlan0
"""


@LITTLE
def test_the_default_gateway_with_the_lowest_metric() -> None:
    assert parse_gateways(ROUTES) == {"wlan0": "192.168.1.254"}


def test_who_answered() -> None:
    assert parse_neighbours(NEIGHBOURS) == (
        Neighbour("192.168.1.1", "wlan0", "aa:bb:cc:00:11:22"),
        Neighbour("192.168.1.7", "wlan0"),
        Neighbour("192.168.1.8", "wlan0"),
    )


def test_no_table_is_an_empty_one() -> None:
    assert parse_gateways("") == {}
    assert parse_neighbours("") == ()
