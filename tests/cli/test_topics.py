"""The topics of help say what the code does."""

from lanmsg.cli.exit_codes import MEANINGS
from lanmsg.cli.listen import KINDS
from lanmsg.cli.options import GLOBAL_OPTIONS
from lanmsg.cli.topics import TOPICS


def test_every_exit_code_is_explained() -> None:
    for code, meaning in MEANINGS.items():
        assert f"{code:>3}  {meaning}" in TOPICS["exit-codes"].text


def test_every_event_is_explained() -> None:
    for kind in KINDS:
        assert kind in TOPICS["json"].text


def test_every_option_of_a_run_has_its_variable() -> None:
    text = TOPICS["environment"].text
    for option in GLOBAL_OPTIONS:
        if option.metavar and option.name != "color":
            assert option.flags[0] in text


def test_each_topic_ends_with_an_example_and_fits_a_wide_terminal() -> None:
    for topic in TOPICS.values():
        assert topic.text.splitlines()[-2] == "EXAMPLE"
        assert max(map(len, topic.text.splitlines())) <= 110
