"""What the slash commands about yourself, the network, the settings and the screen do."""

import asyncio

from lanmsg.api import Conversation, LanmsgError, Status, TransferState
from lanmsg.config import KINDS, config_value, write_setting
from lanmsg.terminal import plural
from lanmsg.tui import moves
from lanmsg.tui.commands import find, take_word, words
from lanmsg.tui.desk import Desk
from lanmsg.tui.options import Option, option, shown, typed
from lanmsg.tui.state import Asking, Page


async def name(desk: Desk, rest: str) -> None:
    """For now and for later runs."""
    if not rest:
        raise LanmsgError("which name?", code="usage", hint=f"you are {desk.state.name}")
    await desk.node.set_name(rest)
    desk.state.name = desk.node.name
    desk.state.epoch += 1
    desk.state.say(f"you are {desk.state.name} from now on", seconds=5)
    await asyncio.to_thread(write_setting, desk.settings.config_file, "name", desk.state.name)


async def _set_status(desk: Desk, status: Status, note: str) -> None:
    await desk.node.set_status(status, note)
    desk.state.status, desk.state.note = status, note


async def away(desk: Desk, rest: str) -> None:
    await _set_status(desk, Status.AWAY, rest)


async def busy(desk: Desk, rest: str) -> None:
    await _set_status(desk, Status.BUSY, rest)


async def back(desk: Desk, rest: str) -> None:
    await _set_status(desk, Status.AVAILABLE, rest)


async def connect(desk: Desk, rest: str) -> None:
    host, _, port = rest.strip().rpartition(":") if rest.count(":") == 1 else (rest.strip(), "", "")
    if not host or (port and not port.isdecimal()):
        raise LanmsgError("which address?", code="usage", hint="/connect 192.168.1.23")
    desk.state.say(f"asking at {host}", seconds=20)
    peer = await desk.node.connect(host, int(port or desk.state.port))
    desk.state.put_peer(peer)
    desk.state.say(f"{desk.state.label(peer.id)} is at {host}")
    moves.open_conversation(desk.state, Conversation.with_peer(peer.id))


async def status(desk: Desk, rest: str) -> None:
    """[available|away|busy] [NOTE]: say what the others see; by itself, show that and the network."""
    word, note = take_word(rest)
    if word:
        if word.upper() not in Status.__members__:
            hint = "/status available, /status away NOTE or /status busy NOTE"
            raise LanmsgError(f"{word} is no status", code="usage", hint=hint)
        await _set_status(desk, Status[word.upper()], note)
        return
    desk.state.interfaces = desk.node.interfaces
    desk.turn_to(Page("status"))


async def doctor(desk: Desk, rest: str) -> None:
    """[PEER]: why nobody shows up, or why that one does not."""
    desk.state.say("looking at the network and this home", seconds=30)
    found = await desk.diagnose(take_word(rest)[0])
    desk.state.notice = None
    desk.turn_to(Page("doctor", findings=found.findings))


async def _quit(desk: Desk) -> None:
    desk.hands.quit()


# --- settings ---


async def set_(desk: Desk, rest: str) -> None:
    """[KEY [VALUE]]: list all, show one, or change it for now and for later runs."""
    key, value = take_word(rest)
    if not key:
        desk.turn_to(Page("settings", lines=_other_settings(desk)))
    elif key in KINDS:
        await _set_other(desk, key, value)
    elif value:
        await _set(desk, option(key), value)
    else:
        wanted = option(key)
        desk.state.say(f"{wanted.key} is {shown(desk.state.options.get(wanted.name))}; {wanted.usage}")


async def _set(desk: Desk, wanted: Option, text: str) -> None:
    value = typed(wanted, text)
    moves.put_option(desk.state, wanted.name, value)
    desk.state.say(f"{wanted.key} is {shown(value)}, from now on", seconds=5)
    await asyncio.to_thread(write_setting, desk.settings.config_file, wanted.key, value)


async def _set_other(desk: Desk, key: str, text: str) -> None:
    """A setting of the node: into the config, for the next start."""
    if not text:
        raise LanmsgError(f"which value for {key}?", code="usage", hint=f"/set {key} VALUE")
    value = config_value(key, words(text))
    if key == "name":
        await name(desk, str(value))
        return
    await asyncio.to_thread(write_setting, desk.settings.config_file, key, value)
    desk.state.say(f"{key} is set; it counts from the next start")


def _other_settings(desk: Desk) -> tuple[str, ...]:
    """Those of the node, as they are in this run."""
    given = desk.settings
    values = {
        "name": desk.state.name,
        "port": str(given.port),
        "interfaces": " ".join(given.interfaces) or "all",
        "peers": " ".join(given.peers) or "none",
        "downloads": str(given.downloads),
        "quiet": shown(given.quiet),
        "keep_exec": shown(given.keep_exec),
        "passphrase_file": "none" if given.passphrase_file is None else str(given.passphrase_file),
        "networks.new": "trust" if given.trusts_new_networks else "quiet",
        "history.keep_days": str(given.keep_days) if given.keep_days else "0, which keeps all",
    }
    return tuple(f"{key}  {values.get(key, '')}" for key in KINDS)


async def theme(desk: Desk, rest: str) -> None:
    await set_(desk, f"theme {rest}".strip())


async def notify(desk: Desk, rest: str) -> None:
    """[test|WAY]: how the screen calls; `test` does it now."""
    if rest.strip() == "test":
        way = desk.hands.call("This is how lanmsg calls you")
        desk.state.say(f"called by {way}; /set notify chooses another way", seconds=15)
    else:
        await set_(desk, f"notify {rest}".strip())


async def help_(desk: Desk, rest: str) -> None:
    topic = find(take_word(rest)[0].lstrip("/")).name if rest else ""
    desk.turn_to(Page("help", topic=topic))


async def quit_(desk: Desk, rest: str) -> None:  # noqa: ARG001 - the signature of a command
    leave(desk)


def leave(desk: Desk) -> None:
    """Quit, but ask when files are on their way."""
    state = desk.state
    running = [each for each in state.transfers.values() if each.transfer.state is TransferState.RUNNING]
    if running and (state.asking is None or state.asking.kind != "quit"):
        words_ = f"{plural(len(running), 'transfer runs', 'transfers run')}; they go on at the next start"
        moves.ask(
            state, Asking("quit", words_, (("yes", "quit"), ("back", "stay")), on_yes=lambda: _quit(desk))
        )
        return
    desk.hands.quit()
