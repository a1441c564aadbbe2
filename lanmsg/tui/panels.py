"""What stands in a conversation's place: nobody is here yet, or a key has changed."""

from lanmsg.api import Interface, Peer, Trust, Wish
from lanmsg.terminal import Kind, fingerprint, plural, printable
from lanmsg.tui import comparing
from lanmsg.tui.commands import quoted
from lanmsg.tui.pages import interface_words, last_seen, paragraph
from lanmsg.tui.rows import Row, filled, width
from lanmsg.tui.state import State
from lanmsg.tui.strips import key_of
from lanmsg.tui.wrap import wrap


def welcome(state: State, columns: int) -> list[Row]:
    """The empty state: what goes on, and what to do. Each line goes when its cause is ruled out."""
    if not state.ready:
        return [[], [("", "  Starting.")]]
    if state.here:
        return _somebody_here(state, columns)
    used = [each for each in state.interfaces if not each.skipped]
    narrow = columns < 58
    visible: Row = [("", "  Nobody here yet.  You are visible as  "), ("class:strong", state.name)]
    rows: list[Row] = [[], visible]
    if width(visible) > columns:
        rows = [[], [("", "  Nobody here yet.  You are "), ("class:strong", state.name)]]
    rows += paragraph(
        "Who starts lanmsg shows up here in a second."
        if narrow
        else "People on this network who start lanmsg show up here after about a second.",
        columns,
        2,
    )
    rows.append([])
    if narrow and state.interfaces:
        rows.append([("", "  Searching on")])
    for index, each in enumerate(state.interfaces):
        label = " " if narrow else f"{'Searching on' if index == 0 else '':13} "
        rows.append([("", f"  {label}{interface_words(state, each)}")])
    if not used:
        rows += [[("class:alert", f"  {line}")] for line in wrap(_why_nowhere(state), columns - 3)]
    rows.append([])
    rows += paragraph(
        "Still empty?  /doctor finds out why. Likely:"
        if narrow
        else "Still empty after a minute?  /doctor looks for the reason. Most likely:",
        columns,
        2,
    )
    heard = any(each.heard for each in used)
    for number, line in enumerate(_causes(state, used, heard=heard, short=narrow), 1):
        lines = wrap(line, columns - 7)
        rows.append([("", f"   {number}  {lines[0]}")])
        rows += [[("", f"      {more}")] for more in lines[1:]]
    return rows


def _why_nowhere(state: State) -> str:
    untrusted = [each.name for each in state.interfaces if each.is_untrusted]
    if untrusted:
        return f"Quiet on {', '.join(untrusted)}, which you have not trusted: /network trust"
    return "No network is up: plug in a cable or join a Wi-Fi."


def _causes(state: State, used: list[Interface], *, heard: bool, short: bool) -> list[str]:
    causes = ["nobody else runs lanmsg" if short else "nobody else has lanmsg open: ask them to run  lanmsg"]
    if not heard:
        ways = f"port {state.port}" if short else f"allow UDP and TCP port {state.port}"
        causes.append(f"a firewall here or there: {ways}")
        apart = "guest Wi-Fi keeps devices apart"
        causes.append(apart if short else "guest Wi-Fi or “client isolation” keeps devices apart")
    if used:
        net = ".".join(used[0].address.split(".")[:3])
        other = "another network" if short else "a VPN or another network"
        causes.append(f"{other}: compare {net}.x" if "." in net else other)
    causes.append("know the address?  /connect 192.168.1.23")
    return causes


def _somebody_here(state: State, columns: int) -> list[Row]:
    unread = state.unread()
    waiting = plural(unread, "message is", "messages are")
    them, tab = "it" if unread == 1 else "them", key_of(state, "tab")
    news = f" {waiting} unread: {tab} opens {them}." if unread else ""
    here = plural(state.here, "person is", "people are")
    return [
        [],
        *paragraph(f"{here} here.{news}", columns, 2),
        [],
        *paragraph(
            f"{key_of(state, 'switch')} chooses a conversation, /msg NAME TEXT writes at once.", columns, 2
        ),
        *paragraph(
            f"/send NAME PATH offers a file. {key_of(state, 'help')} shows everything else.", columns, 2
        ),
    ]


def key_panel(state: State, columns: int, height: int) -> list[Row]:
    """In place of a conversation's last rows when its key changed. No single key dismisses it."""
    peer = state.peer_of(state.open)
    rival = state.rival(peer) if peer is not None else None
    if peer is None or peer.is_old_key:
        return []
    if comparing.is_doubted(state, peer) or peer.words_differ:
        return _differed(state, peer, columns, height)
    if rival is None and peer.trust is not Trust.CHANGED:
        return []
    changed, known = (peer, rival) if peer.trust is Trust.CHANGED else (rival or peer, peer)
    lines = _key_words(state, changed, known)
    rows = [part for line in lines for part in (wrap(line, columns - 4) if line else [""])]
    if len(rows) + 2 > height:
        # Too small for the story; what happened and what to type must be in sight.
        rows = [part for line in (lines[0], *lines[-3:]) for part in wrap(line, columns - 4)]
    card = framed(state, rows, columns)
    return card if len(card) <= height else _bare([lines[0], *lines[-3:]], columns)


def comparing_panel(state: State, columns: int, height: int) -> list[Row]:
    """In place of a conversation's last rows while words are compared with that person, or of a card about
    its key: what is asked is about the words.
    """
    peer = state.open.peer if state.open is not None else None
    verification = state.verifications.get(peer) if peer is not None else None
    waits = verification is not None and verification.is_open and verification.wish is Wish.COMPARE
    if verification is None or not waits:
        return []
    story = comparing.story(state, verification)
    rows = _whole(state, story, columns, "class:strong")
    if not verification.awaits_answer:
        return rows if len(rows) <= height else []
    words: list[Row] = [[("class:strong", line)] for line in wrap(story[2].strip(), columns)]
    sizes = [rows, _whole(state, [story[0], story[2].strip()], columns, "class:strong"), words]
    # Whole words, or none: what is cut cannot be compared.
    has_room = columns - 4 > max(map(len, verification.words))
    panel = next((size for size in sizes if len(size) <= height), []) if has_room else []
    state.words_drawn = verification.words if panel else ()
    return panel


def _whole(state: State, lines: list[str], columns: int, style: str) -> list[Row]:
    """Every line of it, in a box."""
    rows = [part for line in lines for part in (wrap(line, columns - 4) if line else [""])]
    return framed(state, rows, columns, style)


def _differed(state: State, peer: Peer, columns: int, height: int) -> list[Row]:
    """After a comparison in which one of the two said that the words differ; no key has changed."""
    name, label = printable(peer.name, Kind.NAME), quoted(state.label(peer.id))
    said = (
        f"!!  your words and {name}'s differed; sending is stopped"
        if peer.words_differ
        else f"!!  {name} says that the words differed"
    )
    lines = [
        said,
        "",
        "Somebody may sit between you and read along, or a word was misheard. "
        f"Talk to {name} by telephone or in one room, then type one of:",
        f"  /verify {label}   compare words once more",
        f"  /block {label}    refuse this key",
    ]
    short = [lines[0], *lines[-2:]]
    sizes = [_whole(state, some, columns, "class:alert") for some in (lines, short)]
    return next((size for size in sizes if len(size) <= height), _bare(short, columns))


def _bare(lines: list[str], columns: int) -> list[Row]:
    """Where there is no room for a box."""
    rows = [part for line in lines for part in wrap(line.strip(), columns - 1)]
    return [filled([("class:alert", row)], columns) for row in rows]


def _key_words(state: State, changed: Peer, known: Peer | None) -> list[str]:
    name = printable(changed.name, Kind.NAME)
    label = quoted(state.label(changed.id))
    before = [f"  before  {fingerprint(known.id, 4)} …  {last_seen(state, known)}"] if known else []
    return [
        f"!!  {name}'s key has CHANGED; sending is stopped",
        "",
        f"Either {name} reinstalled lanmsg or uses a new computer, or someone on this network "
        f"pretends to be {name}.",
        *before,
        f"  now     {fingerprint(changed.id, 4)} …  {changed.host}",
        *_held_back(state, known),
        "",
        f"Ask {name} on another channel, then type one of:",
        f"  /verify {label}   compare words first",
        f"  /trust {label}    accept the new key",
        f"  /block {label}    refuse this key",
    ]


def _held_back(state: State, known: Peer | None) -> list[str]:
    messages, files = state.held_back(known.id) if known else (0, 0)
    if not messages and not files:
        return []
    return [f"{plural(messages, 'message')} and {plural(files, 'file')} are held back for the old key."]


def framed(state: State, lines: list[str], columns: int, style: str = "class:alert") -> list[Row]:
    """Lines in a box; the only kind of box on the screen."""
    glyphs = state.glyphs
    left_top, right_top, left_end, right_end = glyphs.corners
    inner = columns - 4
    rows: list[Row] = [[(style, left_top + glyphs.rule * (columns - 2) + right_top)]]
    for number, line in enumerate(lines):
        look = style if number == 0 else ""
        text = filled([(look, line)], inner, style=look)
        rows.append([(style, f"{glyphs.pipe} "), *text, (style, f" {glyphs.pipe}")])
    rows.append([(style, left_end + glyphs.rule * (columns - 2) + right_end)])
    return rows
