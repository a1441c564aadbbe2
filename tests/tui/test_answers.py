"""Questions on the real app: long pastes, offers, cancelling, leaving; and answers to messages."""

from pathlib import Path

import pytest

from lanmsg.api import Direction, TransferState, VerificationStage, steady_clock
from lanmsg.tui.bindings import PASTE_BYTES, PASTE_SECONDS
from tests.tui import scenes
from tests.tui.double import Double, person
from tests.tui.given import BEN
from tests.tui.screen import Screen, play, sequence


def crowd(messages: int = 0) -> Double:
    node = Double()
    node.meet(person("anna"), person("ben"), person("carla"))
    for number in range(messages):
        node.hear("ben", f"message {number + 1}")
    node.read_up_to[BEN] = messages
    return node


def test_a_paste_without_marks_never_sends() -> None:
    async def scene(screen: Screen) -> None:
        await screen.type("<c-k>ben<enter>")
        await screen.send("one\rtwo\rthree")
        assert screen.line == "one\ntwo\nthree"
        await screen.type("<c-c>")
        assert screen.line == ""
        await screen.send("four\rfive\r")
        assert screen.line == "four\nfive\n"
        assert "2 lines came at once; Enter sends them" in screen.text
        assert not [call for call in screen.node.calls if call[0] == "send_text"]
        pasted = steady_clock()
        await screen.until(lambda: steady_clock() > pasted + PASTE_SECONDS)
        await screen.type("<enter>")
        await screen.until(lambda: ("send_text", BEN, "four\nfive\n", None) in screen.node.calls)

    play(scene, crowd())


def test_a_marked_paste_stays_in_the_line() -> None:
    async def scene(screen: Screen) -> None:
        await screen.type("<c-k>ben<enter>")
        await screen.paste("one\r\ntwo\r")
        assert screen.line == "one\ntwo\n"

    play(scene, crowd())


@pytest.mark.parametrize(
    ("keys", "line", "call"),
    [
        ("<c-y>", "", "send_text"),
        ("<c-o>", "", "offer"),
        ("<esc>", "x" * 5000, ""),
        ("<c-n>", "", ""),
    ],
)
def test_a_long_paste_is_asked_about(keys: str, line: str, call: str) -> None:
    async def scene(screen: Screen) -> None:
        await screen.type("<c-k>ben<enter>")
        await screen.paste("x" * 5000)
        assert screen.line == ""
        assert "paste for ben: 1 line, 5.0 kB   [^Y] send   [^O] send as a file   [Esc] edit" in screen.text
        screen.app.state.question_since -= 1
        await screen.type(keys)
        assert screen.line == line
        assert call in "".join(name for name, *_ in screen.node.calls if name != "mark_read")
        assert ("paste for" in screen.text) is (keys == "<c-n>")

    assert PASTE_BYTES < 5000
    play(scene, crowd())


def test_a_paste_too_long_for_any_message_can_only_be_a_file() -> None:
    async def scene(screen: Screen) -> None:
        await screen.type("<c-k>ben<enter>")
        await screen.paste("x" * 200_000)
        assert "[^O] send as a file   [Esc] drop the paste" in screen.text
        screen.app.state.question_since -= 1
        await screen.type("<c-y>")
        assert "paste for ben" in screen.text
        await screen.type("<esc>")
        assert "paste for" not in screen.text
        assert screen.line == ""

    play(scene, crowd())


def test_answering() -> None:
    async def scene(screen: Screen) -> None:
        await screen.type("<c-k>ben<enter>")
        await screen.shows("message 3")
        await screen.type("<a-r>")
        assert "↪ ben: message 3" in screen.text
        await screen.type("<a-r>")
        assert "↪ ben: message 2" in screen.text
        await screen.type("<a-r><a-r>")
        assert "no earlier message" in screen.text
        await screen.type("<esc>")
        await screen.until(lambda: "↪" not in screen.text)
        await screen.type("<a-r>yes<enter>")
        await screen.shows("you  ↪ ben: message 3")

    assert play(scene, crowd(3)).node.calls[-2][3] == crowd(3).said[2].id


def test_an_offer_is_answered_by_keys_that_write_nothing() -> None:
    for keys, call in (("<c-y>", "accept"), ("<c-n>", "decline")):
        node = crowd()

        async def scene(screen: Screen, keys: str = keys, node: Double = node) -> None:
            await screen.type("<c-k>anna<enter>half a")
            node.offered("ben", "video.mkv", 1_400_000_000)
            await screen.draw()
            assert "? ben (known)" in screen.text
            screen.app.state.question_since += 60  # a slow machine takes longer than the dead time to draw
            await screen.type(keys)
            assert not [name for name, *_ in node.calls if name in ("accept", "decline")]
            screen.app.state.question_since -= 61
            await screen.type(f" line{keys}")
            assert screen.line == "half a line"
            await screen.until(lambda: "[^Y]" not in screen.text)

        play(scene, node)
        assert (call, 1) == node.calls[-1][:2]


def test_an_offer_is_accepted_into_another_folder(tmp_path: Path) -> None:
    (tmp_path / "Documents").mkdir()
    (tmp_path / "Downloads").mkdir()
    node = crowd()

    async def scene(screen: Screen) -> None:
        await screen.type("<c-k>ben<enter>")
        node.offered("ben", "video.mkv", 10)
        await screen.draw()
        screen.app.state.question_since -= 1
        await screen.type("<c-o>")
        assert "save into folder: /nowhere/files" in screen.text
        assert "Tab complete" in screen.text
        await screen.type(f"<c-u>{tmp_path}/Do<tab>")
        await screen.until(lambda: screen.app.screen.query.text == f"{tmp_path}/Do")
        await screen.shows("Documents/  Downloads/")
        await screen.type("c<tab>")
        await screen.until(lambda: screen.app.screen.query.text == f"{tmp_path}/Documents/")
        await screen.type("<backspace>x<enter>")
        await screen.shows("a new folder, Enter makes it:")
        assert not node.calls
        await screen.type("<backspace><enter>")
        await screen.until(lambda: bool(node.calls))

    play(scene, node, columns=160)
    assert node.calls[-1][2] == tmp_path / "Documents"


def test_a_folder_that_is_new_is_made_when_that_is_meant(tmp_path: Path) -> None:
    node = Double()
    node.meet(person("ben"))
    node.offered("ben", "a.txt", 10)

    async def scene(screen: Screen) -> None:
        screen.app.state.question_since -= 1
        await screen.type(f"<c-o><c-u>{tmp_path}/new<enter>")
        await screen.shows("a new folder, Enter makes it:")
        await screen.type("<enter>")
        await screen.until(lambda: bool(node.calls))

    play(scene, node, columns=160)
    assert node.calls[-1][2] == tmp_path / "new"


def test_the_transfers_page() -> None:
    node = scenes.busy(scenes.office())

    async def scene(screen: Screen) -> None:
        await screen.type("kept<c-t>")
        assert "TRANSFERS   1 active" in screen.text
        await screen.type("<down>j")
        assert screen.app.state.page is not None
        assert screen.app.state.page.chosen == 2
        await screen.type("k<up>x")
        screen.app.state.question_since -= 1
        assert "cancel transfer 7 after 4.1 GB?" in screen.text
        await screen.type("<c-y>")
        await screen.until(lambda: ("cancel", 7) in node.calls)
        await screen.type("r")
        await screen.until(lambda: ("retry_transfer", node.calls[-1][1]) in node.calls)
        await screen.type("yq")
        assert "TRANSFERS" not in screen.text
        assert screen.line == "kept"

    play(scene, node)


def test_a_small_transfer_is_cancelled_at_once_and_its_path_copied() -> None:
    node = crowd()
    node.offered("ben", "a", 10, direction=Direction.OUT, state=TransferState.RUNNING, paths=("/home/a",))

    async def scene(screen: Screen) -> None:
        await screen.type("<c-t>y")
        assert "\x1b]52;c;L2hvbWUvYQ==\x07" in "".join(screen.terminal.raw)
        await screen.type("x")
        await screen.until(lambda: node.calls[-1] == ("cancel", 1))

    play(scene, node)


def test_on_the_transfers_page_the_chosen_question_is_answered() -> None:
    node = crowd()
    node.offered("ben", "first.txt", 10)
    node.offered("anna", "second.txt", 10)

    async def scene(screen: Screen) -> None:
        await screen.type("<c-t>")
        assert "second.txt" in screen.row("[^Y]")
        screen.app.state.question_since -= 1
        await screen.type("<c-y>")
        await screen.until(lambda: node.calls[-1][:2] == ("accept", 2))

    play(scene, node)


def test_an_offer_that_comes_takes_no_answer_that_was_for_another() -> None:
    node = crowd()
    node.offered("ben", "wanted.txt", 10)

    async def scene(screen: Screen) -> None:
        await screen.type("<c-t>")
        screen.app.state.question_since -= 1
        node.offered("carla", "evil.exe", 10)
        await screen.draw()
        assert "wanted.txt" in screen.row("[^Y]")
        assert screen.text.index("evil.exe") < screen.text.index("wanted.txt")
        await screen.type("<c-y>")
        await screen.until(lambda: bool(node.calls))

    play(scene, node)
    assert [call[:2] for call in node.calls] == [("accept", 1)]


def test_whom_a_question_is_about_changes_and_a_key_on_its_way_is_dead() -> None:
    node = crowd()

    async def scene(screen: Screen) -> None:
        await screen.type("<c-k>anna<enter>")
        for who in ("ben", "carla"):
            node.compare(who, VerificationStage.ASKED, ours=False)
        await screen.shows("ben wants to compare")
        screen.app.state.question_since = -1000.0
        await screen.type("<c-k>carla<enter>")
        assert "carla wants to compare" in screen.text
        assert screen.app.state.question_since > -1000.0

    play(scene, node)


def test_ctrl_c_keeps_the_draft_and_twice_quits() -> None:
    async def scene(screen: Screen) -> None:
        await screen.type("precious<c-c>")
        assert screen.line == ""
        await screen.type("<up>")
        assert screen.line == "precious"
        await screen.type("<c-c><c-c>")
        assert "again to quit" in screen.text
        await screen.type("<c-c>")
        await screen.until(screen.running.done)

    assert play(scene, crowd()).code == 0


def test_ctrl_d_leaves_a_page_and_a_line_for_another_purpose() -> None:
    async def scene(screen: Screen) -> None:
        await screen.type("draft<f1>")
        await screen.type("<c-d>")
        assert screen.app.state.page is None
        assert screen.line == "draft"
        await screen.type("<c-k>be<left><c-d>")
        assert "switch to: b" in screen.text
        await screen.type("<backspace><c-d>")
        assert "switch to:" not in screen.text
        assert not screen.running.done()

    play(scene, crowd())


def test_ctrl_d_quits_on_an_empty_line_only_and_asks_while_files_move() -> None:
    node = crowd()

    async def scene(screen: Screen) -> None:
        await screen.type("x<left><c-d>")
        assert screen.line == ""
        node.offered("ben", "a", 10, state=TransferState.RUNNING)
        await screen.draw()
        await screen.type("<c-d>")
        assert "1 transfer runs; they go on at the next start" in screen.text
        await screen.type("<esc>")
        assert not screen.running.done()
        await screen.type("<c-d>")
        screen.app.state.question_since -= 1
        await screen.type("<c-y>")
        await screen.until(screen.running.done)

    assert play(scene, node).code == 0


def asking_to_cancel() -> Double:
    node = crowd()
    node.offered("anna", "second.txt", 10, number=3)
    node.offered(
        "ben", "a", 800_000_000, number=2, direction=Direction.OUT,
        state=TransferState.RUNNING, done=404_000_000,
    )  # fmt: skip
    return node


def test_esc_answers_the_question_before_it_closes_the_page() -> None:
    async def scene(screen: Screen) -> None:
        await screen.type("<c-t>x")
        assert "cancel transfer 2 after 404 MB?" in screen.text
        screen.node.move(2, done=500_000_000)
        await screen.draw()
        assert "cancel transfer 2 after 500 MB?" in screen.text
        await screen.type("<esc>")
        assert "cancel transfer" not in screen.text
        assert "TRANSFERS" in screen.text
        await screen.type("<esc>")
        assert "TRANSFERS" not in screen.text
        assert not [call for call in screen.node.calls if call[0] == "cancel"]

    play(scene, asking_to_cancel())


def test_the_question_goes_with_its_transfer() -> None:
    async def scene(screen: Screen) -> None:
        await screen.type("<c-t>x")
        screen.app.state.question_since -= 1
        screen.node.move(2, state=TransferState.DONE)
        await screen.draw()
        assert "cancel transfer" not in screen.text
        await screen.type("<c-y>")
        assert not [call for call in screen.node.calls if call[0] in ("accept", "cancel")]

    play(scene, asking_to_cancel())


@pytest.mark.parametrize("keys", ["<c-t>", "<c-c>", "<f1>"])
def test_the_question_goes_with_its_page(keys: str) -> None:
    async def scene(screen: Screen) -> None:
        await screen.type("<c-t>x")
        screen.app.state.question_since -= 1
        # In one read: nothing was drawn between the two keys.
        await screen.send("".join(map(sequence, (keys[1:-1], "c-y"))))
        assert "cancel transfer" not in screen.text
        assert not [call for call in screen.node.calls if call[0] in ("accept", "cancel")]

    play(scene, asking_to_cancel())


def test_a_yes_that_comes_too_late_pastes_nothing() -> None:
    node = crowd()

    async def scene(screen: Screen) -> None:
        await screen.type("<c-k>ben<enter>cut before<c-u>")
        offer = node.offered("ben", "a.txt", 10)
        await screen.draw()
        assert "a.txt" in screen.text
        node.move(offer.number, state=TransferState.EXPIRED)
        await screen.draw()
        await screen.type("<c-y>")
        assert screen.line == ""
        assert "no question any more" in screen.text
        screen.app.state.question_gone -= 2
        await screen.type("<c-y>")
        assert screen.line == "cut before"

    play(scene, node)
