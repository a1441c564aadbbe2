"""Files from host to host: the same bytes, under their final names only when they are all there."""

import hashlib
import os
from pathlib import Path

from tests.lab.lan import Lan
from tests.lab.listener import Listener, meet, wait_until_ready
from tests.lab.program import Program
from tests.lab.test_networks import undialable

MIB = 1024 * 1024


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def make_file(path: Path, size: int) -> Path:
    path.write_bytes(os.urandom(MIB) * (size // MIB) + os.urandom(size % MIB))
    return path


def visible(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def test_a_file_arrives_as_it_was(lan: Lan) -> None:
    anna, ben = lan.host("anna"), lan.host("ben")
    source = make_file(anna.folder / "big.bin", 20 * MIB + 17)
    saved = ben.folder / "saved"
    receiver = ben.spawn_lanmsg("receive", "--json", "--accept", "all", "--to", str(saved), "--timeout", "60")
    anna.lanmsg("send", "ben", str(source), "--wait", "20", within=60)
    assert receiver.wait(within=20) == 0, receiver.transcript()
    assert visible(saved) == ["big.bin"]
    assert digest(saved / "big.bin") == digest(source)


def test_a_folder_arrives_whole_while_both_listen(lan: Lan) -> None:
    anna, ben = lan.host("anna"), lan.host("ben")
    source = anna.folder / "papers"
    (source / "inner" / "empty").mkdir(parents=True)
    for number in range(200):
        make_file(source / "inner" / f"{number}.txt", number * 100)
    saved = ben.folder / "saved"
    listeners = (anna.listen(), ben.listen("--accept", "all", "--to", str(saved)))
    meet(*listeners)
    anna.lanmsg("send", "ben", str(source), within=60)
    done = listeners[1].wait_for("transfer_done", within=5, direction="in")
    assert done["bytes"] == sum(number * 100 for number in range(200))
    names = sorted(path.relative_to(source) for path in source.rglob("*"))
    assert sorted(path.relative_to(saved / "papers") for path in (saved / "papers").rglob("*")) == names
    assert all(
        digest(source / name) == digest(saved / "papers" / name)
        for name in names
        if (source / name).is_file()
    )


def test_a_receiver_that_nobody_can_dial_dials_back(lan: Lan, tmp_path: Path) -> None:
    """The session that it opened carries the offer, a second one that it opens the bytes."""
    undialable(lan, "--accept", "all", "--to", str(tmp_path / "saved"))
    source = make_file(tmp_path / "one.bin", MIB)
    lan.hosts[0].lanmsg("send", "ben", str(source), within=30)
    assert digest(tmp_path / "saved" / "one.bin") == digest(source)


def mid_transfer(lan: Lan) -> tuple[Program, Listener, Path]:
    """Anna sends ben a stream that does not end, and part of it has come; ben takes everything."""
    anna, ben = lan.host("anna"), lan.host("ben")
    saved = ben.folder / "saved"
    saved.mkdir()
    receiver = ben.listen("--accept", "all", "--to", str(saved))
    wait_until_ready(receiver)
    sender = anna.spawn_lanmsg("send", "ben", "-", "--as", "stream.bin", "--json")
    sender.feed(os.urandom(4 * MIB))
    receiver.wait_for("transfer_progress", within=20, direction="in")
    assert visible(saved) == []
    return sender, receiver, saved


def test_a_sender_killed_midway_leaves_no_final_file(lan: Lan) -> None:
    sender, receiver, saved = mid_transfer(lan)
    sender.kill()
    sender.wait()
    lan.hosts[0].lanmsg("msg", "ben", "sorry")
    receiver.hears("sorry", within=2)
    assert visible(saved) == []
    receiver.expect_unharmed()


def test_a_receiver_killed_midway_leaves_no_final_file_and_a_truthful_sender(lan: Lan) -> None:
    sender, receiver, saved = mid_transfer(lan)
    receiver.kill()
    receiver.wait()
    sender.feed(os.urandom(4 * MIB))
    assert sender.wait(within=20) != 0, sender.transcript()
    assert visible(saved) == []


def test_a_receiver_that_comes_back_gets_the_rest(lan: Lan) -> None:
    anna, ben = lan.host("anna"), lan.host("ben")
    source = make_file(anna.folder / "big.bin", 24 * MIB)
    saved = ben.folder / "saved"
    options = ("--accept", "all", "--to", str(saved))
    receiver = ben.listen(*options)
    wait_until_ready(receiver)
    sender = anna.spawn_lanmsg("send", "ben", str(source), "--limit", "8M", "--json")
    begun_at = receiver.wait_for("transfer_progress", within=20, direction="in").at
    receiver.wait_for("transfer_progress", within=5, since=begun_at + 0.5, direction="in")
    receiver.kill()
    receiver.wait()
    assert visible(saved) == []
    ben.listen(*options)
    assert sender.wait(within=60) == 0, sender.transcript()
    assert visible(saved) == ["big.bin"]
    assert digest(saved / "big.bin") == digest(source)
