from dataclasses import replace

import pytest

from sonde.report.decided import decisions, span_text, threshold_text

from .answers import panel_answer, series_answer, table_answer


def test_every_entry_of_chosen_is_told_once() -> None:
    reading, detection = series_answer()
    more = detection.chosen | {
        "seed": 3,
        "rows": 600,
        "fit_rows": 4032,
        "online": False,
        "nothing": None,
    }
    told = decisions(reading, replace(detection, chosen=more))
    terms = [term for term, _ in told]
    assert len(terms) == len(set(terms))
    assert dict(told) == {
        "Taken for": "one series over time: time column 'ts', one row per moment",
        "Columns used": "load",
        "Columns left out": "note – text",
        "Time column": "ts",
        "Period": "188 rows",
        "Method": "seasonal_residual: the values repeat",
        "Parameters": "period = 188",
        "Threshold": "extreme value: as it is",
        "Rows learned from": "4,032",
        "Seed": "3",
        "Online": "no",
    }


def test_an_empty_chosen_still_tells_what_the_data_were_taken_for() -> None:
    reading, detection = table_answer()
    told = dict(decisions(reading, replace(detection, chosen={})))
    assert told["Taken for"] == "a table, rows without an order: no time column"
    assert told["Threshold"] == "1 row in 1,000 is expected to score as high by chance"


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ({"rule": "labels", "why": "best F1"}, "labels: best F1"),
        ({"rule": {"kind": "labels"}, "why": "best F1"}, "labels: best F1"),
        ({"rule": "labels", "why": "labels: best F1"}, "labels: best F1"),
        ({}, "1 row in 1,000 is expected to score as high by chance"),
    ],
)
def test_the_threshold_is_told_as_a_rule_and_its_reason(rule: dict[str, object], text: str) -> None:
    _, detection = table_answer()
    assert threshold_text(replace(detection, chosen={"threshold": rule})) == text


def test_long_lists_are_cut_and_counted() -> None:
    reading, detection = table_answer()
    facts = {"periods": list(range(100)), "left_out": {f"x{i}": "text" for i in range(45)}}
    told = dict(decisions(reading, replace(detection, chosen=facts)))
    assert told["Periods"].endswith(", 39 and 60 more")
    assert told["Columns left out"].endswith("x39 – text and 5 more")


def test_the_span_of_a_panel_covers_all_series() -> None:
    reading, _ = panel_answer()
    assert span_text(reading) == "2023-11-14 22:13:20 – 2023-11-15 01:32:20"
    assert span_text(table_answer()[0]) is None
