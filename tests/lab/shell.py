"""A LAN to try things on by hand: three hosts, and a shell on the first (scripts/lab shell)."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.lab.host import CHECKOUT, Host
from tests.lab.lan import Lan
from tests.lab.namespaces import why_not

NAMES = ("anna", "ben", "cara")
WELCOME = """\
Three hosts on one switch: {hosts}.
This shell is on anna. `ben COMMAND` runs a command on ben, `cara COMMAND` on cara:

    ben lanmsg listen &        ben is there
    lanmsg peers               what anna sees
    ben bash                   a shell on ben

From another terminal, as root: {folder}/ben bash
All of it goes when this shell ends.
"""


def write_command(folder: Path, host: Host) -> None:
    """A command called as the host, which runs there what stands after it, in a home of the host's own."""
    settings = f"LANMSG_HOME='{host.folder / 'home'}' LANMSG_NAME={host.name} PS1='{host.name}$ '"
    command = folder / host.name
    command.write_text(
        f'#!/bin/sh\nexec ip netns exec {host.namespace} env {settings} "$@"\n', encoding="utf-8"
    )
    command.chmod(0o755)


def main() -> int:
    if reason := why_not():
        print(f"no lab here: {reason}", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="lanmsg-lab-") as name, Lan(Path(name), NAMES) as lan:
        folder = Path(name, "bin")
        folder.mkdir()
        for host in lan.hosts:
            write_command(folder, host)
        hosts = ", ".join(f"{host.name} {host.address}" for host in lan.hosts)
        print(WELCOME.format(hosts=hosts, folder=folder), file=sys.stderr)
        path = f"{folder}:{CHECKOUT / 'scripts'}:{os.environ['PATH']}"
        shell = [str(folder / NAMES[0]), "bash", "--norc", "-i"]
        return subprocess.run(shell, env={**os.environ, "PATH": path}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
