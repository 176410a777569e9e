from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from sonde.errors import BadArtifact, InvalidInput, NotFound, Unavailable
from sonde.registry.blobs import Blobs, FileBlobs, open_blobs
from sonde.registry.object_blobs import ObjectBlobs

DATA = b"a model" * 100
DIGEST = hashlib.sha256(DATA).hexdigest()


@pytest.fixture(params=["folder", "s3"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    if request.param == "folder":
        return open_blobs(None, tmp_path)
    return open_blobs(request.getfixturevalue("s3_url") + "/sonde/models/", tmp_path)


def test_what_was_put_is_got_by_its_digest(blobs: Blobs) -> None:
    assert not blobs.exists(DIGEST)
    assert blobs.put(DATA) == DIGEST
    assert blobs.exists(DIGEST)
    assert blobs.get(DIGEST, len(DATA)) == DATA


def test_the_same_bytes_twice_are_kept_once(blobs: Blobs) -> None:
    assert blobs.put(DATA) == blobs.put(DATA) == DIGEST
    assert list(blobs.older_than(-5)) == [DIGEST]


def test_bytes_that_are_gone_are_named(blobs: Blobs) -> None:
    with pytest.raises(NotFound, match=f"{DIGEST[:12]}.*SONDE_BLOBS__URL"):
        blobs.get(DIGEST, 100)
    blobs.put(DATA)
    blobs.delete(DIGEST)
    blobs.delete(DIGEST)
    with pytest.raises(NotFound):
        blobs.get(DIGEST, 10_000)


def test_more_than_is_opened_is_refused_before_it_is_read(blobs: Blobs) -> None:
    blobs.put(DATA)
    with pytest.raises(BadArtifact, match="at most 10 are opened") as refused:
        blobs.get(DIGEST, 10)
    assert refused.value.facts["reason"] == "too_large"


def test_age_is_that_of_the_bytes(blobs: Blobs) -> None:
    blobs.put(DATA)
    assert list(blobs.older_than(3600)) == []


def test_an_empty_place_has_nothing_old_and_can_be_used(blobs: Blobs) -> None:
    assert list(blobs.older_than(-5)) == []
    blobs.check()
    assert list(blobs.older_than(-5)) == []


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "AB" * 32, "0" * 63])
def test_what_is_no_digest_reaches_no_place(blobs: Blobs, digest: str) -> None:
    with pytest.raises(InvalidInput, match="no digest"):
        blobs.get(digest, 10)


def test_altered_bytes_are_refused(tmp_path: Path) -> None:
    blobs = FileBlobs(tmp_path)
    blobs.put(DATA)
    path = tmp_path / DIGEST[:2] / DIGEST[2:]
    path.write_bytes(DATA[:-1] + b"!")
    with pytest.raises(BadArtifact, match="not those that were put") as refused:
        blobs.get(DIGEST, 10_000)
    assert refused.value.facts["reason"] == "altered"
    blobs.put(DATA)  # heals what the disk did
    assert blobs.get(DIGEST, 10_000) == DATA


def test_altered_objects_are_refused(s3_url: str) -> None:
    import fsspec

    blobs = open_blobs(s3_url, Path())
    blobs.put(DATA)
    fsspec.filesystem("s3").pipe_file(f"{s3_url}/{DIGEST[:2]}/{DIGEST[2:]}", b"other")
    with pytest.raises(BadArtifact, match="not those that were put"):
        blobs.get(DIGEST, 10_000)


def test_an_object_is_not_written_over(s3_url: str) -> None:
    import fsspec

    blobs = open_blobs(s3_url, Path())
    path = f"{s3_url}/{DIGEST[:2]}/{DIGEST[2:]}"
    fsspec.filesystem("s3").pipe_file(path, b"was here first")
    blobs.put(DATA)
    assert fsspec.filesystem("s3", use_listings_cache=False).cat_file(path) == b"was here first"


def test_no_half_file_is_seen_and_old_halves_are_swept(tmp_path: Path) -> None:
    blobs = FileBlobs(tmp_path)
    blobs.put(DATA)
    half = tmp_path / DIGEST[:2] / ".0123.half"
    half.write_bytes(b"half")
    assert list(blobs.older_than(-5)) == [DIGEST]
    assert half.exists()  # somebody may be writing it just now
    os.utime(half, (0, 0))
    assert list(blobs.older_than(60)) == []
    assert not half.exists()


def test_putting_again_makes_bytes_young_again(tmp_path: Path) -> None:
    blobs = FileBlobs(tmp_path)
    blobs.put(DATA)
    os.utime(tmp_path / DIGEST[:2] / DIGEST[2:], (0, 0))
    assert list(blobs.older_than(60)) == [DIGEST]
    blobs.put(DATA)
    assert list(blobs.older_than(60)) == []


def test_a_folder_that_cannot_be_used_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "blobs").write_text("a file")
    blobs = open_blobs(None, tmp_path)
    with pytest.raises(Unavailable, match=r"blobs can't be used: .*SONDE_BLOBS__URL"):
        blobs.check()
    with pytest.raises(Unavailable):
        blobs.put(DATA)


def test_a_bucket_that_is_not_there_is_unavailable(s3_url: str) -> None:
    blobs = ObjectBlobs(f"{s3_url}-of-nobody")
    with pytest.raises(Unavailable, match="no such bucket"):
        blobs.check()
    with pytest.raises(Unavailable, match="no such bucket"):
        blobs.put(DATA)


def test_a_store_that_is_away_is_unavailable(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import s3fs

    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    s3fs.S3FileSystem.clear_instance_cache()
    with pytest.raises(Unavailable, match="can't be reached; check the network"):
        ObjectBlobs(s3_url).exists(DIGEST)
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.mark.parametrize("url", ["gs://bucket/models", "s3://", "ftp://me:secret@plant/x"])
def test_other_places_are_refused_and_passwords_are_not_shown(url: str) -> None:
    with pytest.raises(InvalidInput, match="s3://bucket/prefix") as refused:
        open_blobs(url, Path())
    assert "secret" not in str(refused.value)
