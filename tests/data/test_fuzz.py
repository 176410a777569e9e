"""Whatever is thrown at the readers: a consistent container or a refusal in a sentence.

``python -m tests.data.fuzz_long --minutes 10`` does the same for as long as one likes.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import subprocess
import sys
import zipfile
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sonde.data import examine, rows_from
from sonde.data.inputs.sources import open_source
from sonde.data.quoting import quoted, shortened
from sonde.data.reading import Reading
from sonde.data.shapes import container_from
from sonde.errors import InvalidInput
from tests import campaigns

from . import fuzz_changes, fuzz_frames
from .fuzz_bombs import BOMBS, SLOW
from .fuzz_checks import check_bytes, check_refusal, same, watched
from .fuzz_seeds import seeds, zipped, zstd

_few = settings(
    max_examples=200 if campaigns.FULL else 60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def _beginnings() -> st.SearchStrategy[bytes]:
    return st.sampled_from([b"", *(data[:n] for data in seeds().values() for n in (4, 12, 40))])


@_few
@given(_beginnings(), st.binary(max_size=300))
@example(b"", b"")
@example(b"", b"\x00" * 300)
@example(b"PK\x03\x04", b"PK\x05\x06" + b"\x00" * 18)
def test_any_bytes_are_read_or_refused(begin: bytes, rest: bytes) -> None:
    check_bytes(begin + rest)


@_few
@given(
    st.lists(
        st.lists(
            st.sampled_from(fuzz_changes.PIECES) | st.text(max_size=5), min_size=1, max_size=6
        ),
        min_size=1,
        max_size=12,
    ),
    st.sampled_from(",;\t|: "),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"]),
)
@example([["time", "v"], ["5e-324", "1"], ["1e300", "2"], ["1e308", "3"]], ",", "\n", "utf-8")
def test_any_text_is_read_or_refused(
    rows: list[list[str]], delimiter: str, end: str, encoding: str
) -> None:
    check_bytes(end.join(map(delimiter.join, rows)).encode(encoding, "replace"))


@_few
@given(st.integers(0, 2**48))
def test_columns_of_any_words_are_read_or_refused(seed: int) -> None:
    check_bytes(fuzz_changes.columns(Random(seed)))


@settings(_few, max_examples=2 * _few.max_examples)
@given(st.randoms(use_true_random=False), st.booleans())
def test_a_damaged_file_is_read_or_refused_and_alike_from_memory_and_from_a_path(
    random: Random, by_path: bool
) -> None:
    check_bytes(fuzz_changes.damaged(random), by_path=by_path)


@pytest.mark.parametrize("kind", list(fuzz_frames.KINDS))
@_few
@given(seed=st.integers(0, 2**48))
def test_any_frame_or_array_is_read_or_refused(kind: str, seed: int) -> None:
    fuzz_frames.KINDS[kind](Random(seed))


@pytest.mark.parametrize("name", list(seeds()))
def test_an_undamaged_file_is_read(name: str) -> None:
    found = check_bytes(seeds()[name], by_path=True)
    # What has no numbers to look at says so; all others are read.
    assert isinstance(found, Reading) or "no column of numbers" in str(found), found


_NUMBERS = st.one_of(
    st.integers(-(2**52), 2**52).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.floats(-1e6, 1e6).map(lambda x: f"{x:.3f}"),
    st.floats(-1e6, 1e6).map(lambda x: f"{x:+.2e}"),
    st.sampled_from(["", "NaN", "NA", "1e999", "-0.0", "007"]),
)


@_few
@given(
    st.integers(2, 5).flatmap(
        lambda width: st.lists(
            st.lists(_NUMBERS, min_size=width, max_size=width), min_size=2, max_size=15
        )
    ),
    st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"]),
    st.booleans(),
)
def test_a_clean_table_is_read_as_python_reads_its_cells(
    rows: list[list[str]], delimiter: str, end: str, encoding: str, quotes: bool
) -> None:
    rows = [["1.5"] * len(rows[0]), *rows]  # so that no column is without a number
    names = [f"name{j}" for j in range(len(rows[0]))]
    mark = '"' if quotes else ""
    lines = [delimiter.join(f"{mark}{cell}{mark}" for cell in row) for row in [names, *rows]]
    data = (end.join(lines) + end).encode(encoding)
    with watched():
        reading = examine(io.BytesIO(data), columns=names, kind="table")
    assert reading.data.channels == tuple(names)
    assert reading.data.values.shape == (len(rows), len(names))
    for read, row in zip(reading.data.values, rows, strict=True):
        for value, cell in zip(read, row, strict=True):
            assert same(float(value), None if cell in ("", "NA") else cell), (cell, value)


def test_small_inputs_that_would_take_all_memory_or_time_do_not() -> None:
    names = [name for name in BOMBS if campaigns.FULL or name not in SLOW]
    done = subprocess.run(
        [sys.executable, "-m", "tests.data.fuzz_bombs", *names], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert len(done.stdout.splitlines()) == len(names)


def test_a_campaign_in_little_memory_finds_nothing() -> None:
    n = "800" if campaigns.FULL else "200"
    command = [sys.executable, "-m", "tests.data.fuzz_long", "--minutes", "0.001", "--examples", n]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert done.stdout.startswith(f"{n} examples, 0 different faults"), done.stdout


# What the fuzzer found once.


def test_a_column_without_a_name_keeps_none() -> None:
    assert examine({"": [1.5, 2.5, 9.0]}).data.channels == ("",)
    rows = b'[{"": 1.5, "b": 2}, {"": 2.5, "b": 4}]'
    assert examine(io.BytesIO(rows)).data.channels == ("", "b")


@pytest.mark.parametrize("as_rows", [False, True])
@pytest.mark.parametrize(
    "cells",
    [
        [Decimal("1E-9"), Decimal("9E+30"), Decimal(2)],
        [Decimal("NaN"), Decimal(1), Decimal("Infinity")],
        [Decimal("1e400"), Decimal("0.1"), None],
    ],
)
def test_decimals_of_any_size_are_the_nearest_floats(cells: list[Any], as_rows: bool) -> None:
    given: Any = [{"v": cell} for cell in cells] if as_rows else {"v": cells}
    values = examine(given, columns=["v"]).data.values[:, 0]
    assert all(same(float(value), cell) for value, cell in zip(values, cells, strict=True))


def test_an_integer_that_fits_no_column_is_named() -> None:
    with pytest.raises(InvalidInput, match=r"row 1, column 'v'.*too large"):
        examine([{"v": 1.5}, {"v": 2**200}, {"v": 2.5}])


def test_dates_that_nanoseconds_do_not_reach_are_refused_in_all_units() -> None:
    for moments in (
        pl.Series("time", [datetime.min, datetime.max]),
        pl.Series("time", [2**62, 1]).cast(pl.Datetime("ms")),
        pl.Series("time", [-(2**63), 1]).cast(pl.Datetime("ns")),
        pl.Series("time", [2**31 - 1, 1], dtype=pl.Int32).cast(pl.Date),
    ):
        frame = pl.DataFrame([moments, pl.Series("v", [1.5, 2.5])])
        with pytest.raises(InvalidInput, match="outside the years 1677–2262"):
            examine(frame)
        with pytest.raises(InvalidInput, match="outside the years 1677–2262"):
            rows_from(frame, prefer="series")


def test_integers_of_128_bits_are_numbers() -> None:
    wide = pl.Series("time", [5, 2**100, 7], dtype=pl.UInt128)
    found = examine(pl.DataFrame([wide, pl.Series("v", [1.5, 2.5, 4.0])]))
    assert found.data.values[1, 0] == 2.0**100


def test_what_arrow_holds_and_polars_does_not_is_refused() -> None:
    pa = pytest.importorskip("pyarrow")
    table = pa.table({"a": pa.array([(1, 2, 3)], pa.month_day_nano_interval()), "v": [1.5]})
    for frame in (table, table.to_batches()[0], pa.table([[1], [2]], names=["a", "a"])):
        with pytest.raises(InvalidInput, match="cannot be read"):
            examine(frame)
    twice = pa.record_batch([pa.array([1]), pa.array([2])], names=["a", "a"])
    with pytest.raises(InvalidInput, match="cannot be read"):
        examine(twice)


def test_infinities_beside_counters_and_floats_beyond_64_bits_raise_no_warning() -> None:
    with watched():
        examine({"a": [1.0, 2.0, np.inf, np.inf], "b": [3.0, 1.0, 2.0, 9.0]})
        wide = np.array([1, 2, np.finfo(np.longdouble).max], dtype=np.longdouble)
        assert examine(wide, kind="series").data.values[2, 0] == float(wide[2])


def test_an_array_without_axes_is_no_list_of_series() -> None:
    for layout in ("list", "list_tc"):
        with pytest.raises(InvalidInput):
            container_from(np.array(1.5), layout)


def test_objects_in_a_frame_are_named_without_a_panic() -> None:
    frame = pl.DataFrame({"a": pl.Series([object(), None], dtype=pl.Object), "v": [1.0, 2.0]})
    with pytest.raises(InvalidInput, match="column 'a'"):
        rows_from(frame, prefer="table")


def test_scalars_of_numpy_among_objects_of_pandas_end_no_process() -> None:
    pd = pytest.importorskip("pandas")
    cells = [np.datetime64("2024-01-01", "D"), np.int8(3), np.float32(0.1)]
    frame = pd.DataFrame({"a": pd.Series(cells, dtype=object), "v": [1.5, 2.5, 4.0]})
    assert examine(frame.iloc[1:], columns=["v"]).n_rows == 2
    # In a process of its own, which would die.
    code = (
        "import numpy as np, pandas as pd, sonde.data as d\n"
        "from sonde.errors import SondeError\n"
        "c = [np.datetime64('2024-01-01', 'D'), np.int8(3), np.float32(0.1)]\n"
        "s = pd.Series(c, dtype=object)\n"
        "for x in (pd.DataFrame({'a': s}), s, pd.DataFrame({'a': s.astype('category')})):\n"
        "    try:\n        d.examine(x)\n    except SondeError:\n        pass\n"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def test_days_and_integers_too_narrow_for_a_day_are_read() -> None:
    narrow = pl.Series("time", [1, 2, 3, 3], dtype=pl.Int8)
    assert examine(pl.DataFrame([narrow, pl.Series("v", [1.5, 2.5, 4.0, 1.0])])).n_rows == 4
    far = pl.Series("id", [2**62] * 4).cast(pl.Datetime("ms"))
    with pytest.raises(InvalidInput, match="outside the years"):
        examine(pl.DataFrame([far, pl.Series("v", [1.5, 2.5, 4.0, 1.0])]), id="id")


def test_a_zip_whose_list_lies_about_its_members_is_damaged() -> None:
    data = bytearray(seeds()["zip"])
    data[0:4] = b"PK\x07\x08"  # no header of a member
    with pytest.raises(InvalidInput, match="damaged"):
        examine(io.BytesIO(bytes(data)))
    data = bytearray(seeds()["zip"])
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as archive:
        at = archive.start_dir
    data[at + 42 : at + 46] = b"\xff\xff\xff\xcc"
    with pytest.raises(InvalidInput, match="damaged"):
        examine(io.BytesIO(bytes(data)))


def test_a_file_within_a_zip_is_closed_when_it_has_been_read(tmp_path: Path) -> None:
    rows = b"a,b\n1,2.5\n4,3.5\n"
    for content in (rows, gzip.compress(rows), bz2.compress(rows), lzma.compress(rows), zstd(rows)):
        path = tmp_path / "a.zip"
        path.write_bytes(zipped({"a.csv": content}))
        source = open_source(str(path))
        stream = source.start()
        assert source.read(stream) == rows
        before = _open_files()
        stream.close()
        assert _open_files() == before - 1


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_quotations_are_short_and_hold_nothing_that_a_terminal_obeys() -> None:
    for text in ("x" * 1000, "\uffff" * 1000, "\x1b[31m" * 3, "\U000e0001" * 60, "a\nb"):
        for shown in (quoted(text), shortened(text)):
            assert len(shown) <= 63
            assert shown.isprintable()
    check_refusal(InvalidInput(quoted("\x1b[31m")))


def test_moments_are_cut_at_colons_outside_their_parentheses() -> None:
    text = b"@timeStamps true\n@data\n(2024-01-01 00:00:00, 1.5),( 2024-01-01 00:00:01 ,2)\n"
    assert examine(io.BytesIO(text)).data.values[:, 0].tolist() == [1.5, 2.0]
