"""The same rows get the same answer: found at once, or by the model stored and loaded again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import sonde
from sonde.app import build
from sonde.core import ModelRef, PredictionRequest
from sonde.errors import NotFound, SchemaMismatch
from sonde.runtimes.embedded import read_for, score
from sonde.settings import read_settings

NAMES = ["isolation_forest", "ecod", "knn", "seasonal_residual", "discord", "ewma"]
HOUR = np.timedelta64(1, "h")


def clean() -> pl.DataFrame:
    rng = np.random.default_rng(0)
    value = np.sin(np.arange(700) * 2 * np.pi / 24) + 0.1 * rng.normal(size=700)
    value[500] += 4
    return pl.DataFrame({"ts": np.datetime64("2024-01-01T00", "us") + np.arange(700) * HOUR,
                         "load": value})  # fmt: skip


def with_gaps() -> pl.DataFrame:
    frame = clean().with_row_index("n")
    missing = pl.col("n").is_in([100, 101, 300, *range(350, 370)])
    holes = frame.with_columns(load=pl.when(missing).then(None).otherwise(pl.col("load")))
    return holes.filter(~pl.col("n").is_between(600, 620)).drop("n")


def shuffled() -> pl.DataFrame:
    return clean().sample(fraction=1.0, shuffle=True, seed=3)


def irregular() -> pl.DataFrame:
    late = np.random.default_rng(1).integers(0, 1_200_000_000, 700).astype("timedelta64[us]")
    return clean().with_columns(ts=pl.Series(clean()["ts"].to_numpy() + late))


def panel() -> pl.DataFrame:
    parts = [with_gaps().with_columns(pump=pl.lit(name)) for name in ("b", "a", "c")]
    return pl.concat(parts).sort("ts", "pump").rename({"pump": "id"})


def one_of_a_panel() -> pl.DataFrame:
    return panel().filter(pl.col("id") == "a")


def table() -> pl.DataFrame:
    rows = np.random.default_rng(0).normal(size=(300, 3))
    rows[9] = 8
    return pl.DataFrame(rows, schema=["x", "y", "z"]).with_columns(
        x=pl.when(pl.col("x") > 2).then(None).otherwise(pl.col("x")), site=pl.lit("k")
    )


def learned_and_asked() -> list[Any]:
    same = [clean, with_gaps, shuffled, irregular, panel, table]
    pairs = [(make, make) for make in same] + [(panel, one_of_a_panel)]
    return [pytest.param(a, b, id=f"{a.__name__}-{b.__name__}") for a, b in pairs]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("learned", "asked"), learned_and_asked())
def test_a_stored_model_says_what_detect_said(
    name: str, learned: Any, asked: Any, tmp_path: Path, home: Path
) -> None:
    learned().write_csv(tmp_path / "learned.csv")
    asked().write_csv(tmp_path / "asked.csv")
    found = sonde.detect(tmp_path / "learned.csv", detector=name, contamination=0.01)
    sonde.save(found.model, tmp_path / "m.sonde")
    app = build(read_settings(), pytest.fail)
    reading = read_for(app, str(tmp_path / "m.sonde"), tmp_path / "asked.csv")
    answer = score(app, str(tmp_path / "m.sonde"), reading)
    rows = np.arange(len(found.scores))
    if learned is panel and asked is one_of_a_panel:
        rows = np.flatnonzero(panel()["id"].to_numpy() == "a")
    for field in ("scores", "is_anomaly", "probability"):
        np.testing.assert_array_equal(getattr(answer, field), getattr(found.detection, field)[rows])
    if learned is asked:
        assert [a.to_dict() for a in answer.anomalies] == [a.to_dict() for a in found.anomalies]
        assert found.anomalies


def test_a_series_that_was_not_there_is_refused(tmp_path: Path, home: Path) -> None:
    found = sonde.detect(panel(), detector="knn")
    other = panel().with_columns(id=pl.col("id") + pl.lit("2"))
    with pytest.raises(SchemaMismatch, match="'a2' was not among those learned from"):
        found.model.anomaly_scores(sonde.read(other, kind="panel"))


class Models:
    def __init__(self, **models: Any) -> None:
        self.models = models

    def resolve(self, ref: ModelRef, key: str | None) -> tuple[Any, str]:
        if ref.name not in self.models:
            raise NotFound(f"no model {ref}")
        return self.models[ref.name], "7"


def test_the_predictor_answers_in_order_and_puts_a_failure_in_its_place(
    caplog: pytest.LogCaptureFixture,
) -> None:
    from sonde.serving import Predictor

    rows = np.random.default_rng(0).normal(size=(50, 2))
    model: Any = sonde.create("ecod")
    heard: list[Any] = []

    def broken(request: Any, prediction: Any) -> None:
        raise RuntimeError("monitor is down")

    predictor = Predictor(
        Models(ecod=model.fit(rows)), [broken, lambda q, a: heard.append((q.request_id, a.version))]
    )
    requests = [
        PredictionRequest(ModelRef("ecod"), sonde.Table(rows), request_id="1"),
        PredictionRequest(ModelRef("none"), sonde.Table(rows), request_id="2"),
        PredictionRequest(ModelRef("ecod"), sonde.Table(rows[:, :1]), request_id="3"),
        PredictionRequest(ModelRef("ecod"), sonde.Table(rows[:5]), request_id="4"),
    ]
    first, second, third, fourth = predictor.predict_many(requests)
    assert isinstance(second, NotFound)
    assert isinstance(third, SchemaMismatch)
    assert not isinstance(first, Exception)
    assert not isinstance(fourth, Exception)
    np.testing.assert_array_equal(first.output.scores[:5], fourth.output.scores)
    assert heard == [("1", "7"), ("4", "7")]
    assert sum("observer" in r.message for r in caplog.records) == 2
    with pytest.raises(NotFound):
        predictor.predict(requests[1])


def test_an_array_with_a_column_that_stands_still_is_judged(home: Path, tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(80, 2))
    sonde.save(sonde.create("hbos").fit(rows), tmp_path / "m.sonde")
    asked = rows[:5].copy()
    asked[:, 1] = 0.5
    app = build(read_settings(), pytest.fail)
    reading = read_for(app, str(tmp_path / "m.sonde"), asked)
    assert reading.data.values.tolist() == asked.tolist()
    assert np.isfinite(score(app, str(tmp_path / "m.sonde"), reading).scores).all()
