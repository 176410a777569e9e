"""What the default for tables promises beside the contract of all detectors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import sonde
from sonde.learn import create
from sonde.learn.auto.common_scale import in_decades, learn_scale
from sonde.learn.auto.member_tails import excess_levels, learn_tails, tail_levels
from sonde.learn.auto.table_scales import in_robust_units, learn_scales

Floats = NDArray[np.float64]


def fitted(rows: Any, seed: int = 1, **more: Any) -> Any:
    return create("auto_table", random_state=seed, **more).fit(rows)


def detected(rows: Floats, seed: int = 1) -> Any:
    return sonde.detect(rows, detector=create("auto_table", random_state=seed), kind="table")


def degenerate() -> dict[str, Any]:
    x = np.random.default_rng(11).normal(size=(60, 3))
    return {
        "constant columns": np.column_stack([x, np.full(60, 0.1), np.zeros(60)]),
        "all constant": np.full((20, 3), 7.5),
        "four equal rows": np.ones((4, 2)),
        "fewer rows than columns": x.reshape(-1, 20)[:5],
        "columns that depend on each other": x @ np.ones((3, 6)),
        "enormous": x * 1e300,
        "the whole range": np.where(x > 0, 1.7e308, -1.7e308),
        "tiny": x * 1e-305,
        "one column": x[:, :1],
        "integers": np.round(x),
        "mostly one value": np.where(x > 1.5, x, 0.0),
        "one enormous value": np.vstack([x, [1e300, 0.0, 0.0]]),
        "two values": (x > 1.0).astype(float),
    }


@pytest.mark.parametrize("how", degenerate())
def test_degenerate_rows_get_finite_scores(how: str) -> None:
    rows = np.asarray(degenerate()[how], dtype=np.float64)
    model = fitted(rows)
    far = np.full((1, rows.shape[1]), 1.7e308)
    with np.errstate(over="ignore"):
        fresh = np.vstack([rows, rows + 1.0, -rows, far])
    scores = model.anomaly_scores(fresh)
    assert np.isfinite(scores).all()
    assert scores.min() >= 0
    blamed = model.blame(model.prepare(fresh), np.arange(len(fresh)))
    np.testing.assert_allclose(blamed.sum(axis=1), 1.0)


@pytest.mark.parametrize("n_rows", [500, 3000])
def test_a_broken_relation_is_flagged_though_each_value_is_ordinary(n_rows: int) -> None:
    rng = np.random.default_rng(3)
    first = rng.normal(size=n_rows)
    rows = np.column_stack([first, first + 0.05 * rng.normal(size=n_rows)])
    rows[40] = 1.0, -1.0
    found = detected(rows)
    assert int(np.argmax(found.scores)) == 40
    assert found.is_anomaly[40]
    assert found.is_anomaly.sum() <= 3


@pytest.mark.parametrize("n_columns", [1, 2, 20])
def test_a_few_rows_far_off_in_many_are_flagged_and_hardly_another(n_columns: int) -> None:
    rng = np.random.default_rng(n_columns)
    rows, strange = rng.normal(size=(6_000, n_columns)), np.arange(5) * 1_100
    rows[strange] = 10.0 * np.sign(rng.normal(size=(5, n_columns)))
    found = detected(rows)
    assert found.is_anomaly[strange].all()
    assert found.is_anomaly.sum() <= 5 + 3


@pytest.mark.parametrize("kind", ["normal", "t3", "log-normal", "counts"])
def test_a_table_without_anomalies_has_few_found(kind: str) -> None:
    rng = np.random.default_rng(8)
    rows = {
        "normal": rng.normal(size=(4_000, 5)),
        "t3": rng.standard_t(3, size=(4_000, 5)),
        "log-normal": rng.lognormal(size=(4_000, 5)),
        "counts": rng.poisson(3.0, size=(4_000, 5)).astype(np.float64),
    }
    assert detected(rows[kind]).is_anomaly.sum() <= 4


def test_anomalies_that_lie_together_do_not_hide_each_other() -> None:
    rng = np.random.default_rng(5)
    rows = rng.normal(size=(2_000, 6))
    rows[:80] = 3.0 + 0.05 * rng.normal(size=(80, 6))
    scores = fitted(rows).anomaly_scores(rows)
    assert np.median(scores[:80]) > np.quantile(scores[80:], 0.98)


def test_scores_of_ordinary_rows_are_decades_of_rarity() -> None:
    rng = np.random.default_rng(6)
    model = fitted(rng.normal(size=(5_000, 4)) @ rng.normal(size=(4, 4)))
    learned = np.random.default_rng(18).lognormal(size=(4_000, 4))
    scores = fitted(learned).anomaly_scores(learned)
    assert (scores > 1).mean() == pytest.approx(0.1, abs=0.001)
    for rows in (5_000, 20_000):
        again = np.random.default_rng(6)  # the same mixture of columns, other rows
        again.normal(size=(5_000, 4))
        scores = model.anomaly_scores(rng.normal(size=(rows, 4)) @ again.normal(size=(4, 4)))
        assert 0.07 < (scores > 1).mean() < 0.15
        assert 0.005 < (scores > 2).mean() < 0.02


def test_further_off_is_stranger_however_far() -> None:
    rows = np.random.default_rng(7).normal(size=(1_000, 3))
    far = np.array([4.0, 6.0, 10.0, 100.0, 1e4, 1e6, 1e9])
    scores = fitted(rows).anomaly_scores(far[:, None] * np.ones(3))
    assert (np.diff(scores) > 0).all()


def test_a_row_learned_from_is_scored_as_if_it_were_not_among_the_draws() -> None:
    rng = np.random.default_rng(9)
    rows = rng.normal(size=(100, 4))  # so few that each is among many draws
    fresh = rng.normal(size=(2_000, 4))
    model = fitted(rows)
    ours, others = model.anomaly_scores(rows), model.anomaly_scores(fresh)
    assert abs(np.median(ours) - np.median(others)) < 0.1


@pytest.mark.parametrize("column", [0, 2, 5])
def test_the_strange_column_is_blamed(column: int) -> None:
    rows = np.random.default_rng(column).normal(size=(400, 6)) * [1, 5, 100, 1, 0.1, 3]
    rows[5, column] += 12.0 * rows[:, column].std()
    model = fitted(rows)
    blamed = model.blame(model.prepare(rows), np.array([5, 6]))
    assert int(np.argmax(blamed[0])) == column
    assert blamed[0, column] > 0.5


def test_the_blame_of_a_row_does_not_depend_on_the_rows_blamed_with_it() -> None:
    rows = np.random.default_rng(2).normal(size=(200, 7))
    model = fitted(rows)
    data = model.prepare(rows)
    together = model.blame(data, np.arange(40))
    for some in ([17], [17, 30, 3]):
        assert model.blame(data, np.array(some)).tobytes() == together[some].tobytes()


def test_threads_change_nothing() -> None:
    rows = np.random.default_rng(4).normal(size=(3_000, 3))
    one, four = fitted(rows), fitted(rows, n_jobs=4)
    assert one.anomaly_scores(rows).tobytes() == four.anomaly_scores(rows).tobytes()


def test_the_unit_of_a_column_changes_little() -> None:
    rows = np.random.default_rng(12).normal(size=(300, 3))
    moved = rows * 2.0 ** np.array([-12, 0, 20])
    np.testing.assert_allclose(
        fitted(moved).anomaly_scores(moved), fitted(rows).anomaly_scores(rows), atol=1e-6
    )


def test_a_row_of_which_nothing_is_known_gets_no_score() -> None:
    rows = np.random.default_rng(13).normal(size=(300, 3))
    rows[7] = np.nan
    scores = detected(rows).scores
    assert np.isnan(scores[7])
    assert np.isfinite(np.delete(scores, 7)).all()


def test_what_is_kept_does_not_grow_with_the_rows() -> None:
    sizes = []
    for n in (12_000, 24_000):
        model = fitted(np.random.default_rng(1).normal(size=(n, 4)))
        sizes.append(sum(array.nbytes for array in model.to_arrays().values()))
    assert abs(sizes[0] - sizes[1]) < 0.02 * sizes[0]
    assert sizes[0] < 1_000_000


def test_a_value_that_a_constant_column_never_had_is_strange() -> None:
    rows = np.column_stack([np.random.default_rng(14).normal(size=(500, 2)), np.full(500, 3.0)])
    model = fitted(rows)
    fresh = np.array([[0.0, 0.0, 3.0], [0.0, 0.0, 6.0]])
    same, other = model.anomaly_scores(fresh)
    assert other > same + 1.0
    assert int(np.argmax(model.blame(model.prepare(fresh), np.array([1]))[0])) == 2


def test_tail_levels_are_ranks_where_there_are_many_rows_and_grow_beyond() -> None:
    scores = np.random.default_rng(15).exponential(size=(1, 2_000))
    tails = learn_tails(scores)
    order = np.argsort(scores[0])
    levels = tail_levels(tails, scores)[0, order]
    np.testing.assert_allclose(
        levels[:1800], -np.log10(1 - (np.arange(1800) + 0.5) / 2000), atol=0.02
    )
    assert (np.diff(levels) >= 0).all()
    beyond = tail_levels(tails, scores.max() * np.array([[1.0, 10.0, 100.0]]))[0]
    assert (np.diff(beyond) > 0.5).all()


def test_only_a_score_too_large_for_chance_has_an_excess() -> None:
    scores = np.random.default_rng(16).exponential(size=(1, 5_000))
    tails = learn_tails(scores)
    assert (excess_levels(tails, scores) > 0).sum() <= 1
    assert excess_levels(tails, np.array([[60.0]]))[0, 0] > 3.0


def test_the_common_scale_keeps_the_order() -> None:
    joint = np.random.default_rng(17).gamma(2.0, size=3_000)
    scale = learn_scale(joint)
    decades = in_decades(scale, np.sort(np.concatenate([joint, [50.0, 500.0]])))
    assert (np.diff(decades) >= 0).all()
    assert decades[-1] > decades[-2] > decades[-3] > 2.5
    assert in_decades(scale, np.quantile(joint, [0.9]))[0] == pytest.approx(1.0, abs=0.02)


def test_a_rare_flag_is_no_further_off_than_its_other_value() -> None:
    rows = np.zeros((100, 1))
    rows[3] = 7.0
    robust = in_robust_units(learn_scales(rows), rows)
    assert np.ptp(robust) == pytest.approx(1.0)
