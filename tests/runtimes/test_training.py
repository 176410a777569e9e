"""``sonde.train``: one model from every door, evaluated, and kept by name."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import sonde
from sonde.app import build
from sonde.core import ModelRef
from sonde.data import examine
from sonde.errors import Conflict, InvalidInput, NotFound, Unavailable
from sonde.learn import Recipe, create, detect
from sonde.learn.evaluate import hold_out
from sonde.learn.training_runs import train_model, use_threads
from sonde.registry import artifact_bytes
from sonde.runtimes.embedded import ask, read_for
from sonde.security import Keyring
from sonde.settings import read_settings
from tests.cli.run import sonde as command

NOISE = np.random.default_rng(11).normal(size=600)
WAVE = np.sin(np.arange(600) * 2 * np.pi / 24) + 0.1 * NOISE
WAVE[500] += 5


def rows() -> pl.DataFrame:
    made = pl.DataFrame(np.random.default_rng(12).normal(size=(1200, 3)), schema=["a", "b", "c"])
    return made.with_columns(label=pl.Series(np.arange(1200) % 100 == 7).cast(pl.Int8))


def test_a_model_without_a_name_is_learned_and_nothing_is_opened(home: Path) -> None:
    trained = sonde.train(WAVE, model="seasonal_residual")
    assert (trained.record, trained.evaluation) == (None, None)
    found = sonde.detect(WAVE, detector="seasonal_residual")
    np.testing.assert_array_equal(trained.model.anomaly_scores(WAVE), found.scores)
    assert trained.chosen == found.chosen
    assert not (home / "sonde.db").exists()


def test_a_name_registers_evaluates_and_says_where_the_model_comes_from(home: Path) -> None:
    frame = rows()
    trained = sonde.train(
        frame, model="ecod", name="pump", labels="label", description="Pump 3",
        tags={"site": "north"}, label="spring", random_state=5,
    )  # fmt: skip
    record: Any = trained.record
    assert (record.model, record.version, record.label) == ("pump", 1, "spring")
    assert record.tags == {"site": "north"}
    assert trained.evaluation is not None
    assert record.metrics == trained.evaluation.to_dict()
    assert record.metrics["anomalous_rows"] > 0
    assert record.lineage["data_rows"] == 1200
    assert record.lineage["seed"] == 5
    assert record.lineage["recipe"]["rule"]["kind"] == "labels"
    loaded: Any = sonde.load("pump")
    expected = trained.model.anomaly_scores(frame)
    np.testing.assert_array_equal(loaded.anomaly_scores(frame), expected)


def test_the_evaluated_detector_is_the_one_that_is_kept() -> None:
    noise = np.random.default_rng(2).normal(size=600)
    reading = examine(np.concatenate([noise, np.sin(np.arange(1000) / 4.0)]))
    run = train_model(Recipe(), reading, evaluate=True)
    assert run.evaluation == hold_out(Recipe(run.model.name), reading)
    # Without it, the rows learned from in the evaluation would have chosen for themselves.
    assert run.evaluation != hold_out(Recipe(), reading)


def test_the_same_file_from_every_door(home: Path, tmp_path: Path) -> None:
    frame = rows().drop("label")
    frame.write_csv(tmp_path / "rows.csv")
    by_name = command(
        "train", tmp_path / "rows.csv", "--model", "isolation_forest", "--name", "pump",
        "--output", tmp_path / "m.sonde", "--seed", "3", "--jobs", "2",
    )  # fmt: skip
    assert by_name.code == 0, by_name
    in_file = (tmp_path / "m.sonde").read_bytes()
    trained = sonde.train(frame, model="isolation_forest", name="pump", random_state=3)
    again: Any = trained.record
    app = build(read_settings(), pytest.fail)
    first = app.registry.version("pump", "1")
    app.close()
    run = train_model(
        Recipe("isolation_forest", random_state=3, n_jobs=-1), examine(frame), evaluate=False
    )
    remote = artifact_bytes(run.model, Keyring(home / "keys"))
    digests = {hashlib.sha256(data).hexdigest() for data in (in_file, remote)}
    assert digests == {first.digest} == {again.digest}
    assert again.version == 2


@pytest.mark.parametrize("name", ["isolation_forest", "knn", "discord"])
def test_threads_are_not_part_of_the_model(name: str) -> None:
    panel = pl.DataFrame({"id": ["a"] * 600 + ["b"] * 600, "x": np.tile(WAVE, 2)})
    for data in (WAVE, panel):
        reading = examine(data, id=None if data is WAVE else "id", kind="series")
        runs = [train_model(Recipe(name, n_jobs=n), reading, evaluate=False) for n in (None, 2)]
        first, second = (artifact_bytes(run.model, None) for run in runs)
        assert first == second
    use_threads(runs[0].model, 2)
    assert {v for k, v in runs[0].model.get_params().items() if k.endswith("n_jobs")} == {2}


def test_a_seed_that_was_not_given_is_written_down() -> None:
    reading = examine(rows().drop("label"))
    fresh = train_model(Recipe("isolation_forest", random_state=None), reading, evaluate=False)
    assert fresh.recipe.random_state is not None
    again = train_model(replace(fresh.recipe, detector="isolation_forest"), reading, evaluate=False)
    assert artifact_bytes(fresh.model, None) == artifact_bytes(again.model, None)


def test_the_problems_of_the_data_are_those_that_detect_tells() -> None:
    values = WAVE.copy()
    values[[30, 31, 90]] = np.nan
    reading = examine(values)
    run = train_model(Recipe("seasonal_residual"), reading, evaluate=False)
    assert list(run.problems) == detect(Recipe("seasonal_residual"), reading)[0].problems != []


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"name": "a/b"}, "a model's name is"),
        ({"name": "a", "label": "7"}, "a label is"),
        ({"name": "a", "tags": {"x": 1}}, "must be text"),
        ({"label": "x"}, "give a name as well"),
        ({"tags": {"x": "y"}}, "give a name as well"),
        ({"task": "fly"}, "task must be 'detect'"),
        ({"model": "isolation_forst"}, "isolation_forest"),
        ({"contamination": 0.9}, "contamination must be"),
        ({"fit_rows": 5000}, "fit_rows is 5000"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_registered(
    options: dict[str, Any], part: str, home: Path
) -> None:
    kind: Any = NotFound if "model" in options else InvalidInput
    with pytest.raises(kind, match=part):
        sonde.train(rows(), **({"name": "kept"} | options if "fit_rows" in options else options))
    with pytest.raises(NotFound, match="no model called 'kept'"):
        sonde.load("kept")


def test_a_label_is_given_once(home: Path) -> None:
    sonde.train(WAVE, model="ewma", name="pump", label="spring", evaluate=False)
    with pytest.raises(Conflict, match="spring"):
        sonde.train(WAVE, model="ewma", name="pump", label="spring", evaluate=False)


def test_a_model_is_found_by_file_name_alias_version_and_label(home: Path, tmp_path: Path) -> None:
    first = sonde.train(WAVE, model="ewma", name="pump", label="spring")
    second = sonde.train(WAVE, model="seasonal_residual", name="pump")
    sonde.save(first.model, tmp_path / "pump.sonde")
    app = build(read_settings(), pytest.fail)
    app.registry.set_alias("pump", "champion", 1)
    asked = {"pump": "ewma", "pump:2": "seasonal_residual", "pump:spring": "ewma",
             "pump@champion": "ewma", str(tmp_path / "pump.sonde"): "ewma"}  # fmt: skip
    for text, name in asked.items():
        answer = ask(app, text, read_for(app, text, WAVE))
        assert answer.model == ModelRef.parse(text).name
        assert answer.version == ("file" if text.endswith(".sonde") else "12"[name != "ewma"])
        expected = (first if name == "ewma" else second).model.anomaly_scores(WAVE)
        np.testing.assert_array_equal(answer.output.scores, expected)
        assert sonde.load(text).name == name
    app.close()


def test_building_opens_nothing_and_closing_lets_go(home: Path) -> None:
    code = (
        "import sys\nfrom sonde.app import build\nfrom sonde.settings import read_settings\n"
        "app = build(read_settings(), print)\n"
        "print([m for m in ('sqlalchemy', 'alembic', 'fsspec') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "[]"
    assert not home.exists()
    app = build(read_settings(), pytest.fail)
    first = app.registry
    assert app.registry is first
    app.close()
    assert app.registry is not first
    app.close()


def test_without_the_extra_the_command_that_installs_it_is_told(home: Path) -> None:
    code = (
        "import sys\nsys.modules['sqlalchemy'] = None\nimport sonde\n"
        "try: sonde.train([1.0, 2.0] * 20, name='pump')\n"
        "except sonde.errors.MissingExtra as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert "pip install 'sonde[registry]'" in done.stdout
    assert not (home / "sonde.db").exists()


def test_postgresql_without_tables_names_the_command_that_makes_them(
    home: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SONDE_DATABASE__URL", postgres_url)
    with pytest.raises(Unavailable, match="has no tables yet; run: sonde db upgrade"):
        sonde.train(WAVE, name="pump")
    monkeypatch.setenv("SONDE_DATABASE__UPGRADE", "true")
    assert sonde.train(WAVE, model="ewma", name="pump").record is not None
    monkeypatch.delenv("SONDE_DATABASE__UPGRADE")
    assert sonde.load("pump").name == "ewma"


def test_a_detector_of_ones_own_is_kept_too(home: Path) -> None:
    own = sonde.make_pipeline(create("robust_scaler"), create("knn", n_neighbors=3))
    trained = sonde.train(rows().drop("label"), model=own, name="pump")
    assert trained.record is not None
    assert trained.record.lineage["recipe"]["detector"]["estimator"] == "pipeline"
    assert own._fitted is None
    app = build(read_settings(), pytest.fail)
    assert app.models.resolve(ModelRef("pump"), None)[0].name == "pipeline"
    app.close()
