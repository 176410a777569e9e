"""Rows judged part by part get the answers that they get all at once."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import pytest

from sonde.core import Detection
from sonde.data import examine
from sonde.errors import InvalidInput
from sonde.learn import Recipe, create, decide
from sonde.learn.in_parts import Part, Whole, judge_in_parts, refuse_whole
from sonde.learn.training import train

MINUTE = 60_000_000_000


def frame_of(values: Any, *, with_time: bool = True) -> pl.DataFrame:
    columns = {f"v{j}": values[:, j] for j in range(values.shape[1])}
    frame = pl.DataFrame(columns).fill_nan(None)
    if not with_time:
        return frame
    time = pl.Series("ts", np.arange(len(values)) * MINUTE).cast(pl.Datetime("ns"))
    return frame.insert_column(0, time)


def parts_of(frame: pl.DataFrame, cuts: list[int], **options: Any) -> list[Part]:
    bounds = [0, *cuts, frame.height]
    return [Part(examine(frame[a:b], **options), a, b / frame.height) for a, b in pairwise(bounds)]


def collected(model: Any, parts: list[Part]) -> tuple[Whole, list[Detection]]:
    written: list[Detection] = []

    def write(part: Part, detection: Detection) -> None:
        written.append(detection)

    def answer(data: Any, core: slice | None) -> Detection:
        return decide(model, data, core=core)

    return judge_in_parts(model, answer, parts, write), written


def assert_like_the_whole(whole: Whole, written: list[Detection], expected: Detection) -> None:
    for name in ("scores", "is_anomaly", "probability", "expected", "lower", "upper"):
        wanted = getattr(expected, name)
        if wanted is None:
            assert all(getattr(one, name) is None for one in written)
            continue
        np.testing.assert_array_equal(
            np.concatenate([getattr(one, name) for one in written]), wanted, err_msg=name
        )
    assert whole.n_rows == len(expected)
    assert whole.n_anomalies == len(expected.anomalies)
    for found, wanted in zip(whole.anomalies, expected.anomalies, strict=True):
        assert found.to_dict() | {"columns": None} == wanted.to_dict() | {"columns": None}
        assert found.columns == pytest.approx(wanted.columns)


def test_a_table_may_be_cut_anywhere() -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(size=(900, 3))
    values[[5, 300, 301, 899]] += 9.0
    frame = frame_of(values, with_time=False)
    trained = train(Recipe(detector="isolation_forest"), examine(frame, kind="table"))
    expected = decide(trained.model, trained.data)
    assert len(expected.anomalies) >= 3
    whole, written = collected(trained.model, parts_of(frame, [1, 301, 302, 700], kind="table"))
    assert_like_the_whole(whole, written, expected)


@pytest.mark.parametrize("missing", ["auto", "previous", "linear", "zero", "drop"])
def test_a_series_keeps_its_past_over_the_borders(missing: Any) -> None:
    rng = np.random.default_rng(4)
    x = np.sin(np.arange(1500) / 8.0) + rng.normal(scale=0.1, size=1500)
    x[700:703] += 5.0  # an anomaly over a border
    x[1290:1294] = np.nan  # a gap to fill over a border
    x[595:640] = np.nan  # and one too long to fill
    frame = frame_of(x[:, None])
    kept = np.ones(len(x), dtype=bool)
    kept[1000:1003] = False  # moments that are not there at all, at a border
    frame = frame.filter(pl.Series(kept))
    recipe = Recipe(detector="seasonal_residual", missing=missing)
    reading = examine(frame)
    trained = train(recipe, reading)
    expected = decide(trained.model, trained.data)
    assert expected.anomalies
    cuts = [300, 600, 620, 701, 1000, 1289]
    whole, written = collected(trained.model, parts_of(frame, cuts, kind="series", columns=["v0"]))
    assert_like_the_whole(whole, written, expected)


def test_an_online_detector_goes_on_where_the_last_part_ended() -> None:
    rng = np.random.default_rng(5)
    x = np.sin(np.arange(2000) / 9.0) + rng.normal(scale=0.1, size=2000)
    x[1500] = 7.0
    frame = frame_of(x[:, None])
    trained = train(Recipe(online=True, fit_rows=300), examine(frame))
    expected = decide(trained.model, trained.data)
    assert expected.anomalies
    cuts = [100, 299, 301, 1000, 1501]
    whole, written = collected(trained.model, parts_of(frame, cuts, kind="series", columns=["v0"]))
    assert_like_the_whole(whole, written, expected)


def test_names_the_row_where_time_goes_back_over_a_border() -> None:
    frame = frame_of(np.random.default_rng(6).normal(size=(400, 1)))
    mixed = pl.concat([frame[200:], frame[:200]])
    trained = train(Recipe(detector="seasonal_residual"), examine(frame))
    with pytest.raises(InvalidInput, match="row 200: its time lies before"):
        collected(trained.model, parts_of(mixed, [200], kind="series"))


def test_a_detector_that_compares_all_rows_is_refused_with_the_memory_it_needs() -> None:
    with pytest.raises(InvalidInput, match="about 9,000 MB"):
        refuse_whole(create("discord"), "big.csv", 9000)  # type: ignore[arg-type]
    refuse_whole(create("ewma"), "big.csv", 9000)  # type: ignore[arg-type]
    refuse_whole(create("knn"), "big.csv", 9000)  # type: ignore[arg-type]


def test_names_the_candidate_when_no_part_holds_an_anomaly() -> None:
    frame = frame_of(np.random.default_rng(7).normal(size=(400, 2)), with_time=False)
    trained = train(Recipe(detector="isolation_forest"), examine(frame, kind="table"))
    expected = decide(trained.model, trained.data)
    assert not expected.anomalies
    assert expected.candidate is not None
    whole, _ = collected(trained.model, parts_of(frame, [123], kind="table"))
    assert whole.candidate is not None
    assert whole.candidate.peak == expected.candidate.peak
