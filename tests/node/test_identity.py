"""The key of a home: made once, never made anew in place of one that cannot be read."""

from pathlib import Path

import pytest

from lanmsg.model import LanmsgError
from lanmsg.node import identity as module
from lanmsg.node.identity import home_identity
from lanmsg.protocol.identity import LocalIdentity
from lanmsg.storage.identity import save_key
from tests.node.neighbours import identity


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new key takes 0.3 s."""
    monkeypatch.setattr(module, "generate_identity", lambda: identity("anna"))


def test_a_home_has_the_same_identity_each_time(home: Path) -> None:
    made = home_identity(home)
    assert made.peer_id == home_identity(home).peer_id == identity("anna").peer_id
    assert (home / "identity.der").stat().st_mode & 0o777 == 0o600


def test_of_two_first_starts_at_once_the_first_key_counts(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def beaten() -> LocalIdentity:
        save_key(home, identity("ben").to_der())
        return identity("anna")

    monkeypatch.setattr(module, "generate_identity", beaten)
    assert home_identity(home).peer_id == identity("ben").peer_id


@pytest.mark.parametrize("content", [b"", b"not a key", b"\x30\x82" + b"\0" * 100])
def test_a_damaged_key_is_told_and_left_alone(home: Path, content: bytes) -> None:
    home.mkdir(mode=0o700)
    file = home / "identity.der"
    file.write_bytes(content)
    with pytest.raises(LanmsgError) as failure:
        home_identity(home)
    assert str(file) in str(failure.value)
    assert failure.value.hint
    assert file.read_bytes() == content
