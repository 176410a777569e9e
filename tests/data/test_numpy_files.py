"""NumPy's files: which arrays are tables, and what is said of the others."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from sonde.data import examine
from sonde.data.formats.files import read_frame
from sonde.errors import InvalidInput, NotFound

RNG = np.random.default_rng(7)


def npy(array: Any, **more: Any) -> bytes:
    written = io.BytesIO()
    np.save(written, array, **more)
    return written.getvalue()


def npz(**arrays: Any) -> bytes:
    written = io.BytesIO()
    np.savez(written, **arrays)
    return written.getvalue()


def frame_of(data: bytes) -> pl.DataFrame:
    return read_frame(io.BytesIO(data))[0]


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["<f8", ">f8", "<f4", "<f2", "<i8", ">i2", "u1", "?"])
def test_reads_a_matrix(dtype: str, order: Any, tmp_path: Path) -> None:
    array = np.asarray(RNG.integers(0, 2, (6, 3)), dtype=dtype, order=order)
    path = tmp_path / "x.csv"
    path.write_bytes(npy(array))
    for source in (path, io.BytesIO(npy(array))):
        frame, _ = read_frame(source)
        assert frame.columns == ["c0", "c1", "c2"]
        np.testing.assert_array_equal(frame.to_numpy(), array)


def test_reads_flat_arrays_text_and_missing_values() -> None:
    assert frame_of(npy(np.array([1.5, np.nan, 3]))).rows() == [(1.5,), (None,), (3.0,)]
    assert frame_of(npy(np.array(["a", "bc"])))["c0"].to_list() == ["a", "bc"]
    assert frame_of(npy(np.array([b"a", "ü".encode()])))["c0"].to_list() == ["a", "ü"]


def test_fields_become_columns_and_dates_become_the_time(tmp_path: Path) -> None:
    days = np.datetime64("2024-01-01") + np.arange(5)
    fields = [("day", "M8[D]"), ("v", "f8"), ("xy", "f4", (2,))]
    array = np.array([(d, i * i, (i, -i)) for i, d in enumerate(days)], dtype=fields)
    path = tmp_path / "x.npy"
    path.write_bytes(npy(array))
    assert read_frame(path)[0].columns == ["day", "v", "xy_0", "xy_1"]
    reading = examine(path, columns=["v"])
    assert (reading.time_column, reading.step_ns) == ("day", 86_400 * 10**9)


@pytest.mark.parametrize(
    ("arrays", "columns"),
    [
        ({"x": np.ones(3)}, ["c0"]),
        ({"X": np.ones((3, 2))}, ["c0", "c1"]),
        ({"x": np.ones(3), "y": np.ones(3)}, ["x", "y"]),
        ({"X": np.ones((3, 2)), "y": np.ones(3)}, ["c0", "c1", "y"]),
        ({"X": np.ones((3, 2)), "c1": np.ones(3)}, ["X_0", "X_1", "c1"]),
        ({"X": np.ones((3, 2)), "Z": np.ones((3, 1))}, ["X_0", "X_1", "Z_0"]),
    ],
)
def test_reads_the_arrays_of_an_npz_side_by_side(
    arrays: dict[str, Any], columns: list[str]
) -> None:
    assert frame_of(npz(**arrays)).columns == columns


def test_reads_the_array_that_the_path_names(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(npz(x=np.arange(3.0), y=np.arange(5.0)))
    assert read_frame(f"{path}::y")[0].height == 5
    with pytest.raises(NotFound, match="has no array 'z'; it has 'x', 'y'"):
        read_frame(f"{path}::z")
    with pytest.raises(InvalidInput, match=r"different lengths: x \(3,\), y \(5,\); choose"):
        read_frame(path)


class Trap:
    def __reduce__(self) -> Any:
        raise AssertionError("a pickle was opened")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (npy(np.ones((2, 3, 4))), 'sonde.Panel.from_array(x, axes="ntc")'),
        (npy(np.ones((2, 3, 4, 5))), "has 4 axes"),
        (npy(np.float64(1)), "has 0 axes"),
        (npy(np.ones(3, complex)), "complex numbers"),
        (npy(np.array([{}, 1], object), allow_pickle=True), "Python objects"),
        (npz(a=np.array([None, 1], object)), "Python objects"),
        (npy(np.zeros(3, "V4")), "which are no values"),
        (npy(np.ones(0)), "no rows"),
        (npy(np.ones(50))[:300], "damaged or cut off NumPy file"),
        (npy(np.ones(50))[:20], "damaged or cut off NumPy file"),
        (npy(np.ones(50)).replace(b"(50,)", b"(9**9"), "damaged or cut off NumPy file"),
        (b"\x93NUMPY\x09\x00", "damaged or cut off NumPy file"),
        (npz(a=np.ones(50))[:200], "damaged or cut off"),
    ],
)
def test_refuses(data: bytes, says: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        frame_of(data)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("is_zipped", [False, True])
def test_a_header_that_promises_terabytes_takes_no_memory(is_zipped: bool, tmp_path: Path) -> None:
    lie = npy(np.ones(50)).replace(b"(50,), }" + b" " * 14, b"(99999999999999,), }  ")
    assert b"99999999999999" in lie
    if is_zipped:
        written = io.BytesIO()
        with zipfile.ZipFile(written, "w") as archive:
            archive.writestr("a.npy", lie)
        lie = written.getvalue()
    path = tmp_path / "lie"
    path.write_bytes(lie)
    for source in (path, io.BytesIO(lie)):
        with pytest.raises(InvalidInput, match="damaged or cut off NumPy file"):
            read_frame(source)
