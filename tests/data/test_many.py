"""Several files: each is its own series, or all are one table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import sonde
from sonde.core import Panel, Table
from sonde.data import examine
from sonde.errors import InvalidInput, NotFound

from ..cli.run import sonde as run

RNG = np.random.default_rng(9)


def series(n: int, *, spike: int | None = None) -> pl.DataFrame:
    x = np.sin(np.arange(n) / 5.0) + RNG.normal(scale=0.05, size=n)
    if spike is not None:
        x[spike] += 8.0
    time = pl.datetime_range(
        pl.datetime(2024, 1, 1), pl.datetime(2024, 2, 1), "1m", closed="left", eager=True
    )
    return pl.DataFrame({"ts": time[:n].dt.to_string("iso"), "rate": x})


@pytest.fixture
def two(tmp_path: Path) -> list[Path]:
    series(150).write_csv(tmp_path / "a.csv")
    series(170, spike=60).write_csv(tmp_path / "b.csv")
    return [tmp_path / "a.csv", tmp_path / "b.csv"]


def test_each_file_is_a_series(two: list[Path]) -> None:
    reading = examine(two)
    assert isinstance(reading.data, Panel)
    assert reading.data.ids == ("a.csv", "b.csv")
    assert reading.data.offsets.tolist() == [0, 150, 320]
    assert reading.source == "2 files"


def test_a_pattern_names_them_in_order(two: list[Path]) -> None:
    by_pattern = examine(str(two[0].parent / "*.csv"))
    np.testing.assert_array_equal(by_pattern.data.values, examine(two).data.values)
    with pytest.raises(NotFound, match="no file fits"):
        examine(str(two[0].parent / "*.parquet"))


def test_files_are_one_table_when_that_is_asked_for(two: list[Path]) -> None:
    data = examine(two, kind="table").data
    assert isinstance(data, Table)
    assert len(data) == 320


def test_rows_of_tables_go_together(tmp_path: Path) -> None:
    for name, n in (("x.csv", 30), ("y.csv", 40)):
        pl.DataFrame(RNG.normal(size=(n, 3)), schema=["a", "b", "c"]).write_csv(tmp_path / name)
    data = examine(sorted(tmp_path.iterdir())).data
    assert isinstance(data, Table)
    assert len(data) == 70


def test_an_id_joins_the_parts_of_one_series(tmp_path: Path) -> None:
    whole = series(200).with_columns(pl.lit("pump").alias("unit"))
    whole[:120].write_csv(tmp_path / "monday.csv")
    whole[120:].write_parquet(tmp_path / "tuesday.parquet")
    data = examine(sorted(tmp_path.iterdir()), id="unit").data
    assert len(data) == 200
    np.testing.assert_array_equal(data.values[:, 0], whole["rate"].to_numpy())


def test_files_of_one_name_go_by_their_paths(tmp_path: Path) -> None:
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        series(20).write_csv(tmp_path / folder / "log.csv")
    paths = [tmp_path / "x" / "log.csv", tmp_path / "y" / "log.csv"]
    data = examine(paths).data
    assert isinstance(data, Panel)
    assert data.ids == tuple(map(str, paths))


def test_columns_come_in_any_order_and_numbers_of_both_kinds_meet(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1,2\n3,4\n5,7\n")
    (tmp_path / "b.csv").write_text("y,x\n0.5,1\n1.5,2\n")
    data = examine([tmp_path / "a.csv", tmp_path / "b.csv"]).data
    np.testing.assert_array_equal(data.values, [[1, 2], [3, 4], [5, 7], [1, 0.5], [2, 1.5]])


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ("x,z\n1,2\n", "b.csv lacks column 'y', unlike a.csv"),
        ("x,y,z\n1,2,3\n", "b.csv has column 'z', unlike a.csv"),
        ("x,y\n1,warm\n2,cold\n", "column 'y' is text in b.csv and numbers in other files"),
        ("", "b.csv is empty"),
    ],
)
def test_names_the_file_that_does_not_fit(tmp_path: Path, second: str, message: str) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1,2\n3,4\n5,7\n")
    (tmp_path / "b.csv").write_text(second)
    with pytest.raises(InvalidInput, match=message):
        examine([tmp_path / "a.csv", tmp_path / "b.csv"])


def test_a_file_named_twice_is_refused(two: list[Path]) -> None:
    with pytest.raises(InvalidInput, match="named twice"):
        examine([two[0], two[0]])


def test_outputs_say_which_file_and_count_rows_within_it(two: list[Path], tmp_path: Path) -> None:
    scores, anomalies = tmp_path / "s.csv", tmp_path / "n.csv"
    words = [*map(str, two), "--detector", "seasonal_residual"]
    done = run("detect", *words, "--scores", str(scores), "--anomalies", str(anomalies))
    assert done.code == 0, done.err
    written = pl.read_csv(scores)
    assert written.columns[:3] == ["file", "row", "ts"]
    assert written["file"].to_list() == ["a.csv"] * 150 + ["b.csv"] * 170
    assert written["row"].to_list() == [*range(150), *range(170)]
    found = pl.read_csv(anomalies)
    assert found.row(0, named=True)["file"] == "b.csv"
    assert found["peak"][0] == 60
    assert "b.csv" in done.out


def test_json_says_where_each_file_begins(two: list[Path]) -> None:
    done = run("detect", *map(str, two), "--detector", "seasonal_residual", "--json")
    answer: dict[str, Any] = json.loads(done.out)
    assert answer["files"] == [
        {"file": "a.csv", "first_row": 0, "rows": 150},
        {"file": "b.csv", "first_row": 150, "rows": 170},
    ]
    assert answer["anomalies"][0]["peak"] == 210


def test_the_same_in_python(two: list[Path]) -> None:
    found = sonde.detect([str(path) for path in two], detector="seasonal_residual")
    assert found.anomalies[0].series == "b.csv"
    assert found.to_frame().columns[0] == "file"


def test_standard_input_goes_alone(two: list[Path]) -> None:
    done = run("detect", str(two[0]), "-")
    assert done.code == 2
    assert "standard input" in done.err
