"""One choice for missing values: what it fills, what it leaves open, what it tells."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import polars as pl
import pytest
from hypothesis import given

import sonde
from sonde.core import Series, Table
from sonde.data import Policy, examine
from sonde.data.policy import Missing, refuse_repeats
from sonde.data.problems import series_problems
from sonde.data.timing.grid import on_grid
from sonde.errors import InvalidInput, MissingValues, NotFitted

from ..cli.run import sonde as command

NAN, INF = float("nan"), float("inf")
SECOND = 10**9
GAPS = [NAN, 1.0, NAN, 3.0, NAN, NAN, NAN, NAN, NAN, NAN, 10.0, INF, 12.0]


def values_of(policy: Policy, values: Any, **options: Any) -> list[Any]:
    applied = policy.apply(Series(values), **options)
    return [None if np.isnan(x) else float(x) for x in applied.data.values[:, 0]]


@pytest.mark.parametrize(
    ("missing", "values", "unscored", "notes"),
    [
        (
            "auto",
            [None, 1, 2, 3, None, None, None, None, None, None, 10, 11, 12],
            [0, 4, 5, 6, 7, 8, 9],
            ["2 missing values filled linearly", "2 gaps of 7 rows left unscored"],
        ),
        ("linear", [1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [], ["9 missing values filled"]),
        (
            "previous",
            [None, 1, 1, 3, 3, 3, 3, 3, 3, 3, 10, 10, 12],
            [0],
            ["8 missing values filled with the value before", "1 gap of 1 row left unscored"],
        ),
        ("zero", [0, 1, 0, 3, 0, 0, 0, 0, 0, 0, 10, 0, 12], [], ["9 missing values set to 0"]),
    ],
)
def test_fills_a_series(
    missing: Missing, values: list[Any], unscored: list[int], notes: list[str]
) -> None:
    applied = Policy(missing).apply(Series(GAPS, ["rate"]))
    assert values_of(Policy(missing), GAPS) == values
    assert np.flatnonzero(~applied.scored).tolist() == unscored
    assert applied.rows.tolist() == list(range(13))
    assert applied.data.channels == ("rate",)
    assert applied.notes[0] == "1 infinite value taken as missing"
    for said, wanted in zip(applied.notes[1:], notes, strict=True):
        assert said.startswith(wanted)


def test_drops_rows_of_a_series_with_their_time() -> None:
    time = np.arange(13) * SECOND
    applied = Policy("drop").apply(Series(GAPS, time=time), SECOND)
    assert isinstance(applied.data, Series)
    assert applied.data.time is not None
    assert applied.data.time.tolist() == time[[1, 3, 10, 12]].tolist()
    assert applied.rows.tolist() == [1, 3, 10, 12]
    assert applied.notes[-1] == "9 rows with missing values dropped"


def test_refuses_under_error() -> None:
    with pytest.raises(MissingValues, match="row 2, column 'b' is NaN"):
        Policy("error").apply(Table([[1.0, 2.0], [3.0, 4.0], [5.0, NAN]], ["a", "b"]))
    with pytest.raises(MissingValues, match="row 1, column 'c0' is inf"):
        Policy().apply(Series([1.0, INF]))


def test_a_gap_in_one_channel_leaves_the_whole_row_open() -> None:
    values = np.ones((20, 2))
    values[4:14, 1] = NAN
    values[16, 0] = NAN
    applied = Policy("auto").apply(Series(values))
    assert np.isnan(applied.data.values[4:14]).all()
    assert np.isfinite(np.delete(applied.data.values, slice(4, 14), axis=0)).all()


@pytest.mark.parametrize(("max_gap", "filled"), [(0, False), (2, False), (3, True), (5, True)])
def test_fills_runs_up_to_the_longest_allowed(max_gap: int, filled: bool) -> None:
    applied = Policy("auto", max_gap).apply(Series([1.0, NAN, NAN, NAN, 5.0]))
    assert bool(applied.scored.all()) is filled


def test_puts_rows_where_the_clock_skips() -> None:
    time = np.array([0, 1, 2, 5, 6, 20]) * SECOND
    series = Series([1.0, 2.0, 3.0, 6.0, 7.0, 21.0], time=time, first=7)
    applied = Policy("auto").apply(series, SECOND)
    assert isinstance(applied.data, Series)
    assert applied.data.time is not None
    assert applied.data.time.tolist() == [t * SECOND for t in range(21)]
    assert applied.data.values[:8, 0].tolist() == [
        1,
        2,
        3,
        4,
        5,
        6,
        7,
        pytest.approx(NAN, nan_ok=True),
    ]
    assert applied.rows[:8].tolist() == [0, 1, 2, -1, -1, 3, 4, -1]
    assert applied.scored[:8].tolist() == [True, True, True, False, False, True, True, False]
    assert applied.data.first == 7
    assert applied.notes == (
        "15 rows inserted into 2 gaps in time",
        "1 gap of 13 rows left unscored",
    )


@pytest.mark.parametrize("missing", ["linear", "previous", "zero"])
def test_inserted_rows_are_filled_but_carry_no_score(missing: Missing) -> None:
    series = Series([1.0, 4.0], time=np.array([0, 3]) * SECOND)
    applied = Policy(missing).apply(series, SECOND)
    assert np.isfinite(applied.data.values).all()
    assert applied.scored.tolist() == [True, False, False, True]


@pytest.mark.parametrize("missing", ["drop", "error"])
def test_no_rows_are_inserted_under_drop_and_error(missing: Missing) -> None:
    series = Series([1.0, 4.0], time=np.array([0, 3]) * SECOND)
    assert Policy(missing).apply(series, SECOND).data is series


def test_a_late_row_keeps_its_place_on_the_grid() -> None:
    time = np.array([0, 1.2, 2, 4.9, 6], dtype=float) * SECOND
    outcome = on_grid(Series(np.arange(5.0), time=time.astype(np.int64)), SECOND)
    assert not isinstance(outcome, str)
    series, rows = outcome
    assert rows.tolist() == [0, 1, 2, -1, -1, 3, 4]
    assert series.time is not None
    assert np.all(np.diff(series.time) > 0)


@pytest.mark.parametrize(
    ("time", "says"),
    [
        ([0, 10, 12, 20], "rows 1 and 2 are closer than half a step"),
        ([0, 10, 5000], "no rows were"),
    ],
)
def test_says_why_no_rows_were_inserted(time: list[int], says: str) -> None:
    series = Series(np.arange(float(len(time))), time=time)
    applied = Policy("auto").apply(series, 10)
    assert applied.data is series
    assert says in applied.notes[0]


def test_a_table_takes_the_medians_it_learned() -> None:
    learned = Policy("auto").learn(Table([[1.0, 10.0], [2.0, NAN], [4.0, 30.0], [INF, 20.0]]))
    assert learned.fill == (2.0, 20.0)
    applied = learned.apply(Table([[NAN, 5.0], [7.0, INF], [NAN, NAN]]))
    np.testing.assert_array_equal(applied.data.values, [[2, 5], [7, 20], [NAN, NAN]])
    assert applied.scored.tolist() == [True, True, False]
    assert applied.notes == (
        "1 infinite value taken as missing",
        "2 missing values set to the column's median",
        "1 row left unscored: more than half of it is missing",
    )


def test_a_table_is_dropped_and_zeroed() -> None:
    table = Table([[1.0, NAN], [2.0, 3.0]], ["a", "b"])
    dropped = Policy("drop").apply(table)
    assert dropped.rows.tolist() == [1]
    assert dropped.data.channels == ("a", "b")
    assert Policy("zero").apply(table).data.values.tolist() == [[1, 0], [2, 3]]


@pytest.mark.parametrize(
    ("policy", "data", "error", "says"),
    [
        (Policy("linear"), Table([[1.0], [NAN]]), InvalidInput, "a table does not have"),
        (Policy("previous"), Table([[1.0], [NAN]]), InvalidInput, "a table does not have"),
        (Policy("auto"), Table([[1.0], [NAN]]), NotFitted, "has not been fitted"),
        (Policy("auto", fill=(1.0, 2.0)), Table([[1.0], [NAN]]), InvalidInput, "learned 2 columns"),
        (Policy("drop"), Table([[NAN]]), MissingValues, "leaves nothing"),
        (Policy("drop"), Series([NAN, NAN]), MissingValues, "leaves nothing"),
        (
            Policy("auto"),
            Series([[1.0, NAN]], ["a", "b"]),
            MissingValues,
            "column 'b' has no value",
        ),
        (Policy("linear"), Series([NAN, NAN]), MissingValues, "column 'c0' has no value"),
    ],
)
def test_refuses_what_it_cannot_fill(policy: Policy, data: Any, error: type, says: str) -> None:
    with pytest.raises(error, match=says):
        policy.apply(data)


def test_refuses_to_learn_from_a_column_without_values() -> None:
    with pytest.raises(MissingValues, match="column 'b' has no value at all"):
        Policy("auto").learn(Table([[1.0, NAN], [2.0, INF]], ["a", "b"]))


def test_refuses_choices_that_do_not_exist() -> None:
    with pytest.raises(InvalidInput, match="missing must be one of auto, drop"):
        Policy("mean")  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="max_gap must be 0 or more"):
        Policy("auto", -1)


@pytest.mark.parametrize("policy", [Policy(), Policy("auto", 3), Policy("auto", 5, (1.5, 2.0))])
def test_is_stored_and_restored(policy: Policy) -> None:
    assert Policy.from_dict(policy.to_dict()) == policy


choices = st.sampled_from(get_args(Missing))
matrices = hnp.arrays(
    np.float64,
    st.tuples(st.integers(1, 30), st.integers(1, 3)),
    elements=st.floats(-1e6, 1e6) | st.just(NAN) | st.just(INF) | st.just(-INF),
)


@given(choices, matrices, st.integers(0, 6), st.booleans())
def test_finite_values_are_never_touched(
    missing: Missing, values: Any, max_gap: int, as_table: bool
) -> None:
    data = Table(values) if as_table else Series(values)
    try:
        policy = Policy(missing, max_gap).learn(data)
        applied = policy.apply(data)
    except InvalidInput:
        return
    assert len(applied.data) == len(applied.rows) == len(applied.scored)
    before, after = data.values[applied.rows], applied.data.values
    kept = applied.scored[:, np.newaxis] & np.isfinite(before)
    np.testing.assert_array_equal(after[kept], before[kept])
    assert np.isfinite(after[applied.scored]).all()
    assert not np.isinf(after).any()
    # A row is open as a whole or not at all.
    assert np.isnan(after).all(axis=1).tolist() == np.isnan(after).any(axis=1).tolist()


@given(choices.filter(lambda choice: choice != "error"), st.data())
def test_rows_on_the_grid_come_from_where_they_say(missing: Missing, data: st.DataObject) -> None:
    steps = np.array(data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=20)))
    time = np.concatenate([[0], np.cumsum(steps)]) * SECOND
    series = Series(np.sqrt(np.arange(len(time)) + 1.0), time=time)
    applied = Policy(missing).apply(series, SECOND)
    assert isinstance(applied.data, Series)
    assert applied.data.time is not None
    there = applied.rows >= 0
    np.testing.assert_array_equal(applied.rows[there], np.arange(len(series)))
    np.testing.assert_array_equal(applied.data.time[there], time)
    np.testing.assert_array_equal(applied.data.values[there], series.values)
    if missing != "drop":
        assert np.all(np.diff(applied.data.time) == SECOND)
    assert not applied.scored[~there].any()


@given(
    choices,
    hnp.arrays(np.float64, (10, 2), elements=st.floats(allow_nan=False, allow_infinity=False)),
)
def test_nothing_missing_gives_the_same_object_back(missing: Missing, values: Any) -> None:
    for data in (Table(values), Series(values), Series(values, time=np.arange(10) * SECOND)):
        applied = Policy(missing).apply(data, SECOND)
        assert applied.data is data
        assert applied.rows.tolist() == list(range(10))
        assert applied.scored.all()
        assert applied.notes == ()


# Dirty files

HOUR = 3600 * SECOND


def dirty(n: int = 400) -> pl.DataFrame:
    """A day's rhythm with everything wrong that one file can have."""
    rng = np.random.default_rng(0)
    time = np.arange(n) * HOUR + 1_700_000_000 * SECOND
    v = 10 + np.sin(np.arange(n) * 2 * np.pi / 24) + 0.05 * rng.normal(size=n)
    v[[30, 31]], v[100], v[200:212], v[300] = NAN, INF, NAN, 25.0
    frame = pl.DataFrame(
        {
            "ts": pl.Series(time).cast(pl.Datetime("ns")),
            "v": v,
            "w": 2 * v + 0.1 * rng.normal(size=n),
            "constant": [7.0] * n,
            "void": pl.Series([None] * n, dtype=pl.Float64),
        }
    )
    order = [*range(20), 19, *range(20, 50), 51, 50, *range(52, 350), *range(353, n)]
    return frame[order]


def test_every_door_treats_a_dirty_file_alike(tmp_path: Path) -> None:
    path, stored = tmp_path / "dirty.csv", tmp_path / "m.sonde"
    dirty().write_csv(path, datetime_format="%d.%m.%Y %H:%M")
    found = sonde.detect(str(path), kind="series")
    sonde.save(found.model, stored)
    loaded = sonde.load(stored)
    assert loaded.policy_ == Policy("auto", 5)
    assert found.chosen["missing"] == "auto"
    assert found.chosen["left_out"] == {"constant": "constant", "void": "empty"}
    assert found.detection.problems[:5] == [
        "3 rows inserted into 1 gap in time",
        "2 infinite values taken as missing",
        "6 missing values filled linearly",
        "1 gap of 12 rows left unscored",
        "1 row has the time of an earlier row (row 20); the first row of each moment was kept, the "
        "others get no score",
    ]
    assert found.detection.problems[5].startswith("1 row is out of time order (row 52 first)")
    assert np.flatnonzero(np.isnan(found.scores)).tolist() == [20, *range(201, 213)]
    scores = [found.scores]
    out = tmp_path / "scores.csv"
    doors: list[list[str | Path]] = [["detect", path, "--kind", "series"], ["score", stored, path]]
    for words in doors:
        assert command(*words, "--scores", out).code == 0
        scores.append(pl.read_csv(out)["score"].to_numpy())
    np.testing.assert_array_equal(scores[1], scores[0])
    np.testing.assert_array_equal(scores[2], scores[0])
    # The rows as the model takes them, without a reader in between.
    kept = found.reading.rows
    np.testing.assert_array_equal(loaded.anomaly_scores(found.reading.data), scores[0][kept])


def test_rows_of_one_moment_are_refused_under_error() -> None:
    reading = examine(dirty(), kind="series")
    refuse_repeats("auto", reading)
    with pytest.raises(InvalidInput, match=r"1 row with the time of an earlier row \(row 20\)"):
        refuse_repeats("error", reading)
    refuse_repeats("error", examine(dirty()[21:], kind="series"))


@pytest.mark.parametrize("missing", ["auto", "linear", "previous"])
def test_a_small_signal_on_a_large_level_is_filled_as_it_is_alone(missing: Missing) -> None:
    x = np.round(np.sin(np.arange(60.0)), 3)
    x[[7, 8, 30]] = NAN
    low = Policy(missing).apply(Series(x)).data.values
    high = Policy(missing).apply(Series(x + 1e8)).data.values
    np.testing.assert_allclose(high - 1e8, low, atol=1e-7)


def test_what_was_said_of_many_series_names_them_and_stays_short() -> None:
    names = [f"s{i}" for i in range(9)]
    assert series_problems(names, [["filled"]] * 9) == (
        "filled (series 's0', 's1', 's2', 's3', 's4' and 4 more)",
    )
    each = series_problems(names, [[f"{i} filled"] for i in range(9)])
    assert len(each) == 6
    assert each[-1] == "4 more notes on 4 series"
