"""Settings: command line over environment over config.toml over defaults, read once and passed down."""

import getpass
import os
import re
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lanmsg.model import LanmsgError

DEFAULT_PORT = 2372
"""IANA: lanmessenger, udp and tcp."""

NAME_MAX_BYTES = 48
"""A name is carried in every announcement (protocol.md, Constants)."""

CONFIG_FILE = "config.toml"

CREDENTIAL = "lanmsg-passphrase"
"""In the unit of a service: LoadCredential=lanmsg-passphrase:/etc/lanmsg/passphrase."""

MOVE_AWAY = "move it away"

ON_LINUX = sys.platform.startswith("linux")


class ConfigError(LanmsgError):
    """A setting that cannot be used; the message names its key."""

    def __init__(self, message: str, *, hint: str = ""):
        super().__init__(message, code="usage", hint=hint)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a node, a screen or a command is told from outside."""

    home: Path
    downloads: Path
    name: str
    port: int = DEFAULT_PORT
    interfaces: tuple[str, ...] = ()
    peers: tuple[str, ...] = ()
    quiet: bool = False
    keep_exec: bool = False
    trusts_new_networks: bool = True
    keep_days: int = 0
    passphrase_file: Path | None = None
    passphrase: str | None = field(default=None, repr=False)
    """As typed by the person; never from a file of ours, an option or the environment."""
    tui: Mapping[str, Any] = field(default_factory=dict)

    @property
    def config_file(self) -> Path:
        return self.home / CONFIG_FILE


def default_home() -> Path:
    """$LANMSG_HOME, or where this platform keeps an application's data."""
    if home := os.environ.get("LANMSG_HOME"):
        return Path(home).expanduser().absolute()
    # platformdirs costs 15 ms of start-up on Linux, where the answer is one line.
    if ON_LINUX:
        base = os.environ.get("XDG_DATA_HOME") or ""
        root = Path(base) if base.startswith("/") else user_home() / ".local" / "share"
        return root / "lanmsg"
    import platformdirs

    return Path(platformdirs.user_data_dir("lanmsg", appauthor=False))


def default_downloads() -> Path:
    """~/Downloads/lanmsg, or the folder that the desktop names as the one for downloads."""
    if ON_LINUX:
        folder = os.environ.get("XDG_DOWNLOAD_DIR") or ""
        root = Path(folder) if folder.startswith("/") else user_home() / "Downloads"
        return root / "lanmsg"
    import platformdirs

    return Path(platformdirs.user_downloads_dir()) / "lanmsg"


def user_home() -> Path:
    """The person's folder; in a container without one, the working folder."""
    if os.environ.get("HOME") == "":  # said, and empty: Python would take it for the root of the disk
        return Path.cwd()
    try:
        return Path.home()
    except RuntimeError:
        return Path.cwd()


def default_name() -> str:
    """user@host, as far as this system knows them."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):
        user = "someone"
    return clip_name(f"{user}@{socket.gethostname().split('.')[0]}")


def clip_name(name: str) -> str:
    """`name` cut to what an announcement carries, never inside a character."""
    return name.encode("utf-8", "replace")[:NAME_MAX_BYTES].decode("utf-8", "ignore").strip()


def load_settings(
    *,
    home: Path | None = None,
    name: str | None = None,
    port: int | None = None,
    interfaces: tuple[str, ...] = (),
    peers: tuple[str, ...] = (),
    downloads: Path | None = None,
    passphrase_file: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """The settings in force. Arguments are the command line's; None and () mean: not said there.

    Raises ConfigError for a value that cannot be used, naming the option, variable or key.
    """
    env = os.environ if environment is None else environment
    home = (home or default_home()).expanduser().absolute()
    file = read_config(home / CONFIG_FILE)
    settings = Settings(
        home=home,
        downloads=Path(_text(file, "downloads") or default_downloads()).expanduser(),
        name=_checked_name(_text(file, "name"), "config key name") if "name" in file else default_name(),
        port=_checked_port(file["port"], "config key port") if "port" in file else DEFAULT_PORT,
        interfaces=_texts(file, "interfaces"),
        peers=_checked_peers(_texts(file, "peers"), "config key peers"),
        quiet=bool(file.get("quiet", False)),
        keep_exec=bool(file.get("keep_exec", False)),
        trusts_new_networks=_network_policy(_table(file, "networks").get("new", "trust")) == "trust",
        passphrase_file=_passphrase_file(file, env),
        keep_days=_keep_days(_table(file, "history").get("keep_days", 0)),
        tui=_table(file, "tui"),
    )
    settings = _with_environment(settings, env)
    return replace(
        settings,
        name=settings.name if name is None else _checked_name(name, "--name"),
        port=settings.port if port is None else _checked_port(port, "--port"),
        interfaces=interfaces or settings.interfaces,
        peers=_checked_peers(peers, "--peer") or settings.peers,
        downloads=(downloads or settings.downloads).expanduser().absolute(),
        passphrase_file=_absolute(passphrase_file or settings.passphrase_file),
    )


def _passphrase_file(file: Mapping[str, Any], env: Mapping[str, str]) -> Path | None:
    """The one that the config names; else the credential that systemd hands to a service."""
    if named := _text(file, "passphrase_file"):
        return Path(named)
    credential = Path(env.get("CREDENTIALS_DIRECTORY") or "/nowhere") / CREDENTIAL
    return credential if credential.is_file() else None


def _absolute(path: Path | None) -> Path | None:
    return None if path is None else path.expanduser().absolute()


def _with_environment(settings: Settings, env: Mapping[str, str]) -> Settings:
    changes: dict[str, Any] = {}
    if value := env.get("LANMSG_NAME"):
        changes["name"] = _checked_name(value, "LANMSG_NAME")
    if value := env.get("LANMSG_PORT"):
        changes["port"] = _checked_port(value, "LANMSG_PORT")
    if value := env.get("LANMSG_INTERFACE"):
        changes["interfaces"] = _split(value)
    if value := env.get("LANMSG_PEERS"):
        changes["peers"] = _checked_peers(_split(value), "LANMSG_PEERS")
    if value := env.get("LANMSG_DOWNLOADS"):
        changes["downloads"] = Path(value)
    if value := env.get("LANMSG_PASSPHRASE_FILE"):
        changes["passphrase_file"] = Path(value)
    return replace(settings, **changes)


def read_config(path: Path) -> dict[str, Any]:
    """The config file as a table; a missing one is an empty one. Raises ConfigError."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except NotADirectoryError:
        raise ConfigError(
            f"the home {path.parent} is not a folder", hint="choose another with --home"
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not a text file", hint=MOVE_AWAY) from None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    import tomllib  # most homes have no such file

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {error}", hint="mend that line, or move the file away") from None
    except RecursionError:
        raise ConfigError(f"{path}: lists or tables in one another, too deep", hint=MOVE_AWAY) from None


def _split(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _text(file: Mapping[str, Any], key: str) -> str:
    value = file.get(key, "")
    if not isinstance(value, str):
        raise ConfigError(f"config key {key}: a text is needed, not {value!r}")
    return value


def _table(file: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = file.get(key, {})
    if not isinstance(value, dict):
        raise ConfigError(f"config key {key}: a table [{key}] is needed, not {value!r}")
    return value


def _texts(file: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = file.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ConfigError(f"config key {key}: a list of texts is needed, not {value!r}")
    return tuple(value)


def _checked_name(value: str, where: str) -> str:
    name = value.strip()
    if not name or not name.isprintable():
        raise ConfigError(f"{where}: a name is needed, without control characters")
    if len(name.encode("utf-8", "replace")) > NAME_MAX_BYTES:
        raise ConfigError(f"{where}: longer than {NAME_MAX_BYTES} bytes", hint="choose a shorter name")
    return name


def _checked_port(value: object, where: str) -> int:
    try:
        port = int(str(value))
    except ValueError:
        port = 0
    if not 1 <= port <= 65535:
        raise ConfigError(f"{where}: {value} is not a port (1 to 65535)")
    return port


def _checked_peers(peers: Sequence[str], where: str) -> tuple[str, ...]:
    for each in peers:
        with suppress(LanmsgError):
            split_host(each, DEFAULT_PORT)
            if each.isprintable() and each.split() == [each]:
                continue
        raise ConfigError(f"{where}: {each!r} is not HOST or HOST:PORT")
    return tuple(peers)


def split_host(text: str, default_port: int) -> tuple[str, int]:
    """Raises LanmsgError for what is no host with an optional port."""
    host, colon, port = text.rpartition(":")
    if text.startswith("[") and text.endswith("]"):
        return text[1:-1], default_port
    if not colon or (":" in host and not host.endswith("]")):
        return text, default_port
    if not port.isdecimal() or not 1 <= int(port) <= 65535 or not host:
        raise LanmsgError(f"{text} is not HOST:PORT", code="usage")
    return host.strip("[]"), int(port)


def _network_policy(value: object) -> str:
    if value not in ("trust", "quiet"):
        raise ConfigError(f"networks.new: trust or quiet is needed, not {value!r}")
    return str(value)


KEEP_DAYS_MAX = 36_500


def _keep_days(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= KEEP_DAYS_MAX:
        raise ConfigError(f"history.keep_days: a number of days is needed, 0 to keep all, not {value!r}")
    return value


KINDS: Mapping[str, str] = {
    "name": "name",
    "port": "port",
    "interfaces": "texts",
    "peers": "texts",
    "downloads": "text",
    "quiet": "switch",
    "keep_exec": "switch",
    "passphrase_file": "text",
    "networks.new": "policy",
    "history.keep_days": "days",
}
"""What may be set, and as what; `tui.*` is the screen's own."""


def config_value(key: str, words: Sequence[str]) -> object:
    """The words of a person as the value of a key. Raises ConfigError."""
    text = " ".join(words)
    match KINDS.get(key, "any"):
        case "name":
            return _checked_name(text, key)
        case "port":
            return _checked_port(text, key)
        case "texts":
            return list(_checked_peers(words, key) if key == "peers" else words)
        case "switch":
            return _switch(text, key)
        case "policy":
            return _network_policy(text)
        case "text" if not text:
            raise ConfigError(f"{key}: a value is needed")
        case kind:
            value = text if kind == "text" else _guessed(text)
            return _keep_days(value) if kind == "days" else value


def _switch(text: str, where: str) -> bool:
    words = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
    if text.lower() not in words:
        raise ConfigError(f"{where}: true or false is needed, not {text!r}")
    return words[text.lower()]


def _guessed(text: str) -> object:
    if text in {"true", "false"}:
        return text == "true"
    return int(text) if text.isascii() and text.isdigit() else text


def write_setting(path: Path, key: str, value: object) -> None:
    """Changes one key of the config file; all other lines stay as they are. Raises ConfigError."""
    before = read_config(path)
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    section, _, name = key.rpartition(".")
    wanted = (
        {**before, section: {**_table(before, section), name: value}} if section else {**before, name: value}
    )
    for edited in _edits(text, section, name, value):
        if _parsed(edited) == wanted:
            _replace_file(path.resolve(), edited)
            return
    raise ConfigError(
        f"{path}: {key} cannot be changed without touching other lines", hint="edit the file by hand"
    )


def _edits(text: str, section: str, name: str, value: object) -> Iterator[str]:
    """Ways to write the key; parsing tells which one is right, as a value may span lines."""
    import json  # its texts, numbers and lists are TOML's too

    line = f"{name} = {json.dumps(value, ensure_ascii=False)}\n"
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    headers = [index for index, each in enumerate(lines) if each.lstrip().startswith("[")] + [len(lines)]
    starts = [index + 1 for index in headers[:-1] if lines[index].strip().startswith(f"[{section}]")]
    if section and not starts:
        yield "".join([*lines, f"\n[{section}]\n" if lines else f"[{section}]\n", line])
    start = starts[0] if starts else 0
    for first in range(start, len(lines)):
        if re.match(rf"\s*{re.escape(name)}\s*=", lines[first]):
            for last in range(first + 1, len(lines) + 1):
                yield "".join([*lines[:first], line, *lines[last:]])
    end = next(index for index in headers if index >= start)
    while end > start and not lines[end - 1].strip():
        end -= 1
    yield "".join([*lines[:end], line, *lines[end:]])


def _parsed(text: str) -> dict[str, Any] | None:
    import tomllib

    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None


def _replace_file(path: Path, text: str) -> None:
    """All or nothing: a reader, or a power cut, never finds half a file."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
