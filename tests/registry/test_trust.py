"""Which files the registry takes and gives: signed by somebody trusted, whole, and ours."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import tracemalloc
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from zipfile import ZipFile, ZipInfo

import pytest

from sonde.errors import BadArtifact, NotFound
from sonde.registry import Registry, artifact_bytes, load_artifact, model_from_bytes
from sonde.security import Keyring, Signature
from tests.registry.conftest import Make, a_model

Parts = dict[str, bytes]


def parts_of(data: bytes) -> Parts:
    with ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: Parts) -> bytes:
    buffer = io.BytesIO()
    with ZipFile(buffer, "w") as archive:
        for name, content in parts.items():
            archive.writestr(ZipInfo(name), content)
    return buffer.getvalue()


def signed_anew(parts: Parts, keyring: Keyring, **manifest: Any) -> bytes:
    text = json.dumps(json.loads(parts["manifest.json"]) | manifest).encode()
    signature = json.dumps(vars(keyring.sign(text))).encode()
    return packed(parts | {"manifest.json": text, "signature.json": signature})


def without_signature(parts: Parts, _: Keyring) -> bytes:
    return packed({name: part for name, part in parts.items() if name != "signature.json"})


def other_manifest(parts: Parts, _: Keyring) -> bytes:
    return packed(parts | {"manifest.json": parts["manifest.json"] + b" "})


def other_arrays(parts: Parts, _: Keyring) -> bytes:
    arrays = bytearray(parts["arrays.npz"])
    arrays[len(arrays) // 2] ^= 1
    return packed(parts | {"arrays.npz": bytes(arrays)})


def of_a_stranger(parts: Parts, keyring: Keyring) -> bytes:
    return signed_anew(parts, Keyring(keyring.folder / "stranger"))


def of_the_future(parts: Parts, keyring: Keyring) -> bytes:
    return signed_anew(parts, keyring, format=2)


def signed_in_the_future(parts: Parts, _: Keyring) -> bytes:
    signature = json.loads(parts["signature.json"]) | {"algorithm": "ml-dsa"}
    return packed(parts | {"signature.json": json.dumps(signature).encode()})


def a_pickle(_: Parts, __: Keyring) -> bytes:
    return pickle.dumps({"model": 1})


def too_many(parts: Parts, keyring: Keyring) -> bytes:
    return signed_anew(parts, keyring, policy={"x": "y" * 3_000_000})


REFUSED: dict[str, tuple[Callable[[Parts, Keyring], bytes], str, str]] = {
    "unsigned": (without_signature, "unsigned", "is not signed; only signed models"),
    "manifest changed": (other_manifest, "altered", "changed after it was signed"),
    "arrays changed": (other_arrays, "altered", "do not match their checksum"),
    "unknown key": (of_a_stranger, "unknown_key", r"not trusted here .*trusted/NAME\.pub"),
    "pickle": (a_pickle, "pickled", "would run whatever it says"),
    "too new": (of_the_future, "too_new", "format 2, newer than 1"),
    "signed in a new way": (signed_in_the_future, "too_new", "'ml-dsa'.*upgrade sonde"),
    "too large": (too_many, "too_large", "SONDE_MAX_MODEL_MB"),
    "cut off": (lambda parts, _: packed(parts)[:-40], "damaged", "or it is damaged"),
    "nothing": (lambda parts, _: b"", "damaged", "or it is damaged"),
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("algorithm", ["ed25519", "hmac"])
def test_each_is_refused_with_its_own_reason(registry_at: Make, case: str, algorithm: Any) -> None:
    make, reason, said = REFUSED[case]
    registry = replace(registry_at(), max_bytes=2_000_000)
    registry = replace(registry, keyring=replace(registry.keyring, signing=algorithm))
    record = registry.register("pump", a_model())
    data = make(parts_of(registry.bytes_of(record)), registry.keyring)
    with pytest.raises(BadArtifact, match=said) as refused:
        registry.register_bytes("tank", data)
    assert refused.value.facts["reason"] == reason
    # And where such bytes came to lie in the store, by whatever way.
    digest = registry.blobs.put(data)
    with pytest.raises(BadArtifact) as refused:
        registry.load(replace(record, digest=digest, size=len(data)))
    assert refused.value.facts["reason"] == reason
    with pytest.raises(BadArtifact):
        registry.verify(replace(record, digest=digest, size=len(data)))
    assert [model.name for model in registry.models().items] == ["pump"]


def test_a_model_whose_bytes_are_lost_is_not_found(registry_at: Make) -> None:
    registry = registry_at()
    record = registry.register("pump", a_model())
    registry.blobs.delete(record.digest)
    with pytest.raises(NotFound, match="restore it from a backup"):
        registry.load(record)


def test_a_trusted_colleagues_model_is_kept_as_it_is(registry_at: Make, tmp_path: Path) -> None:
    registry = registry_at()
    theirs = Keyring(tmp_path / "theirs")
    data = artifact_bytes(a_model(), theirs)
    with pytest.raises(BadArtifact, match="not trusted here"):
        registry.register_bytes("pump", data)
    key = theirs.sign(b"").public_key
    (registry.keyring.folder / "trusted").mkdir(parents=True)
    (registry.keyring.folder / "trusted" / "colleague.pub").write_text(key)
    record = registry.register_bytes("pump", data)
    assert record.signature_key == key
    assert registry.bytes_of(record) == data
    registry.load(record)


def test_a_key_that_is_trusted_no_more_stops_its_models(registry_at: Make) -> None:
    registry = registry_at()
    record = registry.register("pump", a_model())
    (registry.keyring.folder / "signing.key").unlink()
    with pytest.raises(BadArtifact, match="not trusted here"):
        registry.load(record)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize(
    "compress", [bytes, zlib.compress, gzip.compress, bz2.compress, lzma.compress]
)
def test_a_pickle_is_known_whatever_it_is_called(
    compress: Callable[[bytes], bytes], protocol: int
) -> None:
    data = compress(pickle.dumps({"a": list(range(1000))}, protocol))
    with pytest.raises(BadArtifact, match=r"m\.sonde is a pickle") as refused:
        model_from_bytes(data, "m.sonde", None)
    assert refused.value.facts["reason"] == "pickled"


def test_other_libraries_files_are_named(tmp_path: Path) -> None:
    torch = packed({"archive/data.pkl": b"", "archive/version": b"3"})
    skops = packed({"schema.json": b"{}"})
    for name, data, said in (
        ("m.pt", torch, "is a pickle"),
        ("m.bin", torch, "is a pickle"),
        ("forest.joblib", b"anything", "is a pickle"),
        ("forest.skops", skops, r"is a skops file; .* \.sonde files"),
        ("forest.onnx", b"\x08\x07", "is a ONNX file"),
        ("rows.csv", b"a,b\n1,2\n", "not a Sonde model, or it is damaged"),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(BadArtifact, match=said):
            load_artifact(tmp_path / name, None)


def test_a_bomb_is_not_unpacked_to_see_what_it_is() -> None:
    data = zlib.compress(bytes(50_000_000), 1)
    tracemalloc.start()
    with pytest.raises(BadArtifact, match="not a Sonde model"):
        model_from_bytes(data, "m.sonde", None)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 5_000_000


def test_files_from_before_there_was_a_choice_are_trusted(registry_at: Make) -> None:
    registry = registry_at()
    parts = parts_of(artifact_bytes(a_model(), registry.keyring))
    signature = json.loads(parts["signature.json"])
    assert signature.pop("algorithm") == "ed25519"
    old = packed(parts | {"signature.json": json.dumps(signature).encode()})
    registry.load(registry.register_bytes("pump", old))


def test_a_public_key_is_no_secret_of_an_hmac(registry_at: Make) -> None:
    """Who knows the public key can't have an HMAC made with it taken for a signature."""
    import hashlib
    import hmac

    registry = registry_at()
    parts = parts_of(artifact_bytes(a_model(), registry.keyring))
    public = json.loads(parts["signature.json"])["public_key"]
    for secret in (bytes.fromhex(public), public.encode(), b""):
        value = hmac.new(secret, parts["manifest.json"], hashlib.sha256).hexdigest()
        forged = json.dumps(vars(Signature(public, value, "hmac-sha256"))).encode()
        with pytest.raises(BadArtifact, match="not trusted here"):
            registry.register_bytes("pump", packed(parts | {"signature.json": forged}))


def _unsigned(registry: Registry) -> bytes:
    return without_signature(
        parts_of(artifact_bytes(a_model(), registry.keyring)), registry.keyring
    )


def test_nothing_but_the_signature_is_read_of_what_is_not_trusted(registry_at: Make) -> None:
    registry = registry_at()
    parts = parts_of(_unsigned(registry))
    broken = packed(parts | {"manifest.json": b"no JSON", "arrays.npz": b"no arrays"})
    with pytest.raises(BadArtifact) as refused:
        registry.register_bytes("pump", broken)
    assert refused.value.facts["reason"] == "unsigned"
