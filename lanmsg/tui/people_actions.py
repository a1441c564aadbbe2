"""What the slash commands about people do: keys, names, files of theirs, and whether they may call."""

from lanmsg.api import Conversation, FileRule, LanmsgError, Peer, Trust
from lanmsg.terminal import parse_size
from lanmsg.tui import comparing, moves
from lanmsg.tui.commands import take_word
from lanmsg.tui.desk import Desk, is_person, peer_or_open, person
from lanmsg.tui.state import Page
from lanmsg.tui.wording import rule_words

ANSWERS = ("same", "different", "stop")

RULE_USAGE = "/rule PEER ask|accept|refuse|default [SIZE]"

RULES = {
    "ask": FileRule.ASK,
    "accept": FileRule.ACCEPT,
    "reject": FileRule.REFUSE,
    "refuse": FileRule.REFUSE,
    "default": FileRule.DEFAULT,
}


async def who(desk: Desk, rest: str) -> None:
    if not rest:
        moves.show_page(desk.state, Page("people"))
        return
    peer = person(desk.state, take_word(rest)[0])
    number = desk.node.safety_number(peer.id).number
    moves.show_page(desk.state, Page("people", topic=peer.id.hex(), lines=(number,)))


async def trust(desk: Desk, rest: str) -> None:
    peer = _judged(desk, rest)
    if peer.trust is Trust.BLOCKED:
        raise LanmsgError(f"{desk.state.label(peer.id)} is blocked", code="security", hint="/unblock first")
    await desk.node.set_trust(peer.id, Trust.PINNED)
    desk.state.say(f"{desk.state.label(peer.id)}: this key is pinned from now on")


async def block(desk: Desk, rest: str) -> None:
    peer = _judged(desk, rest)
    label = desk.state.label(peer.id)
    await desk.node.set_trust(peer.id, Trust.BLOCKED)
    desk.state.say(f"{label} is blocked: nothing of that key reaches you; /unblock {label} undoes it")


def _judged(desk: Desk, rest: str) -> Peer:
    return _meant(desk, take_word(rest)[0])


def _meant(desk: Desk, word: str) -> Peer:
    """Whose key is meant. With a key that changed in sight, the new key: that is what is being asked."""
    peer = peer_or_open(desk, word)
    rival = desk.state.rival(peer)
    return rival if not word and rival is not None and rival.trust is Trust.CHANGED else peer


async def unblock(desk: Desk, rest: str) -> None:
    peer = peer_or_open(desk, take_word(rest)[0])
    if peer.trust is not Trust.BLOCKED:
        raise LanmsgError(f"{desk.state.label(peer.id)} is not blocked", code="usage")
    await desk.node.set_trust(peer.id, Trust.NEW)


async def rename(desk: Desk, rest: str) -> None:
    first, following = take_word(rest)
    named = bool(following) and is_person(desk.state, first)
    peer = person(desk.state, first) if named else peer_or_open(desk, "")
    given = following if named else rest
    name = take_word(given)[0] if given.startswith(('"', "'")) else given
    if not name:
        raise LanmsgError("which name?", code="usage", hint="/rename [PEER] NAME")
    await desk.node.rename(peer.id, name)


async def mute(desk: Desk, rest: str) -> None:
    """Said once it is quiet, said again it calls."""
    peer = peer_or_open(desk, take_word(rest)[0])
    await desk.node.set_muted(peer.id, muted=not peer.muted)
    label = desk.state.label(peer.id)
    desk.state.say(
        f"{label} may call you again" if peer.muted else f"{label} is muted: counted, but you are not called"
    )


async def rule(desk: Desk, rest: str) -> None:
    """[PEER] ask|accept|refuse|default [SIZE]."""
    first, following = take_word(rest)
    if first.lower() in RULES and not is_person(desk.state, first):
        peer, word, most = peer_or_open(desk, ""), first, following
    else:
        peer = peer_or_open(desk, first)
        word, most = take_word(following)
    wanted = RULES.get(word.lower())
    if not word:
        desk.state.say(f"{rule_words(desk.state, peer)}; {RULE_USAGE}")
        return
    if wanted is None:
        raise LanmsgError(f"{word} is no rule", code="usage", hint=RULE_USAGE)
    if wanted is FileRule.ACCEPT and not desk.state.is_pinned(peer.id):
        label = desk.state.label(peer.id)
        raise LanmsgError(
            f"{label} is not pinned yet", code="security", hint=f"/verify {label} or /trust {label} first"
        )
    known = await desk.node.set_file_rule(peer.id, wanted, _most(most) if wanted is FileRule.ACCEPT else None)
    desk.state.say(rule_words(desk.state, known))


def _most(text: str) -> int | None:
    if not text:
        return None
    size = parse_size(text)
    if size is None:
        raise LanmsgError(f"{text} is no size", code="usage", hint="like 500k, 20M or 2.5 GB")
    return size


# --- the same key on both screens ---


async def verify(desk: Desk, rest: str) -> None:
    """[PEER] [same|different|stop]: ask somebody to compare words, join in, or answer."""
    word, answer = take_word(rest)
    if not answer and word in ANSWERS and not is_person(desk.state, word):
        word, answer = "", word
    if answer and answer not in ANSWERS:
        raise LanmsgError(f"{answer} is no answer", code="usage", hint="/verify PEER same, different or stop")
    peer = _meant(desk, word)
    if answer == "same":
        comparing.require_sight(desk.state, peer.id)
    if answer == "stop":
        await desk.node.cancel_verification(peer.id)
    elif answer:
        await desk.node.answer_verification(peer.id, same=answer == "same")
        comparing.answered(desk.state, peer.id, same=answer == "same")
    else:
        moves.open_conversation(desk.state, Conversation.with_peer(peer.id))
        comparing.put(desk.state, await desk.node.verify(peer.id))
