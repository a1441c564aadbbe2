"""Comparing words with somebody: what this person is asked, and what is shown meanwhile."""

from collections.abc import Iterable

from lanmsg.api import (
    Conversation,
    LanmsgError,
    Peer,
    PeerId,
    Trust,
    Verification,
    VerificationChanged,
    VerificationStage,
    Wish,
)
from lanmsg.terminal import printable
from lanmsg.tui.commands import quoted
from lanmsg.tui.state import State

STAGES = VerificationStage

NO_ROOM = "no room for words: make the window larger"


def put(state: State, verification: Verification) -> None:
    """How a comparison stands; what waits for this person becomes a question."""
    state.verifications[verification.peer] = verification
    asks = is_question(verification)
    if asks and verification.peer not in state.comparing:
        state.comparing.append(verification.peer)
    elif not asks and verification.peer in state.comparing:
        state.comparing.remove(verification.peer)


def is_doubted(state: State, peer: Peer) -> bool:
    """The other person has said that the words differed, and nothing was compared since."""
    last = state.verifications.get(peer.id)
    is_said = last is not None and last.stage is STAGES.DIFFERENT and not last.ours
    return is_said and peer.trust not in (Trust.BLOCKED, Trust.CHANGED)


def load(state: State, rows: Iterable[Verification]) -> None:
    """What the store has: what is still open, and who has said that the words differed."""
    for each in rows:
        if each.until > state.wall or each.stage is STAGES.DIFFERENT:
            put(state, each)


def took(state: State, event: VerificationChanged) -> None:
    """A comparison moved; it is said in the conversation when it is over."""
    before = state.verifications.get(event.peer.id)
    wish = before.wish if before is not None and before.is_open else Wish.NONE
    if event.stage is STAGES.COMPARING or (event.stage is STAGES.ASKED and event.ours):
        wish = Wish.COMPARE
    elif event.ours and event.stage in (STAGES.SAME, STAGES.DIFFERENT):
        wish = Wish(event.stage.value)
    elif before is not None and before.wish in (Wish.SAME, Wish.DIFFERENT):
        wish = before.wish
    words = event.words or (before.words if before is not None and before.is_open else ())
    put(state, Verification(event.peer.id, event.stage, event.ours, words, wish, event.reason))
    is_news = before is None or (before.stage, before.ours) != (event.stage, event.ours)
    if is_news and (said := outcome(state, event)):
        conversation = Conversation.with_peer(event.peer.id)
        state.jot(said, conversation=conversation, style="class:alert" if "!!" in said else "class:strong")
        if state.open != conversation:
            state.say(said, style="class:alert" if "!!" in said else "class:notice", seconds=30)


def answered(state: State, peer: PeerId, *, same: bool) -> None:
    """This person has answered here; the store tells of the latest word only, and that may be the other's."""
    known = state.peers.get(peer)
    if known is not None:
        took(state, VerificationChanged(known, STAGES.SAME if same else STAGES.DIFFERENT))


def is_question(verification: Verification) -> bool:
    """Whether this person is asked something: to join in, or whether the words are the same."""
    asked = verification.stage is STAGES.ASKED and not verification.ours
    return verification.awaits_answer or (asked and verification.wish is Wish.NONE)


def asked(state: State) -> Verification | None:
    """The one in the question bar: that of the open conversation, else the oldest."""
    if not state.comparing:
        return None
    here = state.open.peer if state.open is not None else None
    return state.verifications[here if here in state.comparing else state.comparing[0]]


def outcome(state: State, event: VerificationChanged) -> str:
    """One sentence when it is over; or ""."""
    label = state.label(event.peer.id)
    said = {
        (STAGES.SAME, True): "{yes} {peer} is verified: the words were the same on both screens",
        (STAGES.SAME, False): "{peer} says that the words are the same",
        (STAGES.DIFFERENT, True): "!! the words differ: nothing is sent to this key of {peer} any more",
        (STAGES.DIFFERENT, False): "!! {peer} says that the words differ: somebody may sit between you",
    }.get((event.stage, event.ours), "")
    if event.stage is STAGES.FAILED:
        return f"the comparison with {label} ended: {printable(event.reason) or 'it was broken off'}"
    if event.stage is STAGES.EXPIRED:
        said = "the comparison with {peer} was not answered in time; /verify asks again"
    return said.replace("{peer}", label).replace("{yes}", state.glyphs.delivered)


def line(state: State, verification: Verification, answer: str, *, seen: bool = False) -> str:
    """The slash command that an answer means: keys can do nothing that commands cannot. "": NO_ROOM."""
    label = quoted(state.label(verification.peer))
    if not verification.awaits_answer:
        return f"/verify {label}" if answer == "yes" else f"/verify {label} stop"
    if not (seen or is_opened(state, verification.peer)):
        return f"/msg {label}" if answer == "yes" else f"/verify {label} stop"
    if not (seen or in_sight(state, verification.peer)):
        return "" if answer == "yes" else f"/verify {label} stop"
    return f"/verify {label} {'same' if answer == 'yes' else 'different'}"


def in_sight(state: State, peer: PeerId) -> bool:
    """Words are not judged before they were seen. Without a picture they are lines, which stay."""
    drawn = state.words_drawn is None or state.words_drawn == state.verifications[peer].words
    return is_opened(state, peer) and drawn


def draw_none(state: State) -> None:
    """A new picture, in which no words are yet."""
    state.words_drawn = ()


def is_opened(state: State, peer: PeerId) -> bool:
    """Whether they would be in sight if there is room for them."""
    return state.open == Conversation.with_peer(peer) and state.page is None


def require_sight(state: State, peer: PeerId) -> None:
    """Raises LanmsgError: nobody says that words are the same that are not on the screen."""
    known = state.verifications.get(peer)
    if state.words_drawn is None or known is None or not known.awaits_answer or in_sight(state, peer):
        return
    if is_opened(state, peer):
        raise LanmsgError(NO_ROOM, code="security")
    label = quoted(state.label(peer))
    raise LanmsgError("first look at the words", code="security", hint=f"/msg {label} shows them")


def choices(state: State, verification: Verification) -> tuple[tuple[str, str], ...]:
    if not verification.awaits_answer:
        return (("yes", "compare"), ("no", "not now"))
    if not is_opened(state, verification.peer):
        return (("yes", "show them"), ("no", "stop"))
    if not in_sight(state, verification.peer):
        return (("no", "stop"),)
    return (("yes", "same"), ("no", "different"))


def short_question(state: State, verification: Verification) -> str:
    """For a narrow row; the panel above it says with whom."""
    if not verification.awaits_answer:
        return f"{state.label(verification.peer)} wants to compare"
    if in_sight(state, verification.peer):
        return "the same words?"
    return "no room for words" if is_opened(state, verification.peer) else "words to compare"


def question(state: State, verification: Verification, *, seen: bool = False) -> str:
    label = state.label(verification.peer)
    if not verification.awaits_answer:
        return f"{label} wants to compare words with you"
    if not (seen or is_opened(state, verification.peer)):
        return f"the words to compare with {label} are there"
    if not (seen or in_sight(state, verification.peer)):
        return NO_ROOM
    return f"does {label} see the same words?"


def story(state: State, verification: Verification) -> list[str]:
    """What the panel says; its first line is its heading, and the last two are what matters."""
    label = state.label(verification.peer)
    if not verification.awaits_answer:
        return [
            f"Asking {label} to compare words",
            "",
            f"{label} is asked on the other screen. Meanwhile call {label}, or walk over: "
            "the words are to be read out, not written here.",
            f"/verify {quoted(label)} stop  ends it.",
        ]
    return [
        f"Compare with {label}, by telephone or in one room",
        "",
        "    " + "   ".join(word.upper() for word in verification.words),
        "",
        "The same words on both screens: nobody sits between you, and the key is verified. "
        "Any other word: answer different.",
        *_replaces(state, verification.peer),
    ]


def _replaces(state: State, peer: PeerId) -> list[str]:
    """What the same words mean for a key that uses the name of one that is known."""
    known = state.peers.get(peer)
    if known is None or known.trust is not Trust.CHANGED or known.words_differ or known.is_old_key:
        return []
    return ["The key has CHANGED: if the words are the same, this one takes the place of the old one."]
