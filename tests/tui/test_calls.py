"""What is worth a call, in which words, and how it is written for each terminal."""

import base64

import pytest

from lanmsg.api import KeyChanged, MessageAdded, Trust, VerificationChanged, VerificationStage
from lanmsg.tui.calls import News, news_of, sentence, sequence, way
from lanmsg.tui.options import Options
from tests.tui.double import Double, peer_id, person
from tests.tui.given import open_talk, state_of


def test_news_is_what_the_person_does_not_see() -> None:
    node = Double()
    node.meet(person("ben"), person("anna"), person("carla", muted=True))
    state = state_of(node)
    open_talk(state, node)
    assert news_of(state, MessageAdded(node.hear("ben", "in sight"))) is None
    assert news_of(state, MessageAdded(node.hear("carla", "muted"))) is None
    assert news_of(state, MessageAdded(node.hear("carla", "muted", everyone=True))) is None
    assert news_of(state, MessageAdded(node.tell("ben", "mine"))) is None
    assert news_of(state, MessageAdded(node.hear("anna", "hi"))) == News("Message from anna", "hi")
    state.focused = False
    news = news_of(state, MessageAdded(node.hear("ben", "all", everyone=True)))
    assert news == News("Message from ben to everyone", "all")


def test_questions_and_keys_are_news() -> None:
    node = Double()
    node.meet(person("ben"), person("eve", trust=Trust.CHANGED))
    state = state_of(node)
    asked = VerificationChanged(node.known[peer_id("ben")], VerificationStage.ASKED, ours=False)
    assert news_of(state, asked) == News("Comparison asked for by ben")
    assert news_of(state, VerificationChanged(asked.peer, VerificationStage.COMPARING)) is None
    changed = KeyChanged(node.known[peer_id("eve")], peer_id("old eve"))
    assert news_of(state, changed) == News("Key changed: eve")


def test_words_are_said_only_to_whoever_wants_them_and_begin_with_ours() -> None:
    one = [News("Message from ben", "-o evil\x1b]0;x\nsecond line")]
    assert sentence(one, quoting=False) == "Message from ben"
    assert sentence(one, quoting=True) == "Message from ben: -o evil\\x1b]0;x second line"
    many = [*one, *one, News("File offered by anna")]
    assert sentence(many, quoting=True) == "3 things new: Message from ben, File offered by anna"


@pytest.mark.parametrize(
    ("environment", "kind"),
    [
        ({"TERM": "xterm-256color"}, "bell"),
        ({"TERM": "xterm-kitty"}, "osc99"),
        ({"TERM": "foot"}, "osc777"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, "osc777"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, "osc9"),
        ({"TERM": "screen-256color", "TERM_PROGRAM": "iTerm.app"}, "bell"),
        ({"TERM": "xterm-kitty", "TMUX": "/tmp/tmux"}, "bell"),
        ({}, "bell"),
    ],
)
def test_the_terminal_decides(environment: dict[str, str], kind: str) -> None:
    assert way(Options(), environment) == kind


def test_the_settings_decide_before_the_terminal() -> None:
    kitty = {"TERM": "xterm-kitty"}
    assert way(Options({"notify": "off"}), kitty) == "off"
    assert way(Options({"notify_command": ["notify-send"]}), kitty) == "command"
    assert way(Options({"notify": "bell", "notify_command": ["notify-send"]}), kitty) == "bell"


def test_nothing_in_a_text_ends_its_sequence() -> None:
    assert sequence("osc9", "Message from ben") == "\x1b]9;Message from ben\x1b\\"
    assert sequence("osc777", "a;b") == "\x1b]777;notify;lanmsg;a,b\x1b\\"
    kitty = sequence("osc99", "Nachricht für dich")
    assert base64.b64decode(kitty.split(";")[-1][:-2]).decode() == "Nachricht für dich"
    assert sequence("bell", "x") == "\x07"
