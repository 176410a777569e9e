"""Categories become the share of the rows learned from that have them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import sonde
from sonde.data import examine
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
