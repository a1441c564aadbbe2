"""A tree gets its names."""

import os
from collections.abc import Callable

import pytest

from lanmsg.storage.folder import Folder
from lanmsg.storage.publish import publish_tree


@pytest.fixture
def tree(folder_at: Callable[[str], Folder]) -> Folder:
    return folder_at("tree")


@pytest.fixture
def root(folder_at: Callable[[str], Folder]) -> Folder:
    return folder_at("root")


def test_each_gets_the_first_name_that_is_free(tree: Folder, root: Folder) -> None:
    (root.path / "a.txt").write_text("old")
    (root.path / "a (1).txt").mkdir()
    (root.path / "d.x").mkdir()
    (tree.path / "a.txt").write_text("new")
    (tree.path / "d.x").mkdir()
    (tree.path / "b").touch()
    assert list(publish_tree(tree, root)) == ["a (2).txt", "b", "d.x (1)"]
    assert (root.path / "a.txt").read_text() == "old"
    assert tree.names() == []


@pytest.mark.parametrize("name", ["a.txt", "a (1).txt"])
def test_a_file_that_has_its_name_already_does_not_get_another(tree: Folder, root: Folder, name: str) -> None:
    (root.path / "a.txt").write_text("old")
    if name == "a.txt":
        (root.path / "a.txt").unlink()
    (tree.path / "a.txt").write_text("new")
    os.link(tree.path / "a.txt", root.path / name)
    assert list(publish_tree(tree, root)) == [name]
    assert (root.path / name).stat().st_nlink == 1


def test_nothing_is_published_of_nothing(tree: Folder, root: Folder) -> None:
    assert list(publish_tree(tree, root)) == []
