"""A rule for one peer: what it says of an offer, and that the listener keeps to it whoever watches."""

import pytest
from msgspec.structs import replace

from lanmsg.model import Direction, FileRule, Peer, PeerId, Transfer, TransferId, TransferState, Trust
from lanmsg.node.file_rules import rule_for
from tests.node.neighbours import Neighbours, story
from tests.node.transfer_story import becomes, file_of, impatience

BEN = Peer(PeerId(b"b" * 32), "ben", trust=Trust.PINNED)
OFFER = Transfer(1, TransferId(b"t" * 16), Direction.IN, BEN.id, TransferState.OFFERED, (), 1, 1000)
ASK, ACCEPT = FileRule.ASK, FileRule.ACCEPT


@pytest.mark.parametrize("trust", Trust)
def test_only_a_key_that_is_known_is_taken_from_without_asking(trust: Trust) -> None:
    known = trust in {Trust.PINNED, Trust.VERIFIED}
    assert rule_for(replace(BEN, trust=trust, file_rule=ACCEPT), OFFER) is (ACCEPT if known else ASK)


@pytest.mark.parametrize(("most", "total", "rule"), [
    (None, 10**12, ACCEPT), (None, None, ACCEPT), (1000, 1000, ACCEPT), (999, 1000, ASK), (10**12, None, ASK),
])  # fmt: skip
def test_up_to_a_size_and_never_for_one_that_is_not_known(
    most: int | None, total: int | None, rule: FileRule
) -> None:
    peer = replace(BEN, file_rule=ACCEPT, file_rule_max=most)
    assert rule_for(peer, replace(OFFER, total=total)) is rule


@pytest.mark.parametrize("rule", [FileRule.DEFAULT, ASK, FileRule.REFUSE])
def test_the_others_say_what_they_are(rule: FileRule) -> None:
    assert rule_for(replace(BEN, file_rule=rule), OFFER) is rule


@pytest.mark.parametrize("rule", [ACCEPT, FileRule.REFUSE])
@story
async def test_the_listener_answers_by_the_rule(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch, rule: FileRule
) -> None:
    impatience(monkeypatch)

    anna, ben = await neighbours.meet("anna", "ben")
    await ben.set_trust(anna.id, Trust.PINNED)
    await ben.set_file_rule(anna.id, rule)
    place = neighbours.folder / "elsewhere"
    ben.take_files(destination=place)
    sent = await anna.offer(ben.id, [file_of(neighbours)])
    if rule is ACCEPT:
        await becomes(anna, sent, TransferState.DONE)
        assert [each.name for each in place.iterdir() if each.is_file()] == ["report.pdf"]
    else:
        declined = await becomes(anna, sent, TransferState.DECLINED)
        assert declined.reason == "takes no files from you"
