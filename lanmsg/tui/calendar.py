"""Days as people type them."""

import time

from lanmsg.api import LanmsgError

FORMS = ("%Y-%m-%d", "%d.%m.%Y", "%d.%m.", "%d.%m", "%m/%d/%Y", "%d %b", "%d %b %Y")
DAY = 24 * 3600


def day_start(words: str, now: float) -> float:
    """The local midnight that `words` mean: today, yesterday, 2026-11-21, 21.11. Raises LanmsgError."""
    text = words.strip().lower()
    today = time.localtime(now)
    if text in ("today", "yesterday"):
        return _midnight(today.tm_year, today.tm_mon, today.tm_mday - (text == "yesterday"))
    for form in FORMS:
        # A leap day without its year cannot be read alone, so every form gets one.
        typed, wanted = (text, form) if "%Y" in form else (f"{text} {today.tm_year}", f"{form} %Y")
        try:
            day = time.strptime(typed, wanted)
        except ValueError:
            continue
        found = _midnight(day.tm_year, day.tm_mon, day.tm_mday)
        # 24.12. in January is last year's.
        return found if found <= now or "%Y" in form else _midnight(day.tm_year - 1, day.tm_mon, day.tm_mday)
    raise LanmsgError(f"{words} is no day", code="usage", hint="2026-11-21, 21.11., yesterday")


def _midnight(year: int, month: int, day: int) -> float:
    return time.mktime((year, month, day, 0, 0, 0, 0, 0, -1))
