"""Answers: JSON that parses to the same bits, and lines for every row."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from sonde.cli.main import app
from sonde.core import Anomaly, Detection, Prediction
from sonde.data import examine
from sonde.errors import NotAcceptable
from sonde.learn import Recipe
from sonde.learn import detect as learn_and_judge
from sonde.report import scores_frame, to_json
from sonde.wire import media as m
from sonde.wire.answers import detection_body, json_body, prediction_body, several_body
from sonde.wire.arrow_messages import words_of
from sonde.wire.plain import anomaly_json, plain

FLOATS = st.floats(allow_nan=True, allow_infinity=True)


def detection_of(scores: Any, flags: Any = None, **more: Any) -> Detection:
    values = np.array(scores, dtype=np.float64)
    strange = np.zeros(len(values), dtype=np.bool_) if flags is None else np.array(flags)
    return Detection(values, strange, values, [], 1e-3, **more)


def prediction_of(output: Detection) -> Prediction:
    return Prediction("pump", "3", "champion", output, "r-1", 0.25)


def said(body: bytes) -> Any:
    return json.loads(body, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def test_says_all_fields_of_both_worlds() -> None:
    anomaly = Anomaly(None, 1, 2, None, None, 1, 9.0, 0.999, {"a": 1.0})
    output = replace(
        detection_of([0.5, 9.0], [False, True], problems=["a note"]), anomalies=[anomaly]
    )
    assert said(prediction_body(prediction_of(output), algorithm="hbos", seconds=0.0012)) == {
        "model": "pump",
        "version": "3",
        "variant": "champion",
        "scores": [0.5, 9.0],
        "is_anomaly": [False, True],
        "probability": [0.5, 9.0],
        "anomalies": [plain(anomaly.to_dict())],
        "problems": ["a note"],
        "predictions": [1, -1],
        "algorithm": "hbos",
        "anomaly_count": 1,
        "processing_time_ms": 1.2,
        "request_id": "r-1",
    }


def test_expected_and_bounds_are_there_only_where_there_are_any() -> None:
    band = np.array([1.0, np.nan])
    output = replace(detection_of([0.5, 9.0]), expected=band, lower=band - 1, upper=band + 1)
    answer = said(prediction_body(prediction_of(output), algorithm="ewma"))
    assert (answer["expected"], answer["lower"], answer["upper"]) == (
        [1.0, None],
        [0.0, None],
        [2.0, None],
    )
    assert answer["processing_time_ms"] == 250.0


@given(st.lists(FLOATS, max_size=40), st.booleans())
def test_scores_come_back_to_the_bit(scores: list[float], is_strided: bool) -> None:
    output = detection_of(scores)
    if is_strided:  # orjson refuses arrays with gaps
        output = replace(output, scores=np.repeat(output.scores, 2)[::2])
    got = said(prediction_body(prediction_of(output), algorithm="x"))["scores"]
    finite = [score if np.isfinite(score) else None for score in scores]
    assert list(map(repr, got)) == list(map(repr, finite))


@given(st.lists(st.booleans(), max_size=40))
def test_predictions_are_minus_one_for_an_anomaly(flags: list[bool]) -> None:
    output = detection_of([0.5] * len(flags), np.array(flags, dtype=np.bool_))
    got = said(prediction_body(prediction_of(output), algorithm="x"))
    assert got["predictions"] == [-1 if flag else 1 for flag in flags]
    assert got["is_anomaly"] == flags


@given(FLOATS, st.none() | FLOATS, st.none() | st.integers(0, 2**62))
def test_an_anomaly_is_told_as_its_fields_are(
    score: float, expected: float | None, time: int | None
) -> None:
    anomaly = Anomaly("s", 1, 2, time, time, 1, score, score, {"a": score, "b": 0.5}, expected)
    assert json.dumps(anomaly_json(anomaly)) == json.dumps(plain(anomaly.to_dict()))


# --- detect ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    x = np.random.default_rng(5).normal(size=400)
    x[77] = 25.0
    days = pl.datetime_range(
        pl.datetime(2024, 1, 1), pl.datetime(2024, 1, 1) + pl.duration(hours=399), "1h", eager=True
    )
    path = tmp_path_factory.mktemp("plant") / "plant.csv"
    pl.DataFrame({"ts": days, "rate": x}).write_csv(path)
    return path


@pytest.fixture(scope="module")
def found(plant: Path) -> Any:
    reading = examine(plant)
    detection, _ = learn_and_judge(Recipe(detector="ewma"), reading)
    return reading, detection


def test_the_body_of_detect_is_what_the_command_line_prints(plant: Path, found: Any) -> None:
    reading, detection = found
    printed = CliRunner().invoke(
        app, ["detect", str(plant), "--detector", "ewma", "--json", "--quiet"]
    )
    expected = json.loads(printed.stdout)
    answer = said(detection_body(reading, detection, "r-2", m.JSON, 0.5))
    assert set(answer) == set(expected) - {"input"}
    for name in set(expected) - {"input", "request_id", "processing_time_ms"}:
        assert answer[name] == expected[name], name
    assert answer["algorithm"] == "ewma"
    assert answer["anomaly_count"] == len(detection.anomalies) > 0
    assert answer["request_id"] == "r-2"


def test_the_base_install_tells_the_same_without_an_extra(found: Any) -> None:
    reading, detection = found
    answer = said(detection_body(reading, detection, "r", m.JSON, 0.5))
    plain_answer = json.loads(json.dumps(to_json(detection), allow_nan=False))
    assert {name: answer[name] for name in plain_answer} == plain_answer


def test_the_command_line_needs_no_library_of_the_service() -> None:
    program = (
        "import sys; sys.modules.update(dict.fromkeys(('orjson', 'msgspec', 'simdjson')));"
        "import sonde.report.frames, sonde.cli.answers"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize("media", [m.ARROW, m.PARQUET, m.CSV])
def test_lines_are_those_of_scores(media: str, found: Any) -> None:
    reading, detection = found
    body = detection_body(reading, detection, "r-2", media, 0.5)
    expected = scores_frame(reading, detection)
    if media == m.ARROW:
        lines = pl.read_ipc_stream(body)
        words = words_of(body)["sonde"]
    elif media == m.PARQUET:
        lines = pl.read_parquet(io.BytesIO(body))
        words = pl.read_parquet_metadata(io.BytesIO(body))["sonde"]
    else:
        assert body.decode() == expected.write_csv()
        return
    assert lines.equals(expected)
    told = json.loads(words)
    assert (told["request_id"], told["anomaly_count"]) == ("r-2", len(detection.anomalies))
    assert told["chosen"]["detector"] == "ewma"
    assert not {"scores", "is_anomaly", "probability", "predictions"} & set(told)


def test_lines_need_no_reading() -> None:
    body = prediction_body(prediction_of(detection_of([0.5, np.nan])), algorithm="x", media=m.ARROW)
    lines = pl.read_ipc_stream(body)
    assert lines["row"].to_list() == [0, 1]
    assert lines["score"].to_list() == [0.5, None]
    told = json.loads(words_of(body)["sonde"])
    assert (told["model"], told["version"], told["algorithm"]) == ("pump", "3", "x")


def test_other_media_are_refused_with_those_that_are_given() -> None:
    with pytest.raises(NotAcceptable, match="text/csv"):
        prediction_body(prediction_of(detection_of([0.5])), algorithm="x", media="image/png")


def test_several_answers_are_one_body() -> None:
    one = prediction_body(prediction_of(detection_of([0.5])), algorithm="x")
    whole = said(several_body([one, {"code": "too_short"}], "r-9"))
    assert whole["results"][0] == orjson.loads(one)
    assert whole["results"][1] == {"error": {"code": "too_short"}}
    assert whole["request_id"] == "r-9"


def test_plain_values_and_arrays_become_json() -> None:
    assert json_body({"a": np.array([1.5, np.nan]), "b": [float("inf")]}) == (
        b'{"a":[1.5,null],"b":[null]}'
    )
