"""A VPN between two hosts of the lab: a tun interface on each, whose packets travel in datagrams.

    python3 tunnel.py OWN_HOST PEER_HOST PEER_INSIDE      says {"type": "ready"} when tun0 is there

It is as strict as WireGuard: whatever comes out has the address of the peer inside as its source.
"""

import contextlib
import fcntl
import json
import os
import select
import socket
import struct
import sys
from pathlib import Path

TUN = Path("/dev/net/tun")
TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x1, 0x1000
PORT = 51820
PACKET_MAX_BYTES = 2048
MTU = "1400"


def why_no_tunnel() -> str:
    """What keeps this machine from making one, or ""."""
    try:
        os.close(os.open(TUN, os.O_RDWR))
    except OSError as error:
        return f"a VPN needs {TUN}: {error.strerror}"
    return ""


def main(own: str, peer: str, inside: str) -> None:
    tunnel = os.open(TUN, os.O_RDWR)
    fcntl.ioctl(tunnel, TUNSETIFF, struct.pack("16sH22x", b"tun0", IFF_TUN | IFF_NO_PI))
    wire = socket.socket(type=socket.SOCK_DGRAM)
    wire.bind((own, PORT))
    print(json.dumps({"type": "ready"}), flush=True)
    while True:
        readable, _, _ = select.select([tunnel, wire, sys.stdin], [], [])
        if sys.stdin in readable:
            return
        if tunnel in readable:
            wire.sendto(os.read(tunnel, PACKET_MAX_BYTES), (peer, PORT))
        if wire in readable:
            packet, source = wire.recvfrom(PACKET_MAX_BYTES)
            if source[0] == peer and packet[12:16] == socket.inet_aton(inside):
                with contextlib.suppress(OSError):  # not up yet
                    os.write(tunnel, packet)


if __name__ == "__main__":
    main(*sys.argv[1:])
