"""The line to type that opens lanmsg's port, for each firewall that people have."""

from collections.abc import Sequence

from lanmsg.node.diagnosis_facts import FirewallFacts

SOCKETFILTERFW = "/usr/libexec/ApplicationFirewall/socketfilterfw"


def lines_to_let_in(port: int, firewalls: Sequence[FirewallFacts], platform: str) -> tuple[str, ...]:
    """For the firewalls of this machine; for all of the platform's when none is known."""
    if platform == "win32":
        return windows(port)
    if platform == "darwin":
        return macos()
    lines = [line for each in firewalls for line in _of_tool(each, port)]
    return tuple(lines) or (ufw(port), firewalld(port), nftables(port))


def lines_to_let_out(port: int, firewalls: Sequence[FirewallFacts], platform: str) -> tuple[str, ...]:
    if platform == "win32":
        return windows(port, direction="out")
    if platform == "darwin":
        return macos()
    chains = [each.where_out for each in firewalls if each.tool == "nftables" and each.where_out]
    if any(each.tool == "ufw" for each in firewalls):
        return (f"sudo ufw allow out {port}",)
    if any(each.tool == "iptables" for each in firewalls):
        return iptables(port, "OUTPUT")
    return tuple(nftables(port, chain) for chain in chains) or (nftables(port, "inet filter output"),)


def lines_for_anyone(port: int) -> tuple[str, ...]:
    """For another machine, of which nothing is known: one line for each kind."""
    return (
        f"ufw:        {ufw(port)}",
        f"firewalld:  {firewalld(port)}",
        f"nftables:   {nftables(port)}",
        f"Windows:    {windows(port)[0]}",
        f"            {windows(port)[1]}",
        f"macOS:      {macos()[0]}",
    )


def _of_tool(firewall: FirewallFacts, port: int) -> tuple[str, ...]:
    match firewall.tool:
        case "ufw":
            return (ufw(port),)
        case "firewalld":
            return (firewalld(port),)
        case "iptables":
            return iptables(port, "INPUT")
        case "nftables":
            return (nftables(port, firewall.where_in or "inet filter input"),)
        case _:
            return ()


def ufw(port: int) -> str:
    return f"sudo ufw allow {port}"


def firewalld(port: int) -> str:
    ports = f"--add-port={port}/udp --add-port={port}/tcp"
    return f"sudo firewall-cmd {ports} && sudo firewall-cmd --permanent {ports}"


def nftables(port: int, chain: str = "inet filter input") -> str:
    return f"sudo nft insert rule {chain} meta l4proto '{{ tcp, udp }}' th dport {port} accept"


def iptables(port: int, chain: str) -> tuple[str, ...]:
    return tuple(f"sudo iptables -I {chain} -p {each} --dport {port} -j ACCEPT" for each in ("udp", "tcp"))


def windows(port: int, direction: str = "in") -> tuple[str, ...]:
    """As an administrator; the second line is for PowerShell, which wants one rule for each protocol."""
    bound = "Inbound" if direction == "in" else "Outbound"
    where = f"dir={direction} action=allow"
    side = "localport" if direction == "in" else "remoteport"
    return (
        " & ".join(
            f'netsh advfirewall firewall add rule name="lanmsg {each}" {where} protocol={each} {side}={port}'
            for each in ("UDP", "TCP")
        ),
        "'UDP','TCP' | % { New-NetFirewallRule -DisplayName \"lanmsg $_\" "
        f"-Direction {bound} -Action Allow -Protocol $_ -{side.capitalize()[:-4]}Port {port} }}",
    )


def macos() -> tuple[str, ...]:
    """The firewall of macOS goes by program, and lanmsg's is Python."""
    python = "\"$(python3 -c 'import sys; print(sys.executable)')\""
    return (f"sudo {SOCKETFILTERFW} --add {python} --unblockapp {python}",)
