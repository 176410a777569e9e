"""Compressed files and archives that are damaged, too much, or hold something else."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
import tarfile
import zipfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import cast

from .cases import Malformed, file, series_csv, table_csv
from .odd_formats import zipped

_zstd = import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
Packer = Callable[[bytes], bytes]
_PACKERS: tuple[tuple[str, Packer], ...] = (
    ("gzip", gzip.compress),
    ("bzip2", bz2.compress),
    ("xz", lzma.compress),
    ("zstd", cast(Packer, _zstd.compress)),
)
_TWO = zipped({"a.csv": table_csv(), "b.csv": table_csv()})


def _cut(pack: Packer) -> bytes:
    packed = pack(series_csv().encode())
    return packed[: len(packed) * 2 // 3]


def _flipped(pack: Packer) -> bytes:
    packed = bytearray(pack(series_csv().encode()))
    packed[len(packed) // 2] ^= 0xFF
    return bytes(packed)


def _tar(folder: Path) -> None:
    (folder / "a.csv").write_text(table_csv())
    with tarfile.open(folder / "plant.csv", "w") as archive:
        archive.add(folder / "a.csv", "a.csv")


def _zip_bomb() -> bytes:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a.csv", "w", force_zip64=True) as member,
    ):
        for _ in range(65):
            member.write(b"1,2\n" * (1 << 20))
    return out.getvalue()


def _encrypted() -> bytes:
    packed = bytearray(zipped({"a.csv": table_csv()}))
    packed[6] |= 1  # the flag that says so, in the member's own header and in the list of members
    packed[packed.index(b"PK\x01\x02") + 8] |= 1
    return bytes(packed)


CASES = (
    *(
        Malformed(
            f"{name} cut off",
            file(_cut(pack)),
            (f"plant.csv is a damaged or cut off {name} file", "copy or download it again"),
        )
        for name, pack in _PACKERS
    ),
    *(
        Malformed(
            f"{name} with a flipped byte",
            file(_flipped(pack)),
            (f"plant.csv is a damaged or cut off {name} file", "copy or download it again"),
        )
        for name, pack in _PACKERS
    ),
    Malformed(
        "zip cut off",
        file(zipped({"a.csv": series_csv()})[:-30], "plant.zip"),
        ("plant.zip is a damaged or cut off zip", "copy or download it again"),
        "detect plant.zip",
    ),
    Malformed(
        "a gzip bomb of one line",
        file(gzip.compress(b"[") + gzip.compress(b" " * (1 << 20)) * 300),
        ("plant.csv unpacks to more than 256 megabytes", "unpack it first"),
    ),
    Malformed(
        "a zstd bomb",
        file(_zstd.compress(b"[ " * (1 << 23)) * 20),
        ("plant.csv unpacks to more than 256 megabytes", "unpack it first"),
    ),
    Malformed(
        "a zip bomb",
        file(_zip_bomb()),
        ("plant.csv unpacks to more than 256 megabytes", "unpack it first"),
    ),
    Malformed(
        "packed twice",
        file(gzip.compress(gzip.compress(table_csv().encode()))),
        ("plant.csv is packed twice", "unpack it once"),
    ),
    Malformed("a tar archive", _tar, ("plant.csv is a tar archive", "unpack it")),
    Malformed(
        "two files in a zip",
        file(_TWO, "plant.zip"),
        (r"plant.zip holds 2 files \(a.csv, b.csv\)", "name one of them: plant.zip::a.csv"),
        "detect plant.zip",
    ),
    Malformed(
        "a file that the zip does not hold",
        file(_TWO, "plant.zip"),
        ("no 'missing.csv' in plant.zip", "it holds a.csv, b.csv"),
        "detect plant.zip::missing.csv",
    ),
    Malformed(
        "an empty zip",
        file(zipped({}), "plant.zip"),
        ("plant.zip is a zip file with nothing in it", "check what packed it"),
        "detect plant.zip",
    ),
    Malformed(
        "an empty file in a zip",
        file(zipped({"a.csv": ""}), "plant.zip"),
        ("plant.zip: a.csv in it is empty", "check what packed it"),
        "detect plant.zip",
    ),
    Malformed(
        "a zip with a password",
        file(_encrypted(), "plant.zip"),
        ("plant.zip", "password", "unpack it"),
        "detect plant.zip",
    ),
)
