"""Categories become the share of the rows learned from that have them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import sonde
from sonde.data import Categories, examine
from sonde.errors import InvalidInput

RNG = np.random.default_rng(8)
N = 400


def frame(*, strange: bool = True) -> pl.DataFrame:
    valve = np.where(RNG.random(N) < 0.7, "open", "shut").tolist()
    if strange:
        valve[77] = "stuck"
    return pl.DataFrame({"valve": valve, "rate": RNG.normal(size=N), "load": RNG.normal(size=N)})


def test_each_category_is_its_share() -> None:
    given = frame()
    reading = examine(given, categories=["valve"])
    assert reading.data.channels == ("valve", "rate", "load")
    open_share = float((given["valve"] == "open").mean())  # type: ignore[arg-type]
    first = given["valve"][0]
    assert reading.data.values[0, 0] == (open_share if first == "open" else 1 - open_share - 1 / N)
    assert reading.data.values[77, 0] == 1 / N


def test_text_that_nobody_names_stays_left_out() -> None:
    assert examine(frame()).left_out == {"valve": "text"}


@pytest.mark.parametrize(
    "values",
    [
        [True, False] * 10,
        [1, 2, 2, 3] * 5,
        ["a", None, "b", "a"] * 5,
        pd.Categorical(list("ab") * 10),
    ],
)
def test_takes_booleans_whole_numbers_and_missing_ones(values: Any) -> None:
    given = pd.DataFrame({"kind": values, "x": RNG.normal(size=20)})
    reading = examine(given, categories=["kind"])
    assert reading.data.channels == ("kind", "x")
    shares = reading.data.values[:, 0]
    np.testing.assert_array_equal(np.isnan(shares), given["kind"].isna())
    assert np.nanmax(shares) <= 1


def test_a_stored_model_knows_the_shares_it_learned(tmp_path: Path, home: Path) -> None:
    found = sonde.detect(frame(), categories=["valve"], detector="knn")
    assert found.chosen["categories"] == ["valve"]
    sonde.save(found.model, tmp_path / "m.sonde")
    loaded: Any = sonde.load(tmp_path / "m.sonde")
    today = frame(strange=False).with_columns(pl.lit("open").alias("valve"))
    mine = today.with_columns(
        pl.when(pl.int_range(N) == 5).then(pl.lit("melted")).otherwise("valve").alias("valve")
    )
    scores = loaded.anomaly_scores(mine)
    np.testing.assert_array_equal(scores, found.model.anomaly_scores(mine.to_pandas()))
    # All rows are "open": had the shares been learned anew they would be 1, not the stored ones.
    known = loaded.schema_.categories["valve"]
    expected = today.with_columns(pl.lit(known["open"]).alias("valve"))
    np.testing.assert_array_equal(
        np.delete(scores, 5),
        np.delete(
            loaded.anomaly_scores(sonde.read(expected, columns=["valve", "rate", "load"])), 5
        ),
    )
    assert scores[5] != loaded.anomaly_scores(today)[5]


def test_the_rows_learned_from_set_the_shares() -> None:
    given = frame()
    late = given.with_columns(
        pl.when(pl.int_range(N) >= 200).then(pl.lit("late")).otherwise("valve").alias("valve")
    )
    reading = examine(late, categories=["valve"], category_rows=200)
    assert set(reading.data.values[200:, 0]) == {0.0}
    found = sonde.detect(late, categories=["valve"], fit_rows=200)
    assert "late" not in found.model.schema_.categories["valve"]


def test_an_online_answer_does_not_change_with_later_rows() -> None:
    time = pl.datetime_range(
        pl.datetime(2024, 1, 1), pl.datetime(2024, 1, 3), "1m", closed="left", eager=True
    ).alias("ts")[:1200]
    valve = np.where(RNG.random(1200) < 0.7, "open", "shut").tolist()
    given = pl.DataFrame({"ts": time, "valve": valve, "rate": RNG.normal(size=1200)})
    whole = sonde.detect(given, categories=["valve"], online=True, fit_rows=300).scores
    cut = sonde.detect(given[:700], categories=["valve"], online=True, fit_rows=300).scores
    np.testing.assert_array_equal(whole[:700], cut)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"categories": ["vale"]}, "no column 'vale'; there are 'valve'"),
        ({"categories": ["rate"]}, "column 'rate' .Float64. holds no categories"),
        ({"categories": ["valve"], "id": "valve"}, "named in both id and categories"),
    ],
)
def test_refuses_what_is_no_category(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        examine(frame(), **options)


def test_refuses_as_many_categories_as_rows() -> None:
    n = 100_001
    names = pl.DataFrame({"name": [f"n{i}" for i in range(n)], "x": np.arange(n) % 7 * 1.0})
    with pytest.raises(InvalidInput, match="100,001 different values"):
        examine(names, categories=["name"])


def test_a_container_has_no_categories_left_to_name() -> None:
    with pytest.raises(InvalidInput, match="holds numbers already"):
        examine(sonde.Table(np.zeros((3, 1))), categories=["valve"])


@pytest.mark.parametrize(
    ("learned", "scored", "shares"),
    [
        (["01", "02", "01", "A7"], [1, 2, 3], [0.5, 0.25, 0.0]),
        ([1, 2, 1, 7], ["01", "2.0", "A7"], [0.5, 0.25, 0.0]),
        (["1.0", "A7", "1.0", "1.0"], [1, 2, None], [0.75, 0.0, np.nan]),
        ([1, 2, 1, 7], [1.0, np.nan, 7.0], [0.5, np.nan, 0.25]),
        (["True", "False", "True", "Unknown"], [True, False], [0.5, 0.25]),
        ([True, False, True, True], ["TRUE", "False", "Unknown"], [0.75, 0.25, 0.0]),
        (["00", "0", "1.50", "Open"], ["0", "1.5", "open"], [0.5, 0.0, 0.0]),
    ],
)
def test_a_category_is_the_same_however_a_file_writes_it(
    learned: list[Any], scored: list[Any], shares: list[float]
) -> None:
    before = examine({"kind": learned, "x": [1.0, 2.0, 4.0, 3.0]}, categories=["kind"])
    today = {"kind": scored, "x": np.arange(len(scored)) * 1.5}
    reading = examine(today, categories=before.categories)
    np.testing.assert_array_equal(reading.data.values[:, 0], shares)


def test_shares_stored_under_two_ways_of_writing_are_one() -> None:
    stored = Categories({"kind": {"01": 0.25, "1": 0.5, "True": 0.25}})
    encoded = stored.encode(pl.DataFrame({"kind": ["1", "true", "001", None]}))["kind"]
    assert encoded.to_list() == [0.75, 0.25, 0.75, None]


def test_says_when_nothing_that_was_learned_is_there() -> None:
    learned = examine(frame(), categories=["valve"]).categories
    given = {"valve": ["auf", "zu", "auf"], "rate": [1.0, 2.0, 4.0], "load": [3.0, 1.0, 2.0]}
    strange = "no row of column 'valve' has a category that was learned; its values are all new"
    assert strange in examine(given, categories=learned).problems
    for valve in (["auf", "open", "auf"], [None, None, None]):
        problems = examine({**given, "valve": valve}, categories=learned).problems
        assert strange not in problems
