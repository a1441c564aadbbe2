"""Network namespaces by `ip`: made, looked into, removed."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
from pathlib import Path

PREFIX = "lanmsg"
"""Every namespace of a lab is called lanmsg-<pid of the tests>-…, so that a killed run's can be found."""


class LabError(Exception):
    """A command that builds the lab failed; never a fault of lanmsg."""


def ip(*arguments: str, namespace: str = "") -> str:
    where = ("-n", namespace) if namespace else ()
    done = subprocess.run(("ip", *where, *arguments), capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"ip {' '.join((*where, *arguments))}: {done.stderr.strip()}")
    return done.stdout


def sweep() -> None:
    """Removes the labs of test runs that were killed, which could not do it themselves."""
    for line in ip("netns", "list").splitlines():
        namespace = line.split()[0]
        prefix, _, rest = namespace.partition("-")
        owner = rest.partition("-")[0]
        if prefix == PREFIX and owner.isdigit() and not Path("/proc", owner).exists():
            remove_namespace(namespace)


def remove_namespace(namespace: str) -> None:
    """Ends whatever still runs in it, and it. One that is not there is fine."""
    with contextlib.suppress(LabError):
        for pid in ip("netns", "pids", namespace).split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
    with contextlib.suppress(LabError):
        ip("netns", "del", namespace)


def why_not() -> str:
    """What keeps this machine from making a lab, or ""."""
    if not sys.platform.startswith("linux"):
        return "network namespaces are Linux's"
    if os.geteuid() != 0:
        return "needs root (scripts/lab gets by with a user namespace)"
    missing = [tool for tool in ("ip", "nft", "setpriv") if not shutil.which(tool)]
    if missing:
        return f"needs {', '.join(missing)} (iproute2, nftables, util-linux)"
    probe = f"{PREFIX}-{os.getpid()}-probe"
    try:
        ip("netns", "add", probe)
        ip("netns", "del", probe)
    except LabError as error:
        return f"this machine makes no network namespaces: {error}"
    return ""


def why_one_user() -> str:
    """What keeps a lab from running a program as somebody else, or ""."""
    ranges = [line.split() for line in Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines()]
    nobody = pwd.getpwnam("nobody").pw_uid
    if any(int(first) <= nobody < int(first) + int(length) for first, _, length in ranges):
        return ""
    return "this user namespace has one user only"
