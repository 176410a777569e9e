"""Detectors of PyOD and scikit-learn by their names there."""

from __future__ import annotations

import importlib.util
import json
import pickle
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import OutlierMixin, clone
from sklearn.ensemble import IsolationForest
from sklearn.utils import all_estimators

import sonde
from sonde.core import Table
from sonde.errors import BadArtifact, InvalidInput, MissingExtra, NotFitted, NotFound
from sonde.learn import adapters, create, decide, find
from sonde.learn.adapters import other_librarys
from tests.cli.run import sonde as command

Floats = NDArray[np.float64]

has_pyod = importlib.util.find_spec("pyod") is not None
pyod = pytest.mark.skipif(not has_pyod, reason="PyOD is not installed")
SKLEARN = {
    "sklearn.EllipticEnvelope": {},
    "sklearn.IsolationForest": {"n_estimators": 30},
    "sklearn.LocalOutlierFactor": {"n_neighbors": 15},
    "sklearn.OneClassSVM": {"nu": 0.2},
}
PYOD = {"pyod.KNN": {"n_neighbors": 7}, "pyod.IForest": {"n_estimators": 30}, "pyod.PCA": {}}
NAMES = [
    *(pytest.param(name, parameters) for name, parameters in SKLEARN.items()),
    *(pytest.param(name, parameters, marks=pyod) for name, parameters in PYOD.items()),
]


def rows(n: int = 300, strange: int = 17) -> Floats:
    found = np.random.default_rng(3).normal(size=(n, 3))
    found[strange] = 8.0
    return found


def seeded(name: str, **parameters: Any) -> Any:
    known = find(name).__dataclass_fields__  # type: ignore[attr-defined]
    return create(name, **({"random_state": 0} if "random_state" in known else {}) | parameters)


@pytest.mark.parametrize(("name", "parameters"), NAMES)
class TestEach:
    def test_finds_the_strange_row(self, name: str, parameters: dict[str, Any]) -> None:
        asked = parameters | {"contamination": 0.01}
        found = sonde.detect(rows(), detector=name, parameters=asked, kind="table", random_state=0)
        assert np.argmax(found.scores) == 17
        assert found.model.predict(rows())[17] == -1
        assert 17 in [anomaly.start for anomaly in found.anomalies]

    def test_scores_are_finite_and_above_0_and_keep_their_order(
        self, name: str, parameters: dict[str, Any]
    ) -> None:
        model = seeded(name, **parameters).fit(rows())
        more = np.random.default_rng(5).normal(size=(100, 3)) * 2
        scores = model.anomaly_scores(more)
        assert scores.dtype == np.float64
        assert np.isfinite(scores).all()
        assert scores.min() >= 0
        np.testing.assert_allclose(model.anomaly_scores(more[40:60]), scores[40:60], rtol=1e-9)
        theirs = model._need().state["model"].model
        ask = theirs.score_samples if name.startswith("sklearn.") else theirs.decision_function
        raw = ask(more) * (-1 if name.startswith("sklearn.") else 1)
        strange = scores > 0
        assert strange.sum() > 50
        np.testing.assert_array_equal(
            np.argsort(scores[strange], kind="stable"), np.argsort(raw[strange], kind="stable")
        )

    def test_the_same_seed_gives_the_same_scores(
        self, name: str, parameters: dict[str, Any]
    ) -> None:
        first, second = (seeded(name, **parameters).fit(rows()) for _ in range(2))
        np.testing.assert_array_equal(first.anomaly_scores(rows()), second.anomaly_scores(rows()))

    def test_keeps_the_habits_of_an_estimator(self, name: str, parameters: dict[str, Any]) -> None:
        model = seeded(name, **parameters, contamination=0.02)
        with pytest.raises(NotFitted):
            model.anomaly_scores(rows())
        assert model.get_params()["contamination"] == 0.02
        model.fit(rows())
        assert (model.predict(rows()) == -1).sum() == 6
        copy: Any = clone(model)
        assert copy.get_params() == model.get_params()
        assert not copy.__sklearn_is_fitted__()
        assert copy.set_params(contamination=0.1).fit(rows()).contamination == 0.1
        with pytest.raises(InvalidInput, match="has no parameter 'nope'"):
            create(name, nope=1)

    def test_travels_between_processes(self, name: str, parameters: dict[str, Any]) -> None:
        model = seeded(name, **parameters).fit(rows())
        copy = pickle.loads(pickle.dumps(model))
        np.testing.assert_array_equal(copy.anomaly_scores(rows()), model.anomaly_scores(rows()))

    def test_says_that_it_can_not_be_saved(
        self, name: str, parameters: dict[str, Any], tmp_path: Path, home: Path
    ) -> None:
        model = seeded(name, **parameters).fit(rows())
        for one in (model, sonde.make_pipeline(create("robust_scaler"), model).fit(rows())):
            with pytest.raises(InvalidInput, match=rf"{name} can't be saved: .* detectors` lists"):
                sonde.save(one, tmp_path / "m.sonde")
        assert not list(tmp_path.glob("m*"))

    def test_a_row_with_a_gap_has_no_score(self, name: str, parameters: dict[str, Any]) -> None:
        model = seeded(name, **parameters).fit(rows())
        holes = rows()
        holes[[4, 90], 1] = np.nan
        judged = model._judge(model._need().state, Table(holes, ["a", "b", "c"]))
        assert np.flatnonzero(np.isnan(judged.scores)).tolist() == [4, 90]


def test_all_detectors_of_scikit_learn_have_a_name() -> None:
    theirs = {name for name, kind in all_estimators() if issubclass(kind, OutlierMixin)}
    assert theirs == set(adapters._SKLEARN)


@pyod
def test_most_detectors_of_pyod_have_a_name() -> None:
    known = set(adapters._pyod_modules())
    assert {"ABOD", "CBLOF", "COF", "GMM", "HBOS", "IForest", "KDE", "LODA", "MCD", "VAE"} <= known
    assert not [name for name in known if name.startswith("Base")]


def test_a_wrong_name_is_answered_with_a_near_one() -> None:
    with pytest.raises(NotFound, match=r"did you mean 'sklearn.EllipticEnvelope'\?"):
        create("sklearn.EliptikEnvelope")
    with pytest.raises(NotFound, match=r"no detector called 'sklearn\.'"):
        create("sklearn.")
    for name in ("sklearn.os.system", "sklearn.svm.OneClassSVM", "sklearn.LinearRegression"):
        with pytest.raises(NotFound, match=r"There are: sklearn\.EllipticEnvelope"):
            create(name)


def test_what_only_labels_the_rows_that_it_is_given_is_refused() -> None:
    with pytest.raises(InvalidInput, match="can't score others; use dbscan"):
        create("sklearn.DBSCAN")


@pyod
@pytest.mark.parametrize("name", ["pyod.COPOD", "pyod.COF", "pyod.SOS"])
def test_what_scores_rows_by_those_that_come_with_them_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="by the others that they are judged with"):
        create(name).fit(rows(100))


@pyod
def test_what_needs_something_more_says_so() -> None:
    with pytest.raises(InvalidInput, match="needs a parameter 'detector_list'"):
        create("pyod.LSCP").fit(rows())
    with pytest.raises(NotFound, match=r"did you mean 'pyod.IForest'\?"):
        create("pyod.iforrest")


@pytest.mark.skipif(has_pyod, reason="PyOD is installed")
def test_says_what_to_install() -> None:
    with pytest.raises(MissingExtra, match=r"pip install 'sonde\[pyod\]'"):
        create("pyod.ABOD")


def test_their_refusals_are_ours() -> None:
    with pytest.raises(InvalidInput, match=r"sklearn.OneClassSVM: .*'nu'"):
        create("sklearn.OneClassSVM", nu=7.0).fit(rows())
    with pytest.raises(InvalidInput, match="contamination must be above 0"):
        create("sklearn.OneClassSVM", contamination=7.0).fit(rows())


def test_scores_are_theirs_turned_and_moved() -> None:
    model: Any = create("sklearn.IsolationForest", random_state=4).fit(rows())
    theirs = -IsolationForest(random_state=4).fit(rows()).score_samples(rows())
    scores = model.anomaly_scores(rows())
    moved = theirs - scores
    np.testing.assert_allclose(moved[scores > 0], moved[17], rtol=1e-12)


def test_is_a_member_of_ensembles_and_pipelines() -> None:
    pipeline = sonde.make_pipeline(create("robust_scaler"), create("sklearn.OneClassSVM"))
    assert np.argmax(pipeline.fit(rows()).anomaly_scores(rows())) == 17
    both: Any = create("ecod+sklearn.EllipticEnvelope")
    assert np.argmax(both.fit(rows()).anomaly_scores(rows())) == 17


def test_a_file_that_says_it_holds_one_is_refused(tmp_path: Path, home: Path) -> None:
    path, crafted = tmp_path / "m.sonde", tmp_path / "crafted.sonde"
    sonde.save(create("ecod").fit(rows()), path)
    for name in ("sklearn.OneClassSVM", "pyod.ABOD", "ecod+sklearn.OneClassSVM"):
        with ZipFile(path) as archive, ZipFile(crafted, "w") as other:
            manifest = json.loads(archive.read("manifest.json"))
            manifest["model"] = {"estimator": name, "parameters": {}}
            other.writestr("manifest.json", json.dumps(manifest))
            other.writestr("arrays.npz", archive.read("arrays.npz"))
        with pytest.raises(BadArtifact, match="those are never stored"):
            sonde.load(crafted)


def test_the_command_takes_its_name(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    np.savetxt(path, rows(), delimiter=",", header="a,b,c", comments="")
    ran = command(
        "detect", str(path), "--detector", "sklearn.EllipticEnvelope", "--kind", "table", "--json"
    )
    assert json.loads(ran.out)["anomalies"], ran.out
    assert "sklearn.EllipticEnvelope" in command("detectors").out


def test_one_class_is_made_for_one_name() -> None:
    assert other_librarys("sklearn.OneClassSVM") is find("sklearn.OneClassSVM")
    model: Any = create("sklearn.OneClassSVM").fit(rows())
    assert decide(model, model.prepare(rows())).scores[17] > 0
