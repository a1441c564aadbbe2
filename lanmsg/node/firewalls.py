"""The firewalls of this machine: which there are, and what their rules do with lanmsg's port.

They are asked by their own tools, which change nothing; most tell their rules to root alone.
"""

import asyncio
import os
import shutil
import sys
from collections.abc import Awaitable, Sequence
from pathlib import Path

from lanmsg.node.diagnosis_facts import FirewallFacts, Verdict
from lanmsg.node.firewall_rules import (
    Chain,
    Packet,
    Traced,
    iptables_chains,
    nft_chains,
    trace,
    ufw_allows,
)

TOOL_SECONDS = 1.5
SYSTEM_FOLDERS = ("/usr/sbin", "/sbin", "/usr/local/sbin")
"""Where the tools are; a person's PATH may not have these."""

UFW_SETTINGS = Path("/etc/ufw/ufw.conf")
MACOS_FIREWALL = "/usr/libexec/ApplicationFirewall/socketfilterfw"


async def read_firewalls(port: int, interfaces: Sequence[str]) -> tuple[FirewallFacts, ...]:
    """Those that are there and active, or closed to us."""
    readers: list[Awaitable[FirewallFacts | None]]
    if sys.platform == "win32":
        readers = [_windows()]
    elif sys.platform == "darwin":
        readers = [_macos()]
    else:
        readers = [_ufw(port), _firewalld(port), _nft(port, interfaces), _iptables(port, interfaces)]
    found = [each for each in await asyncio.gather(*readers) if each is not None]
    front = [each for each in found if each.tool in ("ufw", "firewalld")]
    # Those two write the rules of the others; who is told to add a line must be told where it lasts.
    return tuple(front or found)


async def run_tool(*command: str) -> tuple[int, str] | None:
    """Exit code and output; None: not there, or too slow."""
    path = shutil.which(command[0], path=os.pathsep.join([os.environ.get("PATH", ""), *SYSTEM_FOLDERS]))
    if path is None:
        return None
    try:
        process = await asyncio.create_subprocess_exec(
            path,
            *command[1:],
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={**os.environ, "LC_ALL": "C"},
        )
    except (OSError, NotImplementedError):  # an event loop of Windows that starts no processes
        return None
    try:
        async with asyncio.timeout(TOOL_SECONDS):
            output, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.communicate()
        return None
    return process.returncode or 0, output.decode("utf-8", "replace")


async def _nft(port: int, interfaces: Sequence[str]) -> FirewallFacts | None:
    answer = await run_tool("nft", "-j", "list", "ruleset")
    if answer is None:
        return None
    code, text = answer
    if code:
        return FirewallFacts("nftables", readable=False)
    return judged("nftables", nft_chains(text), port, interfaces)


async def _iptables(port: int, interfaces: Sequence[str]) -> FirewallFacts | None:
    answer = await run_tool("iptables", "-S")
    if answer is None:
        return None
    code, text = answer
    if code:
        return FirewallFacts("iptables", readable=False)
    return judged("iptables", iptables_chains(text), port, interfaces)


def judged(tool: str, chains: Sequence[Chain], port: int, interfaces: Sequence[str]) -> FirewallFacts | None:
    """What the chains do with each kind of packet on the worst of these interfaces; None: nothing to do."""
    if not any(chain.hook for chain in chains):
        return None

    def worst(protocol: str, hook: str) -> Traced:
        traced = [trace(chains, Packet(protocol, port, name, hook)) for name in interfaces or ("",)]
        return next(
            (each for verdict in (Verdict.DROP, Verdict.UNKNOWN) for each in traced if each[0] is verdict),
            (Verdict.ACCEPT, ""),
        )

    udp_in, tcp_in = worst("udp", "input"), worst("tcp", "input")
    udp_out, tcp_out = worst("udp", "output"), worst("tcp", "output")
    return FirewallFacts(
        tool,
        udp_in=udp_in[0],
        tcp_in=tcp_in[0],
        udp_out=udp_out[0],
        tcp_out=tcp_out[0],
        where_in=udp_in[1] or tcp_in[1],
        where_out=udp_out[1] or tcp_out[1],
    )


async def _ufw(port: int) -> FirewallFacts | None:
    answer = await run_tool("ufw", "status", "verbose")
    if answer is None or answer[0]:
        return FirewallFacts("ufw", readable=False) if ufw_is_enabled() else None
    if "Status: active" not in answer[1]:
        return None
    udp, tcp = (ufw_allows(answer[1], port, protocol) for protocol in ("udp", "tcp"))
    return FirewallFacts("ufw", udp_in=udp, tcp_in=tcp)


def ufw_is_enabled() -> bool:
    """Its settings can be read by everybody, its rules cannot."""
    try:
        return "ENABLED=yes" in UFW_SETTINGS.read_text(encoding="utf-8", errors="replace").split()
    except OSError:
        return False


async def _firewalld(port: int) -> FirewallFacts | None:
    """What its default zone lets in; a network of another zone shows in the measured echo alone."""
    state = await run_tool("firewall-cmd", "--state")
    if state is None or state[0]:
        return None
    verdicts = []
    for protocol in ("udp", "tcp"):
        answer = await run_tool("firewall-cmd", f"--query-port={port}/{protocol}")
        if answer is None or answer[1].strip() not in ("yes", "no"):
            return FirewallFacts("firewalld", readable=False)
        verdicts.append(Verdict.ACCEPT if answer[1].strip() == "yes" else Verdict.DROP)
    return FirewallFacts("firewalld", udp_in=verdicts[0], tcp_in=verdicts[1])


async def _macos() -> FirewallFacts | None:
    answer = await run_tool(MACOS_FIREWALL, "--getglobalstate")
    is_on = answer is not None and "enabled" in answer[1]
    return FirewallFacts("macos", readable=False) if is_on else None


async def _windows() -> FirewallFacts | None:
    answer = await run_tool("netsh", "advfirewall", "show", "currentprofile", "state")
    is_on = answer is not None and " ON" in answer[1].upper()
    return FirewallFacts("windows", readable=False) if is_on else None
