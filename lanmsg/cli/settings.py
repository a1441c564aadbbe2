"""config: read or change config.toml of this home."""

from typing import Any

from lanmsg.api import Settings
from lanmsg.cli.output import Result
from lanmsg.cli.parser import Invocation, suggestion, usage_error
from lanmsg.config import KINDS, config_value, write_setting
from lanmsg.model import LanmsgError
from lanmsg.tui.options import BY_NAME, OPTIONS, SECTION, Option, typed

KEYS = tuple(KINDS)
SCREEN_KEYS = (*(option.key for option in OPTIONS), f"{SECTION}.keys")
"""What the screen looks up in its section."""

ALL_KEYS = (*KEYS, *SCREEN_KEYS)


def config(invocation: Invocation) -> Result:
    options = invocation.options
    match options.action:
        case "path" if options.key is None:
            show_path(invocation)
        case "get" if not options.value:
            show_values(invocation)
        case "set" if options.key is not None:
            change(invocation)
        case _:
            raise usage_error("get [KEY], set KEY VALUE… or path", invocation.command)
    return Result()


def show_path(invocation: Invocation) -> None:
    path = str(invocation.settings.config_file)
    if invocation.output.json:
        invocation.output.document(path=path)
    else:
        invocation.output.line(path)


def show_values(invocation: Invocation) -> None:
    """The values in force: command line over environment over file over default."""
    key, output = invocation.options.key, invocation.output
    values = in_force(invocation.settings)
    if key == SECTION:
        show_section(invocation)
    elif output.json:
        output.document(
            **({"config": values} if key is None else {"key": key, "value": found(values, key, invocation)})
        )
    elif key is not None:
        output.line(as_text(found(values, key, invocation)))
    else:
        for name, value in values.items():
            output.line(f"{name} = {as_text(value)}")


def show_section(invocation: Invocation) -> None:
    """Everything of the screen: `config get tui`."""
    settings, output = invocation.settings, invocation.output
    if output.json:
        output.document(key=SECTION, value=dict(settings.tui))
        return
    for name, value in settings.tui.items():
        output.line(f"{SECTION}.{name} = {as_text(value)}")
    if not settings.tui:
        output.notice(f"nothing of {SECTION} is set", f"there are {', '.join(SCREEN_KEYS)}")


def in_force(settings: Settings) -> dict[str, Any]:
    return {
        "name": settings.name,
        "port": settings.port,
        "interfaces": list(settings.interfaces),
        "peers": list(settings.peers),
        "downloads": str(settings.downloads),
        "quiet": settings.quiet,
        "keep_exec": settings.keep_exec,
        "passphrase_file": "" if settings.passphrase_file is None else str(settings.passphrase_file),
        "networks.new": "trust" if settings.trusts_new_networks else "quiet",
        "history.keep_days": settings.keep_days,
        **{f"tui.{key}": value for key, value in settings.tui.items()},
    }


def found(values: dict[str, Any], key: str, invocation: Invocation) -> object:
    if key in values:
        return values[key]
    check_key(key, invocation)
    raise LanmsgError(f"{key} is not set", code="failed")


def check_key(key: str, invocation: Invocation) -> None:
    if key == SECTION:
        raise usage_error(f"{key} is a section: {', '.join(SCREEN_KEYS)}", invocation.command)
    if key not in KEYS and not key.startswith(f"{SECTION}."):
        raise usage_error(f"no setting {key!r}{suggestion(key, ALL_KEYS)}", invocation.command)


def as_text(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def change(invocation: Invocation) -> None:
    options = invocation.options
    check_key(options.key, invocation)
    wanted = BY_NAME.get(options.key.removeprefix(f"{SECTION}.")) if options.key not in KEYS else None
    value = config_value(options.key, options.value) if wanted is None else _typed(wanted, options.value)
    write_setting(invocation.settings.config_file, options.key, value)
    if options.key not in ALL_KEYS:  # the screen of another version may know it
        guess = suggestion(options.key, ALL_KEYS)
        invocation.output.notice(f"{options.key} is set, but this version does not look at it{guess}")
    if invocation.output.json:
        invocation.output.document(key=options.key, value=value)


def _typed(wanted: Option, words: list[str]) -> object:
    """A setting of the screen: a command keeps the words that the shell made of it."""
    return words if wanted.kind == "words" and len(words) > 1 else typed(wanted, " ".join(words))
