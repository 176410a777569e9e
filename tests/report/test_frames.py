import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from sonde.core import Detection
from sonde.report import anomalies_frame, scores_frame, to_json
from sonde.report.frames import plain

from .answers import panel_answer, quiet_answer, series_answer, table_answer


def test_scores_have_one_line_per_input_row_with_the_columns_promised() -> None:
    reading, detection = panel_answer()
    frame = scores_frame(reading, detection)
    assert frame.columns == [
        *("row", "ts", "pump", "score", "is_anomaly", "probability"),
        *("expected", "lower", "upper"),
    ]
    assert frame["row"].to_list() == list(range(reading.n_rows))
    assert reading.time_values is not None
    assert frame["ts"].equals(reading.time_values)
    assert frame["is_anomaly"].unique().sort().to_list() == [0, 1]
    assert frame["expected"].null_count() == len(frame)


def test_rows_without_a_score_are_null_and_not_nan() -> None:
    reading, detection = series_answer()
    frame = scores_frame(reading, detection)
    unscored = frame[200:220]
    assert unscored["score"].null_count() == unscored["probability"].null_count() == 20
    assert frame["score"].is_nan().sum() == 0
    assert frame["expected"].null_count() == 0
    assert np.array_equal(frame["score"][:100].to_numpy(), detection.scores[:100])


def test_a_table_has_neither_time_nor_id_column() -> None:
    reading, detection = table_answer()
    assert scores_frame(reading, detection).columns[:3] == ["row", "score", "is_anomaly"]


@pytest.mark.parametrize("name", ["row", "score", "upper"])
def test_a_time_column_called_like_one_of_ours_keeps_both(name: str) -> None:
    reading, detection = series_answer()
    frame = scores_frame(replace(reading, time_column=name), detection)
    assert frame.columns[1] == f"{name}_"
    assert len(frame.columns) == 8


def test_anomalies_have_one_line_each_with_shares() -> None:
    reading, detection = panel_answer()
    frame = anomalies_frame(reading, detection)
    line = frame.row(0, named=True)
    assert len(frame) == 1
    assert line["series"] == "pump 1"
    assert (line["start"], line["end"], line["peak"]) == (250, 260, 255)
    assert line["columns"] == {"load": 0.25, "flow": 0.75}
    flat = anomalies_frame(reading, detection, flat=True)
    assert flat["columns"][0] == "flow 0.75; load 0.25"
    assert line["start_time"] == "2023-11-14T23:03:20Z"
    assert line["expected"] is None


def test_no_anomalies_give_the_same_columns_and_no_lines() -> None:
    empty = anomalies_frame(*quiet_answer())
    full = anomalies_frame(*series_answer())
    assert len(empty) == 0
    assert empty.columns == full.columns
    assert empty.drop("columns").schema == full.drop("columns").schema


def test_json_holds_plain_values_and_null_for_nan() -> None:
    _, detection = series_answer()
    answer = to_json(detection)
    back = json.loads(json.dumps(answer, allow_nan=False))
    assert back == answer
    assert back["scores"][210] is None
    assert back["probability"][210] is None
    assert back["is_anomaly"][102] is True
    assert back["anomalies"][0]["start_time"] == "2023-11-14T23:53:20Z"
    assert back["candidate"] is None
    assert back["problems"] == ["20 missing values in 'load'"]
    assert back["chosen"]["detector"] == "seasonal_residual"


def test_json_names_the_candidate_when_nothing_was_found() -> None:
    _, detection = quiet_answer()
    assert to_json(detection)["candidate"]["start"] == 40


def test_infinite_scores_and_numpy_values_become_json() -> None:
    scores = np.array([np.inf, 1.0])
    chosen = {"n": np.int64(3), "cut": np.float64(np.nan), "at": Path("a/b"), "list": (1, np.pi)}
    detection = Detection(scores, np.array([True, False]), scores, [], 0.1, chosen=chosen)
    answer = to_json(detection)
    assert answer["scores"] == [None, 1.0]
    assert answer["chosen"] == {"n": 3, "cut": None, "at": "a/b", "list": [1, np.pi]}


def test_plain_keeps_what_json_has() -> None:
    same = {"a": [1, 2.5, None, True, "x"], "b": {"c": []}}
    assert plain(same) == same


def test_scores_frame_writes_integers_for_flags() -> None:
    frame = scores_frame(*table_answer())
    assert frame.schema["row"] == pl.Int64
    assert frame.schema["is_anomaly"].is_integer()
    assert frame.filter(pl.col("is_anomaly") == 1)["row"].to_list() == [7, 9]
