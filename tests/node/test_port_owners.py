"""Whose a port is: rows of the kernel's tables, and the processes behind them."""

import os
import socket
import sys
from pathlib import Path

import pytest

from lanmsg.node.port_owners import owners_of, parse_sockets

TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0944 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0
   1: 0100007F:0944 0100007F:C350 01 00000000:00000000 00:00000000 00000000  1000        0 4712 1 0
   2: broken
"""


def test_of_tcp_only_what_listens() -> None:
    assert [(each.port, each.uid, each.inode) for each in parse_sockets(TCP, "tcp")] == [(2372, 1000, "4711")]
    assert len(list(parse_sockets(TCP, "udp"))) == 2


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is Linux's")
def test_our_own_port_is_ours() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        found = [each for each in owners_of([port]) if each.protocol == "tcp"]
    assert [(each.pid, each.port) for each in found] == [(os.getpid(), port)]
    assert found[0].program.startswith("py")
    assert owners_of([port]) == ()


def make_proc(tmp_path: Path, *, pid: int = 0, words: tuple[str, ...] = ()) -> Path:
    """A /proc with one socket in it, and the process that holds it if this user may know."""
    net = tmp_path / "net"
    net.mkdir()
    (net / "tcp").write_text(TCP, encoding="ascii")
    if pid:
        (tmp_path / str(pid) / "fd").mkdir(parents=True)
        (tmp_path / str(pid) / "fd" / "3").symlink_to("socket:[4711]")
        (tmp_path / str(pid) / "comm").write_text("python3\n", encoding="ascii")
        (tmp_path / str(pid) / "cmdline").write_bytes("\0".join(words).encode())
    return tmp_path


@pytest.mark.parametrize(
    ("words", "program", "is_lanmsg"),
    [
        (("python3", "/srv/web/server.py", "80"), "python3 server.py", False),
        (("python3", "-m", "lanmsg", "listen"), "python3", True),
        (("/usr/bin/python3", "/usr/bin/lanmsg"), "python3", True),
        (("python3", "-c", "pass"), "python3", False),
    ],
)
def test_the_program_is_named(tmp_path: Path, words: tuple[str, ...], program: str, is_lanmsg: bool) -> None:
    (found,) = owners_of([2372], make_proc(tmp_path, pid=42, words=words))
    assert (found.pid, found.program, found.is_lanmsg) == (42, program, is_lanmsg)


def test_another_user_s_process_leaves_the_user(tmp_path: Path) -> None:
    (found,) = owners_of([2372], make_proc(tmp_path))
    assert (found.pid, found.program, found.is_known) == (0, "", True)
    assert found.user


def test_without_a_proc_nobody_is_known(tmp_path: Path) -> None:
    assert owners_of([2372], tmp_path / "none") == ()
