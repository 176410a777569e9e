"""Where bytes come from, how they are compressed, and what is written."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given

from sonde.data import check_ending, read_frame, write_frame
from sonde.errors import InvalidInput, NotFound, SondeError

TEXT = b"a,b\n" + b"".join(b"%d,%d.5\n" % (i, i * i % 97) for i in range(5000))


def zstd(data: bytes) -> bytes:
    packed: bytes = pa.compress(data, codec="zstd", asbytes=True)
    return packed


PACKERS: list[Callable[[bytes], bytes]] = [gzip.compress, bz2.compress, lzma.compress, zstd]


@pytest.mark.parametrize("pack", PACKERS)
def test_unpacks_by_content_whatever_the_name(
    pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    path = tmp_path / "plain.csv"
    path.write_bytes(pack(TEXT))
    frame, name = read_frame(path)
    assert name == str(path)
    assert frame.equals(pl.read_csv(TEXT))


@pytest.mark.parametrize("pack", PACKERS)
def test_says_that_a_packed_file_is_cut_off(pack: Callable[[bytes], bytes]) -> None:
    data = pack(TEXT)
    with pytest.raises(InvalidInput, match=r"damaged or cut off (gzip|bzip2|xz|zstd) file"):
        read_frame(io.BytesIO(data[: len(data) * 2 // 3]))


def test_reads_parquet_whatever_the_name(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": [1, None, 3], "s": ["x", "y", None]})
    frame.write_parquet(tmp_path / "data.csv")
    assert read_frame(tmp_path / "data.csv")[0].equals(frame)


def test_refuses_damaged_parquet() -> None:
    with pytest.raises(InvalidInput, match="damaged or cut off Parquet file"):
        read_frame(io.BytesIO(b"PAR1 and then nothing that belongs there"))


def test_refuses_parquet_without_rows(tmp_path: Path) -> None:
    pl.DataFrame({"a": []}).write_parquet(tmp_path / "none.parquet")
    with pytest.raises(InvalidInput, match="columns and no rows"):
        read_frame(tmp_path / "none.parquet")


def test_reads_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(TEXT))))
    frame, name = read_frame("-")
    assert (frame.height, name) == (5000, "standard input")


def test_reads_open_files_binary_and_text(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(TEXT)
    with path.open("rb") as binary, path.open() as text:
        assert read_frame(binary)[0].equals(read_frame(text)[0])


def test_refuses_what_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="there is no file"):
        read_frame(tmp_path / "missing.csv")
    with pytest.raises(InvalidInput, match="is a folder"):
        read_frame(tmp_path)
    (tmp_path / "empty.csv").touch()
    with pytest.raises(InvalidInput, match="is empty"):
        read_frame(tmp_path / "empty.csv")
    with pytest.raises(InvalidInput, match="is empty"):
        read_frame(io.BytesIO(gzip.compress(b"")))
    with pytest.raises(InvalidInput, match="cannot be opened"):
        read_frame(str(tmp_path / "nul\0.csv"))


def test_says_that_a_file_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A superuser may read anything, so the refusal of the system is made here.
    def refuse(self: Path, mode: str = "r") -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InvalidInput, match="may not be read by this user"):
        read_frame(tmp_path / "secret.csv")


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".jsonl", ".json", ".CSV"])
def test_writes_by_the_ending(ending: str, tmp_path: Path) -> None:
    frame = pl.DataFrame({"row": [0, 1], "score": [0.5, None]})
    path = tmp_path / f"out{ending}"
    write_frame(frame, path)
    readers: dict[str, Any] = {
        ".csv": pl.read_csv,
        ".parquet": pl.read_parquet,
        ".jsonl": pl.read_ndjson,
        ".json": pl.read_json,
    }
    assert readers[ending.lower()](path).equals(frame)


@pytest.mark.parametrize("name", ["out.xlsx", "out", "csv", ".csv/"])
def test_refuses_an_unknown_ending(name: str) -> None:
    with pytest.raises(InvalidInput, match=r"use \.csv, \.parquet, \.jsonl or \.json"):
        check_ending(name)


def test_says_that_a_folder_to_write_to_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be written"):
        write_frame(pl.DataFrame({"a": [1]}), tmp_path / "no" / "out.csv")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("ending", [".csv", ".parquet", ".jsonl", ".json"])
def test_says_that_the_disk_is_full(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"out{ending}"
    path.symlink_to("/dev/full")
    with pytest.raises(InvalidInput, match=r"cannot be written: no space left on device; free"):
        write_frame(pl.DataFrame({"a": [1, 2]}), path)


def test_says_that_a_format_cannot_hold_a_column(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"out\.csv cannot be written: .*nested"):
        write_frame(pl.DataFrame({"a": [[1]]}), tmp_path / "out.csv")


def test_refuses_parquet_without_columns(tmp_path: Path) -> None:
    pl.DataFrame().write_parquet(tmp_path / "none.parquet")
    with pytest.raises(InvalidInput, match="has no columns"):
        read_frame(tmp_path / "none.parquet")


@pytest.mark.parametrize(
    ("begin", "says"),
    [
        (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
        (b"CDF\x01", "a NetCDF file"),
        (b"%PDF-1.7", "a PDF"),
        (b"Obj\x01", "an Avro file"),
        (b"ORC", "an ORC file"),
        (b"SQLite format 3\x00", "an SQLite database, which cannot be read here; .*--query"),
        (b"MATLAB 5.0 MAT-file, Platform: GLNXA64", "a MATLAB file"),
        (b"\x89PNG\r\n\x1a\n", "a PNG image"),
        (b"\xff\xd8\xff\xe0", "a JPEG image"),
        (b"RIFF\x00\x00\x00\x00WAVE", "a sound, film or image"),
        (b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00]", "a pickle, a file that can run code"),
        (b"<?xml version='1.0'?><a/>", "XML or HTML"),
        (b"\xef\xbb\xbf\n<!DOCTYPE html><html>", "XML or HTML"),
        (b"{\\rtf1", "a text document"),
        (b"\x7fELF", "a program"),
        (b"FEA1", "Feather file of version 1"),
    ],
)
def test_names_what_it_does_not_read(begin: bytes, says: str) -> None:
    with pytest.raises(InvalidInput, match=says) as refused:
        read_frame(io.BytesIO(begin + bytes(range(256)) * 4))
    assert "\n" not in str(refused.value)


def test_refuses_what_is_packed_twice() -> None:
    with pytest.raises(InvalidInput, match=r"packed twice .*unpack it once"):
        read_frame(io.BytesIO(gzip.compress(gzip.compress(TEXT))))


def test_refuses_a_packed_archive_of_files() -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        entry = tarfile.TarInfo("a.csv")
        entry.size = len(TEXT)
        archive.addfile(entry, io.BytesIO(TEXT))
    with pytest.raises(InvalidInput, match="a tar archive"):
        read_frame(io.BytesIO(packed.getvalue()))


def test_refuses_a_part_of_a_file_that_has_none(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(TEXT)
    with pytest.raises(InvalidInput, match="has no parts to choose from"):
        read_frame(f"{tmp_path / 'a.csv'}::x")


@given(
    st.sampled_from(
        [
            b"ARROW1\0\0",
            b"\xff\xff\xff\xff",
            b"\x93NUMPY\x01\x00",
            b"PK\x03\x04",
            b"PAR1",
            b"{",
            b"[",
            b"@data\n",
            b"@relation x\n@attribute a real\n@data\n",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        ]
    ),
    st.binary(max_size=120) | st.text('@dat 1,:"{}[]?\n', max_size=60).map(str.encode),
)
def test_whatever_follows_a_known_beginning_is_read_or_refused_in_a_sentence(
    begin: bytes, rest: bytes
) -> None:
    try:
        said = f"{read_frame(io.BytesIO(begin + rest))[0].height} rows"
    except SondeError as refused:
        said = str(refused)
    assert "\n" not in said
    assert said != "0 rows"
