"""What may be wrong with the home, the clock, the disk and the terminal, judged from the facts: pure."""

import time
from collections.abc import Callable, Iterator

from lanmsg.model import Finding, Severity
from lanmsg.node.diagnosis_facts import Facts
from lanmsg.storage.health import FileHealth
from lanmsg.storage.home import FILE_MODE, FOLDER_MODE, IDENTITY_FILE
from lanmsg.terminal import human_size

OK, NOTE, SUSPICION, WARNING, PROBLEM = Severity

HOME_FREE_MIN = 1 << 20
"""With less a message may not be kept, and is then not acknowledged."""

HOME_FREE_LOW = 50 << 20
DOWNLOADS_FREE_LOW = 500 << 20
LOG_LARGE = 256 << 20
"""A log that is never folded back: some process has held an old view of the store for very long."""

CLOCK_BACK_S = 120.0
CLOCK_APART_S = 300.0
CLOCK_MESSAGES_MIN = 3
RELEASED = 1_767_225_600.0
"""1 January 2026: no clock that is right shows less."""


def folder(facts: Facts) -> Iterator[Finding]:
    home = facts.home.folder
    if not home.writable:
        yield Finding(
            "home-unwritable",
            PROBLEM,
            f"the home {home.path} cannot be written",
            "run lanmsg as the user whom it belongs to, or choose another with --home",
        )
    elif 0 <= home.free < HOME_FREE_MIN:
        yield Finding(
            "home-full",
            PROBLEM,
            f"the disk that holds the home {home.path} is full ({human_size(home.free)} left): messages"
            " cannot be kept, so none are taken",
            "free some space there",
        )
    elif 0 <= home.free < HOME_FREE_LOW:
        yield Finding(
            "home-full",
            WARNING,
            f"only {human_size(home.free)} are left on the disk that holds the home {home.path}",
            "free some space there",
        )
    else:
        yield Finding("home", OK, f"the home {home.path} can be written, {human_size(home.free)} free")


def permissions(facts: Facts) -> Iterator[Finding]:
    if facts.key_failure:
        yield Finding(
            "key-damaged",
            PROBLEM,
            f"the key of this home cannot be used: {facts.key_failure}",
            "put back a copy of it; if there is none, move it away, and this home gets a new identity",
        )
    foreign = [each for each in facts.home.files if not each.is_ours]
    for each in foreign:
        yield Finding(
            "home-owner",
            PROBLEM,
            f"{each.path} belongs to another user",
            "run lanmsg as that user, or give it to yourself",
            (f'sudo chown "$USER" {each.path}',),
        )
    open_files = [each for each in facts.home.files if each.is_open and each.is_ours]
    for each in open_files:
        yield _open_file(each, facts)
    if not foreign and not open_files and facts.home.has_key:
        yield Finding("key", OK, "the key and the store can be read by you alone")


def _open_file(each: FileHealth, facts: Facts) -> Finding:
    is_folder = each.path == facts.home.folder.path
    line = f"chmod {FOLDER_MODE if is_folder else FILE_MODE:o} {each.path}"
    if each.path.name == IDENTITY_FILE:
        return Finding(
            "key-open",
            PROBLEM,
            f"other users of this machine may read the key {each.path} (mode {each.mode:04o}),"
            " and whoever has it can pose as you",
            "close it; if others do use this machine, move it away to get a new one, and tell your peers",
            (line,),
        )
    return Finding(
        "home-open",
        WARNING,
        f"other users of this machine may look at {each.path} (mode {each.mode:04o})",
        "close it",
        (line,),
    )


def store(facts: Facts) -> Iterator[Finding]:
    health = facts.home.store
    if health.damage:
        yield Finding(
            "store-damaged",
            PROBLEM,
            f"the store is damaged: {health.damage}",
            "end every lanmsg of this home and start one: it keeps the damaged file beside a new store",
        )
    elif health.failure:
        yield Finding("store-unread", WARNING, f"the store cannot be checked: {health.failure}", "try again")
    elif health.log_bytes > LOG_LARGE:
        yield Finding(
            "store-log",
            WARNING,
            f"the store's log has grown to {human_size(health.log_bytes)}",
            "end every lanmsg of this home: the last one folds the log back",
        )
    elif health.exists:
        yield Finding("store", OK, f"the store is sound ({human_size(health.bytes + health.log_bytes)})")
    else:
        yield Finding("store", NOTE, "there is no store yet: the first lanmsg makes it")


def clock(facts: Facts) -> Iterator[Finding]:
    """A wrong clock keeps nobody away; it makes times and offers wrong."""
    shown = time.strftime("%Y-%m-%d %H:%M", time.localtime(facts.now))
    newest = facts.home.store.newest
    apart = _apart(facts.home.store.offsets)
    if facts.now < RELEASED or newest - facts.now > CLOCK_BACK_S:
        latest = time.strftime("%Y-%m-%d %H:%M", time.localtime(newest))
        before = f", and the store has something of {latest}" if newest > facts.now else ""
        yield Finding(
            "clock-behind",
            WARNING,
            f"the clock of this machine is behind: it shows {shown}{before}",
            *_set(facts),
        )
    elif apart is not None:
        way = "behind" if apart > 0 else "ahead of"
        yield Finding(
            "clock-apart",
            WARNING,
            f"the clock of this machine is {abs(apart) / 60:.0f} minutes {way} those of the others",
            *_set(facts),
        )
    elif newest:
        yield Finding("clock", OK, f"the clock ({shown}) agrees with the store and with what peers wrote")
    else:
        yield Finding("clock", OK, f"the clock shows {shown}; there is nothing yet to compare it with")


def _set(facts: Facts) -> tuple[str, tuple[str, ...]]:
    lines = {"win32": ("w32tm /resync",), "darwin": ("sudo sntp -sS time.apple.com",)}
    return "set the clock, or let the system do it", lines.get(
        facts.platform, ("sudo timedatectl set-ntp true",)
    )


def _apart(offsets: tuple[tuple[float, int], ...]) -> float | None:
    """How far all agree that they are ahead of us; None: they do not, or too few say so.

    A message that waited in an outbox looks as if its clock were behind, so one message says nothing.
    """
    if not offsets or (len(offsets) < 2 and offsets[0][1] < CLOCK_MESSAGES_MIN):
        return None
    if all(offset > CLOCK_APART_S for offset, _ in offsets):
        return min(offset for offset, _ in offsets)
    enough = len(offsets) >= 2 and sum(count for _, count in offsets) >= CLOCK_MESSAGES_MIN
    if enough and all(offset < -CLOCK_APART_S for offset, _ in offsets):
        return max(offset for offset, _ in offsets)
    return None


def downloads(facts: Facts) -> Iterator[Finding]:
    place = facts.downloads
    if not place.writable:
        yield Finding(
            "downloads-unwritable",
            PROBLEM,
            f"files cannot be saved in {place.path}",
            "choose another folder",
            ("lanmsg config set downloads FOLDER",),
        )
    elif 0 <= place.free < DOWNLOADS_FREE_LOW:
        yield Finding(
            "downloads-full",
            WARNING,
            f"only {human_size(place.free)} are left for files in {place.path}",
            "free some space, or choose another folder",
            ("lanmsg config set downloads FOLDER",),
        )
    else:
        yield Finding("downloads", OK, f"files go to {place.path}, {human_size(place.free)} free")


def locale(facts: Facts) -> Iterator[Finding]:
    if facts.encoding.lower().replace("-", "") in ("utf8", "cp65001"):
        yield Finding(
            "locale", OK, "the terminal's text is UTF-8; `lanmsg doctor --glyphs` shows the signs used"
        )
    else:
        yield Finding(
            "locale",
            NOTE,
            f"the terminal's text is {facts.encoding}, not UTF-8: the screen keeps to ASCII signs",
            "set LANG to a UTF-8 locale such as C.UTF-8",
        )


HOME_RULES: tuple[Callable[[Facts], Iterator[Finding]], ...] = (
    folder,
    permissions,
    store,
    clock,
    downloads,
    locale,
)
