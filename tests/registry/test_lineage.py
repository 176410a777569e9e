from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from sonde.core import Panel, Series, Table
from sonde.data import examine
from sonde.learn import Recipe, rule_from
from sonde.learn.detectors.knn import KNN
from sonde.registry import Registry, lineage_of
from sonde.registry.lineage import fingerprint
from tests.registry.conftest import Make, a_model

RNG = np.random.default_rng(3)
TABLE = pl.DataFrame({"rate": RNG.normal(size=40), "load": [None, *RNG.normal(size=39)]})
TIMED = TABLE.with_columns(
    ts=pl.datetime_range(
        pl.datetime(2024, 1, 1), pl.datetime(2024, 1, 2, 15), "1h", eager=True
    ).dt.replace_time_zone("UTC")
)


@pytest.mark.parametrize("frame", [TABLE, TIMED], ids=["table", "series"])
def test_the_same_data_have_one_fingerprint_whatever_they_came_in(
    frame: pl.DataFrame, tmp_path: Path
) -> None:
    frame.write_csv(tmp_path / "plant.csv")
    frame.write_parquet(tmp_path / "plant.parquet")
    frame.write_ndjson(tmp_path / "plant.jsonl")
    columns = {name: frame[name].to_list() for name in frame.columns}
    body = json.loads(json.dumps(columns, default=lambda moment: moment.isoformat()))
    found = {
        kind: fingerprint(examine(source).data)
        for kind, source in {
            "frame": frame,
            "csv": tmp_path / "plant.csv",
            "parquet": tmp_path / "plant.parquet",
            "jsonl": tmp_path / "plant.jsonl",
            "columns": body,  # as in a request
        }.items()
    }
    assert len(set(found.values())) == 1, found


def test_any_change_of_the_data_changes_the_fingerprint() -> None:
    values = np.arange(12.0).reshape(6, 2)
    other = values.copy()
    other[5, 1] = np.nextafter(11.0, 12)
    missing = values.copy()
    missing[0, 0] = np.nan
    hours = np.arange(6) * 3_600_000_000_000
    prints = [
        fingerprint(data)
        for data in (
            Table(values),
            Table(values, ["a", "b"]),
            Table(values[::-1]),
            Table(values[:5]),
            Table(values.reshape(4, 3)),
            Table(other),
            Table(missing),
            Series(values),
            Series(values, time=hours),
            Series(values, time=hours + 1),
            Panel.of([Series(values[:3]), Series(values[3:])]),
            Panel.of([Series(values[:2]), Series(values[2:])]),
            Panel.of([Series(values[:3]), Series(values[3:])], ["a", "b"]),
        )
    ]
    assert len(set(prints)) == len(prints)


def test_one_nan_is_like_another_and_memory_order_does_not_count() -> None:
    values = np.arange(140_000.0).reshape(70_000, 2)  # more than one block
    values[69_999, 1] = np.nan
    strange = values.copy()
    strange[69_999, 1] = np.uint64(0x7FF8_0000_DEAD_BEEF).view(np.float64)
    assert fingerprint(Table(values)) == fingerprint(Table(np.asfortranarray(strange)))


def test_a_lineage_is_plain_and_comes_back_from_the_registry(registry_at: Make) -> None:
    registry: Registry = registry_at()
    recipe = Recipe(
        detector=KNN(n_neighbors=3),
        parameters={"window": 5},
        rule=rule_from(false_alarms="2/day"),
        random_state=7,
    )
    lineage = lineage_of(examine(TIMED), recipe, by="ann", parent="pump:1")
    assert json.loads(json.dumps(lineage)) == lineage
    assert (lineage["seed"], lineage["trained_by"], lineage["parent"]) == (7, "ann", "pump:1")
    assert (lineage["data_rows"], lineage["data_source"]) == (40, "data frame")
    assert lineage["recipe"]["detector"]["estimator"] == "knn"
    assert lineage["recipe"]["detector"]["parameters"]["n_neighbors"] == 3
    assert lineage["recipe"]["rule"] == {"kind": "false alarms", "value": 2.0, "unit": "day"}
    assert {"numpy", "numba", "polars"} <= lineage["dependencies"].keys()
    assert "sqlalchemy" not in {name.lower() for name in lineage["dependencies"]}  # an extra
    assert registry.register("pump", a_model(), lineage=lineage).lineage == lineage


def test_what_a_fingerprint_is_of_does_not_change() -> None:
    """Stored ones are compared with new ones for years."""
    panel = Panel.of([Series([[1.0], [np.nan]], ["ä"], [0, 60])], ["one"])
    assert fingerprint(panel) == (
        "aa8be473d6df89ed1050a0e919801dd6d56522b0d8c3c31c4599ab1b94f1f93f"
    )
