"""What Tab offers: commands, people, offers, paths; and silence in prose."""

from pathlib import Path

import pytest

from lanmsg.api import TransferState
from lanmsg.tui.completion import candidates, common, paths, wants_paths
from lanmsg.tui.state import State
from tests.tui.double import Double, person
from tests.tui.given import state_of


def crowd() -> State:
    node = Double()
    node.meet(person("anna"), person("anna b"), person("ben", present=False))
    node.offered("anna", "a.txt", 10)
    node.offered("anna", "b.txt", 10, state=TransferState.RUNNING)
    node.offered("anna", "c.txt", 10, state=TransferState.FAILED)
    return state_of(node)


def texts(before: str) -> list[str]:
    return [each.text for each in candidates(crowd(), before)]


@pytest.mark.parametrize(
    ("before", "found"),
    [
        ("/acc", ["/accept "]),
        ("/m", ["/msg ", "/me ", "/mute "]),
        ("/msg an", ["anna ", '"anna b" ']),
        ("/msg B", ["ben "]),
        ('/msg "anna ', ['"anna b" ']),
        ("/msg anna hello b", []),
        ("/accept ", ["1 "]),
        ("/accept 1 ", []),
        ("/retry ", ["1 ", "2 ", "3 "]),
        ("/help tr", ["transfers ", "trust "]),
        ("/unknown x", []),
        ("hello an", []),
        ("hello @an", ["@anna ", "@anna b "]),
        ("hello @", []),
        ("//an", []),
        ("", []),
        ("/me an", []),
        ("/set noti", ["notify ", "notify_text ", "notify_command "]),
        ("/set theme ", ["auto ", "dark ", "light ", "mono ", "contrast "]),
        ("/set mouse o", ["on ", "off "]),
        ("/set notify_command ", []),
        ("/theme l", ["light "]),
        ("/notify t", ["test "]),
        ("/rule anna a", ["ask ", "accept "]),
    ],
)
def test_candidates(before: str, found: list[str]) -> None:
    assert texts(before) == found


def test_a_slash_alone_is_the_list_of_commands_with_their_help() -> None:
    found = candidates(crowd(), "/")
    assert len(found) > 20
    assert all(each.help for each in found)


def test_each_says_what_it_is() -> None:
    assert candidates(crowd(), "/accept ")[0].help == "anna: a.txt 10 B"
    assert candidates(crowd(), "/msg b")[0].help == "gone"


def test_paths_are_asked_for_only_where_they_belong() -> None:
    assert wants_paths("/send anna ")
    assert wants_paths("/send ")
    assert wants_paths("/accept 1 ~/D")
    assert not wants_paths("/accept ")
    assert not wants_paths("/msg anna ")
    assert not wants_paths("hello ")


def test_paths_of_the_disk(tmp_path: Path) -> None:
    (tmp_path / "holiday photos").mkdir()
    (tmp_path / "holiday.txt").touch()
    (tmp_path / ".hidden").touch()
    (tmp_path / "evil\x1b.txt").touch()
    found = paths(f"/send anna {tmp_path}/hol")
    assert [each.shown for each in found] == ["holiday photos/", "holiday.txt"]
    assert found[0].text == f'"{tmp_path}/holiday photos/'
    assert found[1].text == f"{tmp_path}/holiday.txt "
    assert common(found) == ""
    assert [each.shown for each in paths(f'/send anna "{tmp_path}/holiday p')] == ["holiday photos/"]
    assert [each.shown for each in paths(f"/send {tmp_path}/.h")] == [".hidden"]
    assert [each.shown for each in paths(f"/send {tmp_path}/ev")] == ["evil\\x1b.txt"]
    assert [each.shown for each in paths(f"/accept 1 {tmp_path}/hol")] == ["holiday photos/"]
    assert paths(f"/send {tmp_path}/nowhere/x") == []


def test_the_home_folder_stays_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "notes.txt").touch()
    assert [each.text for each in paths("/send ~/no")] == ["~/notes.txt "]


def test_what_all_have_in_common() -> None:
    assert common(candidates(crowd(), "/tr")) == "/tr"
    assert common(candidates(crowd(), "/trus")) == "/trust "


def test_the_home_of_nobody_has_no_files() -> None:
    assert paths("/send ~nobody-at-all/") == []
