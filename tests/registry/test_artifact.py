from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile, ZipInfo

import numpy as np
import pytest

import sonde
from sonde.errors import BadArtifact, InvalidInput, NotFitted, NotFound
from sonde.learn import create
from sonde.runtimes.embedded import UntrustedModel

ROWS = np.random.default_rng(0).normal(size=(200, 2))


@pytest.fixture
def path(tmp_path: Path, home: Path) -> Path:
    sonde.save(create("isolation_forest", random_state=0).fit(ROWS), tmp_path / "m.sonde")
    return tmp_path / "m.sonde"


def parts_of(path: Path) -> dict[str, bytes]:
    with ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(path: Path, parts: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> None:
    with ZipFile(path, "w", compression) as archive:
        for name, content in parts.items():
            archive.writestr(ZipInfo(name), content, compress_type=compression)


def changed_manifest(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the manifest as an attacker would who can't sign: signature dropped."""
    parts = parts_of(path)
    manifest = json.loads(parts["manifest.json"])
    change(manifest)
    parts["manifest.json"] = json.dumps(manifest).encode()
    del parts["signature.json"]
    write(path, parts)


def test_holds_a_manifest_arrays_and_a_signature_and_no_pickle(path: Path) -> None:
    parts = parts_of(path)
    assert set(parts) == {"manifest.json", "arrays.npz", "signature.json"}
    manifest = json.loads(parts["manifest.json"])
    assert manifest["model"]["estimator"] == "isolation_forest"
    assert manifest["payload"]["sha256"] == hashlib.sha256(parts["arrays.npz"]).hexdigest()


def test_the_same_model_gives_the_same_bytes(path: Path) -> None:
    again = path.with_name("again.sonde")
    sonde.save(create("isolation_forest", random_state=0).fit(ROWS), again)
    assert again.read_bytes() == path.read_bytes()


def test_a_trusted_file_loads_without_a_word(path: Path, recwarn: pytest.WarningsRecorder) -> None:
    sonde.load(path)
    assert not recwarn.list


def test_an_unsigned_file_loads_with_a_notice(path: Path) -> None:
    parts = parts_of(path)
    del parts["signature.json"]
    write(path, parts)
    with pytest.warns(UntrustedModel, match="is not signed"):
        sonde.load(path)


def test_a_foreign_signature_loads_with_a_notice_until_its_key_is_trusted(
    path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    monkeypatch.setenv("SONDE_HOME", str(home.with_name("elsewhere")))
    with pytest.warns(UntrustedModel, match="not trusted here"):
        sonde.load(path)
    key = json.loads(parts_of(path)["signature.json"])["public_key"]
    trusted = home.with_name("elsewhere") / "keys" / "trusted"
    trusted.mkdir(parents=True)
    (trusted / "colleague.pub").write_text(key + "\n")
    recwarn.clear()
    sonde.load(path)
    assert not recwarn.list


def test_a_changed_manifest_is_refused(path: Path) -> None:
    parts = parts_of(path)
    parts["manifest.json"] = parts["manifest.json"].replace(b'"auto"', b'"oops"')
    write(path, parts)
    with pytest.raises(BadArtifact, match="changed after it was signed"):
        sonde.load(path)


def test_changed_arrays_are_refused(path: Path) -> None:
    parts = parts_of(path)
    middle = len(parts["arrays.npz"]) // 2
    payload = parts["arrays.npz"]
    parts["arrays.npz"] = payload[:middle] + bytes([payload[middle] ^ 1]) + payload[middle + 1 :]
    write(path, parts)
    with pytest.raises(BadArtifact, match="do not match their checksum"):
        sonde.load(path)


def test_a_newer_format_is_refused(path: Path) -> None:
    changed_manifest(path, lambda m: m.update(format=99))
    with pytest.raises(BadArtifact, match="format 99, newer than 1"):
        sonde.load(path)


@pytest.mark.parametrize("length", [0, 10, 100, 2000])
def test_a_cut_off_file_is_refused(path: Path, length: int) -> None:
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(BadArtifact, match="not a Sonde model, or it is damaged"):
        sonde.load(path)


def test_a_compressed_part_is_refused(path: Path) -> None:
    write(path, parts_of(path), zipfile.ZIP_DEFLATED)
    with pytest.raises(BadArtifact, match="what a Sonde model does not"):
        sonde.load(path)


def test_another_file_inside_is_refused(path: Path) -> None:
    write(path, parts_of(path) | {"run.py": b"print(1)"})
    with pytest.raises(BadArtifact, match=r"run\.py"):
        sonde.load(path)


@pytest.mark.filterwarnings("ignore::sonde.runtimes.embedded.UntrustedModel")
@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.pop("schema"),
        lambda m: m.pop("model"),
        lambda m: m["model"].update(estimator="os.system"),
        lambda m: m["model"]["parameters"].update(shell="true"),
        lambda m: m["model"]["parameters"].update(n_estimators=-1),
        lambda m: m["schema"].update(channels=["only one"]),
        lambda m: m["schema"].update(kind=7),
        lambda m: m.update(threshold=None),
        lambda m: m["policy"].update(missing="guess"),
        lambda m: m.update(payload="elsewhere"),
    ],
)
def test_a_manifest_that_makes_no_sense_is_refused(path: Path, change: Any) -> None:
    changed_manifest(path, change)
    with pytest.raises(BadArtifact):
        sonde.load(path)


def test_arrays_that_would_lead_a_kernel_astray_are_refused(path: Path) -> None:
    import io

    parts = parts_of(path)
    with np.load(io.BytesIO(parts["arrays.npz"])) as stored:
        arrays: dict[str, Any] = dict(stored)
    arrays["state/columns"] = arrays["state/columns"] + 1000
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    manifest = json.loads(parts["manifest.json"])
    manifest["payload"]["sha256"] = hashlib.sha256(buffer.getvalue()).hexdigest()
    write(path, {"manifest.json": json.dumps(manifest).encode(), "arrays.npz": buffer.getvalue()})
    with pytest.raises(BadArtifact, match="do not fit together"):
        sonde.load(path)


def test_arrays_with_objects_are_refused(path: Path) -> None:
    import io

    parts = parts_of(path)
    buffer = io.BytesIO()
    objects: dict[str, Any] = {"state/columns": np.array([{"a": 1}], dtype=object)}
    np.savez(buffer, **objects)
    manifest = json.loads(parts["manifest.json"])
    manifest["payload"]["sha256"] = hashlib.sha256(buffer.getvalue()).hexdigest()
    write(path, {"manifest.json": json.dumps(manifest).encode(), "arrays.npz": buffer.getvalue()})
    with pytest.raises(BadArtifact, match="pickle"):
        sonde.load(path)


def test_a_file_that_is_not_there_is_not_found(tmp_path: Path, home: Path) -> None:
    with pytest.raises(NotFound, match=r"there is no model file .*nowhere\.sonde"):
        sonde.load(tmp_path / "nowhere.sonde")


def test_a_file_over_the_limit_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with path.open("ab") as file:
        file.truncate(3 * 2**20)
    monkeypatch.setenv("SONDE_MAX_MODEL_MB", "2")
    with pytest.raises(BadArtifact, match="SONDE_MAX_MODEL_MB"):
        sonde.load(path)


def test_an_unfitted_model_is_refused(tmp_path: Path, home: Path) -> None:
    with pytest.raises(NotFitted):
        sonde.save(create("ecod"), tmp_path / "m.sonde")


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path, home: Path) -> None:
    with pytest.raises(InvalidInput, match="can't be written"):
        sonde.save(create("ecod").fit(ROWS), tmp_path / "no" / "m.sonde")


def test_the_signing_key_is_private(path: Path, home: Path) -> None:
    key = home / "keys" / "signing.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.read_text() not in path.read_bytes().decode("latin-1")


def test_a_damaged_signing_key_is_named(path: Path, home: Path) -> None:
    (home / "keys" / "signing.key").write_text("not a key")
    with pytest.raises(InvalidInput, match=r"signing\.key is not a signing key"):
        sonde.load(path)
