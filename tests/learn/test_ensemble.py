from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest

import sonde
from sonde.core import Panel, Series, Table
from sonde.errors import BadArtifact, InvalidInput, NotFound, TooShort
from sonde.learn import create as created
from sonde.learn import describe, rebuild
from sonde.learn.combining import COMBINATIONS, combined, learn_scale
from sonde.learn.from_parts import can_be_judged_in_parts
from sonde.learn.per_series import PerSeries
from sonde.registry import save_artifact
from tests.cli.run import sonde as command
from tests.registry.test_crafted import packed, write

RNG = np.random.default_rng(7)
VALUES = RNG.normal(size=(300, 2)) + np.sin(np.arange(300) / 4.0)[:, None]
MORE = RNG.normal(size=(150, 2)) + np.sin(np.arange(150) / 4.0)[:, None]
MINUTE = 60_000_000_000

create: Any = created  # a detector has more than mypy knows of what create gives
MADE = {
    "rows": "ecod+knn+hbos",
    "past": "spectral_residual+ewma",
    "mixed": "ecod+seasonal_residual",
}


def container(model: Any, values: Any) -> Series | Table:
    if model.reads == "rows":
        return Table(values, ["a", "b"])
    return Series(values, ["a", "b"], np.arange(len(values)) * MINUTE)


def made(kind: str, combination: str = "tail_probability") -> Any:
    return create(MADE[kind], combination=combination)


@pytest.mark.parametrize("combination", COMBINATIONS)
@pytest.mark.parametrize("kind", MADE)
def test_scores_are_of_every_row_and_survive_storage_to_the_bit(
    kind: str, combination: str, tmp_path: Path, home: Path
) -> None:
    model = made(kind, combination)
    model.fit(container(model, VALUES))
    more = container(model, MORE)
    scores = model.anomaly_scores(more)
    assert np.isfinite(scores).sum() > 100
    assert np.nanmin(scores) >= 0
    np.testing.assert_array_equal(model.anomaly_scores(more), scores)
    sonde.save(model, tmp_path / "m.sonde")
    loaded: Any = sonde.load(tmp_path / "m.sonde")
    np.testing.assert_array_equal(loaded.anomaly_scores(more), scores)
    np.testing.assert_array_equal(loaded.predict(more), model.predict(more))
    sonde.save(loaded, tmp_path / "again.sonde")
    assert (tmp_path / "again.sonde").read_bytes() == (tmp_path / "m.sonde").read_bytes()


@pytest.mark.parametrize("combination", COMBINATIONS)
@pytest.mark.parametrize("kind", MADE)
def test_a_flat_line_with_a_jump_is_finite_and_found(kind: str, combination: str) -> None:
    flat = np.zeros((300, 2))
    flat[200] = 1e6
    model = made(kind, combination)
    scores = model.fit(container(model, flat)).anomaly_scores(container(model, flat))
    assert not np.isinf(scores).any()
    assert int(np.nanargmax(scores)) == 200
    assert model.predict(container(model, flat))[200] == -1


@pytest.mark.parametrize("combination", COMBINATIONS)
def test_a_single_member_keeps_its_order(combination: str) -> None:
    alone = create("knn").fit(VALUES).anomaly_scores(VALUES)
    one = sonde.make_ensemble(create("knn"), combination=combination).fit(VALUES)
    scores = one.anomaly_scores(VALUES)
    np.testing.assert_array_equal(
        np.argsort(scores, kind="stable"), np.argsort(alone, kind="stable")
    )


def test_the_average_is_that_of_standardised_scores() -> None:
    members = [create("knn"), create("ecod")]
    each = np.array([m.fit(VALUES).anomaly_scores(VALUES) for m in members])
    shares = np.array([0.75, 0.25])
    expected = shares @ ((each - each.mean(axis=1)[:, None]) / each.std(axis=1)[:, None])
    model = sonde.make_ensemble(*members, combination="average", weights=[3.0, 1.0])
    found = model.fit(VALUES).anomaly_scores(VALUES)
    np.testing.assert_allclose(found - found.mean(), expected - expected.mean(), atol=1e-12)


def test_tail_probabilities_are_those_of_the_members() -> None:
    members = [create("knn").fit(VALUES), create("ecod").fit(VALUES)]
    tails = [one.tail_probability(Table(MORE), one.anomaly_scores(MORE)) for one in members]
    expected = -np.log10(np.array(tails)).mean(axis=0)
    found = create("knn+ecod").fit(VALUES).anomaly_scores(MORE)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_ranks_are_shares_of_the_rows_learned_from() -> None:
    learned = np.array([1.0, 2.0, 2.0, 5.0])
    scale = learn_scale("rank", learned)
    given = np.array([[0.5, 1.0, 2.0, 5.0, 9.0, np.nan]])
    found = 1.0 - 10.0 ** -combined("rank", given, [scale], np.ones(1))
    np.testing.assert_allclose(found, [0.0, 0.125, 0.5, 0.875, 0.9375, np.nan])


def test_what_ranks_are_kept_by_is_bounded_and_has_every_high_score() -> None:
    learned = np.sort(np.random.default_rng(0).exponential(size=50_000))
    scale = learn_scale("rank", learned)
    assert len(scale["scores"]) == 4096
    np.testing.assert_array_equal(scale["scores"][-1024:], learned[-1024:])
    found = combined("rank", learned[None, :], [scale], np.ones(1))
    np.testing.assert_allclose(1.0 - 10.0**-found, (np.arange(50_000) + 0.5) / 50_000, atol=4e-4)


@pytest.mark.parametrize("combination", COMBINATIONS)
def test_a_row_that_one_member_has_no_score_for_is_judged_by_the_others(combination: str) -> None:
    scales = [learn_scale(combination, VALUES[:, i] ** 2) for i in range(2)]
    scores = np.array([[1.0, np.nan, np.nan], [1.0, 4.0, np.nan]])
    found = combined(combination, scores, scales, np.array([0.5, 0.5]))
    assert np.isfinite(found[:2]).all()
    assert np.isnan(found[2])


def test_weights_decide_between_members_that_disagree() -> None:
    rows = VALUES.copy()
    first = sonde.make_ensemble(create("hbos"), create("knn"), weights=[1e6, 1e-3]).fit(rows)
    hbos = create("hbos").fit(rows).anomaly_scores(rows)
    assert int(np.argmax(first.anomaly_scores(rows))) == int(np.argmax(hbos))


def test_blame_is_the_mean_of_the_members() -> None:
    rows = VALUES.copy()
    rows[17, 1] = 9.0
    model = create("ecod+knn").fit(rows)
    blame = model.blame(Table(rows), np.array([17, 18]))
    np.testing.assert_allclose(blame.sum(axis=1), 1.0)
    assert blame[0, 1] > 0.7


def test_reads_the_most_that_any_member_looks_at() -> None:
    assert made("rows").reads == "rows"
    assert create("ecod+discord").reads == "whole"
    assert create("ecod+ewma").reads == create("ewma").reads
    assert can_be_judged_in_parts("ecod+knn")
    assert not can_be_judged_in_parts("ecod+discord")


def test_a_series_may_be_cut_with_the_longest_past() -> None:
    pair = made("mixed")
    assert pair.reads == "past"
    data = Series(VALUES, ["a", "b"], np.arange(300) * MINUTE)
    model: Any = pair.fit(data)
    whole, past = model.anomaly_scores(data), model.past
    np.testing.assert_array_equal(model.anomaly_scores(data[150 - past :])[past:], whole[150:])


def test_rows_may_be_cut_anywhere() -> None:
    model: Any = create("ecod+knn").fit(VALUES)
    parts = [model.anomaly_scores(MORE[a:b]) for a, b in [(0, 1), (1, 60), (60, 150)]]
    np.testing.assert_array_equal(np.concatenate(parts), model.anomaly_scores(MORE))


def test_a_long_gap_gets_no_score_and_teaches_a_member_that_reads_rows_nothing() -> None:
    holes = VALUES.copy()
    holes[100:150] = np.nan
    found = sonde.detect(sonde.Series(holes, ["a", "b"]), detector="ecod+seasonal_residual")
    assert np.isnan(found.scores[105:145]).all()
    assert np.isfinite(found.scores[220:]).all()
    for key, array in found.model.to_arrays().items():
        if array.dtype.kind == "f" and not key.endswith("reference"):
            assert not np.isnan(array).any(), key


def test_parameters_go_to_those_who_have_them() -> None:
    model = create("knn+lof+ecod", n_neighbors=3, lof__n_neighbors=9, combination="rank")
    given = model.get_params()
    assert (given["knn__n_neighbors"], given["lof__n_neighbors"]) == (3, 9)
    assert given["combination"] == "rank"
    with pytest.raises(InvalidInput, match="has no parameter 'window'"):
        create("knn+lof", window=3)
    assert model.set_params(knn__n_neighbors=4).get_params()["knn__n_neighbors"] == 4


def test_the_same_seed_reaches_every_member() -> None:
    rows = Table(VALUES)
    first, second = (
        sonde.detect(rows, detector="isolation_forest+ecod", random_state=5).scores
        for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)


def test_is_described_and_rebuilt() -> None:
    model = create("knn+ecod", weights=[2.0, 1.0], combination="maximum")
    again = rebuild(json.loads(json.dumps(describe(model))))
    assert describe(again) == describe(model)


def test_each_series_of_a_panel_gets_an_ensemble() -> None:
    panel = Panel.of([Series(VALUES, ["a", "b"]), Series(5 + MORE, ["a", "b"])], ["x", "y"])
    found = sonde.detect(panel, detector="ecod+seasonal_residual")
    assert len(found.scores) == 450
    assert found.chosen["detector"] == "ensemble"


@pytest.mark.parametrize(
    ("name", "error", "said"),
    [
        ("ecod+zzz", NotFound, "zzz"),
        ("ecod+", NotFound, "no estimator called ''"),
        ("knn+knn", InvalidInput, "named twice"),
        ("ecod+pipeline", InvalidInput, "made of others"),
    ],
)
def test_a_name_that_can_not_be_built_is_refused(
    name: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        create(name)


def test_bad_parameters_are_refused_by_name() -> None:
    for parameters, said in (
        ({"weights": [1.0]}, "must be 2 numbers"),
        ({"weights": [1.0, 0.0]}, "weights must be above 0"),
        ({"combination": "sum"}, "combination must be one of"),
        ({"knn__n_neighbors": 0}, "n_neighbors must be"),
    ):
        with pytest.raises(InvalidInput, match=said):
            create("knn+ecod", **parameters)._check_parameters()
    with pytest.raises(InvalidInput, match="not a detector"):
        create("knn+standard_scaler")._check_parameters()
    with pytest.raises(InvalidInput, match="per_series"):
        sonde.make_ensemble(PerSeries(detector=create("ewma")))._check_parameters()
    with pytest.raises(InvalidInput, match=r"made by sonde\.create"):
        sonde.make_ensemble("ecod")
    with pytest.raises(InvalidInput, match="differently named"):
        sonde.make_ensemble().fit(VALUES)


def test_a_member_that_is_too_short_is_named() -> None:
    with pytest.raises(TooShort, match=r"member 'knn': .*at least 51 rows.*got 40"):
        create("ecod+knn", n_neighbors=50).fit(VALUES[:40])


def test_an_ensemble_does_not_work_online() -> None:
    with pytest.raises(InvalidInput, match="can't work online"):
        sonde.detect(VALUES[:, 0], detector="ewma+online_discord", online=True)


@pytest.mark.parametrize(
    "change",
    [
        {"state/members/1/offsets": np.array([0, 2**62])},
        {"state/scales/0/tail": np.zeros((1, 4))},
        {"state/scales/7/tail": np.zeros((1, 4))},
    ],
)
def test_a_crafted_file_is_refused(change: dict[str, Any], tmp_path: Path, home: Path) -> None:
    save_artifact(create("knn+ecod").fit(VALUES), tmp_path / "m", None)
    with ZipFile(tmp_path / "m") as archive:
        manifest = json.loads(archive.read("manifest.json"))
        with np.load(archive.open("arrays.npz")) as stored:
            arrays = dict(stored)
    with pytest.raises(BadArtifact):
        sonde.load(write(tmp_path / "crafted", manifest, packed(arrays | change)))


def test_the_command_takes_names_with_plus_signs(tmp_path: Path, home: Path) -> None:
    path = tmp_path / "rows.csv"
    lines = ["a,b", *(f"{a:.4f},{b:.4f}" for a, b in VALUES)]
    path.write_text("\n".join(lines))
    ran = command(
        "detect", path, "--detector", "ecod+knn", "--param", "combination=rank", "--kind", "table"
    )
    assert ran.code == 0, ran
    assert "ensemble of ecod, knn" in ran.err + ran.out
