"""config: read or change config.toml of this home."""

from typing import Any

from lanmsg.api import Settings
from lanmsg.cli.output import Result
from lanmsg.cli.parser import Invocation, suggestion, usage_error
from lanmsg.config import config_value, write_setting
from lanmsg.model import LanmsgError

KEYS = ("name", "port", "interfaces", "peers", "downloads", "quiet")
ACTIONS = ("get", "set", "path")


def config(invocation: Invocation) -> Result:
    options = invocation.options
    match options.action:
        case "path" if options.key is None:
            show_path(invocation)
        case "get" if not options.value:
            show_values(invocation)
        case "set" if options.key is not None:
            change(invocation)
        case action if action in ACTIONS:
            raise usage_error("get [KEY], set KEY VALUE… or path", invocation.command)
        case action:
            raise usage_error(
                f"{action!r} is not one of get, set, path{suggestion(action, ACTIONS)}", invocation.command
            )
    return Result()


def show_path(invocation: Invocation) -> None:
    path = str(invocation.settings.config_file)
    if invocation.output.json:
        invocation.output.document(path=path)
    else:
        invocation.output.line(path)


def show_values(invocation: Invocation) -> None:
    """The values in force: command line over environment over file over default."""
    key = invocation.options.key
    values = in_force(invocation.settings)
    if key is not None:
        values = {key: found(values, key, invocation)}
    if invocation.output.json:
        invocation.output.document(
            **({"key": key, "value": values[key]} if key is not None else {"config": values})
        )
        return
    for name, value in values.items():
        text = " ".join(map(str, value)) if isinstance(value, list) else as_text(value)
        invocation.output.line(text if key is not None else f"{name} = {text}")


def in_force(settings: Settings) -> dict[str, Any]:
    return {
        "name": settings.name,
        "port": settings.port,
        "interfaces": list(settings.interfaces),
        "peers": list(settings.peers),
        "downloads": str(settings.downloads),
        "quiet": settings.quiet,
        **{f"tui.{key}": value for key, value in settings.tui.items()},
    }


def found(values: dict[str, Any], key: str, invocation: Invocation) -> object:
    if key in values:
        return values[key]
    check_key(key, invocation)
    raise LanmsgError(f"{key} is not set", code="failed")


def check_key(key: str, invocation: Invocation) -> None:
    if key not in KEYS and not key.startswith("tui."):
        raise usage_error(f"no setting {key!r}{suggestion(key, KEYS)}", invocation.command)


def as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def change(invocation: Invocation) -> None:
    options = invocation.options
    check_key(options.key, invocation)
    value = config_value(options.key, options.value)
    write_setting(invocation.settings.config_file, options.key, value)
    if invocation.output.json:
        invocation.output.document(key=options.key, value=value)
