"""A folder that ends with its process, and is known for an orphan when the process was killed."""

import subprocess
import sys
from pathlib import Path

import pytest

from lanmsg.storage.scratch import is_orphaned, scratch_folder

HOLDER = """
import sys, time
from pathlib import Path
from lanmsg.storage.scratch import scratch_folder
with scratch_folder(Path(sys.argv[1])) as folder:
    print(folder, flush=True)
    time.sleep(100)
"""


def test_it_is_there_for_as_long_as_it_is_wanted(tmp_path: Path) -> None:
    with scratch_folder(tmp_path / "downloads") as folder:
        assert folder.parent == tmp_path / "downloads"
        assert not is_orphaned(folder)
        (folder / "inner").mkdir()
    assert not folder.exists()
    assert is_orphaned(folder)
    assert not is_orphaned(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="no such locks there")
def test_what_a_killed_process_leaves_is_an_orphan_and_goes_with_the_next(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        folder = Path(holder.stdout.readline().strip())
        assert folder.is_dir()
        assert not is_orphaned(folder)
        holder.kill()
        holder.wait()
    assert folder.is_dir()
    assert is_orphaned(folder)
    with scratch_folder(tmp_path):
        assert not folder.exists()
