"""What the slash commands about people do: keys, names, files of theirs, and whether they may call."""

from lanmsg.api import Conversation, FileRule, LanmsgError, Peer, Trust
from lanmsg.terminal import date, folded, parse_size
from lanmsg.tui import comparing, moves
from lanmsg.tui.commands import quoted, take_word
from lanmsg.tui.desk import Desk, is_person, peer_or_open, person
from lanmsg.tui.state import Page, State
from lanmsg.tui.wording import rule_words, trust_word

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
        desk.turn_to(Page("people"))
        return
    peer = person(desk.state, take_word(rest)[0])
    number = desk.node.safety_number(peer.id).number
    desk.turn_to(Page("people", topic=peer.id.hex(), lines=(number,)))


async def trust(desk: Desk, rest: str) -> None:
    peer = _judged(desk, rest)
    if peer.trust is Trust.BLOCKED:
        raise LanmsgError(f"{desk.state.label(peer.id)} is blocked", code="security", hint="/unblock first")
    _confirm(desk.state, peer)
    await desk.node.set_trust(peer.id, Trust.PINNED)
    desk.state.say(f"{desk.state.label(peer.id)}: known by this key from now on")


def _confirm(state: State, peer: Peer) -> None:
    """A key that takes another one's place is trusted when it is said again. Raises LanmsgError."""
    label, old = quoted(state.label(peer.id)), _replaced_by(state, peer)
    if peer.words_differ:
        said = f"your words and those of {label} differed"
        raise LanmsgError(said, code="security", hint=f"/verify {label} compares again")
    conversation = Conversation.with_peer(peer.id)
    if old is None or state.meant == ("trust", conversation):
        state.meant = None
        return
    state.meant = ("trust", conversation)
    known = f"verified {date(old.verified_at)}" if old.verified_at else "a key you have dealt with"
    raise LanmsgError(
        f"Enter again to replace {state.label(old.id)}, {known}",
        code="security",
        hint=f"better /verify {label} first",
    )


def _replaced_by(state: State, peer: Peer) -> Peer | None:
    """The known key whose place it would take."""
    if peer.trust is not Trust.CHANGED:
        return None
    name = folded(peer.called)
    known = (each for each in state.peers.values() if state.is_pinned(each.id))
    return next((each for each in known if folded(each.name) == name), None)


async def block(desk: Desk, rest: str) -> None:
    peer = _judged(desk, rest)
    label = desk.state.label(peer.id)
    await desk.node.set_trust(peer.id, Trust.BLOCKED)
    desk.state.say(f"{label} is blocked: nothing of that key reaches you; /unblock {quoted(label)} undoes it")


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
    known = await desk.node.set_trust(peer.id, Trust.NEW)
    desk.state.say(f"{desk.state.label(peer.id)} is not blocked any more, but {trust_word(known)} again")


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
            f"{label} is new: nothing was decided about that key",
            code="security",
            hint=f"/verify {quoted(label)} or /trust {quoted(label)} first",
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
