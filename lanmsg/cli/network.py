"""network: which networks this home speaks on."""

from typing import TYPE_CHECKING

from msgspec import Struct

from lanmsg.api import networks_here, recognised_network, wall_clock
from lanmsg.cli.output import BOLD, Output, Result, timestamp
from lanmsg.cli.parser import Invocation
from lanmsg.cli.wording import age, columns
from lanmsg.model import LanmsgError

if TYPE_CHECKING:
    from lanmsg.api import Network, Store


ALONE = "lanmsg speaks inside this machine only (loopback): there is no network to decide about"


class Row(Struct, frozen=True):
    """A network that we are on, or were. `state`: trusted, quiet, or new: nothing was decided."""

    key: str
    state: str
    interface: str = ""
    first_seen: float = 0.0
    last_seen: float = 0.0

    @property
    def names(self) -> tuple[str, ...]:
        """What a person may call it by."""
        prefix, _, gateway = self.key.partition(" ")
        return tuple(
            name for name in (self.key, prefix, gateway.removeprefix("via "), self.interface) if name
        )


def network(invocation: Invocation) -> Result:
    action = invocation.options.action or "list"
    store = invocation.home()
    try:
        if action == "list":
            show(rows(invocation, store), invocation)
            return Result()
        decide(invocation, store, trusted=action == "trust")
        return Result()
    finally:
        store.close()


def rows(invocation: Invocation, store: "Store") -> list[Row]:
    """Where we are now first, then where we were."""
    settings = invocation.settings
    known = {each.key: each for each in store.networks.all()}
    found = []
    for here in networks_here(settings):
        decided = known.pop(here.key, None)
        if decided is None:
            state = "trusted" if settings.trusts_new_networks else "new"
            found.append(Row(here.key, state, here.interface))
        else:
            state = "trusted" if decided.trusted else "quiet"
            found.append(Row(here.key, state, here.interface, decided.first_seen, decided.last_seen))
    for each in known.values():
        state = "trusted" if each.trusted else "quiet"
        found.append(Row(each.key, state, "", each.first_seen, each.last_seen))
    return found


def show(found: list[Row], invocation: Invocation) -> None:
    output = invocation.output
    if output.json:
        output.document(networks=[fields(row) for row in found], new=policy(invocation))
    elif found:
        header, *lines = columns([["NETWORK", "GATEWAY", "STATE", "HERE"], *map(cells, found)])
        output.line(output.paint(header, BOLD))
        for line in lines:
            output.line(line)
    elif on_loopback_only(invocation):
        output.notice(f"{ALONE}, and none is known")
    else:
        output.notice("there is no network, and none is known", "lanmsg doctor says why")


def on_loopback_only(invocation: Invocation) -> bool:
    """As the person wants it: then nothing is wrong, and there is nothing to decide about."""
    named = invocation.settings.interfaces
    return bool(named) and all(each in {"lo", "::1"} or each.startswith("127.") for each in named)


def policy(invocation: Invocation) -> str:
    return "trust" if invocation.settings.trusts_new_networks else "quiet"


def cells(row: Row) -> list[str]:
    prefix, _, gateway = row.key.partition(" ")
    last = f"{age(wall_clock() - row.last_seen)} ago" if row.last_seen else "-"
    return [prefix, gateway or "-", row.state, row.interface or last]


def fields(row: Row) -> dict[str, object]:
    return {
        "key": row.key,
        "interface": row.interface,
        "state": row.state,
        "here": bool(row.interface),
        "first_seen": timestamp(row.first_seen),
        "last_seen": timestamp(row.last_seen),
    }


def decide(invocation: Invocation, store: "Store", *, trusted: bool) -> None:
    here = {each.key: each for each in networks_here(invocation.settings)}
    if not here and invocation.options.network_name is None and on_loopback_only(invocation):
        raise LanmsgError(ALONE, code="no_interface")
    chosen = meant(invocation.options.network_name, rows(invocation, store), list(here))
    done = []
    for key in chosen:
        settled = settle(invocation, here[key]) if key in here else key
        store.networks.decide(settled, trusted=trusted, now=wall_clock())
        done.append(settled)
        tell(invocation.output, settled, trusted=trusted)
    if invocation.output.json:
        invocation.output.document(networks=done, trusted=trusted)


def settle(invocation: Invocation, chosen: "Network") -> str:
    """By what it will be known again."""
    found = recognised_network(chosen, invocation.settings)
    if not found.is_recognised:
        invocation.output.notice(
            f"the gateway {found.gateway} does not answer: this network is known by its numbers alone",
            "another network of the same numbers would be taken for it",
        )
    return found.key


def tell(output: Output, key: str, *, trusted: bool) -> None:
    output.notice(f"{key} is trusted now" if trusted else f"lanmsg is quiet on {key} from now on")


def meant(name: str | None, found: list[Row], here: list[str]) -> list[str]:
    """The keys that NAME means; without one, all that we are on. Raises LanmsgError."""
    if name is None:
        if not here:
            raise LanmsgError("there is no network here", code="no_interface", hint="lanmsg doctor says why")
        return here
    keys = [row.key for row in found if name.casefold() in [each.casefold() for each in row.names]]
    if not keys:
        raise LanmsgError(
            f"no network {name!r} is here or known", code="not_found", hint="lanmsg network list"
        )
    if len(keys) > 1 and set(keys) - set(here):
        raise LanmsgError(
            f"{name} fits several networks",
            code="ambiguous",
            hint="name the gateway's hardware address, as lanmsg network shows it",
            candidates=tuple(keys),
        )
    return keys
