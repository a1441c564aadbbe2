"""The firewalls of this machine, asked by their tools; the tools here are scripts that answer as they do."""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lanmsg.node import firewalls
from lanmsg.node.diagnosis_facts import FirewallFacts, Verdict
from lanmsg.node.firewalls import read_firewalls, run_tool

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="shell scripts stand for tools")

Tools = Callable[..., None]
CLOSED = "echo Operation not permitted >&2; exit 1"
SHUT = "-P INPUT DROP\n-P OUTPUT ACCEPT"


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tools:
    """Puts a tool of that name first, and hides those of this machine."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(firewalls, "SYSTEM_FOLDERS", ())
    monkeypatch.setattr(firewalls, "UFW_SETTINGS", tmp_path / "ufw.conf")

    def make(**scripts: str) -> None:
        for name, script in scripts.items():
            path = folder / name.replace("_", "-")
            path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
            path.chmod(0o755)

    return make


def read() -> tuple[FirewallFacts, ...]:
    return asyncio.run(read_firewalls(2372, ["eth0"]))


def test_a_machine_without_any_says_nothing(tools: Tools) -> None:
    assert read() == ()


def test_rules_that_are_closed_to_us_are_told_so(tools: Tools, tmp_path: Path) -> None:
    tools(nft=CLOSED, iptables=CLOSED)
    assert [(each.tool, each.readable) for each in read()] == [("nftables", False), ("iptables", False)]
    (tmp_path / "ufw.conf").write_text("# on\nENABLED=yes\n", encoding="utf-8")
    assert read() == (FirewallFacts("ufw", readable=False),)


def test_the_tool_that_writes_the_rules_of_the_others_stands_for_them(tools: Tools) -> None:
    tools(ufw="echo 'Status: active'; echo '2372/udp   ALLOW IN   Anywhere'", iptables=f"echo '{SHUT}'")
    assert read() == (FirewallFacts("ufw", udp_in=Verdict.ACCEPT, tcp_in=Verdict.DROP),)


def test_one_that_is_off_is_none(tools: Tools) -> None:
    tools(ufw="echo 'Status: inactive'", firewall_cmd="echo not running; exit 252", iptables=f"echo '{SHUT}'")
    (found,) = read()
    assert (found.tool, found.udp_in, found.udp_out) == ("iptables", Verdict.DROP, Verdict.ACCEPT)
    assert found.where_in == "iptables INPUT"


def test_firewalld_is_asked_for_each_port(tools: Tools) -> None:
    tools(firewall_cmd='case "$1" in --state) echo running;; *udp) echo yes;; *) echo no; exit 1;; esac')
    assert read() == (FirewallFacts("firewalld", udp_in=Verdict.ACCEPT, tcp_in=Verdict.DROP),)


def test_a_ruleset_without_chains_at_our_hooks_is_none(tools: Tools) -> None:
    tools(nft="""echo '{"nftables": [{"metainfo": {}}]}'""")
    assert read() == ()


def test_a_tool_that_hangs_is_given_up_and_ended(
    tools: Tools, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(firewalls, "TOOL_SECONDS", 0.2)
    pid_file = tmp_path / "pid"
    tools(slow=f"echo $$ > {pid_file}; exec /bin/sleep 60")
    assert asyncio.run(run_tool("slow")) is None
    process = int(pid_file.read_text(encoding="ascii"))
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_a_tool_that_cannot_be_run_is_not_there(tools: Tools, tmp_path: Path) -> None:
    (tmp_path / "bin" / "odd").write_bytes(b"\x7fELF not really")
    (tmp_path / "bin" / "odd").chmod(0o755)
    assert asyncio.run(run_tool("odd")) is None
    assert asyncio.run(run_tool("missing")) is None
