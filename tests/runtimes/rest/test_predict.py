"""``POST /api/v1/models/{name}/predict`` and ``POST /predict``."""

from __future__ import annotations

import gzip
import io
import json
from typing import Any

import httpx
import numpy as np
import polars as pl
import pytest

import sonde
from sonde.learn import decide
from sonde.wire import media as m
from sonde.wire.plain import anomaly_json
from tests.runtimes.rest.data import BINARY, FRAME, JSON, NAMES, PACKERS, TABLE, numbers

PATH = "/api/v1/models/pump/predict"
FEATURES: dict[str, Any] = {
    "records": FRAME.to_dicts(),
    "columns": FRAME.to_dict(as_series=False),
    "rows": TABLE.tolist(),
}


@pytest.fixture(scope="module")
def model() -> Any:
    return sonde.train(FRAME, model="ecod", evaluate=False).model


def assert_same(answer: dict[str, Any], model: Any, rows: Any = TABLE) -> None:
    local = decide(model, sonde.Table(rows, NAMES))
    assert np.array_equal(numbers(answer["scores"]), local.scores)
    assert answer["is_anomaly"] == local.is_anomaly.tolist()
    assert np.array_equal(numbers(answer["probability"]), local.probability)
    assert answer["anomalies"] == list(map(anomaly_json, local.anomalies))


@pytest.mark.parametrize("form", JSON)
def test_each_form_of_json_is_judged_by_the_stored_model(
    http: httpx.Client, model: Any, form: str
) -> None:
    answer = http.post(PATH, json=JSON[form]).json()
    assert_same(answer, model)
    assert (answer["model"], answer["version"], answer["variant"]) == ("pump", "1", None)


def test_an_earlier_guides_answers(http: httpx.Client) -> None:
    answer = http.post(PATH, json={"data": TABLE.tolist()}).json()
    assert answer["predictions"] == [-1 if one else 1 for one in answer["is_anomaly"]]
    assert answer["algorithm"] == "ecod"
    assert answer["anomaly_count"] == len(answer["anomalies"])
    assert answer["processing_time_ms"] > 0


@pytest.mark.parametrize("packed", ["", *PACKERS])
@pytest.mark.parametrize("media", BINARY)
def test_each_binary_body_gives_the_same(
    http: httpx.Client, model: Any, media: str, packed: str
) -> None:
    body, headers = BINARY[media](FRAME), {"content-type": media}
    if packed:
        body, headers = PACKERS[packed](body), headers | {"content-encoding": packed}
    assert_same(http.post(PATH, content=body, headers=headers).json(), model)


@pytest.mark.parametrize("media", [m.ARROW, m.PARQUET, m.CSV])
def test_accept_chooses_the_format_of_the_answer(
    http: httpx.Client, model: Any, media: str
) -> None:
    reply = http.post(PATH, json=JSON["rows"], headers={"accept": media})
    readers: dict[str, Any] = {
        m.ARROW: pl.read_ipc_stream, m.PARQUET: pl.read_parquet, m.CSV: pl.read_csv,
    }  # fmt: skip
    lines = readers[media](io.BytesIO(reply.content))
    assert reply.headers["content-type"] == media
    assert np.array_equal(lines["score"].to_numpy(), model.anomaly_scores(FRAME))


def test_columns_are_taken_by_name_and_others_are_left(http: httpx.Client, model: Any) -> None:
    columns = {"site": ["x"] * 80} | {name: FRAME[name].to_list() for name in reversed(NAMES)}
    assert_same(http.post(PATH, json={"columns": columns}).json(), model)


def test_one_row_is_enough(http: httpx.Client, model: Any) -> None:
    answer = http.post(PATH, json={"rows": [[9, -8, 7]]}).json()
    assert_same(answer, model, np.array([[9.0, -8.0, 7.0]]))


def test_a_version_or_an_alias_may_be_named(http: httpx.Client) -> None:
    body = {"rows": [[1, 2, 3]], "key": "ann"}
    assert http.post(PATH, json=body, params={"version": "1"}).json()["version"] == "1"
    assert http.post(PATH, json=body, params={"version": "latest"}).json()["version"] == "1"
    for params, what in (({"version": "7"}, "7"), ({"alias": "gone"}, "gone")):
        reply = http.post(PATH, json=body, params=params)
        assert (reply.status_code, reply.json()["code"]) == (404, "not_found")
        assert what in reply.json()["message"]


@pytest.mark.parametrize(
    ("params", "body", "pointer"),
    [
        ({"version": "1", "alias": "a"}, {"rows": [[1, 2, 3]]}, None),
        ({"detector": "ecod"}, {"rows": [[1, 2, 3]]}, None),
        ({}, {"rows": [[1, 2, 3]], "detector": "ecod"}, "/detector"),
        ({}, {"rows": [[1, 2]]}, "/rows"),
        ({}, {"rows": [[1, 2, 3], [1, "x", 3]]}, "/rows/1/1"),
        ({}, {"columns": {"rate": [1], "load": [2]}}, "/columns"),
        ({}, {}, ""),
        ({}, {"rows": []}, "/rows"),
        ({}, {"rows": [[1, 2, 3]], "time": [1, 2]}, "/time"),
    ],
)
def test_what_can_not_be_judged_is_refused_by_its_place(
    http: httpx.Client, params: dict[str, str], body: dict[str, Any], pointer: str | None
) -> None:
    reply = http.post(PATH, json=body, params=params)
    problem = reply.json()
    assert reply.status_code == 422, problem
    assert reply.headers["content-type"] == m.PROBLEM
    assert [one["pointer"] for one in problem["errors"]] == ([] if pointer is None else [pointer])


# --- POST /predict ---------------------------------------------------------------------------


@pytest.mark.parametrize("form", FEATURES)
@pytest.mark.parametrize("packed", [False, True])
def test_features_are_records_columns_or_rows(
    http: httpx.Client, model: Any, form: str, packed: bool
) -> None:
    body = json.dumps({"features": FEATURES[form]}).encode()
    headers = {"content-type": m.JSON}
    if packed:
        body, headers = gzip.compress(body), headers | {"content-encoding": "gzip"}
    reply = http.post("/predict", content=body, headers=headers)
    assert reply.status_code == 200, reply.text
    answer = reply.json()
    assert_same(answer, model)
    assert answer["success"] is True
    assert answer["model_version"] == "1"
    assert answer["probabilities"] == answer["probability"]
    assert set(answer["predictions"]) <= {-1, 1}


def test_features_may_be_one_row_as_a_flat_list(http: httpx.Client, model: Any) -> None:
    answer = http.post("/predict", json={"features": [9, -8, 7]}).json()
    assert_same(answer, model, np.array([[9.0, -8.0, 7.0]]))


@pytest.mark.parametrize("media", BINARY)
def test_the_own_model_takes_other_bodies_too(http: httpx.Client, model: Any, media: str) -> None:
    reply = http.post("/predict", content=BINARY[media](FRAME), headers={"content-type": media})
    assert_same(reply.json(), model)
    assert_same(http.post("/predict", json=JSON["rows"]).json(), model)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"features": [[1, 2]]}, "expecting 3 features"),
        ({"features": [[1, 2, "x"]]}, "'heat' is text"),
        ({"features": []}, "no rows"),
        ({"features": 7}, "a list of rows"),
        ({}, "no data"),
        ({"features": [[1, 2, 3]], "rows": [[1, 2, 3]]}, "in one of them"),
        ({"features": [[1.0, 2.0, 3.0]] * 40_000}, "100,000"),
        ({"features": [{"rate": 1, "load": 2}]}, "heat"),
    ],
)
def test_features_that_can_not_be_judged_are_400(
    http: httpx.Client, body: dict[str, Any], said: str
) -> None:
    reply = http.post("/predict", json=body)
    problem = reply.json()
    assert reply.status_code == problem["status"] == 400, problem
    assert problem["success"] is False
    assert problem["error"] == problem["message"]
    assert said in problem["message"]
    assert "predictions" not in problem


def test_no_json_is_400_with_the_same_fields(http: httpx.Client) -> None:
    reply = http.post("/predict", content=b'{"features": [[1,', headers={"content-type": m.JSON})
    assert (reply.status_code, reply.json()["code"]) == (400, "malformed")
    assert reply.json()["success"] is False


def test_the_own_model_answers_in_json_only(http: httpx.Client) -> None:
    reply = http.post("/predict", json={"features": [[1, 2, 3]]}, headers={"accept": "text/csv"})
    assert reply.status_code == 406
    assert http.post("/predict?version=1", json={"features": [[1, 2, 3]]}).status_code == 400
