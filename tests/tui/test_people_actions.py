"""People by command: keys, names, words to compare, rules for files, silence."""

from lanmsg.api import Conversation, FileRule, Trust, VerificationStage
from tests.tui.double import peer_id, person
from tests.tui.given import ANNA, open_talk
from tests.tui.table import Table


def test_keys_are_judged_by_name_or_for_the_open_person() -> None:
    table = Table()
    table.enter("/block")
    assert table.last() == ("set_trust", peer_id("ben"), Trust.BLOCKED)
    table.enter("/trust anna")
    assert table.last() == ("set_trust", peer_id("anna"), Trust.PINNED)
    assert "not blocked" in str(table.fails("/unblock anna"))
    table.state.put_peer(person("ben", trust=Trust.BLOCKED))
    assert "is blocked" in str(table.fails("/trust ben"))
    assert "blocked" in str(table.fails("hello"))
    table.enter("/unblock ben")
    assert table.last() == ("set_trust", peer_id("ben"), Trust.NEW)


def test_with_a_changed_key_in_sight_the_new_key_is_judged() -> None:
    table = Table()
    table.state.put_peer(person("ben", present=False))
    table.state.put_peer(person("ben", key="other", trust=Trust.CHANGED))
    table.node.known[peer_id("other")] = person("ben", key="other", trust=Trust.CHANGED)
    assert "key has changed" in str(table.fails("hello"))
    assert "again to replace ben" in str(table.fails("/trust"))
    table.enter("/trust")
    assert table.last() == ("set_trust", peer_id("other"), Trust.PINNED)


def test_names_for_others_and_oneself() -> None:
    table = Table()
    table.enter("/rename anna aunt anna")
    assert table.last() == ("rename", peer_id("anna"), "aunt anna")
    table.enter("/rename the boss")
    assert table.last() == ("rename", peer_id("ben"), "the boss")
    table.enter('/rename anna "x y"')
    assert table.last() == ("rename", peer_id("anna"), "x y")
    assert "which name" in str(table.fails("/rename"))
    table.enter("/name mira2")
    assert table.state.name == "mira2"
    assert "you are mira2" in table.fails("/name").hint


def test_a_name_with_a_blank_can_be_verified_and_refused() -> None:
    table = Table()
    table.node.meet(person("Frau Keller"))
    table.refresh()
    table.enter('/verify "Frau Keller"')
    assert table.state.open == Conversation.with_peer(peer_id("Frau Keller"))
    for answer, is_same in (("same", True), ("different", False)):
        table.enter(f'/verify "Frau Keller" {answer}')
        assert table.last() == ("answer_verification", peer_id("Frau Keller"), is_same)


def test_somebody_is_muted_and_heard_again() -> None:
    table = Table()
    table.enter("/mute")
    assert table.node.known[peer_id("ben")].muted
    assert "is muted" in said(table)
    table.refresh()
    table.enter("/mute ben")
    assert not table.node.known[peer_id("ben")].muted
    assert "may call you again" in said(table)


def test_files_of_somebody_follow_a_rule() -> None:
    table = Table()
    table.enter("/rule ben accept 20M")
    known = table.node.known[peer_id("ben")]
    assert (known.file_rule, known.file_rule_max) == (FileRule.ACCEPT, 20_000_000)
    assert said(table) == "files of ben: accepted without a question up to 20 MB"
    table.refresh()
    open_talk(table.state, table.node)
    table.enter("/rule refuse")
    known = table.node.known[peer_id("ben")]
    assert (known.file_rule, known.file_rule_max) == (FileRule.REFUSE, None)
    table.refresh()
    table.enter("/rule ben")
    assert said(table).startswith("files of ben: declined without a question; /rule PEER ask")
    assert "/rule PEER ask" in table.fails("/rule ben sometimes").hint
    assert "is no size" in str(table.fails("/rule ben accept much"))


def test_files_of_a_stranger_are_never_taken_unasked() -> None:
    table = Table()
    table.node.meet(person("eve", trust=Trust.NEW))
    table.refresh()
    assert "nothing was decided" in str(table.fails("/rule eve accept"))
    assert table.node.known[peer_id("eve")].file_rule is FileRule.DEFAULT
    table.enter("/auto eve reject")
    assert table.node.known[peer_id("eve")].file_rule is FileRule.REFUSE


def test_words_are_compared_by_command() -> None:
    table = Table()
    table.enter("/verify anna")
    assert table.last() == ("verify", peer_id("anna"))
    assert table.state.open == ANNA
    assert table.state.verifications[peer_id("anna")].stage is VerificationStage.ASKED
    table.enter("/verify same")
    assert table.last() == ("answer_verification", peer_id("anna"), True)
    table.enter("/verify ben different")
    assert table.last() == ("answer_verification", peer_id("ben"), False)
    table.enter("/verify ben stop")
    assert table.last() == ("cancel_verification", peer_id("ben"))
    assert "no answer" in str(table.fails("/verify ben perhaps"))


def test_who_shows_the_safety_number() -> None:
    table = Table()
    table.enter("/who ben")
    assert table.state.page is not None
    assert table.state.page.lines == (table.node.safety_number(peer_id("ben")).number,)


def said(table: Table) -> str:
    assert table.state.notice is not None
    return table.state.notice.text
