"""The people of the demo: real nodes, one end to end, and a script that is worth reading."""

from lanmsg.cli.demo_people import PERSONAS
from lanmsg.config import NAME_MAX_BYTES
from tests.cli.transcript import transcripts

test_transcript = transcripts("demo_people")


def test_everybody_has_a_name_of_their_own_and_something_to_say() -> None:
    assert len({persona.name for persona in PERSONAS}) == len(PERSONAS)
    for persona in PERSONAS:
        assert len(persona.name) <= NAME_MAX_BYTES
        assert persona.greeting
        assert persona.answers
        assert persona.remarks


def test_the_first_three_show_all_that_a_newcomer_should_see() -> None:
    assert {persona.habit for persona in PERSONAS[:3]} == {"none", "offers", "leaves"}
