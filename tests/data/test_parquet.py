"""Parquet: one file, folders of files, and what a file may hold."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sonde.core import Panel
from sonde.data import examine
from sonde.data.formats.parquet_files import read_parquet
from sonde.data.inputs import unpacking
from sonde.data.inputs.sources import open_source
from sonde.errors import InvalidInput

FRAME = pl.DataFrame({"day": range(40), "flow": [i * i % 7 / 2 for i in range(40)]})


def stored(frame: pl.DataFrame, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.write_parquet(path)
    return path


def frame_in(path: Path | io.BytesIO) -> pl.DataFrame:
    return read_parquet(open_source(path)).frame


def packed(frame: pl.DataFrame) -> bytes:
    held = io.BytesIO()
    frame.write_parquet(held)
    return held.getvalue()


@pytest.mark.parametrize(
    "pack",
    [bytes, gzip.compress, lambda data: pa.compress(data, codec="zstd", asbytes=True)],
    ids=["plain", "gzip", "zstd"],
)
def test_reads_a_file_however_it_is_packed(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    data = pack(packed(FRAME))
    path = tmp_path / "a*[1]=b.csv"
    path.write_bytes(data)
    assert frame_in(path).equals(FRAME)
    assert frame_in(io.BytesIO(data)).equals(FRAME)


def test_unpacks_no_more_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "_FREELY", 1000)
    monkeypatch.setattr(unpacking, "_MOST_TIMES", 0)
    with pytest.raises(InvalidInput, match="unpacks to more than"):
        frame_in(io.BytesIO(gzip.compress(packed(FRAME))))


def test_a_damaged_file_is_said_to_be_one() -> None:
    data = packed(pl.DataFrame({"a": np.random.default_rng(1).normal(size=400)}))
    for damaged in (data[:-1], data[:300], data[: len(data) // 2] + data[len(data) // 2 + 9 :]):
        with pytest.raises(InvalidInput, match="damaged or cut off Parquet file"):
            frame_in(io.BytesIO(damaged))


@pytest.mark.parametrize(
    ("frame", "says"),
    [(FRAME.clear(), "columns and no rows"), (pl.DataFrame(), "no columns")],
)
def test_refuses_a_file_with_nothing_in_it(frame: pl.DataFrame, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        frame_in(io.BytesIO(packed(frame)))


def test_categories_become_text_and_decimals_numbers() -> None:
    frame = frame_in(
        io.BytesIO(
            packed(
                pl.DataFrame(
                    {
                        "place": pl.Series(["a", "b", None], dtype=pl.Categorical),
                        "state": pl.Series(["on", "off", None], dtype=pl.Enum(["on", "off"])),
                        "price": pl.Series([Decimal("1.25"), None, Decimal("-3.5")]),
                        "meter": pl.Series(
                            [Decimal(2**62 + 1), None, Decimal(2)], dtype=pl.Decimal(38, 0)
                        ),
                        "huge": pl.Series([Decimal(2**70), None, None], dtype=pl.Decimal(38, 0)),
                        "bits": pl.Series([2**64 - 1, 0, None], dtype=pl.UInt64),
                    }
                )
            )
        )
    )
    assert frame.to_dict(as_series=False) == {
        "place": ["a", "b", None],
        "state": ["on", "off", None],
        "price": [1.25, None, -3.5],
        "meter": [2**62 + 1, None, 2],
        "huge": [2.0**70, None, None],
        "bits": [2**64 - 1, 0, None],
    }
    assert [str(t) for t in frame.dtypes[:5]] == ["String", "String", "Float64", "Int64", "Float64"]


def test_lists_and_structs_are_left_out_by_name(tmp_path: Path) -> None:
    nested = FRAME.with_columns(
        pl.struct("day", "flow").alias("both"),
        pl.concat_list("day", "flow").alias("all"),
        pl.col("day").cast(pl.String).cast(pl.Binary).alias("raw"),
    )
    reading = examine(stored(nested, tmp_path / "a.parquet"))
    assert reading.data.channels == ("flow",)
    assert {"both", "all", "raw"} <= set(reading.left_out)


def test_times_with_a_zone_are_those_moments(tmp_path: Path) -> None:
    start = datetime(2024, 3, 31, 0, tzinfo=UTC)
    hours = pl.datetime_range(start, start.replace(day=31, hour=5), "1h", eager=True)
    local = hours.dt.convert_time_zone("Europe/Berlin").alias("time")
    frame = pl.DataFrame([local, pl.Series("flow", [1.0, 2.5, 0.5, 3.0, 2.0, 1.5])])
    reading = examine(stored(frame, tmp_path / "a.parquet"))
    time = getattr(reading.data, "time", None)
    assert time is not None
    assert list(time) == [int(t.timestamp()) * 10**9 for t in hours.to_list()]


def test_a_folder_of_files_is_one_table_in_the_order_of_its_names(tmp_path: Path) -> None:
    for i in (10, 9, 1):
        stored(FRAME.with_columns(part=i), tmp_path / "table" / f"part-{i}.parquet")
    (tmp_path / "table" / "_SUCCESS").touch()
    (tmp_path / "table" / ".part-1.parquet.crc").write_bytes(b"crc")
    frame = frame_in(tmp_path / "table")
    assert frame["part"].unique(maintain_order=True).to_list() == [1, 9, 10]
    assert frame.height == 120


def test_the_names_of_folders_become_columns(tmp_path: Path) -> None:
    for year, month, site in (
        (2024, 2, "a%2Fb"),
        (2024, 10, "c"),
        (2023, 12, "__HIVE_DEFAULT_PARTITION__"),
    ):
        folder = tmp_path / f"year={year}" / f"month={month:02}" / f"site={site}"
        stored(FRAME.head(month), folder / "part-0.parquet")
    frame = frame_in(tmp_path)
    assert frame.columns == ["day", "flow", "year", "month", "site"]
    keys = frame.select("year", "month", "site").unique(maintain_order=True).rows()
    assert keys == [("2023", "12", None), ("2024", "02", "a/b"), ("2024", "10", "c")]
    assert frame.group_by("month").len().sort("month").rows() == [("02", 2), ("10", 10), ("12", 12)]


def test_reads_what_arrow_writes_as_a_partitioned_dataset(tmp_path: Path) -> None:
    table = pa.table({"flow": [1.0, 2.0, 3.0], "pump": ["x", "y", "x"], "n": [3, 1, 2]})
    pq.write_to_dataset(table, tmp_path / "set", partition_cols=["pump"])
    frame = frame_in(tmp_path / "set")
    assert sorted(frame.rows()) == [(1.0, 3, "x"), (2.0, 1, "y"), (3.0, 2, "x")]


def test_a_column_of_the_files_goes_before_the_name_of_their_folder(tmp_path: Path) -> None:
    stored(FRAME, tmp_path / "day=7" / "a.parquet")
    assert frame_in(tmp_path).equals(FRAME)


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (FRAME.drop("flow"), r"b.parquet lacks column 'flow', unlike a.parquet"),
        (FRAME.with_columns(x=1), r"b.parquet has column 'x', unlike a.parquet"),
        (FRAME.cast({"flow": pl.String}), r"'flow' is String in .*b.parquet and Float64 in a.parq"),
        (FRAME.with_columns(flow=pl.lit(True)), r"'flow' is Boolean in .*b.parquet"),
    ],
)
def test_files_of_a_folder_need_the_same_columns(
    other: pl.DataFrame, says: str, tmp_path: Path
) -> None:
    stored(FRAME, tmp_path / "a.parquet")
    stored(other, tmp_path / "b.parquet")
    with pytest.raises(InvalidInput, match=says):
        frame_in(tmp_path)


def test_whole_and_fractional_numbers_go_together(tmp_path: Path) -> None:
    stored(FRAME, tmp_path / "a.parquet")
    stored(FRAME.select("flow", "day").cast({"flow": pl.Int32}), tmp_path / "b.parquet")
    assert frame_in(tmp_path).schema == FRAME.schema


def test_folders_that_are_no_table_are_refused(tmp_path: Path) -> None:
    stored(FRAME, tmp_path / "a" / "a.parquet")
    (tmp_path / "a" / "notes.txt").write_text("see below")
    with pytest.raises(InvalidInput, match=r"\(a.parquet, notes.txt\), and not one of Parquet"):
        frame_in(tmp_path / "a")
    stored(FRAME, tmp_path / "b" / "year=2024" / "a.parquet")
    stored(FRAME, tmp_path / "b" / "a.parquet")
    with pytest.raises(InvalidInput, match="under folders of different keys"):
        frame_in(tmp_path / "b")
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "year=2024").symlink_to(tmp_path / "b")
    with pytest.raises(InvalidInput, match="a link to another folder"):
        frame_in(tmp_path / "c")


def test_the_name_of_a_folder_is_no_measurement_and_may_be_the_id(tmp_path: Path) -> None:
    for year in (2023, 2024):
        start = datetime(year, 1, 1)
        hours = pl.datetime_range(start, start + timedelta(hours=39), "1h", eager=True)
        stored(FRAME.select("flow", time=hours), tmp_path / f"year={year}" / "a.parquet")
    reading = examine(tmp_path)
    assert reading.data.channels == ("flow",)
    assert reading.time_column == "time"
    assert reading.left_out["year"] == "text"
    data = examine(tmp_path, id="year").data
    assert isinstance(data, Panel)
    assert data.ids == ("2023", "2024")
    assert data.offsets.tolist() == [0, 40, 80]
