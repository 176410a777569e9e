"""Files larger than memory: the same answers, part by part; or a refusal that says how large."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import sonde
from sonde.data.formats import csv_files
from sonde.data.formats import parts as data_parts
from sonde.errors import InvalidInput

from ..cli.run import refused
from ..cli.run import sonde as run

RNG = np.random.default_rng(12)
N = 6_000


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of some hundred rows, so that a small file has many."""
    monkeypatch.setattr(data_parts, "MOST_CELLS", 1_500)
    monkeypatch.setattr(csv_files, "_BLOCK", 10_000)


def table() -> pl.DataFrame:
    values = RNG.normal(size=(N, 3))
    values[[10, 3000, 5999]] += 12.0
    kind = np.where(RNG.random(N) < 0.5, "a", "b")
    return pl.DataFrame(values, schema=["x", "y", "z"]).with_columns(pl.Series("kind", kind))


def series() -> pl.DataFrame:
    time = pl.datetime_range(
        pl.datetime(2024, 1, 1), pl.datetime(2024, 2, 1), "1m", closed="left", eager=True
    )[:N]
    x = np.sin(np.arange(N) * 2 * np.pi / 60) + RNG.normal(scale=0.1, size=N)
    x[4000:4004] += 4.0
    x[2500:2503] = np.nan
    return pl.DataFrame({"ts": time, "rate": pl.Series(x).fill_nan(None)})


def written(frame: pl.DataFrame, path: Path) -> Path:
    if path.suffix == ".parquet":
        frame.write_parquet(path)
    elif path.suffix == ".arrow":
        frame.write_ipc(path)
    elif path.suffix == ".npy":
        np.save(path, frame.select(pl.col(pl.Float64)).to_numpy())
    else:
        frame.write_csv(path)
    return path


@pytest.mark.parametrize("ending", ["csv", "parquet", "arrow", "npy"])
def test_a_table_gets_the_scores_of_the_model_it_taught(ending: str, tmp_path: Path) -> None:
    path, out = written(table(), tmp_path / f"t.{ending}"), tmp_path / "s.parquet"
    found = sonde.detect_file(path, scores=out, anomalies=tmp_path / "a.csv")
    lines = pl.read_parquet(out)
    assert lines["row"].to_list() == list(range(N))
    expected = found.model.anomaly_scores(
        sonde.read(path, kind="table", columns=found.model.schema_.channels)
    )
    np.testing.assert_array_equal(lines["score"].to_numpy(), expected)
    assert found.whole.n_rows == N
    assert found.chosen["rows"] == N
    assert found.whole.n_anomalies == len(pl.read_csv(tmp_path / "a.csv"))
    assert set(lines.filter(pl.col("is_anomaly") == 1)["row"]) == {
        anomaly.peak for anomaly in found.anomalies
    }


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "parquet"])
def test_a_series_gets_the_answer_it_gets_whole(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"s.{ending}"
    if ending == "csv.gz":
        import gzip

        path.write_bytes(gzip.compress(series().write_csv().encode()))
    else:
        written(series(), path)
    options: dict[str, Any] = {"detector": "seasonal_residual", "fit_rows": 2_000}
    whole = sonde.detect(path, **options)
    found = sonde.detect_file(path, scores=tmp_path / "out.csv", **options)
    lines = pl.read_csv(tmp_path / "out.csv")
    expected = whole.to_frame()
    for name in ("score", "is_anomaly", "probability", "expected", "lower", "upper"):
        np.testing.assert_array_equal(
            lines[name].cast(pl.Float64).to_numpy(), expected[name].cast(pl.Float64).to_numpy()
        )
    assert [a.to_dict() for a in found.anomalies] == [a.to_dict() for a in whole.anomalies]


def test_an_online_run_is_the_same_in_parts(tmp_path: Path) -> None:
    path = written(series(), tmp_path / "s.csv")
    whole = sonde.detect(path, online=True)
    sonde.detect_file(path, online=True, scores=tmp_path / "out.csv")
    scores = pl.read_csv(tmp_path / "out.csv")["score"].to_numpy()
    np.testing.assert_array_equal(scores, whole.scores)


def test_categories_go_by_the_shares_among_the_rows_drawn(tmp_path: Path) -> None:
    path = written(table(), tmp_path / "t.csv")
    found = sonde.detect_file(path, categories=["kind"])
    shares = found.model.schema_.categories
    assert shares is not None
    counted = pl.read_csv(path)["kind"].value_counts(normalize=True)
    assert shares["kind"] == pytest.approx(dict(counted.rows()))


def test_a_column_that_grows_wider_later_is_read_as_the_wider_one(tmp_path: Path) -> None:
    lines = ["a,b", *(f"{i % 7},{i % 5}" for i in range(2000)), "2.5,1", *(["1,2"] * 500)]
    (tmp_path / "t.csv").write_text("\n".join(lines))
    found = sonde.detect_file(tmp_path / "t.csv", scores=tmp_path / "s.csv")
    assert found.whole.n_rows == 2501
    assert len(pl.read_csv(tmp_path / "s.csv")) == 2501


@pytest.mark.parametrize(
    ("late", "message"),
    [
        ("warm,3\n", "row 3000, column 'a': 'warm' is not a number"),
        ("1,2,3\n", "row 3000 has 3 cells"),
    ],
)
def test_names_the_row_of_a_late_mistake(late: str, message: str, tmp_path: Path) -> None:
    good = "".join(f"{i % 7}.5,{i % 5}\n" for i in range(3000))
    (tmp_path / "t.csv").write_text("a,b\n" + good + late + "1.5,2\n" * 100)
    with pytest.raises(InvalidInput, match=message):
        sonde.detect_file(tmp_path / "t.csv", scores=tmp_path / "s.csv")
    assert not (tmp_path / "s.csv").exists()


def test_time_that_goes_back_is_refused_with_its_row(tmp_path: Path) -> None:
    mixed = pl.concat([series()[3000:], series()[:3000]])
    path = written(mixed, tmp_path / "s.csv")
    with pytest.raises(InvalidInput, match=r"row 3000.*order of time"):
        sonde.detect_file(path, time="ts", kind="series", detector="seasonal_residual")


def test_several_series_are_refused_with_the_memory_they_need(tmp_path: Path) -> None:
    two = pl.concat(
        [series().with_columns(pl.lit(name).alias("unit")) for name in ("a", "b")]
    ).sort("ts")
    path = written(two, tmp_path / "s.csv")
    with pytest.raises(InvalidInput, match=r"several series .* MB"):
        sonde.detect_file(path)


def test_a_detector_that_compares_all_rows_is_refused(tmp_path: Path) -> None:
    path = written(series(), tmp_path / "s.csv")
    with pytest.raises(InvalidInput, match="discord compares all rows"):
        sonde.detect_file(path, detector="discord", fit_rows=500)


def test_a_format_that_has_no_parts_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_text(json.dumps({"a": [1.0, 2.0, 3.0]}))
    with pytest.raises(InvalidInput, match="can't be read in parts"):
        sonde.detect_file(path)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some megabytes, more than the limits set below allow to be read whole."""
    path = tmp_path_factory.mktemp("large") / "t.csv"
    values = np.random.default_rng(1).normal(size=(120_000, 6))
    values[40_000] += 20.0
    pl.DataFrame(values, schema=list("abcdef")).write_csv(path)
    return path


def test_the_command_reads_a_large_file_in_parts_by_itself(
    large: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    monkeypatch.setenv("SONDE_PARTS_ABOVE_MB", "1")
    ran = run("detect", large, "--scores", tmp_path / "s.csv", "--json")
    assert ran.code == 0, ran
    answer = json.loads(ran.out)
    assert answer["rows"] == 120_000
    assert "part by part" in ran.err
    assert len(pl.read_csv(tmp_path / "s.csv")) == 120_000
    trained = run("train", large, "--output", tmp_path / "m.sonde", "--fit-rows", "5000")
    assert trained.code == 0, trained
    ran = run("score", tmp_path / "m.sonde", large, "--scores", tmp_path / "s2.csv")
    assert ran.code == 0, ran
    assert "part by part" in ran.err
    monkeypatch.setenv("SONDE_PARTS_ABOVE_MB", "10000")
    run("score", tmp_path / "m.sonde", large, "--scores", tmp_path / "s3.csv")
    assert (tmp_path / "s2.csv").read_bytes() == (tmp_path / "s3.csv").read_bytes()


def test_the_command_refuses_what_can_not_be_read_in_parts(
    large: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    monkeypatch.setenv("SONDE_PARTS_ABOVE_MB", "1")
    monkeypatch.setenv("SONDE_MEMORY_MB", "16")
    said = refused(run("detect", large, "--report", tmp_path / "r.html"), 1)
    assert "--report needs all rows" in said
    said = refused(run("detect", large, "--kind", "series", "--detector", "discord"), 1)
    assert "discord on all rows at once" in said
    with pytest.raises(InvalidInput, match=r"sonde\.detect_file reads it part by part"):
        sonde.detect(large)
