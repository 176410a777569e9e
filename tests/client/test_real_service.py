"""Both clients against ``sonde serve`` itself."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import sonde
from sonde import errors
from sonde.client import Client, ModelRecord, VersionRecord
from sonde.runtimes.embedded import UntrustedModel
from tests.client.callers import Make
from tests.client.test_same_answer import CASES, FRAME, WAVE, assert_same, local_answer
from tests.client.test_same_answer import ROWS as PER_ROW
from tests.runtimes.rest.running import Running

RNG = np.random.default_rng(11)
ROWS = np.round(RNG.normal(size=(400, 3)), 3)
ROWS[7] = [9.0, -8.0, 7.0]
NAMED = pl.DataFrame(ROWS, ["rate", "load", "heat"])


@pytest.fixture
def client(service: Running, client_of: Make) -> Any:
    return client_of(service.url, timeout=60.0)


def test_is_healthy_and_ready(client: Any) -> None:
    assert client.health().status == "healthy"
    ready = client.ready()
    assert ready, ready.details


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("format", ["auto", "arrow"])
def test_detects_what_is_detected_here(service: Running, case: str, format: str) -> None:
    data, options = CASES[case]
    with Client(service.url, format=format, timeout=60.0) as client:
        found = client.detect(data, **options)
        # What was expected of each row is in answers as Arrow; JSON has it of the anomalies.
        names = PER_ROW if format == "arrow" else PER_ROW[:3]
        assert_same(found, local_answer(case), names)
        assert found.request_id


def test_detects_in_files_and_streams(client: Any, tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    pl.concat([FRAME["rate"]] * 20).to_frame().write_csv(path)
    local = sonde.detect(path, detector="ewma")
    assert_same(client.detect(path, detector="ewma"), local)
    assert_same(client.detect(io.BytesIO(path.read_bytes()), detector="ewma"), local)


def test_a_model_goes_from_training_to_deletion(client: Any, tmp_path: Path) -> None:
    name = f"pump-{type(client).__name__}"
    first = client.train(name, NAMED, model="ecod", description="of the pump", label="spring")
    again = client.train(name, NAMED, model="hbos", idempotency_key=f"k-{name}")
    same = client.train(name, NAMED, model="hbos", idempotency_key=f"k-{name}")
    assert (first.version, again.version, same.version) == (1, 2, 2)
    assert first == client.version(name, "spring")
    assert client.alias(name, "champion", 1).aliases == {"champion": 1}
    assert client.version(name) == first
    assert client.describe(name, tags={"site": "north"}).tags == {"site": "north"}
    assert [one.name for one in client.models(prefix=name, limit=1)] == [name]
    assert [one.version for one in client.versions(name, limit=1)] == [2, 1]
    assert isinstance(client.model(name), ModelRecord)
    assert "metrics" in client.evaluation(name)
    assert name in client.card(name)
    assert client.card(name, format="html").lstrip().startswith("<!doctype html")

    path = client.export(name, tmp_path / "pump.sonde")
    with pytest.warns(UntrustedModel):  # the service signs with a key of its own
        model: Any = sonde.load(path)
    local = model.anomaly_scores(NAMED)
    for given in (NAMED, ROWS, ROWS.tolist(), NAMED[:, ::-1], sonde.Table(ROWS, NAMED.columns)):
        answer = client.predict(name, given)
        assert (answer.model, answer.version) == (name, "1")
        assert np.array_equal(answer.scores, local)
    assert np.array_equal(client.predict(name, ROWS[:5], alias="champion").scores, local[:5])
    assert client.predict(name, ROWS[:5], version=2).version == "2"

    uploaded = client.upload(name, path, label="again")
    assert isinstance(uploaded, VersionRecord)
    assert (uploaded.version, uploaded.digest) == (3, first.digest)
    with pytest.raises(errors.Conflict):
        client.delete(name, 1)
    client.drop_alias(name, "champion")
    client.delete(name, 1)
    client.delete(name)
    with pytest.raises(errors.NotFound) as missing:
        client.model(name)
    assert missing.value.__dict__["status"] == 404


def test_series_with_times_are_predicted(client: Any) -> None:
    name = f"wave-{type(client).__name__}"
    series = sonde.Series(WAVE, ["rate"], np.arange(400) * 60_000_000_000)
    client.train(name, series, model="seasonal_residual")
    local = sonde.detect(series, detector="seasonal_residual")
    assert np.array_equal(client.predict(name, series).scores, local.scores, equal_nan=True)


def test_refusals_are_those_of_the_library(client: Any) -> None:
    for data, options in (([[1.0], [1.0]], {}), (ROWS, {"detector": "ecodd"})):
        with pytest.raises(errors.SondeError) as ours:
            sonde.detect(data, **options)
        with pytest.raises(errors.SondeError) as theirs:
            client.detect(data, **options)
        assert type(theirs.value) is type(ours.value)
        assert theirs.value.__dict__["request_id"]
    with pytest.raises(errors.NotFound):
        client.predict("none", ROWS)
    with pytest.raises(errors.InvalidInput):
        client.detect(ROWS, contaminaton=0.1)
