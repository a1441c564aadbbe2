"""Every key, pressed on the real app: what is on the screen afterwards."""

import pytest

from lanmsg.api import ConfigError
from lanmsg.tui.bindings import KeyActions
from lanmsg.tui.keys import KEYS
from tests.tui.double import Double, peer_id, person
from tests.tui.given import ANNA, BEN
from tests.tui.screen import Screen, play


def crowd(messages: int = 0) -> Double:
    node = Double()
    node.meet(person("anna"), person("ben"), person("carla"))
    for number in range(messages):
        node.hear("ben", f"message {number + 1}")
    node.read_up_to[BEN] = messages
    return node


def test_every_action_of_the_table_is_there() -> None:
    async def scene(screen: Screen) -> None:
        assert set(KeyActions(screen.app.keyboard).table()) == {key.action for key in KEYS}

    play(scene)


def test_a_key_that_does_not_exist_is_refused_at_the_start() -> None:
    async def scene(screen: Screen) -> None: ...

    with pytest.raises(ConfigError, match=r"tui\.keys\.switch"):
        play(scene, tui={"keys": {"switch": "no-such-key"}})


def test_typing_and_enter_send() -> None:
    async def scene(screen: Screen) -> None:
        await screen.type("<c-k>ben<enter>")
        await screen.type("hi there<enter>")
        await screen.shows("you  hi there  …")
        assert screen.line == ""
        screen.node.deliver(screen.node.said[-1])
        await screen.shows("you  hi there  ✓")

    assert play(scene, crowd()).node.calls[0] == ("send_text", BEN, "hi there", None)


def test_several_rows_are_composed_and_the_input_grows() -> None:
    async def scene(screen: Screen) -> None:
        await screen.type("<c-k>ben<enter>one<a-enter>two<c-j>three")
        assert screen.line == "one\ntwo\nthree"
        assert "› one" in screen.text
        assert "  three" in screen.text
        assert "F1 help" in screen.text

    play(scene, crowd())


def test_tab_completes_commands_people_and_cycles() -> None:
    async def scene(screen: Screen) -> None:
        await screen.type("/ms<tab>")
        assert screen.line == "/msg "
        assert "anna" in screen.text
        await screen.type("<tab>")
        assert screen.app.state.menu is not None
        assert screen.app.state.menu.chosen == 0
        await screen.type("<down><s-tab><down><enter>")
        assert screen.line == "/msg ben "
        await screen.type("hi<enter>")
        await screen.shows("you  hi")

    play(scene, crowd())


def test_a_slash_opens_the_list_of_commands_and_esc_closes_it_only() -> None:
    async def scene(screen: Screen) -> None:
        await screen.type("/")
        assert "open a conversation, or send to it" in screen.text
        await screen.type("<esc>")
        assert "open a conversation, or send to it" not in screen.text
        assert screen.line == "/"

    play(scene, crowd())


def test_tab_completes_paths(tmp_path: "pytest.TempPathFactory") -> None:
    (tmp_path / "report.pdf").touch()  # type: ignore[operator]  # tmp_path is a path

    async def scene(screen: Screen) -> None:
        await screen.type("<c-k>ben<enter>")
        await screen.type(f"/send {tmp_path}/rep<tab>")
        await screen.until(lambda: screen.line.endswith("report.pdf "))
        await screen.type("<enter>")
        await screen.shows("↑ report.pdf")

    play(scene, crowd(), columns=120)


def test_tab_on_an_empty_line_is_the_next_unread() -> None:
    node = crowd()

    async def scene(screen: Screen) -> None:
        await screen.type("<c-k>anna<enter>")
        assert screen.app.state.open == ANNA
        node.hear("ben", "look here")
        await screen.draw()
        await screen.type("<tab>")
        await screen.shows("look here")
        assert screen.app.state.open == BEN
        await screen.type("<tab>")
        assert "nothing is unread" in screen.text
        node.hear("anna", "and here")
        await screen.draw()
        await screen.type("<a-a>")
        assert screen.app.state.open == ANNA

    play(scene, node)


def test_numbers_and_arrows_open_conversations() -> None:
    async def scene(screen: Screen) -> None:
        await screen.type("<a-2>")
        assert screen.app.state.open == BEN
        await screen.type("<c-down>")
        assert "carla · ●" in screen.text
        await screen.type("<c-up><c-up>")
        assert screen.app.state.open == ANNA

    play(scene, crowd())


def test_the_switcher() -> None:
    async def scene(screen: Screen) -> None:
        await screen.type("a draft<home><c-k>")
        assert screen.line == ""
        await screen.type("<c-y>")
        assert screen.line == "a draft"
        await screen.type("<c-k>")
        assert "switch to:" in screen.text
        await screen.type("x<esc>")
        assert screen.line == "a draft"
        await screen.type("<c-k><down><enter>")
        assert screen.app.state.open == BEN
        await screen.type("<c-k>zzz<enter>")
        assert screen.app.state.open == BEN

    play(scene, crowd())


def test_history_of_lines() -> None:
    async def scene(screen: Screen) -> None:
        await screen.type("<c-k>ben<enter>first<enter>second<enter><up>")
        assert screen.line == "second"
        await screen.type("<up>")
        assert screen.line == "first"
        await screen.type("<down><down>")
        assert screen.line == ""
        await screen.type("/who<enter><esc><up>")
        assert screen.line == "/who"
        assert screen.app.state.menu is None

    play(scene, crowd())


def test_scrolling_and_back() -> None:
    async def scene(screen: Screen) -> None:
        await screen.type("<c-k>ben<enter>")
        await screen.shows("message 100")
        await screen.type("<pgup>")
        assert "message 100\n" not in screen.text
        assert "below: Esc" in screen.text
        await screen.type("<pgdn>")
        assert "message 100\n" in screen.text
        await screen.type("<pgup><pgup>typed<esc>")
        assert "message 100\n" in screen.text
        assert screen.line == "typed"
        await screen.type("<pgup><c-end>")
        assert "message 100\n" in screen.text

    play(scene, crowd(100))


def test_the_first_unread() -> None:
    node = crowd(100)
    node.read_up_to[BEN] = 40

    async def scene(screen: Screen) -> None:
        await screen.type("<c-k>ben<enter>")
        # Opened where reading stopped; the rest is below, and stays unread until it was in sight.
        await screen.shows("42 new below: Esc")
        assert "message 41\n" in screen.text
        assert screen.app.state.talk(BEN).unread == 60
        await screen.type("<esc>")
        await screen.shows("older unread: Alt-U")
        assert "message 100\n" in screen.text
        assert screen.app.state.talk(BEN).unread == 0
        await screen.type("<a-u>")
        assert "60 new" in screen.text
        assert "message 41\n" in screen.text
        await screen.type("<esc>")
        assert "older unread" not in screen.text
        await screen.type("<c-k>anna<enter><a-u>")
        assert "nothing is unread here" in screen.text

    play(scene, node)


def test_find_goes_from_match_to_match() -> None:
    async def scene(screen: Screen) -> None:
        await screen.type("<c-k>ben<enter>")
        await screen.shows("message 400")
        await screen.type("<c-f>message 3<enter>")
        await screen.shows("111 of 111")
        await screen.type("<up>")
        await screen.shows("110 of 111")
        for _ in range(120):
            await screen.type("<enter>")
        await screen.shows("1 of 111")
        assert "message 3\n" in screen.text
        await screen.type("<down>")
        await screen.shows("2 of 111")
        await screen.type("zzz<enter>")
        await screen.shows("find (not said here): message 3zzz")
        await screen.type("<esc><esc>")
        await screen.shows("message 400")
        assert "not said here" not in screen.text
        assert "of 111" not in screen.text

    play(scene, crowd(400))


def test_help_list_copy_mode_mouse() -> None:
    async def scene(screen: Screen) -> None:
        await screen.type("<f1>")
        assert "HELP" in screen.text
        await screen.type("<pgdn><down><f1>")
        assert "HELP" not in screen.text
        await screen.type("<f2>")
        assert "PEOPLE" not in screen.text
        await screen.type("<f2><a-c>")
        assert "copy mode" in screen.text
        await screen.type("<esc><a-m>")
        assert "mouse on" in screen.text
        assert "\x1b[?1000h" in "".join(screen.terminal.raw)
        await screen.type("<a-m>")
        assert "mouse off" in screen.text
        await screen.type("<c-l>")
        assert "PEOPLE" in screen.text

    play(scene, crowd(3))


def test_focus_reports_are_no_text_and_keep_messages_unread() -> None:
    node = crowd()

    async def scene(screen: Screen) -> None:
        await screen.type("<c-k>ben<enter><focus-out>")
        assert screen.line == ""
        node.hear("ben", "are you there?")
        await screen.draw()
        assert "1 new" in screen.text
        assert "1 unread" in screen.text
        await screen.type("<focus-in>")
        assert "1 unread" not in screen.text

    play(scene, node)
    assert node.calls[-1] == ("mark_read", BEN, 1)


def test_keys_of_the_persons_own() -> None:
    async def scene(screen: Screen) -> None:
        assert "^P switch" in screen.text
        await screen.type("<c-p>ben<enter>")
        assert screen.app.state.open is not None
        assert screen.app.state.open.peer == peer_id("ben")

    play(scene, crowd(), tui={"keys": {"switch": "c-p"}})
