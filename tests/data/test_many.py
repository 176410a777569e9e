"""Several files: each is its own series, or all are one table."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import sonde
from sonde.core import Panel, Table
from sonde.data import examine
from sonde.data.many import _short_names
from sonde.errors import InvalidInput, NotFound

from ..cli.run import sonde as run

RNG = np.random.default_rng(9)


def series(n: int, *, spike: int | None = None) -> pl.DataFrame:
    x = np.sin(np.arange(n) / 5.0) + RNG.normal(scale=0.05, size=n)
    if spike is not None:
        x[spike] += 8.0
    stamps = pl.datetime_range(
        pl.datetime(2024, 1, 1), pl.datetime(2024, 2, 1), "1m", closed="left", eager=True
    )
    return pl.DataFrame({"ts": stamps[:n].dt.to_string("iso"), "rate": x})


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


def days(path: Path, n: int = 20, *, twice: tuple[int, ...] = (), other: bool = False) -> Path:
    """A file of one row a day from the first of 2024 on; the rows of ``twice`` come again."""
    first = np.datetime64("2024-01-01")
    rows = [f"{first + i},{RNG.normal():.6f}" for i in range(n)]
    again = [rows[i] if not other else f"{rows[i].split(',')[0]},7.5" for i in twice]
    path.write_text("\n".join(["day,flow", *rows, *again]) + "\n")
    return path


@pytest.mark.parametrize("kind", ["auto", "series", "panel"])
def test_a_row_sent_twice_undoes_no_series(kind: Any, tmp_path: Path) -> None:
    paths = [days(tmp_path / f"{name}.csv", twice=(4,) * (name == "b")) for name in "abc"]
    reading = examine(paths, kind=kind)
    assert isinstance(reading.data, Panel)
    assert reading.data.ids == ("a.csv", "b.csv", "c.csv")
    assert np.diff(reading.data.offsets).tolist() == [20, 20, 20]
    assert any("1 row has the time of an earlier row" in note for note in reading.problems)


def test_files_of_many_rows_a_moment_are_a_table_and_it_says_why(tmp_path: Path) -> None:
    paths = [days(tmp_path / f"{name}.csv", twice=(3, 4, 5), other=True) for name in "abc"]
    reading = examine(paths)
    assert isinstance(reading.data, Table)
    assert len(reading.data) == 69
    assert "within a file (9 of 69 rows repeat one, a.csv, row 20 first)" in reading.kind_reason
    for data in (examine(paths, kind="series").data, examine(paths, kind="panel").data):
        assert isinstance(data, Panel)
        assert np.diff(data.offsets).tolist() == [20, 20, 20]


@pytest.mark.parametrize(
    ("kind", "twice"), [("auto", 0), ("series", 0), ("panel", 0), ("series", 1), ("panel", 1)]
)
def test_machines_within_the_files_stay_the_series(kind: Any, twice: int, tmp_path: Path) -> None:
    for day in (1, 2):
        rows = [
            f"2024-01-0{day} {hour:02}:00,{machine},{RNG.normal():.6f}"
            for hour in range(12)
            for machine in ("m1", "m2")
        ]
        rows += rows[: twice * (day == 1)]
        (tmp_path / f"{day}.csv").write_text("\n".join(["time,machine,flow", *rows]) + "\n")
    data = examine(sorted(tmp_path.iterdir()), kind=kind).data
    assert isinstance(data, Panel)
    assert data.ids == ("m1", "m2")
    assert len(data.values) == 48


def test_clocks_put_back_undo_no_series(tmp_path: Path) -> None:
    utc = pl.datetime_range(
        pl.datetime(2024, 10, 26), pl.datetime(2024, 10, 28), "30m", time_zone="UTC", eager=True
    )
    local = utc.dt.convert_time_zone("Europe/Berlin").dt.strftime("%Y-%m-%d %H:%M")
    for name in "abc":
        flow = pl.Series("flow", RNG.normal(size=len(utc)))
        pl.DataFrame([local.alias("time"), flow]).write_csv(tmp_path / f"{name}.csv")
    paths = sorted(tmp_path.iterdir())
    reading = examine(paths)
    assert isinstance(reading.data, Panel)
    assert reading.data.ids == ("a.csv", "b.csv", "c.csv")
    alone = examine(paths[0]).data
    assert isinstance(alone, sonde.Series)
    assert reading.data.time is not None
    assert alone.time is not None
    assert set(np.diff(alone.time).tolist()) == {1800 * 10**9}
    np.testing.assert_array_equal(reading.data.time, np.tile(alone.time, 3))


def test_booleans_of_one_file_meet_the_numbers_of_another(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1,true\n3,false\n5,\n")
    (tmp_path / "b.csv").write_text("x,y\n1,0.5\n1,2\n")
    data = examine([tmp_path / "a.csv", tmp_path / "b.csv"]).data
    np.testing.assert_array_equal(data.values[:, 1], [1, 0, np.nan, 0.5, 2])


def test_dates_of_one_file_and_numbers_of_another_are_refused(tmp_path: Path) -> None:
    numbers = pl.DataFrame({"x": [1.0, 2.0], "when": [1, 2]})
    numbers.write_parquet(tmp_path / "a.parquet")
    dates = pl.datetime_range(pl.datetime(2024, 1, 1), pl.datetime(2024, 1, 2), eager=True)
    numbers.with_columns(dates.alias("when")).write_parquet(tmp_path / "b.parquet")
    with pytest.raises(InvalidInput, match=r"'when' is Datetime\(.*\) in b.parquet and numbers in"):
        examine(sorted(tmp_path.iterdir()))


def test_many_thousand_files_are_told_apart_at_once() -> None:
    paths = [f"logs/{i}.csv" for i in range(20_000)]
    started = time.perf_counter()
    assert len(_short_names(paths)) == len(paths)
    assert time.perf_counter() - started < 2  # comparing each with each takes half a minute


@pytest.mark.parametrize(
    ("header", "row", "options", "says"),
    [
        ("date,v", "13/02/2024,1", {}, r"^b.csv, row 1, column 'date': '13/02/2024' is not a time"),
        ("date,v", ",1", {"time": "date"}, r"^b.csv, row 1: time column 'date' is empty"),
        ("unit,v", ",1", {"id": "unit"}, r"^b.csv, row 1: id column 'unit' is empty"),
        ("ok,v", "2,1", {"labels": "ok"}, r"^b.csv, row 1: .*labels column 'ok'"),
    ],
)
def test_errors_name_the_file_and_the_row_within_it(
    header: str, row: str, options: dict[str, Any], says: str, tmp_path: Path
) -> None:
    good = {"date,v": "2024-01-01,{}", "unit,v": "u,{}", "ok,v": "1,{}"}[header]
    for name in "ab":
        rows = [good.format(i).replace("01-01", f"01-{ord(name) - 92 + i:02}") for i in range(5)]
        if name == "b":
            rows[1] = row
        (tmp_path / f"{name}.csv").write_text("\n".join([header, *rows]) + "\n")
    with pytest.raises(InvalidInput, match=says) as refused:
        examine(sorted(tmp_path.iterdir()), **options)
    assert refused.value.facts["row"] == 1
    assert refused.value.facts["source"] == "b.csv"
