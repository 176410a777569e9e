from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sonde.core import Panel, Series
from sonde.data import examine
from sonde.learn import Recipe, create
from sonde.learn.training_runs import train_model
from sonde.registry import Registry, lineage_of
from sonde.registry.card import card_html, card_markdown
from sonde.registry.checklist import Check, validate
from tests.registry.conftest import Make, a_model

WAVE = np.sin(np.arange(400) / 3.0) + np.random.default_rng(1).normal(size=400) / 10


@pytest.fixture
def trained(registry_at: Make) -> Registry:
    """A registry with a model that was trained as a person would."""
    registry = registry_at()
    reading = examine({"rate": WAVE})
    run = train_model(Recipe("seasonal_residual"), reading, evaluate=True)
    assert run.evaluation is not None
    registry.register(
        "pump",
        run.model,
        description="Pumps of the north",
        tags={"site": "north"},
        metrics=run.evaluation.to_dict(),
        lineage=lineage_of(reading, run.recipe, by="ann"),
    )
    registry.set_alias("pump", "champion", 1)
    return registry


def test_the_card_says_what_is_stored(trained: Registry) -> None:
    model, record = trained.model("pump"), trained.version("pump")
    for text in (card_markdown(model, record), card_html(model, record)):
        for said in (
            "Pumps of the north",
            "the last 20% of the rows",
            "What it expects",
            "one series",
            record.digest,
            record.lineage["data_fingerprint"],
            "champion",
            "north",
            "seasonal",
        ):
            assert said in text
    assert "| Rows of data | 400 |" in card_markdown(model, record)


class Opened(HTMLParser):
    """Elements that are open, and what refers elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.refers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "link", "img"):
            self.open.append(tag)
        self.refers += [name for name, _ in attrs if name in ("src", "href", "onclick", "style")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_needs_nothing_else(trained: Registry) -> None:
    page = card_html(trained.model("pump"), trained.version("pump"))
    parser = Opened()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    assert parser.refers == []
    assert "<script" not in page
    assert "url(" not in page
    assert "default-src 'none'" in page


HOSTILE = "<script>alert(1)</script> | [x](javascript:y) \n# head `code` & \"'"


def test_what_people_wrote_makes_no_markup(registry_at: Make) -> None:
    registry = registry_at()
    record = registry.register(
        "pump",
        a_model(),
        description=HOSTILE,
        tags={"a": HOSTILE},
        metrics={HOSTILE: HOSTILE, "notes": [HOSTILE]},
        lineage={"data_source": HOSTILE, "recipe": {HOSTILE: HOSTILE}},
        by=HOSTILE,
    )
    record = replace(record, schema=record.schema | {"channels": [HOSTILE]}, estimator=HOSTILE)
    page = card_html(registry.model("pump"), record)
    assert "<script" not in page
    parser = Opened()
    parser.feed(page)
    assert parser.open == []
    text = card_markdown(registry.model("pump"), record)
    assert "<script" not in re.sub(r"\\.", "", text)
    assert [line for line in text.splitlines() if line.startswith("# ")] == ["# pump:1"]
    for line in text.splitlines():
        if line.startswith("| ") and "---" not in line:
            assert len(re.findall(r"(?<!\\)\|", line)) == 3, line


def test_a_version_of_which_little_is_known_has_a_card(registry_at: Make) -> None:
    registry = registry_at()
    record = registry.register("pump", a_model())
    text = card_markdown(registry.model("pump"), record)
    assert "No evaluation was stored with this version." in text
    assert "It has no description yet." in text
    assert "Nothing was stored about that." in text


def by_name(checks: list[Check]) -> dict[str, Check]:
    return {check.name: check for check in checks}


def test_the_checklist_goes_by_what_is_stored(trained: Registry) -> None:
    checks = by_name(validate(trained, "pump"))
    assert [check.name for check in checks.values() if not check.ok] == [
        "rollback",
        "monitoring",
        "retraining",
    ]
    trained.set_tags("pump", None, {"monitoring": "dashboard 7", "retraining": "weekly"})
    trained.register("pump", a_model())
    checks = by_name(validate(trained, "pump", "1"))
    assert all(check.ok for check in checks.values())
    assert checks["retraining"].found == "weekly"
    assert all(bool(check.remedy) != check.ok for check in checks.values())


def test_a_damaged_file_and_a_loose_threshold_are_found(trained: Registry, tmp_path: Path) -> None:
    record = trained.register(
        "tank",
        a_model(),
        metrics={"judged_rows": 100, "flagged_share": 0.3, "expected_share": 0.01},
    )
    path = tmp_path / "blobs" / record.digest[:2] / record.digest[2:]
    path.write_bytes(path.read_bytes() + b"!")
    checks = by_name(validate(trained, "tank"))
    assert not checks["file"].ok
    assert "not those that were put there" in checks["file"].found
    assert "backup" in checks["file"].remedy
    assert not checks["answers"].ok
    assert not checks["threshold holds on rows held out"].ok
    assert "30% flagged; it lets 1% of" in checks["threshold holds on rows held out"].found


def test_models_of_every_kind_of_data_answer_the_trial(registry_at: Make) -> None:
    registry = registry_at()
    hours = np.arange(200) * 3_600_000_000_000
    cases: list[Any] = [
        {"a": WAVE, "b": WAVE[::-1]},
        Series(WAVE[:200], ["rate"], hours),
        Panel.of([Series(WAVE[:200]), Series(WAVE[200:])], ["one", "two"]),
    ]
    for number, case in enumerate(cases):
        run = train_model(Recipe(), examine(case), evaluate=False)
        registry.register(f"m{number}", run.model)
        check = by_name(validate(registry, f"m{number}"))["answers"]
        assert check.ok, check


def test_numbers_that_mean_nothing_do_no_harm(registry_at: Make) -> None:
    registry = registry_at()
    metrics = {"judged_rows": "many", "flagged_share": "some", "expected_share": None, "notes": 7}
    record = registry.register("pump", create("hbos").fit(WAVE.reshape(-1, 2)), metrics=metrics)
    assert not by_name(validate(registry, "pump"))["evaluated on rows held out"].ok
    assert "many" in card_markdown(registry.model("pump"), record)
