"""Pipes, devices, paths, folders, and files that unpack to more than they should."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import socket
import struct
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from sonde.data import read_frame
from sonde.data.formats import csv_files, line_blocks
from sonde.data.formats.csv_files import read_csv
from sonde.data.inputs import pipes, unpacking
from sonde.data.inputs.folders import natural_order
from sonde.data.inputs.memory import available_memory
from sonde.data.inputs.sources import open_source
from sonde.errors import InvalidInput, NotFound

# More than one block, and far more than a pipe holds.
TEXT = b"a,b\n" + b"".join(b"%d,%d.5\n" % (i, i * i % 97) for i in range(60_000))


def content(given: Any, **limits: int) -> bytes:
    source = open_source(given, **limits)
    with source.start() as stream:
        return source.read(stream)


def zstd(data: bytes) -> bytes:
    packed: bytes = pa.compress(data, codec="zstd", asbytes=True)
    return packed


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return held.getvalue()


PACKERS: list[Callable[[bytes], bytes]] = [
    gzip.compress,
    bz2.compress,
    lzma.compress,
    zstd,
    lambda data: zipped({"a.csv": data}),
]


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
    monkeypatch.setattr(pipes, "_WAIT_S", 0.05)
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


@pytest.mark.parametrize("pack", PACKERS)
@pytest.mark.parametrize(
    "text",
    [b"a,b\n1,2\n" + b"\n" * 300_000, b"a\n" + b"1\n" * 150_000, TEXT[:300_000]],
    ids=["blank lines", "alike", "rows"],
)
def test_unpacks_no_more_than_it_may(pack: Callable[[bytes], bytes], text: bytes) -> None:
    with pytest.raises(InvalidInput, match=r"unpacks to more than .*; unpack it first"):
        read_csv(open_source(io.BytesIO(pack(text)), most_unpacked=200_000))
    assert len(read_csv(open_source(io.BytesIO(pack(text)), most_unpacked=300_008)).frame)


def test_a_packed_parquet_file_unpacks_no_more_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = io.BytesIO()
    pl.DataFrame({"a": range(50_000)}).write_parquet(plain, compression="uncompressed")
    packed = gzip.compress(plain.getvalue())
    assert read_frame(io.BytesIO(packed))[0].height == 50_000
    monkeypatch.setattr(unpacking, "_FREELY", 1000)
    monkeypatch.setattr(unpacking, "_MOST_TIMES", 1)
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


@pytest.mark.parametrize("pack", PACKERS)
@pytest.mark.parametrize("data", [b"", bytes(range(256)) * 999], ids=["nothing", "binary"])
def test_unpacks_what_is_no_text(
    pack: Callable[[bytes], bytes], data: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "data.bin"
    path.write_bytes(pack(b"\0" + data))
    assert content(path) == content(io.BytesIO(path.read_bytes())) == b"\0" + data


@pytest.mark.parametrize("pack", PACKERS)
def test_says_that_a_packed_file_is_cut_off_or_altered(pack: Callable[[bytes], bytes]) -> None:
    data = pack(os.urandom(3000))
    altered = data[:700] + bytes(byte ^ 255 for byte in data[700:800]) + data[800:]
    # Arrow writes no checksum into what it packs with zstd.
    for damaged in [data[: len(data) * 2 // 3]] + [altered] * (pack is not zstd):
        with pytest.raises(InvalidInput, match=r"damaged or cut off \w+ file; copy or download"):
            content(io.BytesIO(damaged))


def test_says_that_a_zstd_frame_is_altered() -> None:
    data = bytearray(zstd(TEXT))
    data[4] |= 8  # a bit that is never set
    with pytest.raises(InvalidInput, match="damaged or cut off zstd file"):
        content(io.BytesIO(bytes(data)))


def test_a_zstd_bomb_is_stopped_while_it_unpacks() -> None:
    bomb = zstd(bytes(1 << 28))
    assert len(bomb) < 1 << 15
    with pytest.raises(InvalidInput, match="unpacks to more than 9 megabytes"):
        content(io.BytesIO(bomb), most_unpacked=9 << 20)


def test_zstd_frames_may_follow_each_other_and_be_skipped() -> None:
    skipped = b"\x50\x2a\x4d\x18" + struct.pack("<I", 4) + b"note"
    assert content(io.BytesIO(skipped + zstd(b"a,b\n") + zstd(b"1,2\n"))) == b"a,b\n1,2\n"


def test_a_header_that_begins_like_a_packer_is_text() -> None:
    text = b"BZh1,b\n1,2\n"
    assert content(io.BytesIO(text)) == text


def test_reads_the_only_data_file_of_a_zip(tmp_path: Path) -> None:
    path = tmp_path / "plant.csv"
    members = {"__MACOSX/a.csv": b"x", "day/": b"", ".DS_Store": b"x", "day/a.csv": TEXT}
    path.write_bytes(zipped(members))
    assert content(path) == content(f"{path}::day/a.csv") == TEXT
    assert open_source(path).member is None


def test_names_the_files_of_a_zip_that_holds_several(tmp_path: Path) -> None:
    path = tmp_path / "plant.zip"
    path.write_bytes(zipped({"a.csv": b"a\n1\n", "b.csv": b"b\n2\n"}))
    with pytest.raises(InvalidInput, match=r"holds 2 files \(a.csv, b.csv\); .*plant.zip::a.csv$"):
        open_source(path)
    assert content(f"{path}::b.csv") == b"b\n2\n"
    with pytest.raises(NotFound, match=r"no 'c.csv' in .*plant.zip; it holds a.csv, b.csv"):
        open_source(f"{path}::c.csv")


def test_one_packing_inside_a_zip_is_unpacked_and_no_more() -> None:
    for pack in (gzip.compress, zstd, bz2.compress, lzma.compress):
        assert content(io.BytesIO(zipped({"a.csv.gz": pack(TEXT)}))) == TEXT
    for twice in (
        zipped({"a": gzip.compress(gzip.compress(TEXT))}),
        zipped({"a.zip": zipped({"a": TEXT})}),
        gzip.compress(zstd(TEXT)),
        gzip.compress(zipped({"a": TEXT})),
    ):
        with pytest.raises(InvalidInput, match=r"is packed twice .*; unpack it once"):
            open_source(io.BytesIO(twice))


@pytest.mark.parametrize(
    "names", [["[Content_Types].xml", "xl/book.xml"], ["mimetype", "content.xml"], ["x.npy"]]
)
def test_workbooks_and_npz_are_left_to_their_readers(names: list[str], tmp_path: Path) -> None:
    data = zipped({name: b"x" for name in names})
    path = tmp_path / "book"
    path.write_bytes(data)
    source = open_source(f"{path}::Sheet 2")
    assert (source.compression, source.member, source.path) == (None, "Sheet 2", path)
    assert content(path) == content(io.BytesIO(gzip.compress(data))) == data


def test_a_file_that_is_really_called_so_is_taken_whole(tmp_path: Path) -> None:
    path = tmp_path / "a::b.csv"
    path.write_bytes(TEXT)
    assert content(path) == content(str(path)) == TEXT


def test_a_part_of_what_has_none_is_refused(tmp_path: Path) -> None:
    for i, data in enumerate((TEXT, gzip.compress(TEXT))):
        path = tmp_path / f"{i}.csv"
        path.write_bytes(data)
        with pytest.raises(InvalidInput, match=r"one table, .*; leave out '::x'"):
            open_source(f"{path}::x")
    with pytest.raises(InvalidInput, match="name a file before '::'"):
        open_source("::x")


def altered_zip(offset: int, value: bytes) -> bytes:
    """A zip of one file with bytes of the entry in its directory exchanged."""
    data = bytearray(zipped({"a.csv": TEXT}))
    at = data.index(b"PK\x01\x02") + offset
    data[at : at + len(value)] = value
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (zipped({}), "a zip file with nothing in it"),
        (zipped({"day/": b""}), "a zip file with nothing in it"),
        (zipped({"a.csv": b""}), "a.csv in it is empty"),
        (altered_zip(8, b"\x01\x00"), "'a.csv' in .* is encrypted; unpack it with its password"),
        (altered_zip(10, b"\x63\x00"), r"packed in a way \(method 99\)"),
        # It says that it unpacks to two gigabytes, or to ten bytes.
        (altered_zip(24, struct.pack("<I", 2 << 30)), "unpacks to more than 256 megabytes"),
        (altered_zip(24, struct.pack("<I", 10)), "a damaged or cut off zip file"),
        (altered_zip(20, struct.pack("<I", 1 << 30)), "'a.csv' lies over what follows"),
        (b"PK\x03\x04 and no more", "a damaged or cut off zip file"),
        (b"7z\xbc\xaf\x27\x1c" + b"0" * 99, "is a 7z archive; unpack it"),
        (b"a.csv".ljust(257, b"\0") + b"ustar" + b"0" * 999, "is a tar archive; unpack it"),
        (
            gzip.compress(b"a.csv".ljust(257, b"\0") + b"ustar", mtime=0),
            "is a tar archive; unpack it",
        ),
    ],
)
def test_refuses_archives_that_cannot_be_read(data: bytes, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        content(io.BytesIO(data))


def test_refuses_members_that_share_their_bytes() -> None:
    data = bytearray(zipped({"a.csv": TEXT, "b.csv": TEXT}))
    second = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 4)
    data[second + 42 : second + 46] = b"\0\0\0\0"  # where its bytes begin
    with pytest.raises(InvalidInput, match="lies over what follows"):
        open_source(io.BytesIO(bytes(data)))


@pytest.mark.parametrize("endless", ["/dev/zero", "yes"])
def test_reads_no_more_of_an_endless_pipe_than_it_may(endless: str) -> None:
    command = ["yes"] if endless == "yes" else ["cat", endless]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
        with pytest.raises(InvalidInput, match=r"more than 8 megabytes.*; save it to a file"):
            open_source(writer.stdout or io.BytesIO(), most_bytes=8 << 20)
        writer.kill()


def test_reads_no_more_of_a_named_pipe_than_it_may(written: Callable[[bytes], Path]) -> None:
    data = b"a\n" + b"1\n" * 30_000
    assert content(written(data), most_bytes=len(data)) == data


def test_what_is_held_is_a_part_of_the_free_memory_and_of_a_pipe_two_gigabytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = available_memory()
    assert 0 < free < 1 << 46
    assert free / 8 < pipes.most_held() < free / 3
    reading, writing = os.pipe()
    (tmp_path / "a.csv").touch()
    with os.fdopen(reading) as pipe, os.fdopen(writing), (tmp_path / "a.csv").open() as file:
        for memory, held, piped in ((1 << 40, 1 << 38, 2 << 30), (1 << 30, 1 << 28, 1 << 28)):
            monkeypatch.setattr(pipes, "available_memory", lambda memory=memory: memory)
            found = pipes.most_of(file), pipes.most_of(io.BytesIO()), pipes.most_of(pipe)
            assert found == (held, held, piped)


def test_a_limit_of_the_container_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sonde.data.inputs import memory

    group = tmp_path / "tree" / "jobs" / "one"
    group.mkdir(parents=True)
    for folder, limit in ((group.parent, str(300 << 20)), (group, "max")):
        (folder / "memory.max").write_text(limit)
        (folder / "memory.current").write_text(str(100 << 20))
    (group.parent / "memory.stat").write_text(f"anon 5\ninactive_file {20 << 20}\n")
    (tmp_path / "groups").write_text("0::/jobs/one\n")
    monkeypatch.setattr(memory, "_TREE", tmp_path / "tree")
    monkeypatch.setattr(memory, "_GROUPS", tmp_path / "groups")
    assert available_memory() == 220 << 20


class Giving:
    """An open file that gives one thing."""

    def __init__(self, given: Any) -> None:
        self.given = given

    def read(self, n: int) -> Any:
        if isinstance(self.given, Exception):
            raise self.given
        return self.given


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (None, r"read\(\) gives NoneType, neither bytes nor text"),
        ([1, 2], r"read\(\) gives list, neither bytes nor text"),
        (ValueError("I/O operation on closed file"), r"cannot be read \(I/O operation on closed"),
        (OSError(5, "Input/output error"), r"cannot be read \(Input/output error\)"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no"), "open it as bytes"),
    ],
)
def test_says_what_is_wrong_with_an_open_file(given: Any, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        open_source(Giving(given))  # type: ignore[arg-type]


def test_says_that_there_is_no_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(InvalidInput, match="no standard input; name a file"):
        open_source("-")


@pytest.mark.parametrize(
    "ways", ["~/a b.csv", "file://{home}/a%20b.csv", "FILE://localhost{home}/a b.csv"]
)
def test_finds_a_file_by_every_way_to_write_its_path(
    ways: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a b.csv").write_bytes(TEXT)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert content(ways.format(home=tmp_path)) == TEXT


@pytest.fixture
def strange(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "a.csv").write_bytes(TEXT)
    (tmp_path / "broken").symlink_to("gone.csv")
    (tmp_path / "loop").symlink_to(tmp_path / "pool")
    (tmp_path / "pool").symlink_to(tmp_path / "loop")
    (tmp_path / "none").mkdir()
    (tmp_path / "many").mkdir()
    for i in range(9):
        (tmp_path / "many" / f"{i}.csv").touch()
    (tmp_path / "deep" / "below").mkdir(parents=True)
    (tmp_path / "delta" / "_delta_log").mkdir(parents=True)
    # The name of a socket may be no longer than a hundred bytes.
    with socket.socket(socket.AF_UNIX) as end, pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        end.bind("socket")
        yield tmp_path


@pytest.mark.parametrize(
    ("name", "kind", "says"),
    [
        ("gone.csv", NotFound, "there is no file .*gone.csv; check the name"),
        ("gone/a.csv", NotFound, "there is no folder .*gone either"),
        ("*.tsv", NotFound, "no file fits the pattern"),
        ("a.csv/b", NotFound, "a.csv is a file, not a folder"),
        ("broken", NotFound, "is a link to gone.csv, which is not there"),
        ("loop", InvalidInput, "a link that leads back to itself"),
        ("n" * 300, InvalidInput, "longer than the system allows"),
        ("nul\0.csv", InvalidInput, "a path has no NUL character"),
        ("socket", InvalidInput, "is a device, not a file or a pipe"),
        ("none", InvalidInput, "is a folder with nothing in it"),
        ("many", InvalidInput, r"\(0.csv, .* and 4 more\).*with a pattern: '.*many/\*.csv'$"),
        ("deep", InvalidInput, r"\(below\).*with a pattern: '.*deep/\*/\*'$"),
        ("delta", InvalidInput, "is a Delta table, whose log says"),
    ],
)
def test_says_in_one_sentence_why_a_path_cannot_be_read(
    name: str, kind: type[Exception], says: str, strange: Path
) -> None:
    with pytest.raises(kind, match=says) as refused:
        open_source(strange / name)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 700


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("file://plant/a.csv", r"a file of another machine \(plant\)"),
        ("~nobody-is-called-so/a.csv", "there is no such user"),
    ],
)
def test_refuses_paths_of_nobody(given: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        open_source(given)


def test_sorts_numbers_in_names_by_their_value() -> None:
    names = ["part-10", "part-9", "part-9b", "a", "9"]
    assert sorted(names, key=natural_order) == ["9", "a", "part-9", "part-9b", "part-10"]
