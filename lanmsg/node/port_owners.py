"""Who holds a port of this machine: from /proc on Linux, as far as this user may look; elsewhere nobody."""

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from lanmsg.node.diagnosis_facts import PortOwner

PROC = Path("/proc")
TABLES = {"tcp": ("tcp", "tcp6"), "udp": ("udp", "udp6")}
LISTENING = "0A"

NEIGHBOUR_PORTS = {
    2328: "Netrix SFTM",
    2371: "Symantec Endpoint Protection Manager or Compaq WorldWire",
    2387: "IBM VSAM Redirector",
    2967: "Symantec AntiVirus and Endpoint Protection",
}
"""Ports of programs that are known to use several around ours, and what they are registered for."""


class Holder(Struct, frozen=True):
    """A row of a socket table: the port, who owns it, and the inode by which its process is found."""

    port: int
    protocol: str
    uid: int
    inode: str


def owners_of(ports: Sequence[int], proc: Path = PROC) -> tuple[PortOwner, ...]:
    """Each process once for each port and protocol, ours among them."""
    holders = [each for each in _holders(proc) if each.port in ports]
    processes = _processes({each.inode for each in holders}, proc) if holders else {}
    found = [_owner(each, processes.get(each.inode, 0), proc) for each in holders]
    return tuple(dict.fromkeys(found))


def _holders(proc: Path) -> Iterator[Holder]:
    for protocol, tables in TABLES.items():
        for table in tables:
            try:
                text = (proc / "net" / table).read_text(encoding="ascii", errors="replace")
            except OSError:
                continue
            yield from parse_sockets(text, protocol)


def parse_sockets(text: str, protocol: str) -> Iterator[Holder]:
    """The bound sockets of a table: of TCP those that listen."""
    for line in text.splitlines()[1:]:
        words = line.split()
        if len(words) < 10 or (protocol == "tcp" and words[3] != LISTENING):
            continue
        yield Holder(int(words[1].rpartition(":")[2], 16), protocol, int(words[7]), words[9])


def _processes(inodes: set[str], proc: Path) -> dict[str, int]:
    """The process of each socket; those of other users are closed to us."""
    wanted = {f"socket:[{inode}]": inode for inode in inodes}
    found: dict[str, int] = {}
    for folder in proc.iterdir():
        if not folder.name.isdigit():
            continue
        try:
            for name in os.listdir(folder / "fd"):  # noqa: PTH208
                inode = wanted.get(os.readlink(folder / "fd" / name))  # noqa: PTH115
                if inode is not None:
                    found.setdefault(inode, int(folder.name))
        except OSError:
            continue
        if len(found) == len(wanted):
            break
    return found


def _owner(holder: Holder, pid: int, proc: Path) -> PortOwner:
    words = _command_line(pid, proc) if pid else []
    return PortOwner(
        holder.port,
        holder.protocol,
        pid,
        _program(pid, words, proc) if pid else "",
        _user(holder.uid),
        is_lanmsg=_is_lanmsg(words),
    )


def _command_line(pid: int, proc: Path) -> list[str]:
    try:
        return (proc / str(pid) / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:
        return []


def _program(pid: int, words: Sequence[str], proc: Path) -> str:
    """The name that ps shows; of an interpreter, what it runs."""
    try:
        name = (proc / str(pid) / "comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        name = ""
    script = next((Path(word).name for word in words[1:] if word.endswith((".py", ".pl", ".js", ".jar"))), "")
    return f"{name} {script}".strip()


def _is_lanmsg(words: Sequence[str]) -> bool:
    return any(Path(word).name in ("lanmsg", "lanmsg.exe") for word in words[:4])


def _user(uid: int) -> str:
    if sys.platform == "win32":
        return ""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
