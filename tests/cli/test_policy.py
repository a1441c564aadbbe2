"""Who may put files here: every state of trust against every rule."""

import asyncio
from typing import cast

import pytest
from msgspec.structs import replace

from lanmsg.api import Node, Wanted
from lanmsg.cli.output import Output
from lanmsg.cli.policy import Doorkeeper, Policy, Verdict
from lanmsg.model import FileRule, LanmsgError, OfferedFile, Peer, Transfer, TransferState, Trust
from tests.cli.node_double import NodeDouble, incoming, peer

A, L, D = Verdict.ACCEPT, Verdict.LEAVE, Verdict.DECLINE


def verdict(policy: Policy, sender: Peer, *others: Peer) -> Verdict:
    node = cast("Node", NodeDouble(sender, *others))
    return asyncio.run(policy.verdict(node, incoming(sender)))


@pytest.mark.parametrize(
    ("rule", "expected"),  # new, pinned, verified, changed, blocked
    [
        ("ask", (L, L, L, L, L)),
        ("none", (D, D, D, D, D)),
        ("known", (L, A, A, L, L)),
        ("verified", (L, L, A, L, L)),
        ("all", (A, A, A, L, L)),
    ],
)
def test_rules(rule: str, expected: tuple[Verdict, ...]) -> None:
    assert tuple(verdict(Policy(rule), peer("ben", trust)) for trust in Trust) == expected


@pytest.mark.parametrize(
    ("rule", "most", "expected"),  # new, pinned, verified, changed, blocked
    [
        (FileRule.ASK, None, (L, L, L, L, L)),
        (FileRule.REFUSE, None, (D, D, D, D, D)),
        (FileRule.ACCEPT, None, (L, A, A, L, L)),
        (FileRule.ACCEPT, 1000, (L, A, A, L, L)),
        (FileRule.ACCEPT, 999, (L, L, L, L, L)),
    ],
)
@pytest.mark.parametrize("accept", ["ask", "known"])
def test_a_rule_for_one_peer_comes_first(
    rule: FileRule, most: int | None, expected: tuple[Verdict, ...], accept: str
) -> None:
    def ruled(trust: Trust) -> Peer:
        return replace(peer("ben", trust), file_rule=rule, file_rule_max=most)

    assert tuple(verdict(Policy(accept), ruled(trust)) for trust in Trust) == expected


def test_a_rule_for_a_person_beats_what_is_done_with_everybody_both_ways() -> None:
    def ruled(rule: FileRule) -> Peer:
        return replace(peer("ben", Trust.PINNED), file_rule=rule)

    assert verdict(Policy("none"), ruled(FileRule.ACCEPT)) is A
    assert verdict(Policy("none"), ruled(FileRule.ASK)) is L
    assert verdict(Policy("all"), ruled(FileRule.REFUSE)) is D
    assert verdict(Policy("all"), ruled(FileRule.ASK)) is L


def test_naming_somebody_now_comes_before_being_asked() -> None:
    ben = replace(peer("ben", Trust.PINNED), file_rule=FileRule.ASK)
    assert verdict(Policy("all", "ben"), ben) is A


def test_who_takes_no_files_says_so_and_leaves_rules_to_the_node() -> None:
    for rule, done in ((FileRule.DEFAULT, [("decline", 1)]), (FileRule.REFUSE, [])):
        ben = replace(peer("ben", Trust.PINNED), file_rule=rule)
        double = NodeDouble(ben, transfers=(incoming(ben),))
        asyncio.run(Doorkeeper(cast("Node", double), Policy("none"), None, Output()).standing())
        assert double.done == done


@pytest.mark.parametrize("accept", ["known", "none"])
def test_what_another_command_waits_for_is_left_to_it_until_it_has_ended(
    accept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lanmsg.cli.policy.LOOK_S", 0.0)
    ben = peer("ben", Trust.PINNED)
    double = NodeDouble(ben, transfers=(incoming(ben),))
    double.awaited = {1}

    async def story() -> None:
        doorkeeper = Doorkeeper(cast("Node", double), Policy(accept), None, Output())
        assert await doorkeeper.offered(double.rows[0]) is None
        looking = asyncio.get_running_loop().create_task(doorkeeper.look_again())
        await asyncio.sleep(0.01)
        assert double.done == []
        double.awaited = set()
        async with asyncio.timeout(20):
            while not double.done:
                await asyncio.sleep(0)
        looking.cancel()

    asyncio.run(story())
    assert double.done == [("accept" if accept == "known" else "decline", 1)]


def test_who_waits_itself_says_for_what_and_takes_it_though_another_waits_too() -> None:
    ben = peer("ben", Trust.PINNED)
    double = NodeDouble(ben, transfers=(incoming(ben),))
    double.awaited = {1}

    async def story() -> None:
        doorkeeper = Doorkeeper(cast("Node", double), Policy("all", "ben", files_only=True), None, Output())
        await doorkeeper.claim()
        assert double.wanted == Wanted("all", "ben", files_only=True)
        assert await doorkeeper.offered(double.rows[0])
        await doorkeeper.enough()
        assert double.wanted is None

    asyncio.run(story())


@pytest.mark.parametrize(("state", "taken"), [(TransferState.DONE, True), (TransferState.DECLINED, False)])
def test_what_the_listener_has_answered_before_we_look_is_followed_if_it_was_a_yes(
    state: TransferState, *, taken: bool
) -> None:
    ben = peer("ben", Trust.PINNED)
    double = NodeDouble(ben, transfers=(incoming(ben, state=state),))
    doorkeeper = Doorkeeper(cast("Node", double), Policy("known"), None, Output())
    assert bool(asyncio.run(doorkeeper.offered(double.rows[0]))) is taken


@pytest.mark.parametrize(
    ("state", "listening", "said"),
    [
        (TransferState.OFFERED, True, "left open"),
        (TransferState.OFFERED, False, "left to the lanmsg that listens"),
        (TransferState.DONE, True, ""),
    ],
)
def test_what_is_said_to_be_left_open_is_so(
    state: TransferState, said: str, capsys: pytest.CaptureFixture[str], *, listening: bool
) -> None:
    ben = peer("ben")
    double = NodeDouble(ben, transfers=(incoming(ben, state=state),))
    double.listening = listening
    doorkeeper = Doorkeeper(cast("Node", double), Policy("known"), None, Output())
    asyncio.run(doorkeeper.left_open(incoming(ben)))
    words = capsys.readouterr().err
    assert said in words
    assert bool(words) is bool(said)


def test_only_from_the_one_who_was_named() -> None:
    ben, eve = peer("ben"), peer("eve", number=2)
    assert verdict(Policy("all", "ben"), ben, eve) is A
    assert verdict(Policy("all", "ben"), eve, ben) is L


def test_a_name_that_fits_two_fits_nobody() -> None:
    assert verdict(Policy("all", "ben"), peer("ben"), peer("ben", number=2)) is L


def test_what_stands_at_the_start_is_looked_at_too() -> None:
    ben = peer("ben", Trust.PINNED)
    cut_off = incoming(ben, 2, TransferState.PAUSED)
    double = NodeDouble(ben, transfers=(incoming(ben, 1), cut_off))
    doorkeeper = Doorkeeper(cast("Node", double), Policy("known"), None, Output())
    taken = asyncio.run(doorkeeper.standing())
    assert [each.number for each in taken] == [1, 2]
    assert double.done == [("accept", 1)], "what was accepted before is not accepted again"


def test_a_rule_about_somebody_who_is_not_here_dials_nobody() -> None:
    double = NodeDouble(peer("ben"))
    assert not asyncio.run(Policy("all", "carla").concerns(cast("Node", double), peer("ben")))
    assert double.dialled == 0


def test_a_rule_for_files_leaves_folders_open() -> None:
    ben = peer("ben")
    folder = replace(incoming(ben), files=(OfferedFile("photos", 1000, is_folder=True),))
    double = NodeDouble(ben, transfers=(folder,))
    for files_only, expected in ((True, L), (False, A)):
        policy = Policy("all", files_only=files_only)
        assert asyncio.run(policy.verdict(cast("Node", double), folder)) is expected


@pytest.mark.parametrize(("only_from", "pinned"), [(None, False), ("ben", True)])
def test_a_rule_pins_nobody_but_naming_somebody_does(only_from: str | None, pinned: bool) -> None:
    double = NodeDouble(peer("ben"), transfers=(incoming(peer("ben")),))
    asyncio.run(Doorkeeper(cast("Node", double), Policy("all", only_from), None, Output()).standing())
    assert double.done == [("accept", 1)]
    assert double.pinned is pinned


class Quicker(NodeDouble):
    """Its own rule has answered the offer between the look and the answer."""

    async def accept(self, number: int, **_: object) -> Transfer:
        self.rows = [replace(each, state=TransferState.ACCEPTED) for each in self.rows]
        raise LanmsgError(f"transfer {number} is already accepted")


def test_a_rule_of_the_node_that_was_quicker_is_no_fault(capsys: pytest.CaptureFixture[str]) -> None:
    ben = peer("ben", Trust.PINNED)
    double = Quicker(ben, transfers=(incoming(ben),))
    doorkeeper = Doorkeeper(cast("Node", double), Policy("known"), None, Output())
    taken = asyncio.run(doorkeeper.offered(double.rows[0]))
    assert taken is not None
    assert (taken.state, capsys.readouterr().err) == (TransferState.ACCEPTED, "")


class Closed(NodeDouble):
    """It cannot save to where this command wants it."""

    async def accept(self, number: int, **_: object) -> Transfer:
        raise LanmsgError("cannot save into /closed: permission denied", code="disk")


def test_what_cannot_be_saved_there_may_be_taken_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    double = Closed(peer("ben"), transfers=(incoming(peer("ben"), 7),))
    doorkeeper = Doorkeeper(cast("Node", double), Policy("all"), None, Output())
    assert asyncio.run(doorkeeper.offered(double.rows[0])) is None
    assert "hint: the offer stays open: lanmsg accept 7 --to FOLDER" in capsys.readouterr().err
