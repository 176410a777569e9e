"""The border that scikit-learn learns, and scores that need it no more."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.svm import OneClassSVM

import sonde
from sonde.errors import InvalidInput, MissingExtra
from sonde.learn import create

Floats = NDArray[np.float64]


def ring(n: int = 400, seed: int = 2) -> Floats:
    rng = np.random.default_rng(seed)
    angle = rng.uniform(0, 2 * np.pi, n)
    points = 5.0 * np.column_stack([np.cos(angle), np.sin(angle)])
    return np.asarray(points + 0.3 * rng.normal(size=(n, 2)))


def learned(rows: Floats, **parameters: Any) -> Any:
    return create("ocsvm", **parameters).fit(rows)


@pytest.mark.parametrize("nu", [0.05, 0.5, 0.9])
@pytest.mark.parametrize("gamma", ["scale", 0.3])
def test_scores_are_scikit_learns_decision_on_another_scale(nu: float, gamma: Any) -> None:
    rows, more = ring(), ring(100, seed=5) * 1.3
    theirs = OneClassSVM(nu=nu, gamma=gamma).fit(rows)
    total = theirs.dual_coef_.sum()
    expected = theirs.score_samples(more) / total
    scores = learned(rows, nu=nu, gamma=gamma).anomaly_scores(more)
    # Both stop at a tolerance of 1e-3.
    np.testing.assert_allclose(np.exp(-scores), expected, atol=2e-3)
    assert np.corrcoef(np.exp(-scores), expected)[0, 1] > 0.9999


def test_the_middle_of_a_ring_is_strange() -> None:
    model = learned(ring(), gamma=1.0)
    middle, outside, on_it = model.anomaly_scores([[0.0, 0.0], [9.0, 9.0], [5.0, 0.0]])
    assert min(middle, outside) > on_it + 5.0


def test_a_place_far_from_zero_loses_no_digits() -> None:
    rows = ring()
    far = learned(rows + 2.0**30).anomaly_scores(rows + 2.0**30)
    np.testing.assert_allclose(far, learned(rows).anomaly_scores(rows), atol=0.01)


@pytest.mark.parametrize("size", [1e-200, 1e-30, 1e200, 1e307])
def test_numbers_at_the_ends_of_the_scale_give_scores(size: float) -> None:
    model = learned(ring() * size)
    scores = model.anomaly_scores(np.vstack([ring() * size, [[1.7e308, -1.7e308]]]))
    assert np.isfinite(scores).all()
    assert scores.min() >= 0
    assert np.argmax(scores) == len(scores) - 1


def test_rows_that_are_all_alike_are_learned_from() -> None:
    model = learned(np.ones((50, 2)))
    one, other = model.anomaly_scores([[1.0, 1.0], [4.0, 1.0]])
    assert one == pytest.approx(0.0)
    assert other == pytest.approx(9.0)


def test_draws_rows_by_its_seed_where_there_are_more() -> None:
    rows = ring(1000)
    first, same, other = (learned(rows, max_samples=100, random_state=s) for s in (1, 1, 2))
    assert first.facts()["support_vectors"] <= 100
    np.testing.assert_array_equal(first.anomaly_scores(rows), same.anomaly_scores(rows))
    assert (first.anomaly_scores(rows) != other.anomaly_scores(rows)).any()


def test_threads_change_nothing() -> None:
    rows = ring(1100)
    one, three = (learned(rows, random_state=0, n_jobs=n) for n in (1, 3))
    np.testing.assert_array_equal(one.anomaly_scores(rows), three.anomaly_scores(rows))


def test_blames_the_column_that_is_strange_however_far_it_is() -> None:
    rows = np.random.default_rng(1).normal(size=(500, 3))
    model = learned(rows)
    for far in (4.0, 1e6):
        given = model.prepare(np.array([[0.0, far, 0.0]]))
        assert np.argmax(model.blame(given, np.array([0]))[0]) == 1


def test_says_what_to_install_and_scores_without_it(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = ring()
    model = learned(rows)
    sonde.save(model, tmp_path / "m.sonde")
    monkeypatch.setitem(sys.modules, "sklearn.svm", None)
    with pytest.raises(MissingExtra, match=r"pip install 'sonde\[sklearn\]'"):
        learned(rows)
    loaded: Any = sonde.load(tmp_path / "m.sonde")
    np.testing.assert_array_equal(loaded.anomaly_scores(rows), model.anomaly_scores(rows))


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"nu": 0}, "nu must be above 0 and at most 1, got 0"),
        ({"nu": 1.5}, "nu must be above 0 and at most 1, got 1.5"),
        ({"gamma": "auto"}, "gamma must be above 0"),
        ({"max_samples": 20_000}, "max_samples must be at most 10,000"),
    ],
)
def test_refuses_parameters_out_of_range(parameters: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        learned(ring(), **parameters)


@pytest.mark.parametrize("nu", [1e-300, 1e-6, 0.999999])
def test_shares_at_the_ends_are_learned(nu: float) -> None:
    scores = learned(ring(), nu=nu).anomaly_scores([[50.0, 0.0], [5.0, 0.0]])
    assert scores[0] > scores[1]


def test_a_border_around_every_row_is_their_mean_likeness() -> None:
    rows, more = ring(), ring(50, seed=5)
    squared = np.square(more[:, None] - rows).sum(axis=2)
    expected = -np.log(np.exp(-0.3 * squared).mean(axis=1))
    scores = learned(rows, nu=1.0, gamma=0.3).anomaly_scores(more)
    np.testing.assert_allclose(scores, expected)


@pytest.mark.parametrize(
    ("name", "array", "sentence"),
    [
        ("weights", np.array([2.0, -1.0]), "above 0"),
        ("weights", np.array([0.5, 0.1]), "sum to 1"),
        ("weights", np.array([1.0]), "shape"),
        ("vectors", np.zeros((0, 2)), "1 to 10,000 rows"),
        ("vectors", np.zeros((2, 3)), "shape"),
        ("gamma", np.float64(0), "above 0"),
        ("unit", np.float64(np.inf), "finite"),
    ],
)
def test_a_stored_state_that_does_not_fit_is_refused(name: str, array: Any, sentence: str) -> None:
    state = {
        "unit": np.float64(1),
        "gamma": np.float64(1),
        "vectors": np.zeros((2, 2)),
        "weights": np.array([0.5, 0.5]),
    }
    made: Any = create("ocsvm")
    made._check_state(state, 2)
    with pytest.raises(ValueError, match=sentence):
        made._check_state(state | {name: array}, 2)
