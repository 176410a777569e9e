from __future__ import annotations

import os
from pathlib import Path

import pytest

from sonde.errors import SondeError
from sonde.security import Keyring, Signature
from sonde.security.signing import verdict


def test_an_installation_trusts_itself_and_those_it_was_told_to(tmp_path: Path) -> None:
    ours, theirs = Keyring(tmp_path / "ours"), Keyring(tmp_path / "theirs")
    signature = theirs.sign(b"message")
    assert signature.is_over(b"message")
    assert not signature.is_over(b"another")
    assert theirs.trusts(signature)
    assert not ours.trusts(signature)
    trusted = tmp_path / "ours" / "trusted"
    trusted.mkdir(parents=True)
    (trusted / "them.pub").write_text(signature.public_key.upper() + "\n")
    assert ours.trusts(signature)


def test_the_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    keys = Keyring(tmp_path / "keys")
    assert keys.sign(b"a").public_key == keys.sign(b"b").public_key
    assert [p.name for p in (tmp_path / "keys").iterdir()] == ["signing.key"]
    assert (tmp_path / "keys" / "signing.key").stat().st_mode & 0o077 == 0


BAD_TRUSTED = {
    "not ascii": "clé".encode(),
    "not text": b"\xff\xfe\x00",
    "too short": b"abcd",
    "another format": b"-----BEGIN PUBLIC KEY-----",
    "empty": b"",
}


@pytest.mark.parametrize("content", BAD_TRUSTED.values(), ids=BAD_TRUSTED)
def test_a_trusted_key_that_is_none_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "trusted").mkdir()
    (tmp_path / "trusted" / "colleague.pub").write_bytes(content)
    with pytest.raises(SondeError, match=r"colleague\.pub is not a public key"):
        Keyring(tmp_path).trusts(Signature("00" * 32, "00" * 64))


def a_folder(path: Path) -> None:
    path.mkdir(parents=True)


def a_loop(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(path)


def locked(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("00" * 32)
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")


@pytest.mark.parametrize("make", [a_folder, a_loop, locked])
@pytest.mark.parametrize("name", ["signing.key", "trusted/colleague.pub"])
def test_a_key_that_cannot_be_read_is_named(tmp_path: Path, name: str, make: object) -> None:
    assert callable(make)
    make(tmp_path / name)
    with pytest.raises(SondeError, match=f"{Path(name).name} can't be read"):
        Keyring(tmp_path).trusts(Signature("00" * 32, "00" * 64))


def test_a_trusted_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "trusted").write_text("")
    with pytest.raises(SondeError, match="trusted can't be read"):
        Keyring(tmp_path).trusts(Signature("00" * 32, "00" * 64))


def test_a_signing_key_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    (tmp_path / "signing.key").symlink_to(tmp_path / "gone")
    with pytest.raises(SondeError, match=r"signing\.key is a link that leads nowhere"):
        Keyring(tmp_path).sign(b"message")


def test_a_folder_that_cannot_hold_keys_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(SondeError, match="home"):
        Keyring(tmp_path / "home").sign(b"message")


def test_a_secret_signs_and_checks_on_its_own_machine_only(tmp_path: Path) -> None:
    ours = Keyring(tmp_path / "ours", "hmac")
    theirs = Keyring(tmp_path / "theirs", "hmac")
    signature = ours.sign(b"message")
    assert signature.algorithm == "hmac-sha256"
    assert ours.verdict(signature, b"message") == "trusted"
    assert ours.verdict(signature, b"another") == "altered"
    assert ours.trusts(signature)
    assert theirs.verdict(signature, b"message") == "unknown key"
    theirs.sign(b"")  # makes its secret
    assert theirs.verdict(signature, b"message") == "unknown key"
    assert not theirs.trusts(signature)
    assert not signature.is_over(b"message")
    assert verdict(signature, b"message", None) == "unknown key"


def test_both_kinds_are_checked_whatever_new_ones_are_made_with(tmp_path: Path) -> None:
    one, other = Keyring(tmp_path), Keyring(tmp_path, "hmac")
    assert other.verdict(one.sign(b"m"), b"m") == "trusted"
    assert one.verdict(other.sign(b"m"), b"m") == "trusted"
    assert one.verdict(one.sign(b"m"), b"n") == "altered"


def test_the_secret_is_its_owners_alone_and_in_no_signature(tmp_path: Path) -> None:
    keys = Keyring(tmp_path / "keys", "hmac")
    signature = keys.sign(b"message")
    assert keys.sign(b"message") == signature
    path = tmp_path / "keys" / "signing.secret"
    assert path.stat().st_mode & 0o077 == 0
    assert path.read_text() not in repr(signature) + repr(keys)
    assert signature.value != signature.public_key


@pytest.mark.parametrize("value", ["", "é", "\ud800", "00" * 32])
def test_a_value_that_is_no_mac_is_altered(tmp_path: Path, value: str) -> None:
    keys = Keyring(tmp_path, "hmac")
    good = keys.sign(b"message")
    bad = Signature(good.public_key, value, good.algorithm)
    assert keys.verdict(bad, b"message") == "altered"


def test_a_secret_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "signing.secret").write_text("password")
    with pytest.raises(SondeError, match=r"signing\.secret is not a signing secret"):
        Keyring(tmp_path, "hmac").sign(b"message")
    (tmp_path / "signing.secret").unlink()
    (tmp_path / "signing.secret").symlink_to(tmp_path / "gone")
    with pytest.raises(SondeError, match=r"signing\.secret is a link that leads nowhere"):
        Keyring(tmp_path, "hmac").sign(b"message")


def test_who_has_no_keyring_trusts_nobody(tmp_path: Path) -> None:
    signature = Keyring(tmp_path).sign(b"message")
    assert verdict(signature, b"message", None) == "unknown key"
    assert verdict(signature, b"another", None) == "altered"
