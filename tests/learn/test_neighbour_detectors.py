"""What k-NN, LOF, LoOP, DBSCAN and CBLOF promise beside the contract of all detectors."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from sonde.errors import InvalidInput
from sonde.learn import create

RNG = np.random.default_rng(31)
NAMES = ["knn", "lof", "loop", "dbscan", "cblof"]
NEIGHBOURS = ["knn", "lof", "loop", "dbscan"]


def fitted(name: str, rows: Any, **more: Any) -> Any:
    return create(name, **more, **({"random_state": 1} if name == "cblof" else {})).fit(rows)


def degenerate() -> dict[str, Any]:
    x = RNG.normal(size=(60, 3))
    return {
        "constant columns": np.column_stack([x, np.full(60, 0.1), np.zeros(60)]),
        "all constant": np.full((20, 3), 7.5),
        "fewer rows than columns": RNG.normal(size=(8, 19)),
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
def test_the_strange_column_is_blamed(name: str) -> None:
    rows = RNG.normal(size=(300, 4))
    rows[5, 2] = 30.0
    model = fitted(name, rows)
    assert int(np.argmax(model.anomaly_scores(rows))) == 5
    assert int(np.argmax(model.blame(model.prepare(rows), np.array([5]))[0])) == 2


@pytest.mark.parametrize("d", [3, 40])
@pytest.mark.parametrize("name", NAMES)
def test_threads_change_nothing(name: str, d: int) -> None:
    rows = RNG.normal(size=(1500, d))
    one, four = fitted(name, rows), fitted(name, rows, n_jobs=4)
    assert one.anomaly_scores(rows).tobytes() == four.anomaly_scores(rows).tobytes()


@pytest.mark.parametrize("name", NAMES)
def test_rows_may_be_cut_anywhere_where_neighbours_are_found_in_blocks(name: str) -> None:
    rows = RNG.normal(size=(1200, 40))
    model = fitted(name, rows)
    if name in NEIGHBOURS:
        assert int(model.to_arrays()["in_blocks"]) == 1
    whole = model.anomaly_scores(rows)
    cuts = [0, 1, 5, 300, 1100, 1200]
    parts = [model.anomaly_scores(rows[a:b]) for a, b in itertools.pairwise(cuts)]
    assert np.concatenate(parts).tobytes() == whole.tobytes()


def test_blocks_are_taken_where_a_tree_leaves_nothing_out() -> None:
    wide = RNG.normal(size=(1000, 40))
    on_a_plane = RNG.normal(size=(1000, 2)) @ RNG.normal(size=(2, 40))
    assert int(fitted("knn", wide).to_arrays()["in_blocks"]) == 1
    assert int(fitted("knn", on_a_plane).to_arrays()["in_blocks"]) == 0
    assert int(fitted("knn", wide[:, :2].copy()).to_arrays()["in_blocks"]) == 0


@pytest.mark.parametrize("name", ["lof", "loop"])
def test_ties_do_not_make_a_score_depend_on_the_rows_beside_it(name: str) -> None:
    rows = RNG.integers(0, 12, size=(400, 2)).astype(np.float64)  # many rows equally far away
    model = fitted(name, rows)
    whole = model.anomaly_scores(rows)
    single = np.concatenate([model.anomaly_scores(rows[i : i + 1]) for i in range(100)])
    assert single.tobytes() == whole[:100].tobytes()


@pytest.mark.parametrize("d", [2, 30])
@pytest.mark.parametrize("n_neighbors", [5, 20])
def test_lof_gives_the_factors_of_scikit_learn(d: int, n_neighbors: int) -> None:
    from sklearn.neighbors import LocalOutlierFactor

    rows = np.random.default_rng(d).normal(size=(600, d))
    theirs = -LocalOutlierFactor(n_neighbors=n_neighbors).fit(rows).negative_outlier_factor_
    model = fitted("lof", rows, n_neighbors=n_neighbors)
    np.testing.assert_allclose(model.anomaly_scores(rows), theirs, rtol=1e-8)
    fresh = np.random.default_rng(d + 1).normal(size=(100, d)) * 1.5
    theirs = LocalOutlierFactor(n_neighbors=n_neighbors, novelty=True).fit(rows)
    np.testing.assert_allclose(model.anomaly_scores(fresh), -theirs.score_samples(fresh), rtol=1e-8)


def test_copies_do_not_make_lof_infinite() -> None:
    rows = np.repeat([[0.0, 0.0], [1.0, 1.0]], 40, axis=0)
    scores = fitted("lof", rows).anomaly_scores(np.vstack([rows, [[5.0, 5.0]]]))
    np.testing.assert_allclose(scores[:80], 1.0)
    assert 1e6 < scores[80] < 1e12


def test_lof_keeps_the_scores_of_what_it_learned_from() -> None:
    rows = RNG.normal(size=(500, 3))
    model = fitted("lof", rows)
    assert model.to_arrays()["factors"].tobytes() == model.anomaly_scores(rows).tobytes()


def test_loop_gives_the_probabilities_of_pynomaly() -> None:
    # PyNomaly 0.4.0, LocalOutlierProbability(rows, extent=3, n_neighbors=8).fit()
    rows = np.random.default_rng(21).normal(size=(40, 2)).round(3)
    rows[[3, 17]] = [[4.0, 4.0], [-5.0, 3.0]]
    theirs = """0.015636899 0.2872524706 0 0.7850169617 0 0.0218837191 0.3947340764 0.1075470336
        0.319157647 0.0335585125 0.0542799324 0 0 0.0219076719 0.0110132817 0.0580815547
        0.0456298871 0.8457054174 0 0"""
    ours = fitted("loop", rows, n_neighbors=8, extent=3).anomaly_scores(rows)
    np.testing.assert_allclose(ours[:20], np.array(theirs.split(), float), atol=1e-9)


def test_loop_is_what_its_equations_say_of_four_rows() -> None:
    # On a line at 0, 1, 2 and 6 with one neighbour each: standard distances 1, 1, 1, 4; only the
    # last differs from its neighbour's, by a factor of 4; the mean square of 0, 0, 0, 3 is 9 / 4.
    from math import erf, sqrt

    scores = fitted("loop", [[0.0], [1.0], [2.0], [6.0]], n_neighbors=1, extent=2).anomaly_scores(
        [[0.0], [1.0], [2.0], [6.0]]
    )
    np.testing.assert_allclose(scores, [0, 0, 0, erf(3 / (2 * 1.5 * sqrt(2)))])


@pytest.mark.parametrize(("eps", "min_samples"), [(0.3, 5), (0.5, 4), (0.8, 12)])
def test_dbscan_has_the_core_rows_of_scikit_learn(eps: float, min_samples: int) -> None:
    from sklearn.cluster import DBSCAN

    rows = np.random.default_rng(5).normal(size=(400, 2))
    theirs = DBSCAN(eps=eps, min_samples=min_samples).fit(rows).core_sample_indices_
    model = fitted("dbscan", rows, eps=eps, min_samples=min_samples)
    np.testing.assert_array_equal(model.to_arrays()["rows"], rows[theirs])
    fresh = np.random.default_rng(6).normal(size=(50, 2)) * 2
    gaps = np.linalg.norm(fresh[:, None, :] - rows[theirs][None, :, :], axis=2)
    np.testing.assert_allclose(model.anomaly_scores(fresh), gaps.min(axis=1))


def test_dbscan_finds_an_eps_between_the_groups_and_what_lies_alone() -> None:
    rng = np.random.default_rng(7)
    rows = np.concatenate(
        [0.1 * rng.normal(size=(200, 2)), [5.0, 5.0] + 0.1 * rng.normal(size=(200, 2))]
    )
    alone = rng.uniform(1.0, 4.0, size=(8, 2))
    model = fitted("dbscan", np.vstack([rows, alone]))
    eps = model.facts()["eps"]
    assert 0.03 < eps < 0.5
    scores = model.anomaly_scores(np.vstack([rows, alone]))
    assert (scores[400:] > eps).all()
    assert (scores[:400] <= eps).mean() > 0.97


def test_dbscan_says_which_eps_would_do_where_no_row_is_a_core_row() -> None:
    with pytest.raises(InvalidInput, match=r"0 of 50 rows have 4 others within eps=1e-09.*around"):
        fitted("dbscan", RNG.normal(size=(50, 2)), eps=1e-9)


def grouped() -> Any:
    rng = np.random.default_rng(22)
    return np.concatenate(
        [
            rng.normal(size=(60, 2)) * 0.3,
            rng.normal(size=(30, 2)) * 0.3 + [6, 0],
            rng.normal(size=(4, 2)) * 0.2 + [3, 8],
        ]
    ).round(3)


@pytest.mark.parametrize(
    ("use_weights", "of_rows", "of_fresh"),
    [
        (
            False,
            [
                0.6024452488,
                0.4747317956,
                0.4564132557,
                0.2420261556,
                8.2584343317,
                8.5587450566,
                8.4768817151,
                8.3311474516,
            ],
            [4.192036372, 0.0562933783, 8.4877265671],
        ),
        (
            True,
            [
                36.1467149268,
                28.4839077375,
                13.6923976717,
                7.2607846683,
                33.0337373268,
                34.2349802265,
                33.9075268602,
                33.3245898063,
            ],
            [251.522182322, 3.3776027001, 33.9509062684],
        ),
    ],
)
def test_cblof_gives_the_scores_of_pyod(
    use_weights: bool, of_rows: list[float], of_fresh: list[float]
) -> None:
    # PyOD 3.6.7, CBLOF(n_clusters=3, random_state=0); any start finds these three groups.
    model = fitted("cblof", grouped(), n_clusters=3, use_weights=use_weights)
    assert model.facts() == {"cluster_sizes": [60, 30, 4], "n_large": 2}
    rows = grouped()[[0, 1, 60, 61, 90, 91, 92, 93]]
    np.testing.assert_allclose(model.anomaly_scores(rows), of_rows, rtol=1e-8)
    fresh = [[3.0, 3.0], [0.0, 0.0], [3.0, 8.0]]
    np.testing.assert_allclose(model.anomaly_scores(fresh), of_fresh, rtol=1e-8)


def test_a_small_cluster_is_strange_to_cblof_and_not_to_the_plain_distance() -> None:
    rows = grouped()
    outside = fitted("cblof", rows, n_clusters=3).anomaly_scores(rows)
    assert outside[90:].min() > 5 * outside[:90].max()
    plain = fitted("cblof", rows, n_clusters=3, method="kmeans").anomaly_scores(rows)
    assert plain[90:].max() < 1.0


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("lof", {"n_neighbors": 0}),
        ("loop", {"extent": 0}),
        ("dbscan", {"eps": 0.0}),
        ("dbscan", {"min_samples": 1}),
        ("cblof", {"alpha": 1.5}),
        ("cblof", {"beta": 0.5}),
        ("cblof", {"method": "mean"}),
        ("cblof", {"use_weights": 1}),
    ],
)
def test_a_wrong_parameter_is_named(name: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match=f"{name}: {next(iter(wrong))} must be"):
        fitted(name, RNG.normal(size=(50, 3)), **wrong)
