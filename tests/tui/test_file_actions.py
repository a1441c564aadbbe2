"""Files by command: offered, answered, held, opened where they were saved."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from lanmsg.api import EVERYONE, Delivery, LanmsgError, PeerId, Transfer, TransferState, Trust
from lanmsg.tui import file_actions
from lanmsg.tui.state import Asking
from tests.tui.double import Double, peer_id, person
from tests.tui.given import ANNA, BEN, open_talk
from tests.tui.table import Table


def test_what_waits_can_be_taken_back() -> None:
    table = Table(opened=False)
    message = table.node.tell("ben", "hello", state=Delivery.QUEUED)
    table.refresh()
    open_talk(table.state, table.node)
    table.enter("/cancel")
    assert table.last() == ("cancel_message", message.number)
    open_talk(table.state, table.node, ANNA)
    assert "nothing waits or moves here" in str(table.fails("/cancel"))


def test_the_only_transfer_under_way_needs_no_number() -> None:
    table = Table()
    table.node.offered("anna", "a", 10, state=TransferState.RUNNING)
    table.node.offered("ben", "b", 10, state=TransferState.DONE)
    table.refresh()
    open_talk(table.state, table.node)
    table.enter("/cancel")
    assert table.last() == ("cancel", 1)
    table = Table()
    for number in range(2):
        table.node.offered("anna", str(number), 10, state=TransferState.RUNNING)
    table.refresh()
    open_talk(table.state, table.node)
    said = table.fails("/cancel")
    assert "which transfer? 1 or 2" in str(said)
    assert not table.node.calls


def test_files_go_to_the_open_person_or_a_named_one(tmp_path: Path) -> None:
    one, two = tmp_path / "my file.txt", tmp_path / "two"
    one.touch()
    two.mkdir()
    table = Table()
    table.enter(f'/send "{one}" {two}')
    assert table.last() == ("offer", peer_id("ben"), (str(one), str(two)), "", 0)
    table.enter(f"/send anna {two}")
    assert table.last()[1] == peer_id("anna")
    assert "there is no" in str(table.fails(f"/send {tmp_path}/nothing"))
    assert "which file" in str(table.fails("/send"))
    assert "to whom?" in str(Table(opened=False).fails(f"/send {one}"))


def test_a_long_paste_goes_as_a_file() -> None:
    table = Table()
    asyncio.run(file_actions.send_as_file(table.desk, "x" * 50_000))
    assert table.last() == ("offer", peer_id("ben"), (), "pasted.txt", 50_000)


def test_offers_are_answered_by_number_all_or_the_oldest(tmp_path: Path) -> None:
    table = Table()
    for name in "abc":
        table.node.offered("ben", name, 10)
    table.refresh()
    table.enter("/accept 2")
    assert table.last() == ("accept", 2, None)
    table.enter(f"/accept {tmp_path}")
    assert table.last() == ("accept", 1, tmp_path)
    table.enter(f"/accept 3 {tmp_path}")
    assert table.last() == ("accept", 3, tmp_path)
    table.enter("/reject all")
    assert [call[0] for call in table.node.calls[-3:]] == ["decline"] * 3
    assert "no transfer 77" in str(table.fails("/accept 77"))
    assert "nothing is offered" in str(Table().fails("/accept"))


def test_only_what_waits_for_this_person_can_be_answered() -> None:
    table = Table()
    table.node.offered("ben", "a", 1)
    table.node.offered("ben", "b", 1, state=TransferState.RUNNING)
    table.refresh()
    assert "does not wait" in str(table.fails("/accept 2"))
    table.enter("/cancel 2")
    assert table.last() == ("cancel", 2)
    table.enter("/retry 2")
    assert table.last() == ("retry_transfer", 2)


@pytest.mark.parametrize("line", ["/send ~nobody-at-all/x", "/accept ~nobody-at-all/x"])
def test_the_home_of_nobody(line: str) -> None:
    assert "no such user" in str(Table().fails(line))


def test_a_path_that_no_disk_can_have() -> None:
    assert "too long" in str(Table().fails(f"/send {'x' * 300}"))


def test_what_moves_is_held_and_goes_on() -> None:
    table = Table()
    table.node.offered("ben", "a", 10, state=TransferState.RUNNING)
    table.refresh()
    table.enter("/pause")
    assert table.last() == ("pause", 1)
    table.refresh()
    assert "no transfer moves" in str(table.fails("/pause"))
    table.enter("/resume")
    assert table.last() == ("resume", 1)
    table.node.offered("ben", "b", 10, state=TransferState.RUNNING)
    table.refresh()
    assert "which transfer?" in str(table.fails("/pause"))
    table.enter("/pause 2")
    assert table.last() == ("pause", 2)


def test_what_was_saved_is_found_again(tmp_path: Path) -> None:
    table = Table()
    assert "no file has been saved" in str(table.fails("/path"))
    saved = str(tmp_path / "a.txt")
    table.node.offered("ben", "a.txt", 10, state=TransferState.DONE, paths=(saved,), updated_at=5.0)
    table.node.offered("ben", "b.txt", 10)
    table.refresh()
    open_talk(table.state, table.node)
    table.enter("/path")
    assert table.hands.did == [("copy", saved)]
    table.enter("/path 1")
    assert saved in (table.state.notice.text if table.state.notice else "")
    assert "not on the disk yet" in str(table.fails("/path 2"))


def test_a_folder_is_opened_or_its_path_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = Table()
    opened: list[Path] = []

    async def open_folder(folder: Path) -> bool:
        opened.append(folder)
        return len(opened) == 1

    monkeypatch.setattr("lanmsg.tui.opening.open_folder", open_folder)
    saved = str(tmp_path / "a.txt")
    table.node.offered("ben", "../evil", 10, state=TransferState.DONE, paths=(saved,))
    table.refresh()
    table.enter("/open 1")
    assert table.state.notice is not None
    assert table.state.notice.text == f"opening {tmp_path}"
    table.enter("/open")
    assert table.state.notice.text == f"there is no desktop here to open it; it is {saved}"
    # The folder that we saved into, and nothing of what the peer called it.
    assert opened == [tmp_path, tmp_path]


def test_yes_and_no_answer_a_question_of_the_screen_before_an_offer() -> None:
    table = Table()
    table.node.offered("ben", "a", 10)
    table.refresh()
    table.state.asking = Asking("delete", "delete it?", ())
    table.enter("/yes")
    table.enter("/no")
    assert table.hands.did == [("answer", "yes"), ("answer", "no")]
    table.state.asking = None
    table.enter("/yes")
    assert table.last() == ("accept", 1, None)


def test_a_file_for_everyone_is_offered_to_each_who_is_known(tmp_path: Path) -> None:
    file = tmp_path / "sheet.pdf"
    file.write_text("x")
    for line, where in ((f"/send everyone {file}", BEN), (f"/send {file}", EVERYONE)):
        table = Table()
        table.node.meet(
            person("zoe", trust=Trust.NEW),
            person("carla", trust=Trust.VERIFIED),
            person("dan", present=False),
        )
        table.refresh()
        table.state.open = where
        table.enter(line)
        offered = [call[1] for call in table.node.calls if call[0] == "offer"]
        assert offered == [peer_id("anna"), peer_id("ben"), peer_id("carla")]
        said = table.state.notice
        assert said is not None
        assert "offered to 3 people, a transfer each; not to 1 whose key is new" in said.text


def test_one_who_cannot_be_offered_does_not_stop_the_others(tmp_path: Path) -> None:
    class Full(Double):
        async def offer(self, peer: PeerId, paths: Sequence[Path], /, **more: Any) -> Transfer:
            if peer == peer_id("anna"):
                raise LanmsgError("too many offers")
            return await super().offer(peer, paths, **more)

    file = tmp_path / "sheet.pdf"
    file.write_text("x")
    table = Table()
    table.node = Full(known=table.node.known)
    table.enter(f"/send everyone {file}")
    assert table.state.notice is not None
    assert table.state.notice.text == "offered to 1 person, a transfer each; anna: too many offers"
    assert table.last()[:2] == ("offer", peer_id("ben"))


def test_who_is_not_here_is_named(tmp_path: Path) -> None:
    file = tmp_path / "sheet.pdf"
    file.write_text("x")
    for opened in (True, False):
        table = Table(opened=opened)
        assert "nobody here is called zoe" in str(table.fails(f"/send zoe {file}"))
    table = Table()
    table.node.known.clear()
    table.refresh()
    assert "nobody whom you have dealt with" in str(table.fails(f"/send everyone {file}"))
