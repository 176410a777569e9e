"""Pipes, devices, and files that unpack to more than they should."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest

from sonde.data import csv_files, line_blocks, read_frame, sources
from sonde.data.csv_files import read_csv
from sonde.data.sources import open_source
from sonde.errors import InvalidInput

# More than one block, and far more than a pipe holds.
TEXT = b"a,b\n" + b"".join(b"%d,%d.5\n" % (i, i * i % 97) for i in range(60_000))


@pytest.fixture
def small_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (csv_files, line_blocks):
        monkeypatch.setattr(module, "LONGEST_LINE", 1 << 17)
    monkeypatch.setattr(csv_files, "_BLOCK", 1 << 14)


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


@pytest.fixture
def written(pipe: Path) -> Iterator[Callable[[bytes], Path]]:
    threads: list[threading.Thread] = []

    def write(data: bytes) -> Path:
        threads.append(threading.Thread(target=pipe.write_bytes, args=(data,)))
        threads[-1].start()
        return pipe

    yield write
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_reads_every_row_of_a_pipe(
    pack: Callable[[bytes], bytes], written: Callable[[bytes], Path]
) -> None:
    frame, _ = read_frame(written(pack(TEXT)))
    assert frame.equals(pl.read_csv(TEXT))


def test_reads_every_row_of_an_open_pipe_by_its_number() -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as end:
        end.write(TEXT[:4000])
    try:
        assert read_frame(f"/dev/fd/{reading}")[0].equals(pl.read_csv(TEXT[:4000]))
    finally:
        os.close(reading)


def test_refuses_a_pipe_that_nobody_writes_to(pipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_WAIT_S", 0.05)
    with pytest.raises(InvalidInput, match=r"a pipe that nothing writes to.* standard input"):
        read_frame(pipe)


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/dev/zero", "/dev/zero is a device"),
        ("/dev/null", "is empty"),
        ("", "the path is empty; name a file"),
    ],
)
def test_refuses_what_is_no_file(path: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        read_frame(path)


def test_refuses_an_open_device_that_never_ends() -> None:
    with Path("/dev/zero").open("rb") as zeros, pytest.raises(InvalidInput, match="is a device"):
        read_frame(zeros)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize(
    "text",
    [b"a,b\n1,2\n" + b"\n" * 300_000, b"a\n" + b"1\n" * 150_000, TEXT[:300_000]],
    ids=["blank lines", "alike", "rows"],
)
def test_unpacks_no_more_than_it_may(pack: Callable[[bytes], bytes], text: bytes) -> None:
    source = open_source(io.BytesIO(pack(text)), most_unpacked=200_000)
    with pytest.raises(InvalidInput, match=r"unpacks to more than .*; unpack it first"):
        read_csv(source)
    assert len(read_csv(open_source(io.BytesIO(pack(text)), most_unpacked=300_008)).frame)


def test_a_packed_parquet_file_unpacks_no_more_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = io.BytesIO()
    pl.DataFrame({"a": range(50_000)}).write_parquet(plain, compression="uncompressed")
    packed = gzip.compress(plain.getvalue())
    assert read_frame(io.BytesIO(packed))[0].height == 50_000
    monkeypatch.setattr(sources, "_FREELY", 1000)
    monkeypatch.setattr(sources, "_MOST_TIMES", 1)
    with pytest.raises(InvalidInput, match="unpacks to more than"):
        read_frame(io.BytesIO(packed))


@pytest.mark.parametrize(
    "text",
    [b"0" * 400_000, b"a\n" + b"0" * 400_000, b'a,b\n1,"x\n' + b"2,3\n" * 100_000],
    ids=["no line end", "none after the header", "a quote left open"],
)
def test_refuses_a_line_that_never_ends(text: bytes, small_lines: None) -> None:
    with pytest.raises(InvalidInput, match="a line of more than"):
        read_frame(io.BytesIO(text))


def test_any_number_of_blank_lines_is_no_long_line(small_lines: None) -> None:
    text = b"a,b\n1,2\n" + b"\n" * 400_000
    assert read_frame(io.BytesIO(text + b"3,4\n"))[0].rows() == [(1, 2), (3, 4)]
    assert read_frame(io.BytesIO(text))[0].rows() == [(1, 2)]
