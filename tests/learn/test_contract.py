"""What every estimator must keep, run over the whole catalogue."""

from __future__ import annotations

import pickle
import pkgutil
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sonde
import sonde.learn
from sonde.core import Panel, Series, Table
from sonde.errors import NotFitted, SchemaMismatch, TooShort
from sonde.learn import Detector, Estimator, OnlineDetector, create, names
from sonde.learn.catalogue import _COMPOSITES, _ESTIMATORS

RNG = np.random.default_rng(7)
VALUES = RNG.normal(size=(400, 2)) + np.sin(np.arange(400) / 4.0)[:, None]
MORE = RNG.normal(size=(150, 2)) + np.sin(np.arange(150) / 4.0)[:, None]
MINUTE = 60_000_000_000


def built() -> dict[str, Any]:
    """One estimator of each name, and one of each composite."""
    made: dict[str, Any] = {}
    for name in names():
        known = sonde.learn.find(name).__dataclass_fields__  # type: ignore[attr-defined]
        made[name] = create(name, **({"random_state": 3} if "random_state" in known else {}))
    made["ensemble of rows"] = create("ecod+knn")
    made["ensemble of a series"] = create("ecod+seasonal_residual")
    made["pipeline of rows"] = sonde.make_pipeline(create("robust_scaler"), create("knn"))
    made["pipeline of a series"] = sonde.make_pipeline(
        create("standard_scaler"), create("seasonal_residual", period=25)
    )
    made["pipeline of a stream"] = sonde.make_pipeline(create("standard_scaler"), create("ewma"))
    return made


ALL = built()
DETECTORS = [name for name, made in ALL.items() if isinstance(made, Detector)]
ONLINE = [name for name, made in ALL.items() if isinstance(made, OnlineDetector)]


def fresh(name: str) -> Any:
    return ALL[name].__sklearn_clone__()


def cold(name: str, **parameters: Any) -> Any:
    """One that was never fitted; the same seed each time where chance is part of the method."""
    known = sonde.learn.find(name).__dataclass_fields__  # type: ignore[attr-defined]
    return create(name, **({"random_state": 3} if "random_state" in known else {}) | parameters)


def container(name: str, values: Any) -> Series | Table:
    if ALL[name].reads == "rows":
        return Table(values, ["a", "b"])
    return Series(values, ["a", "b"], np.arange(len(values)) * MINUTE)


def test_the_catalogue_lists_every_estimator() -> None:
    for module in pkgutil.walk_packages(sonde.learn.__path__, "sonde.learn."):
        import_module(module.name)
    found, waiting = set(), [Estimator]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if "name" in vars(kind) and kind.__module__.startswith("sonde."):
            found.add(kind.name)
    assert found == set(_ESTIMATORS)
    assert set(_ESTIMATORS) - set(names()) == _COMPOSITES


@pytest.mark.parametrize("name", ALL)
def test_has_a_docstring_with_source_or_example(name: str) -> None:
    assert "Examples" in (type(ALL[name]).__doc__ or "")


@pytest.mark.parametrize("name", DETECTORS)
def test_unfitted_says_so(name: str) -> None:
    with pytest.raises(NotFitted, match="call fit first"):
        fresh(name).anomaly_scores(VALUES)
    with pytest.raises(NotFitted):
        _ = fresh(name).schema_
    assert not hasattr(fresh(name), "threshold_")


@pytest.mark.parametrize("name", DETECTORS)
def test_scores_every_row_and_changes_nothing(name: str) -> None:
    model = fresh(name).fit(container(name, VALUES))
    before = {k: v.copy() for k, v in model.to_arrays().items()}
    more = container(name, MORE)
    first, second = model.anomaly_scores(more), model.anomaly_scores(more)
    assert first.shape == (len(MORE),)
    assert first.dtype == np.float64
    np.testing.assert_array_equal(first, second)
    assert np.isfinite(first).sum() > 100
    assert np.nanmin(first) >= 0
    for key, array in model.to_arrays().items():
        np.testing.assert_array_equal(array, before[key])


@pytest.mark.parametrize("name", ALL)
def test_does_not_change_the_callers_data(name: str) -> None:
    mine = VALUES.copy()
    given = Series(mine) if ALL[name].family == "features" else mine
    model = fresh(name).fit(given)
    (model.anomaly_scores if isinstance(model, Detector) else model.transform)(given)
    np.testing.assert_array_equal(mine, VALUES)


@pytest.mark.parametrize("name", DETECTORS)
def test_the_same_seed_gives_the_same_model(name: str) -> None:
    first = fresh(name).fit(container(name, VALUES)).to_arrays()
    second = fresh(name).fit(container(name, VALUES)).to_arrays()
    assert first.keys() == second.keys()
    for key in first:
        assert first[key].tobytes() == second[key].tobytes()


@pytest.mark.parametrize("name", ALL)
def test_survives_storage_to_the_bit(name: str, tmp_path: Path, home: Path) -> None:
    model = fresh(name).fit(container(name, VALUES))
    sonde.save(model, tmp_path / "m.sonde")
    loaded: Any = sonde.load(tmp_path / "m.sonde")
    assert loaded.schema_ == model.schema_
    assert loaded.policy_ == model.policy_
    use = "anomaly_scores" if isinstance(model, Detector) else "transform"
    more = container(name, MORE)
    np.testing.assert_array_equal(getattr(loaded, use)(more), getattr(model, use)(more))
    if isinstance(model, Detector):
        assert loaded.threshold_ == model.threshold_
        np.testing.assert_array_equal(loaded.predict(more), model.predict(more))
    sonde.save(loaded, tmp_path / "again.sonde")
    assert (tmp_path / "again.sonde").read_bytes() == (tmp_path / "m.sonde").read_bytes()


@pytest.mark.parametrize("name", DETECTORS)
def test_names_the_missing_column(name: str) -> None:
    model = fresh(name).fit(container(name, VALUES))
    wrong = type(container(name, MORE))(MORE, ["a", "z"])
    with pytest.raises(SchemaMismatch, match=r"missing: 'b'"):
        model.anomaly_scores(wrong)


@pytest.mark.parametrize("name", DETECTORS)
def test_finds_columns_by_name(name: str) -> None:
    model = fresh(name).fit(container(name, VALUES))
    right = container(name, MORE)
    kind: Any = type(right)
    clock = [] if isinstance(right, Table) else [right.time]
    swapped = kind(np.column_stack([MORE[:, 1], MORE[:, 0], MORE[:, 0]]), ["b", "a", "c"], *clock)
    np.testing.assert_array_equal(model.anomaly_scores(swapped), model.anomaly_scores(right))


@pytest.mark.parametrize("name", DETECTORS)
def test_too_few_rows_are_refused(name: str) -> None:
    with pytest.raises(TooShort, match="rows"):
        fresh(name).fit(VALUES[:1])


@pytest.mark.parametrize("name", DETECTORS)
def test_a_flat_line_with_a_jump_is_finite_and_found(name: str) -> None:
    flat = np.zeros((300, 2))
    flat[200] = 1e6
    model = fresh(name).fit(container(name, flat))
    scores = model.anomaly_scores(container(name, flat))
    assert not np.isinf(scores).any()
    assert abs(int(np.nanargmax(scores)) - 200) <= 130  # within a window of the jump
    if ALL[name].reads == "rows" or name in ONLINE:
        assert int(np.nanargmax(scores)) == 200
    assert model.predict(container(name, flat))[int(np.nanargmax(scores))] == -1


@pytest.mark.parametrize("name", DETECTORS)
def test_a_copy_of_itself_travels_between_processes(name: str) -> None:
    model = fresh(name).fit(container(name, VALUES))
    copy = pickle.loads(pickle.dumps(model))
    more = container(name, MORE)
    np.testing.assert_array_equal(copy.anomaly_scores(more), model.anomaly_scores(more))


@pytest.mark.parametrize("name", [n for n in DETECTORS if ALL[n].reads == "rows"])
def test_rows_may_be_cut_anywhere(name: str) -> None:
    model = fresh(name).fit(VALUES)
    whole = model.anomaly_scores(MORE)
    parts = [model.anomaly_scores(MORE[a:b]) for a, b in [(0, 1), (1, 60), (60, 150)]]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize("name", [n for n in DETECTORS if ALL[n].reads == "past"])
@pytest.mark.parametrize("cut", [100, 137])
@pytest.mark.parametrize("timed", [True, False])
def test_a_series_may_be_cut_with_its_past(name: str, cut: int, timed: bool) -> None:
    data = container(name, VALUES) if timed else Series(VALUES, ["a", "b"])
    assert isinstance(data, Series)
    model = fresh(name).fit(data)
    assert 0 < model.past < cut
    whole = model.anomaly_scores(data)
    second = model.anomaly_scores(data[cut - model.past :])[model.past :]
    np.testing.assert_array_equal(second, whole[cut:])


@pytest.mark.parametrize("name", [n for n in DETECTORS if ALL[n].reads != "past"])
def test_declares_no_past_where_it_has_none(name: str) -> None:
    assert fresh(name).fit(container(name, VALUES)).past == 0


@pytest.mark.parametrize("name", ONLINE)
class TestOnline:
    def test_row_by_row_gives_the_scores_of_the_batch(self, name: str) -> None:
        model = fresh(name).fit(container(name, VALUES))
        batch = model.anomaly_scores(MORE)
        single = [model.update(row) for row in MORE]
        np.testing.assert_array_equal(batch, single)

    def test_works_before_any_fit(self, name: str) -> None:
        model = cold(name, warmup=100)
        assert isinstance(model, OnlineDetector)
        single = [model.update(row) for row in VALUES]
        again = cold(name, warmup=100)
        assert isinstance(again, OnlineDetector)
        again.start(Series(VALUES[:1]), sonde.data.Policy(), None)
        np.testing.assert_array_equal(again.anomaly_scores(VALUES), single)

    def test_a_snapshot_brings_it_back(self, name: str) -> None:
        model = fresh(name).fit(VALUES)
        held = model.snapshot()
        first = [model.update(row) for row in MORE]
        model.restore(held)
        np.testing.assert_array_equal([model.update(row) for row in MORE], first)
        with pytest.raises(ValueError, match="no snapshot"):
            model.restore({"a": np.zeros(1)})

    def test_half_fed_survives_storage(self, name: str, tmp_path: Path, home: Path) -> None:
        model = cold(name, warmup=200)
        assert isinstance(model, OnlineDetector)
        for row in VALUES[:123]:
            model.update(row)
        sonde.save(model, tmp_path / "m.sonde")
        loaded: Any = sonde.load(tmp_path / "m.sonde")
        ours = [model.update(row) for row in VALUES[123:]]
        np.testing.assert_array_equal(ours, [loaded.update(row) for row in VALUES[123:]])

    def test_memory_is_bounded(self, name: str) -> None:
        model = cold(name, warmup=50)
        assert isinstance(model, OnlineDetector)
        sizes = []
        for i in range(2000):
            model.update(VALUES[i % 400])
            if i >= 100:
                sizes.append(sum(a.nbytes for a in model.to_arrays().values()))
        assert len(set(sizes)) == 1

    def test_refuses_a_row_of_another_width(self, name: str) -> None:
        with pytest.raises(SchemaMismatch, match="a row has 2 values, got 3"):
            fresh(name).fit(VALUES).update([1.0, 2.0, 3.0])


@pytest.mark.parametrize("name", [n for n in DETECTORS if ALL[n].reads != "rows"])
def test_several_series_need_a_wrapper_to_learn_and_none_to_judge(name: str) -> None:
    panel = Panel.of([Series(VALUES, ["a", "b"]), Series(MORE, ["a", "b"])])
    with pytest.raises(ValueError, match="learns from one series and got 2"):
        fresh(name).fit(panel)
    model = fresh(name).fit(Series(VALUES, ["a", "b"]))
    alone = model.anomaly_scores(Series(MORE, ["a", "b"]))
    np.testing.assert_array_equal(model.anomaly_scores(panel)[len(VALUES) :], alone)


@pytest.mark.parametrize("name", DETECTORS)
def test_a_long_gap_teaches_nothing_and_gets_no_score(name: str) -> None:
    holes = VALUES.copy()
    holes[100:150] = np.nan
    found = sonde.detect(sonde.Series(holes, ["a", "b"]), detector=fresh(name))
    assert np.isnan(found.scores[105:145]).all()
    assert np.isfinite(found.scores[220:]).all()
    for key, array in found.model.to_arrays().items():
        if array.dtype.kind == "f" and not key.endswith("reference"):
            assert not np.isnan(array).any(), key
