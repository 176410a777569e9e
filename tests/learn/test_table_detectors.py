"""What HBOS, COPOD, PCA and MCD promise beside the contract of all detectors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sonde.errors import InvalidInput
from sonde.learn import create

RNG = np.random.default_rng(11)
NAMES = ["hbos", "copod", "pca", "mcd"]
ELLIPSOIDS = ["pca", "mcd"]


def fitted(name: str, rows: Any, **more: Any) -> Any:
    return create(name, **more, **({"random_state": 1} if name == "mcd" else {})).fit(rows)


def degenerate() -> dict[str, Any]:
    x = RNG.normal(size=(60, 3))
    return {
        "constant columns": np.column_stack([x, np.full(60, 0.1), np.zeros(60)]),
        "all constant": np.full((20, 3), 7.5),
        "two equal rows": np.ones((2, 3)),
        "fewer rows than columns": RNG.normal(size=(4, 9)),
        "columns that depend on each other": x @ RNG.normal(size=(3, 6)),
        "a small signal on a large offset": 1e8 + 1e-6 * x,
        "enormous": x * 1e300,
        "the whole range": np.where(x > 0, 1.7e308, -1.7e308),
        "tiny": x * 1e-305,
        "one column": x[:, :1],
        "integers": RNG.integers(0, 3, size=(60, 3)),
        "mostly one value": np.where(x > 1.5, x, 0.0),
        "one enormous value": np.vstack([x, [1e300, 0.0, 0.0]]),
    }


@pytest.mark.parametrize("how", degenerate())
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("error")
def test_degenerate_rows_get_finite_scores(name: str, how: str) -> None:
    rows = np.asarray(degenerate()[how], dtype=np.float64)
    model = fitted(name, rows)
    fresh = np.vstack([rows, rows + 1.0, -rows, np.full((1, rows.shape[1]), 1.7e308)])
    scores = model.anomaly_scores(fresh)
    assert np.isfinite(scores).all()
    assert scores.min() >= 0
    blamed = model.blame(model.prepare(fresh), np.arange(len(fresh)))
    np.testing.assert_allclose(blamed.sum(axis=1), 1.0)


@pytest.mark.parametrize("name", NAMES)
def test_a_large_offset_changes_little(name: str) -> None:
    rows = np.round(RNG.normal(size=(200, 3)), 3)
    plain, moved = fitted(name, rows), fitted(name, rows + 2.0**27)
    near = moved.anomaly_scores(rows + 2.0**27)
    np.testing.assert_allclose(near, plain.anomaly_scores(rows), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_the_unit_of_a_column_does_not_matter(name: str) -> None:
    rows = RNG.normal(size=(300, 3))
    units = 2.0 ** np.array([-12, 0, 20])
    scores = fitted(name, rows).anomaly_scores(rows)
    np.testing.assert_allclose(fitted(name, rows * units).anomaly_scores(rows * units), scores)


@pytest.mark.parametrize("name", NAMES)
def test_the_strange_column_is_blamed(name: str) -> None:
    rows = RNG.normal(size=(300, 4))
    rows[5, 2] = 30.0
    model = fitted(name, rows)
    scores = model.anomaly_scores(rows)
    assert (scores > scores[5]).sum() <= (30 if name == "copod" else 0)  # it sees ranks only
    assert int(np.argmax(model.blame(model.prepare(rows), np.array([5]))[0])) == 2


@pytest.mark.parametrize("name", NAMES)
def test_threads_change_nothing(name: str) -> None:
    rows = RNG.normal(size=(3000, 3))
    one, four = fitted(name, rows), fitted(name, rows, n_jobs=4)
    assert one.anomaly_scores(rows).tobytes() == four.anomaly_scores(rows).tobytes()


@pytest.mark.parametrize("n_columns", [3, 7, 16, 33])
@pytest.mark.parametrize("name", NAMES)
def test_the_blame_of_a_row_does_not_depend_on_the_rows_blamed_with_it(
    name: str, n_columns: int
) -> None:
    rows = np.random.default_rng(n_columns).normal(size=(200, n_columns))
    model = fitted(name, rows)
    data = model.prepare(rows)
    together = model.blame(data, np.arange(200))
    for some in ([17], [17, 80], [80, 17, 3], list(range(190))):
        assert model.blame(data, np.array(some)).tobytes() == together[some].tobytes()


@pytest.mark.parametrize("n_values", [4, 11, 20])
def test_hbos_finds_values_on_an_edge_in_the_bin_they_were_counted_in(n_values: int) -> None:
    values = np.arange(n_values) * 0.1
    for n_bins in range(n_values + 2, 3 * n_values):  # so many that each value has its own
        model = fitted("hbos", np.repeat(values, 10)[:, None], n_bins=n_bins)
        np.testing.assert_array_equal(model.anomaly_scores(values[:, None]), 0.0)


@pytest.mark.parametrize("name", ELLIPSOIDS)
def test_a_broken_relation_is_found_though_each_value_is_ordinary(name: str) -> None:
    first = RNG.normal(size=500)
    rows = np.column_stack([first, first + 0.01 * RNG.normal(size=500)])
    rows[40] = 0.5, -0.5
    assert int(np.argmax(fitted(name, rows).anomaly_scores(rows))) == 40
    exact = np.column_stack([first, 2.0 * first])
    off = np.array([[0.5, 1.0], [0.5, 1.2]])
    on_plane, off_plane = fitted(name, exact).anomaly_scores(off)
    assert off_plane > 10 * on_plane


def test_pca_with_all_components_is_the_mahalanobis_distance() -> None:
    rows = RNG.normal(size=(200, 4)) @ RNG.normal(size=(4, 4)) + 5.0
    away = rows - rows.mean(axis=0)
    squared = (away @ np.linalg.inv(np.cov(rows.T, bias=True)) * away).sum(axis=1)
    np.testing.assert_allclose(fitted("pca", rows).anomaly_scores(rows), np.sqrt(squared))


def test_pca_without_weights_or_standardization_is_the_euclidean_distance() -> None:
    rows = RNG.normal(size=(200, 3)) * [1.0, 2.0, 5.0]
    scores = fitted("pca", rows, weighted=False, standardization=False).anomaly_scores(rows)
    lengths = np.linalg.norm(rows - rows.mean(axis=0), axis=1)
    np.testing.assert_allclose(scores * rows.std(axis=0).max(), lengths)


def test_pca_takes_components_by_number_by_share_and_from_the_small_end() -> None:
    rows = RNG.normal(size=(200, 4)) * [8.0, 4.0, 2.0, 1.0]
    plain = {"standardization": False}

    def axes(**more: Any) -> Any:
        return fitted("pca", rows, **plain, **more).to_arrays()["root"]

    np.testing.assert_array_equal(axes(n_components=2), axes()[:2])
    np.testing.assert_array_equal(axes(n_components=0.9), axes()[:2])  # (64 + 16) / 85
    np.testing.assert_array_equal(axes(n_selected_components=1), axes()[3:])
    both = axes(n_components=3, n_selected_components=2)
    np.testing.assert_array_equal(both, axes()[1:3])


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("hbos", {"n_bins": 1}),
        ("hbos", {"n_bins": "many"}),
        ("hbos", {"alpha": 0}),
        ("hbos", {"tol": 1.5}),
        ("pca", {"n_components": 4}),
        ("pca", {"n_components": 1.5}),
        ("pca", {"n_components": 2, "n_selected_components": 3}),
        ("pca", {"weighted": 1}),
        ("mcd", {"support_fraction": 0.0}),
        ("mcd", {"support_fraction": 1.1}),
    ],
)
def test_a_wrong_parameter_is_named(name: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match=f"{name}: {list(wrong)[-1]} must be"):
        fitted(name, RNG.normal(size=(50, 3)), **wrong)


def test_hbos_counts_bins_by_itself() -> None:
    rows = np.concatenate([RNG.uniform(0, 1, 300), RNG.uniform(9, 10, 300)])[:, None]
    gap = np.array([[5.0]])
    assert fitted("hbos", rows, n_bins="auto").anomaly_scores(gap)[0] > 3
    assert len(fitted("hbos", rows, n_bins="auto").to_arrays()["terms"]) - 2 >= 8


@pytest.mark.parametrize("n", [300, 1000, 4000])
def test_mcd_is_not_moved_by_two_fifths_of_anomalies(n: int) -> None:
    rng = np.random.default_rng(n)
    rows = rng.normal(size=(n, 4))
    bad = rng.permutation(n)[: 2 * n // 5]
    rows[bad] += 25.0
    scores = fitted("mcd", rows).anomaly_scores(rows)
    others = np.setdiff1d(np.arange(n), bad)
    assert scores[bad].min() > 3 * scores[others].max()
    plain = fitted("pca", rows).anomaly_scores(rows)
    assert plain[bad].min() < plain[others].max()


def test_mcd_is_in_standard_deviations_of_normal_rows() -> None:
    rows = RNG.normal(size=(20_000, 3)) @ RNG.normal(size=(3, 3))
    squared = fitted("mcd", rows).anomaly_scores(rows) ** 2
    assert abs(float(np.mean(squared)) / 3 - 1) < 0.03
    whole = fitted("mcd", rows, support_fraction=1.0).anomaly_scores(rows) ** 2
    assert abs(float(np.mean(whole)) / 3 - 1) < 0.03


def test_mcd_agrees_with_scikit_learn_on_ordinary_rows() -> None:
    from sklearn.covariance import MinCovDet

    rows = RNG.normal(size=(300, 3)) @ RNG.normal(size=(3, 3))
    rows[:20] += 30.0
    theirs = MinCovDet(random_state=0).fit(rows).dist_
    ours = fitted("mcd", rows).anomaly_scores(rows) ** 2
    np.testing.assert_allclose(ours, theirs, rtol=0.15)
