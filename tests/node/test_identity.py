"""The key of a home: made once, never made anew in place of one that cannot be read."""

from pathlib import Path

import pytest

from lanmsg.config import Settings
from lanmsg.model import LanmsgError
from lanmsg.node import identity as module
from lanmsg.node import sealed_key
from lanmsg.node.identity import change_passphrase, home_id, home_identity, settings_identity
from lanmsg.protocol.identity import LocalIdentity
from lanmsg.storage.identity import save_key
from tests.node.neighbours import identity


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new key takes 0.3 s, and so does a passphrase."""
    monkeypatch.setattr(sealed_key, "SCRYPT_COST", 16)
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


def settings(home: Path, passphrase: str | None = None, file: Path | None = None) -> Settings:
    return Settings(home, home / "saved", "anna", passphrase=passphrase, passphrase_file=file)


def test_a_passphrase_is_set_changed_and_taken_away(home: Path) -> None:
    for before, new in ((None, "one"), ("one", "two"), ("two", None)):
        change_passphrase(settings(home, before), new)
        assert home_identity(home, new).peer_id == home_id(home) == identity("anna").peer_id
        assert (home / "identity.der").stat().st_mode & 0o777 == 0o600
        assert [each.name for each in home.iterdir()] == ["identity.der"]


def test_without_the_passphrase_the_key_stays_shut(home: Path, tmp_path: Path) -> None:
    change_passphrase(settings(home), "sesame")
    before = (home / "identity.der").read_bytes()
    for given in (None, "", "Sesame", "sesame "):
        with pytest.raises(LanmsgError) as failure:
            change_passphrase(settings(home, given), "mine")
        assert failure.value.code == "locked"
        assert "sesame" not in f"{failure.value} {failure.value.hint}".lower()
    assert (home / "identity.der").read_bytes() == before
    file = tmp_path / "passphrase"
    file.touch(0o600)
    file.write_text("sesame\nnot this\n")
    assert settings_identity(settings(home, file=file)).peer_id == identity("anna").peer_id


def test_an_empty_passphrase_is_none(home: Path) -> None:
    with pytest.raises(LanmsgError, match="empty"):
        change_passphrase(settings(home), "")


def test_what_a_killed_change_left_behind_is_removed(home: Path) -> None:
    """It may be the open key beside the sealed one."""
    change_passphrase(settings(home), "sesame")
    (home / ".identity.der.new").write_bytes(identity("anna").to_der())
    assert home_id(home) == identity("anna").peer_id
    assert [each.name for each in home.iterdir()] == ["identity.der"]


@pytest.mark.parametrize("content", [b"LMSGKEY\x01", b"LMSGKEY\x01" + bytes(500)])
def test_a_damaged_sealed_key_is_told(home: Path, content: bytes) -> None:
    home.mkdir(mode=0o700)
    (home / "identity.der").write_bytes(content)
    with pytest.raises(LanmsgError):
        home_identity(home, "sesame")
    assert (home / "identity.der").read_bytes() == content


def test_the_passphrase_is_in_no_text_about_the_settings(home: Path) -> None:
    assert "sesame" not in repr(settings(home, "sesame"))
