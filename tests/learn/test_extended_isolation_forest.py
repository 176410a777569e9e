"""Where cuts along the axes see ghosts, slanted cuts see emptiness."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sonde.core import Table
from sonde.errors import InvalidInput
from sonde.learn import create
from sonde.learn.metrics import roc_auc

Floats = NDArray[np.float64]


def two_groups(seed: int) -> tuple[Floats, Floats, Floats]:
    """Two groups on a diagonal; strange rows where the other diagonal's corners are."""
    rng = np.random.default_rng(seed)
    side = rng.integers(0, 2, (2, 1000))
    first, second = rng.normal(size=(2, 1000, 2)) + 10.0 * side[:, :, None]
    corner = 10.0 * rng.integers(0, 2, 100)
    ghosts = np.column_stack([corner, 10.0 - corner]) + 0.7 * rng.normal(size=(100, 2))
    return first, second, ghosts


def a_sine(seed: int) -> tuple[Floats, Floats, Floats]:
    """A band along a sine; strange rows where its mirror image is."""
    rng = np.random.default_rng(seed)
    at = rng.uniform(0, 4 * np.pi, (2, 1000))
    first, second = np.stack([at, np.sin(at) + 0.1 * rng.normal(size=at.shape)], axis=2)
    there = rng.uniform(0, 4 * np.pi, 200)
    there = there[np.abs(np.sin(there)) > 0.5]
    return first, second, np.column_stack([there, -np.sin(there)])


def separated(name: str, case: Any, seed: int, **parameters: Any) -> float:
    known, other, ghosts = case(seed)
    model: Any = create(name, random_state=seed, **parameters).fit(known)
    truth = np.arange(len(other) + len(ghosts)) >= len(other)
    found = roc_auc(truth, model.anomaly_scores(np.concatenate([other, ghosts])))
    assert found is not None
    return found


@pytest.mark.parametrize(("case", "least"), [(two_groups, 0.99), (a_sine, 0.94)])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_sees_no_ghosts_where_cuts_along_the_axes_do(case: Any, least: float, seed: int) -> None:
    slanted = separated("extended_isolation_forest", case, seed)
    assert slanted > least
    assert slanted > separated("isolation_forest", case, seed)
    assert slanted > separated("extended_isolation_forest", case, seed, extension_level=0)


def test_units_and_places_of_columns_change_nothing() -> None:
    rows = np.random.default_rng(1).normal(size=(300, 3))
    moved = rows * [1.0, 2.0**20, 2.0**-30]
    scores = [
        create("extended_isolation_forest", random_state=4).fit(x).anomaly_scores(x)  # type: ignore[attr-defined]
        for x in (rows, moved)
    ]
    np.testing.assert_array_equal(*scores)


@pytest.mark.parametrize("size", [1e-300, 1e300, 1.7e308])
def test_numbers_at_the_ends_of_the_scale_give_scores(size: float) -> None:
    rows = np.random.default_rng(1).uniform(-1, 1, size=(300, 2))
    rows[7] = [1.0, -1.0]
    model: Any = create("extended_isolation_forest", random_state=0).fit(rows * size)
    assert np.isfinite(model.anomaly_scores(rows * size)).all()
    assert np.isfinite(model.anomaly_scores([[1.7e308, -1.7e308], [0.0, 0.0]])).all()


def test_a_row_with_a_gap_has_no_score() -> None:
    rows = np.random.default_rng(1).normal(size=(300, 2))
    model: Any = create("extended_isolation_forest", random_state=0).fit(rows)
    with_gap = model._judge(model._need().state, Table(np.array([[0.0, np.nan], [0.0, 0.0]])))
    np.testing.assert_array_equal(np.isnan(with_gap.scores), [True, False])


def test_threads_change_nothing() -> None:
    rows = np.random.default_rng(1).normal(size=(3000, 2))
    one, three = (
        create("extended_isolation_forest", random_state=0, n_jobs=n).fit(rows) for n in (1, 3)
    )
    np.testing.assert_array_equal(one.anomaly_scores(rows), three.anomaly_scores(rows))  # type: ignore[attr-defined]


def test_blames_the_column_that_is_strange() -> None:
    rows = np.random.default_rng(1).normal(size=(500, 3))
    rows[9, 1] = 9.0
    model: Any = create("extended_isolation_forest", random_state=0).fit(rows)
    assert np.argmax(model.blame(model.prepare(rows), np.array([9]))[0]) == 1


def test_a_cut_can_not_look_at_more_columns_than_there_are() -> None:
    with pytest.raises(InvalidInput, match="extension_level must be at most 1, got 2"):
        create("extended_isolation_forest", extension_level=2).fit(np.eye(5, 2))
    with pytest.raises(InvalidInput, match="extension_level must be a whole number, 0 or more, or"):
        create("extended_isolation_forest", extension_level="most").fit(np.eye(5, 2))
