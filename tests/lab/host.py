"""One host of the lab: runs programs, among them the real lanmsg, and has its network meddled with."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from tests.lab.listener import Listener
from tests.lab.namespaces import ip
from tests.lab.program import Program

Started = TypeVar("Started", bound=Program)
CHECKOUT = Path(__file__).resolve().parents[2]
FIREWALL = """
table inet firewall {{
  chain input {{
    type filter hook input priority 0; policy drop;
    iif lo accept
    ct state established,related accept
    {accepted}
  }}
}}
"""
LOSS = """
table inet loss {{
  chain input {{
    type filter hook input priority -300; policy accept;
    iif lo accept
    numgen random mod 100 < {percent} drop
  }}
}}
"""
NO_BROADCAST = """
table inet broadcasts {
  chain input {
    type filter hook input priority -300; policy accept;
    meta pkttype { broadcast, multicast } drop
  }
}
"""


class Host:
    """Made by Lan.host. `addresses` and `switches` are by interface name: eth0, eth1 …"""

    def __init__(self, name: str, namespace: str, *, number: int, folder: Path) -> None:
        self.name = name
        self.namespace = namespace
        self.number = number
        self.folder = folder
        self.addresses: dict[str, str] = {}
        self.switches: dict[str, int] = {}
        self._programs: list[Program] = []
        self._folders: list[Path] = []
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def address(self) -> str:
        return self.addresses["eth0"]

    # programs

    def run(
        self, *command: str, within: float = 30.0, text: str = "", check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Runs it to its end with `text` as its input. `check`: an exit code other than 0 fails the test."""
        try:
            done = subprocess.run(
                self._command(command),
                input=text,
                capture_output=True,
                text=True,
                timeout=within,
                env=self._environment(),
                cwd=self.folder,
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            said = [output.decode() for output in (late.stdout, late.stderr) if output]
            raise AssertionError(f"{self._label(command)} did not end within {within} s\n{said}") from None
        assert not check or done.returncode == 0, (
            f"{self.name}: {' '.join(command)} ended with {done.returncode}\n{done.stdout}{done.stderr}"
        )
        return done

    def spawn(self, *command: str) -> Program:
        """Starts it; it is ended with the lab at the latest."""
        return self._keep(
            Program(
                self._command(command), label=self._label(command), env=self._environment(), cwd=self.folder
            )
        )

    def lanmsg(
        self, *arguments: str, home: str = "home", within: float = 30.0, text: str = "", check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Runs one command of the real program to its end. `home` is a folder's name on this host."""
        return self.run(*self._lanmsg(arguments, home), within=within, text=text, check=check)

    def spawn_lanmsg(self, *arguments: str, home: str = "home") -> Program:
        return self.spawn(*self._lanmsg(arguments, home))

    def listen(self, *arguments: str, home: str = "home", name: str = "", user: str = "") -> Listener:
        """Starts `lanmsg listen --json`, not waiting for it to be ready; `user`: who runs it, if not we."""
        command = self._lanmsg(("listen", "--json", *arguments), self._home_of(user) if user else home, name)
        if user:
            command = as_user(user, command)
        return self._keep(
            Listener(
                self._command(command), label=name or self.name, env=self._environment(), cwd=self.folder
            )
        )

    def _lanmsg(self, arguments: Sequence[str], home: str, name: str = "") -> list[str]:
        who = ["--home", str(self.folder / home), "--name", name or self.name]
        return [sys.executable, "-P", "-m", "lanmsg", *who, *arguments]

    def _home_of(self, user: str) -> str:
        """A folder that is the user's; ours may lie where others have no way to."""
        folder = Path(tempfile.mkdtemp(prefix="lanmsg-lab-"))
        self._folders.append(folder)
        shutil.chown(folder, user)
        return str(folder)

    def _command(self, command: Sequence[str]) -> list[str]:
        return ["ip", "netns", "exec", self.namespace, *command]  # execs: the pid is the program's own

    def _environment(self) -> dict[str, str]:
        """Nothing of the caller's settings; HOME is the host's own folder."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(CHECKOUT),
        }

    def _label(self, command: Sequence[str]) -> str:
        return f"{self.name}: {' '.join(command)[-60:]}"

    def _keep(self, program: Started) -> Started:
        self._programs.append(program)
        return program

    def close(self) -> None:
        for program in self._programs:
            program.close()
        for folder in self._folders:
            shutil.rmtree(folder, ignore_errors=True)

    # network

    def link_down(self, interface: str = "eth0") -> float:
        """As all that meddles with the network: says when (monotonic)."""
        at = time.monotonic()
        ip("link", "set", interface, "down", namespace=self.namespace)
        return at

    def link_up(self, interface: str = "eth0") -> float:
        at = time.monotonic()
        ip("link", "set", interface, "up", namespace=self.namespace)
        return at

    def change_address(self, address: str, interface: str = "eth0") -> float:
        """The old one goes first: Linux drops a second address of a network together with the first."""
        at = self.drop_address(interface)
        self.take_address(address, interface)
        return at

    def drop_address(self, interface: str = "eth0") -> float:
        at = time.monotonic()
        self.ip("address", "del", f"{self.addresses[interface]}/24", "dev", interface)
        return at

    def take_address(self, address: str, interface: str = "eth0") -> float:
        at = time.monotonic()
        self.ip("address", "add", f"{address}/24", "broadcast", "+", "dev", interface)
        self.addresses[interface] = address
        return at

    def ip(self, *arguments: str) -> str:
        return ip(*arguments, namespace=self.namespace)

    def firewall(self, *ports: int) -> None:
        """Lets in UDP and TCP to these ports, and answers to what the host itself began; nothing else."""
        rules = [f"{protocol} dport {port} accept" for port in ports for protocol in ("udp", "tcp")]
        self._nft(FIREWALL.format(accepted="\n    ".join(rules)))

    def lose(self, percent: int) -> None:
        """Of the packets that come to this host, so many in a hundred are lost at random."""
        self._nft(LOSS.format(percent=percent))

    def drop_broadcasts(self) -> None:
        """As some Wi-Fi does: what is meant for everybody arrives at nobody."""
        self._nft(NO_BROADCAST)

    def forward(self) -> None:
        """Becomes a router between its interfaces."""
        self.run("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")

    def route(self, network: str, via: str) -> None:
        ip("route", "add", network, "via", via, namespace=self.namespace)

    def _nft(self, rules: str) -> None:
        self.run("nft", "-f", "-", text=rules)


def as_user(user: str, command: Sequence[str]) -> list[str]:
    """Another user, who may read everything: the checkout may lie in a folder that is closed to others."""
    capabilities = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    return ["setpriv", f"--reuid={user}", "--regid=nogroup", "--clear-groups", *capabilities, *command]
