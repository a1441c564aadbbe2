"""Text into rows of so many cells, broken between words; linear, whatever a peer sends."""

from lanmsg.terminal import character_width, clip

ROWS_MAX = 200
"""Of one message on the screen; the whole of it is in `lanmsg history`."""


def wrap(text: str, width: int, *, first: int | None = None, limit: int = ROWS_MAX) -> list[str]:
    """Printable `text` in rows of at most `width` cells (the first one: `first`), at most `limit` rows.

    A word longer than a row is cut. A text that was cut at `limit` ends with a row that says so.
    """
    width = max(width, 1)
    rows: list[str] = []
    room = width if first is None else max(first, 1)
    for line in text.split("\n"):
        if len(line) <= room and line.isascii():
            rows.append(line)
        else:
            start = 0
            while True:
                end, following = _break(line, start, room)
                rows.append(line[start:end].rstrip(" "))
                room = width
                if following >= len(line) or len(rows) > limit:
                    break
                start = following
        room = width
        if len(rows) > limit:
            break
    if len(rows) > limit:
        rows[limit:] = [clip(f"… {len(text):,} characters, all in: lanmsg history", width)]
    return rows


def _break(line: str, start: int, room: int) -> tuple[int, int]:
    """Where the row that begins at `start` ends, and where the next one begins."""
    fits = _fitting(line, start, room)
    if fits >= len(line):
        return len(line), len(line)
    if line[fits] == " ":
        return fits, _after_blanks(line, fits)
    blank = line.rfind(" ", start, fits)
    # A blank among leading ones is an indent, not a place between words.
    if blank > start and not line[start:blank].isspace():
        return blank, _after_blanks(line, blank)
    return fits, fits


def _fitting(line: str, start: int, room: int) -> int:
    """The end of the longest piece from `start` that takes at most `room` cells, but always one character."""
    if line.isascii():
        return start + room
    used, end = 0, start
    # Zero-width characters take no cells: without a bound a row of them would be the whole line each time.
    for end in range(start, min(len(line), start + 5 * room)):
        used += character_width(line[end])
        if used > room:
            return max(end, start + 1)
    return end + 1


def _after_blanks(line: str, position: int) -> int:
    while position < len(line) and line[position] == " ":
        position += 1
    return position
