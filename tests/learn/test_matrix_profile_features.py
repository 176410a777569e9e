"""Matrix profiles as features of labelled series, in scikit-learn's tools."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sonde
from sonde.core import Panel, Series, Table
from sonde.errors import InvalidInput, MissingValues, NotFitted, SchemaMismatch, TooShort
from sonde.learn.catalogue import find
from sonde.learn.transformers.matrix_profile_features import MatrixProfileFeatures

UCR = Path(__file__).parents[3] / "shared" / "data" / "ucr_classification"


def two_kinds(n: int = 40, length: int = 120, seed: int = 0) -> tuple[Any, Any]:
    """Waves that repeat and noise that does not, of the same spectrum, in turns."""
    rng = np.random.default_rng(seed)
    t = np.arange(length)
    x = np.empty((n, length))
    for i in range(n):
        x[i] = np.sin(t / rng.uniform(2, 4) + rng.uniform(0, 6)) + 0.3 * rng.normal(size=length)
        if i % 2:
            x[i] = rng.permutation(x[i].reshape(-1, 6), axis=0).ravel()
    return x, np.where(np.arange(n) % 2, "torn", "whole")


X, Y = two_kinds()


def test_a_row_of_finite_numbers_for_each_series() -> None:
    model = MatrixProfileFeatures()
    features = model.fit_transform(X)
    assert features.shape == (40, len(model.get_feature_names_out()))
    assert np.isfinite(features).all()
    assert "c0_motif_gap" in model.get_feature_names_out()


def test_each_feature_is_what_its_name_says() -> None:
    x = np.random.default_rng(1).normal(size=150)
    x[100:120] = x[30:50]
    model = MatrixProfileFeatures(window=20).fit(x[None])
    found = dict(zip(model.get_feature_names_out(), model.transform(x[None])[0], strict=True))
    profile = sonde.matrix_profile(x, 20)
    unit, n = np.sqrt(40.0), profile.n_windows
    assert found["c0_minimum"] == pytest.approx(0.0, abs=1e-7)
    assert found["c0_maximum"] == pytest.approx(profile.distances.max() / unit)
    assert found["c0_mean"] == pytest.approx(profile.distances.mean() / unit)
    assert found["c0_quantile_90"] == pytest.approx(np.quantile(profile.distances, 0.9) / unit)
    assert found["c0_motif_place"] == pytest.approx(30 / n)
    assert found["c0_motif_gap"] == pytest.approx(70 / n)
    assert found["c0_discord_place"] == pytest.approx(profile.discords(1)[0].start / n)
    lonely = profile.discords(1)[0]
    assert found["c0_discord_gap"] == pytest.approx(abs(lonely.start - lonely.neighbour) / n)
    assert found["c0_left_mean"] == pytest.approx(
        np.mean([one for one in profile.to_frame()["left_distance"] if np.isfinite(one)]) / unit
    )
    assert found["c0_arcs_minimum"] == profile.arc_curve.min()
    assert found["c0_constant_share"] == 0.0
    mutual = np.mean([profile.indices[j] == i for i, j in enumerate(profile.indices)])
    assert found["c0_mutual_share"] == pytest.approx(mutual)


def test_it_names_the_kernels_that_a_join_calls() -> None:
    assert set(find("discord").kernels) <= set(MatrixProfileFeatures.kernels)


def test_level_and_size_change_nothing() -> None:
    model = MatrixProfileFeatures(window=12).fit(X)
    np.testing.assert_allclose(model.transform(4 * X + 1e3), model.transform(X), atol=1e-6)


def test_flat_series_have_features_too() -> None:
    x = np.vstack([np.ones(60), np.repeat([0.0, 1.0], 30)])
    features = MatrixProfileFeatures(window=8).fit_transform(x)
    assert np.isfinite(features).all()
    assert features[0, -1] == 1.0


@pytest.mark.parametrize("n_jobs", [2, -1])
def test_threads_change_nothing(n_jobs: int) -> None:
    one = MatrixProfileFeatures(window=12).fit_transform(X)
    several = MatrixProfileFeatures(window=12, n_jobs=n_jobs).fit_transform(X)
    assert one.tobytes() == several.tobytes()


def test_every_shape_of_a_collection_gives_the_same() -> None:
    expected = MatrixProfileFeatures(window=12).fit_transform(X)
    shapes: list[Any] = [
        X[:, np.newaxis],
        X.tolist(),
        Panel.from_array(X),
        [Series(one) for one in X],
        sonde.convert(Panel.from_array(X), "polars"),
    ]
    for shape in shapes:
        np.testing.assert_array_equal(
            MatrixProfileFeatures(window=12).fit_transform(shape), expected
        )


def test_channels_stand_beside_each_other() -> None:
    cube = np.stack([X, X[::-1]], axis=1)
    model = MatrixProfileFeatures(window=12).fit(Panel.from_array(cube, channels=["u", "v"]))
    features = model.transform(Panel.from_array(cube, channels=["u", "v"]))
    alone = MatrixProfileFeatures(window=12).fit_transform(X)
    np.testing.assert_array_equal(features, np.hstack([alone, alone[::-1]]))
    assert model.get_feature_names_out()[[0, 21]].tolist() == ["u_minimum", "v_minimum"]
    with pytest.raises(SchemaMismatch, match="missing: 'v'"):
        model.transform(Panel.from_array(cube, channels=["u", "w"]))


def test_series_may_differ_in_length() -> None:
    ragged = [X[0], X[1][:80], X[2][:100]]
    features = MatrixProfileFeatures(window=12).fit_transform(ragged)
    np.testing.assert_array_equal(
        features[0], MatrixProfileFeatures(window=12).fit_transform(X[:1])[0]
    )


def test_what_it_cannot_use_is_refused() -> None:
    model = MatrixProfileFeatures(window=12)
    with pytest.raises(NotFitted):
        model.transform(X)
    with pytest.raises(InvalidInput, match="window must be 3 or more, got 2"):
        MatrixProfileFeatures(window=2).fit(X)
    with pytest.raises(TooShort, match="series '0' has 10 rows, and a window of 12 needs 16"):
        model.fit(X[:, :10])
    with pytest.raises(TooShort, match="series '1' has 9 rows"):
        model.fit(X).transform([X[0], X[1][:9]])
    with pytest.raises(TooShort, match="too few to propose a window"):
        MatrixProfileFeatures().fit(X[:, :5])
    holes = X.copy()
    holes[3, 7] = np.nan
    with pytest.raises(MissingValues):
        model.fit(holes)
    with pytest.raises(MissingValues):
        model.fit(X).transform(holes)
    with pytest.raises(InvalidInput, match="takes a collection of series"):
        model.fit(Table(X))


def test_it_is_saved_and_travels(tmp_path: Path, home: Path) -> None:
    model = sonde.create("matrix_profile_features").fit(X)
    sonde.save(model, tmp_path / "m.sonde")
    loaded: Any = sonde.load(tmp_path / "m.sonde")
    copied = pickle.loads(pickle.dumps(model))
    for again in (loaded, copied):
        np.testing.assert_array_equal(again.transform(X), model.transform(X))


def test_works_in_a_pipeline_and_a_search() -> None:
    pipeline = make_pipeline(MatrixProfileFeatures(), StandardScaler(), LogisticRegression())
    fresh, labels = two_kinds(seed=5)
    assert pipeline.fit(X, Y).score(fresh, labels) > 0.85
    grid = {"matrixprofilefeatures__window": [6, 12, 24]}
    search = GridSearchCV(clone(pipeline), grid, cv=3).fit(X, Y)
    assert search.best_params_["matrixprofilefeatures__window"] in (6, 12, 24)
    assert search.score(fresh, labels) > 0.85


@pytest.mark.skipif(not UCR.is_dir(), reason="the archive of series is not beside the checkout")
@pytest.mark.parametrize(("name", "least"), [("GunPoint", 0.6), ("BasicMotions", 0.7)])
def test_tells_real_series_apart(name: str, least: float) -> None:
    with np.load(UCR / f"{name}.npz", allow_pickle=False) as held:
        train, test = held["X_train"], held["X_test"]
        y_train, y_test = held["y_train"], held["y_test"]
    pipeline = make_pipeline(
        MatrixProfileFeatures(), StandardScaler(), LogisticRegression(max_iter=1000)
    )
    assert pipeline.fit(train, y_train).score(test, y_test) >= least
