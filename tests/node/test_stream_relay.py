"""What one process reads, another one of the home sends: whole or not at all, and by one reader."""

import io
import os
import sys
from pathlib import Path

import pytest

from lanmsg.model import TransferId
from lanmsg.node.file_walk import Stream
from lanmsg.node.stream_relay import CHUNK_BYTES, FOLDER, Relay, open_relay, pass_on, sweep, take_back

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux alone passes pipes on")

ONE, OTHER = TransferId(b"1" * 16), TransferId(b"2" * 16)


class Broken(io.BytesIO):
    """Ends like the input of a command that is killed: in the middle."""

    def read1(self, size: int | None = -1, /) -> bytes:
        data = super().read1(size)
        if not data:
            raise OSError("no more")
        return data


def opened(home: Path, transfer: TransferId = ONE) -> Relay:
    relay = open_relay(home, transfer)
    assert relay is not None
    return relay


def names(home: Path) -> list[str]:
    return sorted(path.name for path in (home / FOLDER).iterdir())


@pytest.mark.parametrize("size", [0, 1, 3 * CHUNK_BYTES + 1])
def test_all_of_it_comes_and_its_end_is_known(tmp_path: Path, size: int) -> None:
    data = os.urandom(size)
    assert pass_on(tmp_path, ONE, io.BytesIO(data))
    with opened(tmp_path) as relay:
        assert relay.readall() == data
        assert relay.is_whole()
    assert names(tmp_path) == []


def test_the_end_of_who_passed_it_on_is_not_its_end(tmp_path: Path) -> None:
    assert pass_on(tmp_path, ONE, Broken(b"half"))
    with opened(tmp_path) as relay:
        assert relay.readall() == b"half"
        assert not relay.is_whole()
    assert names(tmp_path) == []


def test_what_was_passed_on_is_read_by_nobody_else(tmp_path: Path) -> None:
    """Its beginning may be with a listener that was killed: the rest would look whole."""
    stream = io.BytesIO(b"data")
    assert pass_on(tmp_path, ONE, stream)
    with opened(tmp_path) as relay:
        assert relay.readall() == b"data"
    assert not Stream(stream).take()


def test_only_one_reads_it(tmp_path: Path) -> None:
    assert pass_on(tmp_path, ONE, io.BytesIO(b"data"))
    with opened(tmp_path) as relay:
        assert open_relay(tmp_path, ONE) is None
        assert not pass_on(tmp_path / "nowhere", OTHER, io.BytesIO())
        assert relay.readall() == b"data"
    assert open_relay(tmp_path, ONE) is None


def test_what_is_taken_back_or_left_behind_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lanmsg.node.stream_relay.ALIVE_S", 0.05)
    assert open_relay(tmp_path, ONE) is None
    (tmp_path / FOLDER).mkdir()
    for transfer in (ONE, OTHER):
        os.mkfifo(tmp_path / FOLDER / transfer.hex())
    assert open_relay(tmp_path, ONE) is None, "nobody writes"
    assert names(tmp_path) == [OTHER.hex()]
    sweep(tmp_path, {OTHER})
    assert names(tmp_path) == [OTHER.hex()]
    take_back(tmp_path, OTHER)
    take_back(tmp_path, OTHER)
    assert names(tmp_path) == []
