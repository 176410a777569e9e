"""``POST /api/v1/detect``: every kind of body and of answer, several data sets, synonyms."""

from __future__ import annotations

import io
import json
from typing import Any

import httpx
import numpy as np
import polars as pl
import pytest

import sonde
from sonde.wire import media as m
from sonde.wire.plain import anomaly_json
from tests.runtimes.rest.data import (
    BINARY,
    FRAME,
    JSON,
    NAMES,
    PACKERS,
    TABLE,
    TIMES,
    WAVE,
    csv,
    numbers,
)  # fmt: skip

PATH = "/api/v1/detect"
ECOD: dict[str, Any] = {"detector": "ecod", "contamination": 0.02}
LINES = ["row", "score", "is_anomaly", "probability", "expected", "lower", "upper"]


def post(http: httpx.Client, body: Any, **headers: str) -> httpx.Response:
    return http.post(PATH, json=body, headers=headers)


def assert_same(answer: dict[str, Any], local: sonde.Detection) -> None:
    assert np.array_equal(numbers(answer["scores"]), local.scores, equal_nan=True)
    assert answer["is_anomaly"] == local.is_anomaly.tolist()
    assert np.array_equal(numbers(answer["probability"]), local.probability, equal_nan=True)
    assert answer["anomalies"] == list(map(anomaly_json, local.anomalies))


@pytest.mark.parametrize("form", JSON)
def test_each_form_of_json_is_judged_as_the_library_judges(http: httpx.Client, form: str) -> None:
    reply = post(http, JSON[form] | ECOD)
    assert reply.status_code == 200, reply.text
    assert reply.headers["content-type"] == m.JSON
    has_names = form not in ("rows", "data of rows")
    local = sonde.detect(FRAME if has_names else TABLE, **ECOD)
    answer = reply.json()
    assert_same(answer, local.detection)
    assert answer["anomalies"][0]["peak"] == 17
    assert answer["chosen"]["columns"] == (NAMES if has_names else ["c0", "c1", "c2"])
    assert answer["request_id"] == reply.headers["x-request-id"]


@pytest.mark.parametrize("packed", ["", *PACKERS])
@pytest.mark.parametrize("media", BINARY)
def test_each_binary_body_packed_or_not_gives_the_same(
    http: httpx.Client, media: str, packed: str
) -> None:
    body = BINARY[media](FRAME)
    headers = {"content-type": media}
    if packed:
        body, headers = PACKERS[packed](body), headers | {"content-encoding": packed}
    reply = http.post(PATH, content=body, headers=headers, params=ECOD)
    assert reply.status_code == 200, reply.text
    assert_same(reply.json(), sonde.detect(FRAME, **ECOD).detection)


@pytest.mark.parametrize("packed", PACKERS)
def test_json_may_be_packed(http: httpx.Client, packed: str) -> None:
    body = PACKERS[packed](json.dumps(JSON["rows"] | ECOD).encode())
    reply = http.post(
        PATH, content=body, headers={"content-type": m.JSON, "content-encoding": packed}
    )
    assert_same(reply.json(), sonde.detect(TABLE, **ECOD).detection)


@pytest.mark.parametrize("media", [m.ARROW, m.PARQUET, m.CSV])
def test_accept_chooses_the_format_of_the_answer(http: httpx.Client, media: str) -> None:
    reply = post(http, JSON["columns"] | ECOD, accept=media)
    assert reply.headers["content-type"] == media
    readers: dict[str, Any] = {
        m.ARROW: pl.read_ipc_stream, m.PARQUET: pl.read_parquet, m.CSV: pl.read_csv,
    }  # fmt: skip
    lines = readers[media](io.BytesIO(reply.content))
    local = sonde.detect(FRAME, **ECOD)
    assert lines.columns == LINES
    assert np.array_equal(lines["score"].to_numpy(), local.scores)
    assert np.array_equal(lines["is_anomaly"].to_numpy().astype(bool), local.is_anomaly)
    assert lines["row"].to_list() == list(range(80))


def test_the_caller_who_likes_several_formats_gets_the_best_liked(http: httpx.Client) -> None:
    reply = post(http, JSON["rows"] | ECOD, accept="text/csv;q=0.4, application/*;q=0.5")
    assert reply.headers["content-type"] == m.JSON


def test_times_and_ids_stand_beside_the_data(http: httpx.Client) -> None:
    ids = ["a"] * 120 + ["b"] * 120
    options = {"detector": "ewma"}
    frame = pl.DataFrame({"v": WAVE, "time": TIMES, "id": ids})
    local = sonde.detect(frame, time="time", id="id", **options)
    beside = {"columns": {"v": WAVE.tolist()}, "time": TIMES, "id": ids, **options}
    named = {
        "columns": {"v": WAVE.tolist(), "t": TIMES, "who": ids}, "time": "t", "id": "who", **options
    }  # fmt: skip
    for body in (beside, named):
        answer = post(http, body).json()
        assert_same(answer, local.detection)
        assert answer["chosen"]["kind"] == "panel"
    assert {one["series"] for one in answer["anomalies"]} == {"b"}
    query = options | {"time": "time", "id": "id"}
    sent = http.post(PATH, content=csv(frame), headers={"content-type": m.CSV}, params=query)
    assert_same(sent.json(), local.detection)


def test_lists_of_series_are_judged_each_by_itself(http: httpx.Client) -> None:
    answer = post(http, {"series": [WAVE[:120].tolist(), WAVE[120:].tolist()], "id": ["x", "y"]})
    found = answer.json()
    assert len(found["scores"]) == 240
    assert found["anomalies"][0]["series"] == "y"
    assert found["anomalies"][0]["peak"] == 200


def test_null_is_missing_and_the_policy_says_what_becomes_of_it(http: httpx.Client) -> None:
    rows: list[list[float | None]] = [list(row) for row in TABLE.tolist()]
    rows[5][1] = None
    frame = pl.DataFrame(rows, NAMES, orient="row")
    for policy in ("auto", "drop", "zero"):
        body = {"rows": rows, "names": NAMES, "missing": policy, **ECOD}
        local = sonde.detect(frame, missing=policy, **ECOD)
        reply = post(http, body)
        assert "NaN" not in reply.text
        assert_same(reply.json(), local.detection)


def test_the_words_of_an_earlier_guide_are_understood(http: httpx.Client) -> None:
    body = {
        "data": TABLE.tolist(), "algorithm": "isolation_forest", "contamination": 0.05,
        "n_estimators": 20, "random_state": 3,
    }  # fmt: skip
    answer = post(http, body).json()
    local = sonde.detect(
        TABLE, detector="isolation_forest", contamination=0.05, random_state=3,
        parameters={"n_estimators": 20},
    )  # fmt: skip
    assert_same(answer, local.detection)
    assert answer["predictions"] == [-1 if one else 1 for one in answer["is_anomaly"]]
    assert answer["algorithm"] == "isolation_forest"
    assert answer["anomaly_count"] == len(answer["anomalies"]) > 0
    assert answer["processing_time_ms"] > 0


def test_several_data_sets_are_answered_each_in_its_place(http: httpx.Client) -> None:
    body = {
        "requests": [
            {"rows": TABLE.tolist(), **ECOD},
            {"rows": [[1.0, "x"], [2.0, 3.0]]},
            {"rows": TABLE.tolist(), "detector": "ecodd"},
            {"columns": {"v": WAVE.tolist()}, "detector": "ewma"},
            {"rows": TABLE.tolist()},
            7,
        ],
        "detector": "hbos",
    }
    reply = post(http, body)
    assert reply.status_code == 200
    first, text, unknown, wave, general, number = reply.json()["results"]
    assert_same(first, sonde.detect(TABLE, **ECOD).detection)
    assert_same(wave, sonde.detect(pl.DataFrame({"v": WAVE}), detector="ewma").detection)
    assert_same(general, sonde.detect(TABLE, detector="hbos").detection)
    refusals = [one["error"] for one in (text, unknown, number)]
    assert [one["status"] for one in refusals] == [422, 404, 422]
    assert [one["code"] for one in refusals] == ["invalid_input", "not_found", "invalid_input"]
    assert "ecod" in refusals[1]["message"]
    ids = [one["request_id"] for one in (first, *refusals)]
    assert len(set(ids)) == 4
    assert all(one.startswith(reply.json()["request_id"]) for one in ids)


def test_options_of_the_query_hold_for_each_of_several(http: httpx.Client) -> None:
    body = {"requests": [{"rows": TABLE.tolist()}, {"rows": TABLE.tolist(), "detector": "hbos"}]}
    reply = http.post(PATH, json=body, params={"contamination": "0.05"})
    a, b = reply.json()["results"]
    assert_same(a, sonde.detect(TABLE, contamination=0.05).detection)
    assert_same(b, sonde.detect(TABLE, detector="hbos", contamination=0.05).detection)


def test_an_answer_for_several_is_json_or_refused(http: httpx.Client) -> None:
    reply = post(http, {"requests": [{"rows": TABLE.tolist()}]}, accept=m.CSV)
    assert reply.status_code == 406
    assert "several" in reply.json()["message"]


def test_times_without_a_zone_are_utc_in_words_and_as_they_came_in_lines(
    http: httpx.Client,
) -> None:
    bare = [time.removesuffix("Z") for time in TIMES]
    body = {"columns": {"v": WAVE.tolist()}, "time": bare, "contamination": 0.02}
    (found, *_) = http.post("/api/v1/detect", json=body).json()["anomalies"]
    assert found["start_time"] == TIMES[found["start"]]
    text = "t,v\n" + "".join(f"{t},{v}\n" for t, v in zip(bare, WAVE, strict=True))
    kinds = {"content-type": m.CSV, "accept": m.CSV}
    lines = http.post("/api/v1/detect", content=text.encode(), headers=kinds).text.splitlines()
    assert lines[0].startswith("row,t,")
    assert [line.split(",")[1] for line in lines[1:]] == bare
    shown = http.get("/openapi.json").json()["components"]["schemas"]["Anomaly"]["properties"]
    assert "UTC" in str(shown["start_time"])
