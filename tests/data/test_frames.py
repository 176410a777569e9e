"""Frames of every library become one and the same container; arrays too."""

from __future__ import annotations

import datetime as dt
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given

from sonde.core import Panel, Series, Table
from sonde.data import examine, frame_from, rows_from
from sonde.errors import InvalidInput

numbers = st.one_of(st.none(), st.floats(allow_nan=False))


@given(
    st.integers(1, 20).flatmap(
        lambda n: st.fixed_dictionaries(
            {
                "a": st.lists(numbers, min_size=n, max_size=n),
                "b": st.lists(st.integers(-(2**53), 2**53), min_size=n, max_size=n),
                "c": st.lists(st.booleans(), min_size=n, max_size=n),
            }
        )
    )
)
def test_every_library_gives_the_same_table(columns: dict[str, list[Any]]) -> None:
    columns = {name: columns[name] for name in "abc"}
    frame = pl.DataFrame(columns, schema={"a": pl.Float64, "b": pl.Int64, "c": pl.Boolean})
    wanted = rows_from(frame, prefer="table")
    others = [
        columns,
        frame.lazy(),
        frame.to_dicts(),
        pa.table(columns),
        pd.DataFrame(columns),
        pd.DataFrame(columns).convert_dtypes(),
    ]
    for other in others:
        table = rows_from(other, prefer="table")
        assert isinstance(table, Table)
        assert table.channels == ("a", "b", "c")
        np.testing.assert_array_equal(table.values, wanted.values)


@given(st.lists(st.lists(numbers, min_size=3, max_size=3), min_size=1, max_size=20))
def test_there_and_back_again_changes_nothing(rows: list[list[float | None]]) -> None:
    values = np.array([[np.nan if cell is None else cell for cell in row] for row in rows])
    table = rows_from(values, prefer="table")
    named = pl.DataFrame(table.values, schema=list(table.channels))
    for back in (named, named.to_pandas(), named.to_arrow(), pd.DataFrame(values)):
        np.testing.assert_array_equal(rows_from(back, prefer="table").values, values)


def test_containers_pass_through() -> None:
    series = Series([1.0, 2.0])
    panel = Panel.of([series])
    table = Table([[1.0]])
    for prefer in ("table", "series"):
        for container in (series, panel, table):
            assert rows_from(container, prefer=prefer) is container


def test_an_array_is_not_copied() -> None:
    values = np.zeros((4, 2))
    assert np.shares_memory(rows_from(values, prefer="table").values, values)
    assert np.shares_memory(rows_from(values, prefer="series").values, values)


@pytest.mark.parametrize(
    "given_rows",
    [
        [[1, 2], [3, 4]],
        ((1, 2), (3, 4)),
        np.array([[1, 2], [3, 4]], dtype=np.float32),
        np.array([[1, 2], [3, 4]], dtype=object),
        np.asfortranarray([[1.0, 2.0], [3.0, 4.0]]),
        np.array([[1.0, 9.0, 2.0], [3.0, 9.0, 4.0]])[:, ::2],
        np.ma.masked_array([[1.0, 2.0], [3.0, 4.0]]),
    ],
)
def test_reads_array_likes(given_rows: Any) -> None:
    table = rows_from(given_rows, prefer="table")
    assert table.values.tolist() == [[1, 2], [3, 4]]
    assert table.channels == ("c0", "c1")
    assert table.values.flags.c_contiguous


def test_reads_a_memory_map_and_anything_with_an_array_inside(tmp_path: Any) -> None:
    mapped: Any = np.memmap(tmp_path / "x", dtype=np.float64, mode="w+", shape=(3, 2))
    mapped[:] = 7.0
    assert rows_from(mapped, prefer="table").values.tolist() == [[7.0, 7.0]] * 3

    class Inside:
        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            return np.ones((2, 2))

    assert rows_from(Inside(), prefer="series").values.tolist() == [[1.0, 1.0]] * 2


def test_masked_cells_and_none_are_missing() -> None:
    masked = np.ma.masked_array([1.0, 2.0, 3.0], [False, True, False])
    assert np.isnan(rows_from(masked, prefer="series").values[1, 0])
    objects = np.array([[1.0, None], [2, True]], dtype=object)
    values = rows_from(objects, prefer="table").values
    assert np.isnan(values[0, 1])
    assert values[1].tolist() == [2.0, 1.0]


def sparse() -> Any:
    scipy_sparse = pytest.importorskip("scipy.sparse")
    return scipy_sparse.csr_array(np.eye(3))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (sparse, "sparse data is not supported.* dense"),
        (lambda: np.eye(2) * 1j, "Complex data not supported"),
        (lambda: np.array([[1j, 2]], dtype=object), "Complex data not supported"),
        (
            lambda: np.empty((0, 3)),
            r"Found array with 0 sample\(s\) \(shape=\(0, 3\)\) while a minimum of 1 is required\.",
        ),
        (
            lambda: np.empty((10, 0)),
            r"Found array with 0 feature\(s\) \(shape=\(10, 0\)\) while a minimum of 1 is "
            r"required\.",
        ),
        (lambda: [], "0 sample"),
        (lambda: np.zeros((2, 2, 2)), "ndim=3"),
        (lambda: 3.5, "a single float"),
        (lambda: None, "a single NoneType"),
        (lambda: [[1, 2], [3]], "could not convert list"),
        (lambda: np.array([["a", "b"]]), "could not convert text"),
        (lambda: np.array([[1, "b"]], dtype=object), "could not convert 'b' at row 0, column 1"),
        (lambda: np.array(["2024-01-01"], dtype="datetime64[D]"), "could not convert dates"),
        (lambda: pd.DataFrame({"x": [1], "who": ["ann"]}), "column 'who' .* 'ann'"),
        (lambda: pd.DataFrame([[1, 2]], columns=["a", "a"]), "'a' 2 times"),
        (lambda: pd.DataFrame(), "0 sample"),
        (lambda: pd.DataFrame({"z": [1j, 2]}), r"column 'z' \(complex128\).*Complex data not supp"),
        (lambda: pd.DataFrame({"b": [1, 2], "m": [1, "x"]}), "column 'm' .* cannot be read"),
        (
            lambda: pd.DataFrame({"m": pd.Series([10**400, 1], dtype=object)}),
            "column 'm' .* cannot be read",
        ),
        (lambda: pl.LazyFrame({"a": [1]}).select("b"), "lazy frame cannot be collected: .*'?b"),
        (lambda: pl.scan_csv("/no/such.csv"), "lazy frame cannot be collected: "),
        (lambda: [10**400] * 20, "1000.*… at row 0 is too large for a number"),
        (lambda: [10**5000], "a huge int at row 0 is too large for a number"),
        (lambda: {"a": [1, None, 10**400]}, "row 2, column 'a': 1000.* is too large"),
        (lambda: [{"a": 1}, {"a": 10**400}], "row 1, column 'a': 1000.* is too large"),
        (lambda: Table(np.empty((5, 0))), r"0 feature\(s\) \(shape=\(5, 0\)\)"),
        (lambda: Series(np.empty((5, 0))), r"0 feature\(s\)"),
        (lambda: {"a": [1, 2], "b": [1]}, "different lengths: {'a': 2, 'b': 1}"),
    ],
)
def test_refuses(make: Any, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        rows_from(make(), prefer="table")


def test_what_no_number_can_be_made_of_is_a_type_error_too() -> None:
    with pytest.raises(TypeError, match=r"argument must be .* string.* number") as refused:
        rows_from(np.array([[{"a": 1}, 2.0]], dtype=object), prefer="table")
    assert isinstance(refused.value, InvalidInput)


DAYS = [dt.datetime(2024, 1, 1), dt.datetime(2024, 1, 2)]
FIRST = 1_704_067_200_000_000_000


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"when": DAYS, "v": [1.0, 2.0]}),
        pa.table({"when": DAYS, "v": [1.0, 2.0]}),
        pd.DataFrame({"when": DAYS, "v": [1.0, 2.0]}),
        pd.DataFrame({"v": [1.0, 2.0]}, index=pd.DatetimeIndex(DAYS)),
        pd.Series([1.0, 2.0], index=pd.DatetimeIndex(DAYS, tz="UTC"), name="v"),
        pd.DataFrame({"v": [1.0, 2.0]}, index=pd.PeriodIndex(DAYS, freq="D")),
    ],
    ids=["polars", "arrow", "pandas", "index", "column with an index", "index of periods"],
)
def test_dates_become_the_time_of_a_series_and_leave_a_table(frame: Any) -> None:
    series = rows_from(frame, prefer="series")
    assert isinstance(series, Series)
    assert series.time is not None
    assert series.time.tolist() == [FIRST, FIRST + 86_400 * 10**9]
    assert series.channels == ("v",)
    assert rows_from(frame, prefer="table").channels == ("v",)


def test_zones_are_only_a_way_of_showing() -> None:
    local = pl.Series(DAYS).dt.replace_time_zone("Europe/Berlin")
    series = rows_from(pl.DataFrame({"when": local, "v": [1, 2]}), prefer="series")
    assert isinstance(series, Series)
    assert series.time is not None
    assert series.time[0] == FIRST - 3600 * 10**9


def test_names_that_are_numbers_become_text() -> None:
    assert rows_from(pd.DataFrame([[1, 2]]), prefer="table").channels == ("0", "1")
    assert frame_from({1: [2]}).columns == ["1"]


def test_does_not_import_pandas_or_scipy() -> None:
    import subprocess
    import sys

    code = (
        "import sys; import numpy as np; from sonde import data;"
        "data.rows_from(np.eye(3), prefer='table');"
        "assert 'polars' not in sys.modules;"
        "data.examine({'a': [1, 3, 2]});"
        "print([m for m in ('pandas', 'scipy', 'pyarrow', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr


def test_the_levels_of_an_index_tell_machines_apart() -> None:
    index = pd.MultiIndex.from_product(
        [["a", "b"], pd.date_range("2024-01-01", periods=5)], names=["machine", "time"]
    )
    values = pd.DataFrame({"v": np.arange(10.0) ** 2 % 7}, index=index)
    data = examine(values).data
    assert isinstance(data, Panel)
    assert data.ids == ("a", "b")
    assert data.offsets.tolist() == [0, 5, 10]
    np.testing.assert_array_equal(data.values[:, 0], values["v"])
    assert frame_from(values["v"]).columns == ["machine", "time", "v"]
    periods = pd.period_range("2024-01-01", periods=5, freq="D")
    values.index = pd.MultiIndex.from_product([["a", "b"], periods])
    assert frame_from(values).columns == ["level_0", "level_1", "v"]
    assert frame_from(values)["level_1"].dtype.is_temporal()
    clashing = values.rename_axis(["v", None])
    assert frame_from(clashing).columns == ["level_0", "level_1", "v"]
    assert list(values.columns) == ["v"]


def test_an_index_that_names_its_rows_is_a_column_and_one_that_counts_them_is_not() -> None:
    values = {"v": [1.0, 2.0]}
    named = pd.DataFrame(values, index=pd.Index(["x", "y"], name="unit"))
    assert frame_from(named).to_dict(as_series=False) == {"unit": ["x", "y"], "v": [1.0, 2.0]}
    days = pd.DataFrame(values, index=pd.Index([dt.date(2024, 1, 1), DAYS[1].date()], name="day"))
    assert frame_from(days).columns == ["day", "v"]
    kinds = pd.DataFrame(values, index=pd.CategoricalIndex(["x", "y"], name="kind"))
    assert frame_from(kinds).columns == ["kind", "v"]
    assert frame_from(pd.DataFrame(values, index=["x", "y"])).columns == ["v"]
    assert frame_from(pd.DataFrame(values, index=pd.Index([7, 9], name="n"))).columns == ["v"]


def test_an_estimator_learns_from_columns_and_not_from_the_names_of_rows() -> None:
    named = pd.DataFrame({"v": [1.0, 2.0]}, index=pd.Index(["x", "y"], name="unit"))
    assert rows_from(named, prefer="table").channels == ("v",)
    deep = pd.DataFrame({"v": [1.0, 2.0]}, index=pd.MultiIndex.from_tuples([(1, "x"), (2, "y")]))
    assert rows_from(deep, prefer="table").channels == ("v",)
    dated = pd.MultiIndex.from_product([["x"], pd.DatetimeIndex(DAYS)])
    series = rows_from(pd.DataFrame({"v": [1.0, 2.0]}, index=dated), prefer="series")
    assert isinstance(series, Series)
    assert series.time is not None
    assert series.channels == ("v",)
    both = pd.MultiIndex.from_product([["x", "z"], pd.DatetimeIndex(DAYS)])
    with pytest.raises(InvalidInput, match="time"):
        rows_from(pd.DataFrame({"v": [1.0, 2.0, 3.0, 4.0]}, index=both), prefer="series")
