"""A login over a slow line: an ssh server of our own, and a relay before it that holds back what passes.

The kernel's own way to slow an interface down is not there on every machine and needs rights; this does not.
"""

import getpass
import os
import shlex
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue

from tests.tui.real_terminal import ROOT, RealTerminal, terminal_of

EXECUTE = "import os, sys; os.execvp(sys.argv[1], sys.argv[1:])"
PATIENCE = 30.0
CHUNK = 1 << 16


def server_program() -> str | None:
    """sshd, where it and what belongs to it are installed, and it can be started."""
    tools = all(shutil.which(tool) for tool in ("ssh", "ssh-keygen"))
    if not tools or (os.geteuid() == 0 and not Path("/run/sshd").is_dir()):
        return None
    return shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


class SlowLine:
    """A port of 127.0.0.1 that leads to another one, `seconds` later in each direction."""

    def __init__(self, target: int) -> None:
        self.seconds = 0.0
        self._target = target
        self._ends: list[socket.socket] = []
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._door.getsockname()[1])
        self._threads: list[threading.Thread] = []
        self._run(self._accept)

    def _run(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._door.accept()
                self._ends.append(near)
                far = socket.create_connection(("127.0.0.1", self._target))
                self._ends.append(far)
                for end in (near, far):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._join(near, far)
                self._join(far, near)

    def _join(self, source: socket.socket, sink: socket.socket) -> None:
        """Each piece leaves so long after it came, in order, however many are under way."""
        under_way: SimpleQueue[tuple[float, bytes]] = SimpleQueue()

        def take() -> None:
            data = b"begin"
            while data:
                try:
                    data = source.recv(CHUNK)
                except OSError:
                    data = b""
                under_way.put((time.monotonic() + self.seconds, data))

        def give() -> None:
            with suppress(OSError):
                while True:
                    due, data = under_way.get()
                    time.sleep(max(due - time.monotonic(), 0.0))
                    if not data:
                        sink.shutdown(socket.SHUT_WR)
                        return
                    sink.sendall(data)

        self._run(take)
        self._run(give)

    def cut(self) -> None:
        """The line is lost: nothing passes any more, and both ends notice."""
        for end in [self._door, *self._ends]:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        for thread in self._threads:
            thread.join()


@contextmanager
def ssh_server(folder: Path) -> Iterator[list[str]]:
    """A server that only its own key opens; the words that log in to it, without the port."""
    program = server_program()
    assert program is not None
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    told = [
        "ListenAddress=127.0.0.1", f"AuthorizedKeysFile={folder / 'user.pub'}", "StrictModes=no",
        "PidFile=none", f"Port={port}", f"HostKey={folder / 'host'}",
    ]  # fmt: skip
    with (folder / "sshd.log").open("wb") as log:
        server = subprocess.Popen(
            [program, "-D", "-e", "-f", "/dev/null", *(word for each in told for word in ("-o", each))],
            stderr=log,
        )
    words = ["ssh", "-tt", "-q", "-F", "none", "-i", str(folder / "user"), f"{getpass.getuser()}@127.0.0.1"]
    for each in ("IdentitiesOnly=yes", "BatchMode=yes", "StrictHostKeyChecking=no", "EscapeChar=none"):
        words += ["-o", each]
    words += ["-o", f"UserKnownHostsFile={os.devnull}"]
    try:
        _answers(server, int(port), folder / "sshd.log")
        yield [*words, "-p", port]
    finally:
        server.terminate()
        server.wait()


def _answers(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        assert server.poll() is None, f"it ended: {log.read_text()}"
        assert time.monotonic() < end, f"it does not answer: {log.read_text()}"
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as hello:
            hello.settimeout(PATIENCE)
            if hello.recv(4) == b"SSH-":
                return
        time.sleep(0.02)


@contextmanager
def over_slow_line(
    words: Sequence[object],
    *,
    folder: Path,
    seconds: float,
    columns: int = 80,
    rows: int = 24,
    environment: Mapping[str, str] | None = None,
) -> Iterator[tuple[RealTerminal, SlowLine]]:
    """A Python there with `words`, and the line to it; slow as soon as it is logged in."""
    keys = folder / "ssh"
    keys.mkdir(mode=0o700)
    plain = {"LC_ALL": "C.UTF-8", "TZ": "UTC", "PYTHONPATH": str(ROOT), **(environment or {})}
    command = ["env", *(f"{name}={value}" for name, value in plain.items()), sys.executable]
    there = f"cd {shlex.quote(str(folder))} && exec {shlex.join([*command, *map(str, words)])}"
    with ssh_server(keys) as login:
        line = SlowLine(int(login[-1]))
        here = ["-c", EXECUTE, *login[:-1], line.port, there]
        try:
            with terminal_of(here, columns=columns, rows=rows, folder=folder) as run:
                run.writes(b"\x1b[?1049h")
                line.seconds = seconds
                yield run, line
        finally:
            line.cut()
