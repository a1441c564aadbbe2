"""People as a node tells of them: known, present, named by this person."""

from lanmsg.model import FileRule, Trust
from tests.node.neighbours import (
    Neighbours,
    engine_of,
    say_and_wait,
    sees,
    until,
)
from tests.node.puppet import puppet


def test_the_first_message_pins_the_key(neighbours: Neighbours) -> None:
    async def story() -> None:
        anna, ben = await neighbours.meet("anna", "ben")
        assert (anna.peer(ben.id) or ben).trust is Trust.NEW  # type: ignore[union-attr]  # it is seen
        await say_and_wait(anna, ben, "hello")
        await until(lambda: engine_of(anna).roster.trust_of(ben.id) is Trust.PINNED)
        assert engine_of(ben).roster.trust_of(anna.id) is Trust.NEW

    neighbours.run(story)


def test_a_petname_is_what_this_home_calls_somebody(neighbours: Neighbours) -> None:
    async def story() -> None:
        anna, ben = await neighbours.meet("anna", "ben")
        await anna.rename(ben.id, "the boss")
        await until(lambda: (peer := anna.peer(ben.id)) and peer.name == "the boss")
        assert (await anna.find("the boss")).id == ben.id

    neighbours.run(story)


def test_known_people_are_listed_when_asked_for(neighbours: Neighbours) -> None:
    async def story() -> None:
        anna = await neighbours.open("anna")
        async with puppet(neighbours, "ben") as ben:
            line = await ben.call(anna)
            await until(lambda: sees(anna, ben.id))
            line.hang_up()
            await until(lambda: not sees(anna, ben.id))
        assert anna.peers() == []
        assert [each.nickname for each in anna.peers(absent=True)] == ["ben"]

    neighbours.run(story)


def test_what_is_decided_about_one_persons_files_and_calls_stays(neighbours: Neighbours) -> None:
    async def story() -> None:
        anna, ben = await neighbours.meet("anna", "ben")
        await anna.set_muted(ben.id, muted=True)
        await anna.set_file_rule(ben.id, FileRule.REFUSE, 1000)
        await until(lambda: (peer := anna.peer(ben.id)) and peer.muted and peer.file_rule_max == 1000)
        known = anna.peer(ben.id)
        assert known is not None
        assert known.file_rule is FileRule.REFUSE

    neighbours.run(story)
