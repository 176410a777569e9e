import hashlib
import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from sonde.core import Series
from sonde.data.reading import Reading
from sonde.errors import InvalidInput
from sonde.report import render, write

from .answers import (
    HOSTILE,
    MINUTE,
    Answer,
    anomaly_at,
    clock,
    detection_of,
    panel_answer,
    quiet_answer,
    series_answer,
    table_answer,
)
from .decoding import floats, integers, payload_in, unpack

KINDS: dict[str, Callable[[], Answer]] = {
    "series": series_answer,
    "panel": panel_answer,
    "table": table_answer,
    "quiet": quiet_answer,
}
VOID = {"meta", "br", "input", "img", "link", "hr"}


class Outline(HTMLParser):
    """Elements and texts; notes elements that are left open or closed twice."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.faults: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append((self.open[-1] if self.open else "", data))

    def text_in(self, tag: str) -> str:
        return "".join(text for where, text in self.texts if where == tag)


@pytest.mark.parametrize("kind", KINDS)
def test_every_element_is_closed_and_every_id_unique(kind: str) -> None:
    outline = Outline(render(*KINDS[kind]()))
    assert outline.faults == []
    assert outline.open == []
    ids = [attrs["id"] for _, attrs in outline.tags if "id" in attrs]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_points_nowhere_outside_itself(kind: str) -> None:
    page = render(*KINDS[kind]())
    outline = Outline(page)
    for tag, attrs in outline.tags:
        assert not {"src", "href", "action", "data"} & set(attrs), tag
        assert tag not in {"link", "iframe", "object", "embed", "img", "base"}
    assert not re.search(r"url\(|@import|https?://|fetch\(|XMLHttpRequest|WebSocket", page)
    policy = next(attrs["content"] for _, attrs in outline.tags if attrs.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy


@pytest.mark.parametrize("kind", KINDS)
def test_the_policy_admits_exactly_the_script_and_the_style(kind: str) -> None:
    page = render(*KINDS[kind]())
    for element in ("style", "script"):
        found = re.search(rf"<{element}>(.*?)</{element}>", page, re.S)
        assert found is not None
        digest = b64encode(hashlib.sha256(found[1].encode()).digest()).decode()
        assert f"{element}-src 'sha256-{digest}'" in page
    assert not any("style" in attrs for _, attrs in Outline(page).tags)


def hostile_answer() -> Answer:
    reading, detection = series_answer(name=HOSTILE)
    chosen = detection.chosen | {"why": HOSTILE, "left_out": {HOSTILE: HOSTILE}}
    return (
        replace(reading, source=HOSTILE, problems=[HOSTILE]),
        replace(detection, chosen=chosen, problems=[HOSTILE]),
    )


def test_hostile_names_stay_text() -> None:
    page = render(*hostile_answer())
    outline = Outline(page)
    assert outline.faults == []
    assert "img" not in [tag for tag, _ in outline.tags]
    assert not any("onerror" in attrs for _, attrs in outline.tags)
    assert outline.text_in("h1") == HOSTILE
    assert payload_in(page)["channels"] == [HOSTILE]
    assert page.count("</script>") == 2


def test_the_page_says_what_was_decided_and_found() -> None:
    reading, detection = series_answer()
    said = Outline(render(reading, detection))
    text = said.text_in("dd") + said.text_in("p") + said.text_in("li")
    for part in (
        "Took plant.csv for one series of 'load'.",
        "one series over time: time column 'ts', one row per moment",
        "note – text",
        "188 rows",
        "seasonal_residual: the values repeat",
        "extreme value: as it is",
        "20 missing values in 'load'",
        "1 gap in time",
        "2023-11-14 22:13:20",
    ):
        assert part in text


def test_a_quiet_page_names_the_candidate_and_what_it_lacked() -> None:
    text = Outline(render(*quiet_answer())).text_in("p")
    assert "Nothing passed the threshold. The strongest candidate is row 40" in text
    assert "1 row in 1,000,000, and the threshold is 1 in 1,000." in text


def test_the_numbers_come_back_within_half_a_step() -> None:
    reading, detection = series_answer()
    payload = payload_in(render(reading, detection))
    data, stored = unpack(payload["numbers"]), payload["series"][0]
    assert isinstance(reading.data, Series)
    assert detection.expected is not None
    assert detection.upper is not None
    for column, given in (
        (stored["values"][0], reading.data.values[:, 0]),
        (stored["expected"], detection.expected),
        (stored["upper"], detection.upper),
    ):
        back = floats(data, column)
        assert np.array_equal(np.isnan(back), np.isnan(given))
        assert np.nanmax(np.abs(back - given)) <= 0.501 * column["step"]
    scores = floats(data, stored["score"])
    assert np.nanmax(np.abs(scores - detection.scores) / (detection.scores + 0.01)) < 0.01
    assert reading.data.time is not None
    assert integers(data, stored["x"]) == (reading.data.time / 1e6).tolist()
    assert stored["breaks"] == [300]
    told = payload["anomalies"][0]
    assert (told["start"], told["end"], told["peak"]) == (100, 105, 100)
    assert told["value"] == pytest.approx(reading.data.values[100, 0], rel=1e-6)
    assert told["from"] == reading.data.time[100] / 1e6


def large_answer(n: int) -> Answer:
    """Noise in every column, which compresses worst."""
    rng = np.random.default_rng(7)
    time = clock(n)
    values, expected = rng.normal(0, 1, n), rng.normal(0, 1, n)
    values[n // 2] = 50.0
    scores = rng.gamma(1.0, 0.4, n)
    found = [anomaly_at(n // 2, n // 2 + 1, time)]
    detection = detection_of(
        scores, found, expected=expected, lower=expected - 2, upper=expected + 2
    )
    reading = Reading(
        data=Series(values, ["load"], time),
        n_rows=n,
        rows=np.arange(n),
        source="noise.csv",
        kind_reason="time column 'ts'",
        step_ns=MINUTE,
    )
    return reading, detection


def test_a_hundred_thousand_points_fit_into_a_megabyte_unthinned() -> None:
    page = render(*large_answer(100_000))
    assert len(page.encode()) <= 1_000_000
    assert payload_in(page)["series"][0]["x"]["n"] == 100_000
    assert "thinned" not in Outline(page).text_in("p")


def test_more_points_are_thinned_and_the_page_says_so() -> None:
    reading, detection = large_answer(300_000)
    page = render(reading, detection)
    assert len(page.encode()) <= 1_000_000
    assert "points stand for 300,000 rows" in Outline(page).text_in("p")
    payload = payload_in(page)
    stored, data = payload["series"][0], unpack(payload["numbers"])
    values, rows = floats(data, stored["values"][0]), integers(data, stored["row"])
    assert np.nanmax(values) == pytest.approx(50.0, abs=stored["values"][0]["step"])
    assert rows[int(np.nanargmax(values))] == 150_000


def test_two_thousand_anomalies_are_held_and_the_rest_counted() -> None:
    n = 30_000
    time = clock(n)
    found = [anomaly_at(row, row + 1, time) for row in range(0, n, 10)]
    reading, _ = large_answer(n)
    page = render(reading, detection_of(np.ones(n), found))
    assert len(payload_in(page)["anomalies"]) == 2_000
    assert "The page holds 2,000 of 3,000 anomalies" in Outline(page).text_in("p")
    assert len(page.encode()) <= 1_000_000


def test_columns_are_ordered_by_blame_and_series_by_strength() -> None:
    payload = payload_in(render(*panel_answer()))
    assert payload["channels"] == ["flow", "load"]
    assert [series["id"] for series in payload["series"]] == ["pump 1", "pump 0", "pump 2"]
    assert payload["anomalies"][0]["series"] == 0
    assert payload["anomalies"][0]["shares"] == [[0, 0.75], [1, 0.25]]


def test_a_table_lists_its_strangest_rows_first() -> None:
    reading, detection = table_answer()
    payload = payload_in(render(reading, detection))
    rows = payload["strangest"]
    assert {row["row"] for row in rows[:2]} == {7, 9}
    assert [row["strange"] for row in rows[:3]] == [True, True, False]
    assert payload["channels"][0] == "b"
    assert rows[0]["values"][0] == 25.0
    assert rows[0]["shares"] == [0.8, 0.1, 0.1]
    assert sum(payload["histogram"]["counts"]) == 400
    assert sum(payload["histogram"]["strange"]) == 2


def test_rows_of_a_table_carry_their_time_and_id_as_they_stand_in_the_input() -> None:
    reading, detection = table_answer()
    days = pl.Series("day", [f"day {i // 2}" for i in range(400)])
    reading = replace(reading, time_column="day", time_values=days)
    payload = payload_in(render(reading, detection))
    assert payload["labels"] == ["day"]
    assert {row["row"]: row["labels"] for row in payload["strangest"]}[9] == ["day 4"]


def test_the_same_answer_gives_the_same_page() -> None:
    assert render(*panel_answer()) == render(*panel_answer())


def test_write_makes_the_file_or_says_why_not(tmp_path: Path) -> None:
    reading, detection = quiet_answer()
    write(reading, detection, tmp_path / "out.html")
    assert (tmp_path / "out.html").read_text(encoding="utf-8") == render(reading, detection)
    with pytest.raises(InvalidInput, match="cannot write the report"):
        write(reading, detection, tmp_path / "missing" / "out.html")
