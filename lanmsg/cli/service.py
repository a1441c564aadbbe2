"""service: a unit for the systemd of this user, so that `lanmsg listen` runs from login to logout."""

import os
import subprocess
import sys
from pathlib import Path

from lanmsg.cli.output import Result
from lanmsg.cli.parser import Invocation
from lanmsg.config import user_home
from lanmsg.model import LanmsgError

UNIT = "lanmsg.service"
TEMPLATE = Path(__file__).with_name(UNIT)
MARK = "# Written by lanmsg service install."
SYSTEMCTL = ("systemctl", "--user")


def service(invocation: Invocation) -> Result:
    match invocation.options.action:
        case "show":
            invocation.output.text(unit(invocation))
        case "install":
            install(invocation)
        case _:
            uninstall(invocation)
    return Result()


def install(invocation: Invocation) -> None:
    require_systemd()
    path, output = unit_path(), invocation.output
    require_ours(path, invocation)
    write(path, unit(invocation))
    if invocation.options.now:
        systemctl("daemon-reload")
        systemctl("enable", UNIT)
        systemctl("restart", UNIT)  # one that runs already takes the new options
    report(invocation, path, installed=True)
    if invocation.options.now:
        output.notice("it runs, and starts at every login")
    else:
        output.notice("to start it now and at every login:", "systemctl --user daemon-reload")
        output.notice("and then", f"systemctl --user enable --now {UNIT}")
    output.notice("to keep it while you are logged out:", "loginctl enable-linger")
    output.notice("what it had to say:", f"journalctl --user -u {UNIT}")


def uninstall(invocation: Invocation) -> None:
    require_systemd()
    path = unit_path()
    if not path.exists():
        raise LanmsgError(f"there is no {path}", code="not_found")
    require_ours(path, invocation)
    if invocation.options.now:
        systemctl("disable", "--now", UNIT)
    try:
        path.unlink()
    except OSError as error:
        raise LanmsgError(f"{path}: {error.strerror}", code="disk") from None
    if invocation.options.now:
        systemctl("daemon-reload")
    report(invocation, path, installed=False)
    if not invocation.options.now:
        invocation.output.notice("if it still runs:", f"systemctl --user disable --now {UNIT}")


def report(invocation: Invocation, path: Path, *, installed: bool) -> None:
    if invocation.output.json:
        invocation.output.document(path=str(path), installed=installed)
    else:
        invocation.output.line(str(path))


def unit(invocation: Invocation) -> str:
    """The unit with the command that runs this very lanmsg on this very home."""
    text = TEMPLATE.read_text(encoding="utf-8")
    return text.replace("@COMMAND@", " ".join(map(quoted, command(invocation))))


def command(invocation: Invocation) -> list[str]:
    """Settings of the home are read when it starts; only what was said here goes on its command line."""
    chosen, settings = invocation.options, invocation.settings
    # -P: a file called json.py in the folder where it is started must not become our json.
    words = [sys.executable, "-P", "-m", "lanmsg", "--home", str(settings.home)]
    if chosen.name is not None:
        words += ["--name", settings.name]
    if chosen.port is not None:
        words += ["--port", str(settings.port)]
    for interface in chosen.interface:
        words += ["--interface", interface]
    for peer in chosen.peer_address:
        words += ["--peer", peer]
    if chosen.downloads is not None:
        words += ["--downloads", str(settings.downloads)]
    if chosen.passphrase_file is not None:
        words += ["--passphrase-file", str(settings.passphrase_file)]
    words += ["listen", "--accept", chosen.accept]
    return words if chosen.to is None else [*words, "--to", str(Path(chosen.to).expanduser().absolute())]


def quoted(word: str) -> str:
    """A word of ExecStart (systemd.service(5), Command lines)."""
    word = word.replace("%", "%%").replace("$", "$$")
    if word and not set(word) & set(" \t\n'\"\\;"):
        return word
    word = word.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{word}"'


def unit_path() -> Path:
    base = os.environ.get("XDG_CONFIG_HOME") or ""
    root = Path(base) if base.startswith("/") else user_home() / ".config"
    return root / "systemd" / "user" / UNIT


def require_systemd() -> None:
    if not sys.platform.startswith("linux"):
        raise LanmsgError(
            "the service is one of systemd, which this system has not",
            hint="have your system start `lanmsg listen` at login; lanmsg service show prints the command",
        )


def require_ours(path: Path, invocation: Invocation) -> None:
    """Raises LanmsgError for a unit that somebody else wrote, or that is another home's; not after --yes."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return
    except OSError as error:
        raise LanmsgError(f"{path}: {error.strerror}", code="disk") from None
    if invocation.options.yes:
        return
    if MARK not in text:
        raise LanmsgError(
            f"{path} was not written by lanmsg",
            hint="look at it; --yes overwrites or removes it all the same",
        )
    home = str(invocation.settings.home)
    if f" --home {quoted(home)} " not in text:
        raise LanmsgError(
            f"{path} runs lanmsg on another home than {home}, and there is one such unit for each user",
            hint="look at it; --yes overwrites or removes it all the same",
        )


def write(path: Path, text: str) -> None:
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new.write_text(text, encoding="utf-8")
        new.replace(path)
    except OSError as error:
        raise LanmsgError(
            f"{path}: {error.strerror}", code="disk", hint="lanmsg service show prints it"
        ) from None


def systemctl(*words: str) -> None:
    """Only ever with --now. Raises LanmsgError with what it said."""
    try:
        done = subprocess.run(  # noqa: S603 - fixed words
            [*SYSTEMCTL, *words], capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise LanmsgError(
            f"systemctl: {error.strerror}", hint="without --now systemd is left alone"
        ) from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise LanmsgError(
            f"systemctl --user {' '.join(words)} failed: {said[-1] if said else done.returncode}",
            hint="log in with a session of your own (not su), then try again",
        )
