"""The hostile names once more, by the rules of each system instead of ours: none of them leads out."""

from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

from lanmsg.storage.names import UnsafeNameError, safe_path
from tests.storage.test_names import DEVICES, MENDED, NOTHING_LEFT, TRAVERSALS

HOSTILE = [*TRAVERSALS, *NOTHING_LEFT, *MENDED, *DEVICES]


def below(pure: type[PurePath], root: str, parts: tuple[str, ...]) -> bool:
    """By that system's own rules, and not by ours: right below `root`, part by part."""
    path = pure(root)
    for part in parts:
        lower = path / part
        if lower.parent != path or lower.name != part or lower.anchor != path.anchor:
            return False
        path = lower
    return True


def test_by_the_rules_of_each_system_none_of_them_leads_out(tmp_path: Path) -> None:
    """Alone, at each end of a path, and after one another: what is refused creates nothing anyhow."""
    taken = 0
    assert len(set(HOSTILE)) >= 300
    for name, other in zip(HOSTILE, HOSTILE[7:] + HOSTILE[:7], strict=True):
        for path in (name, f"folder/{name}", f"{name}/x", f"{name}/{other}", f"{name}{other}"):
            try:
                parts = safe_path(path)
            except UnsafeNameError:
                continue
            taken += 1
            assert below(PureWindowsPath, "C:\\Users\\ben", parts), path
            assert below(PurePosixPath, "/home/ben", parts), path
            (tmp_path / parts[0]).touch()
    assert taken > 500
    assert {each.parent for each in tmp_path.rglob("*")} == {tmp_path}
