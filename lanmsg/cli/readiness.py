"""Tells a service manager how we are, by the datagrams of sd_notify(3); without one it says nothing."""

import os
import socket

READY = "READY=1"
STOPPING = "STOPPING=1"


def tell_manager(*lines: str) -> bool:
    """Sends `lines` to $NOTIFY_SOCKET. A manager that does not listen is no reason to end: False."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    family = getattr(socket, "AF_UNIX", None)  # not on every Windows
    if family is None or not address.startswith(("/", "@")):
        return False
    if address.startswith("@"):  # Linux: a name that is no file
        address = "\0" + address[1:]
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as manager:
            manager.connect(address)
            manager.send("\n".join(lines).encode())
    except OSError:
        return False
    return True
