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


def test_a_column_may_widen_within_the_first_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_files, "_SAMPLE", 1_000)
    lines = ["a,b", *(f"{i % 7},{i % 5}" for i in range(600)), "2.5,1", "1,3"]
    (tmp_path / "t.csv").write_text("\n".join([*lines, *["1,2"] * 500]))
    assert sonde.detect_file(tmp_path / "t.csv").whole.n_rows == 1102


def test_a_letter_that_is_not_utf8_may_come_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_files, "_HEAD", 500)
    rows = "".join(f"{i % 7},{i % 5},pump\n" for i in range(3000))
    (tmp_path / "t.csv").write_bytes(b"a,b,what\n" + rows.encode() + b"1,2,K\xfchler\n" * 9)
    found = sonde.detect_file(tmp_path / "t.csv")
    assert found.whole.n_rows == 3009


def test_text_that_begins_late_is_left_out_as_when_read_whole(tmp_path: Path) -> None:
    rows = "".join(f"{i % 7}.5,{i % 5},\n" for i in range(3000))
    (tmp_path / "t.csv").write_text("a,b,note\n" + rows + "1.5,2,late\n" * 9)
    found = sonde.detect_file(tmp_path / "t.csv")
    assert found.model.schema_.channels == ("a", "b")
    assert "note" in found.chosen["left_out"]


def test_numbers_keep_one_decimal_sign_in_all_parts(tmp_path: Path) -> None:
    rows = "".join(f"{i % 5};1.{i % 900 + 100}\n" for i in range(3000))
    (tmp_path / "t.csv").write_text("a;n\n" + rows + "1;1.234.567\n" * 9)
    with pytest.raises(InvalidInput, match="decimal sign of column 'n'"):
        sonde.detect_file(tmp_path / "t.csv")


def test_a_stored_model_scores_a_file_whose_columns_widen_late(
    large: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    monkeypatch.setenv("SONDE_PARTS_ABOVE_MB", "1")
    sonde.save(sonde.detect_file(large, fit_rows=2_000).model, tmp_path / "m.sonde")
    later = tmp_path / "later.csv"
    rows = pl.read_csv(large).with_columns(pl.lit("").alias("note"))
    later.write_text(rows.write_csv() + "1,2,3,4,5,6,late\n")
    ran = run("score", tmp_path / "m.sonde", later, "--scores", tmp_path / "s.csv")
    assert ran.code == 0, ran
    assert len(pl.read_csv(tmp_path / "s.csv")) == 120_001


def test_no_other_file_is_written_over(tmp_path: Path) -> None:
    path = written(table(), tmp_path / "s.csv")
    beside = tmp_path / "out.csv.part"
    beside.write_text("mine")
    sonde.detect_file(path, scores=tmp_path / "out.csv")
    assert beside.read_text() == "mine"
    before = path.read_bytes()
    with pytest.raises(InvalidInput, match="name another file"):
        sonde.detect_file(path, scores=path)
    assert path.read_bytes() == before


def test_columns_are_those_of_the_whole_file(tmp_path: Path) -> None:
    late = np.where(np.arange(N) < 4_500, 0.0, RNG.normal(size=N))
    frame = table().with_columns(pl.Series("n", range(N)), pl.Series("late", late))
    path = written(frame, tmp_path / "t.csv")
    found = sonde.detect_file(path, fit_rows=1_000)
    assert found.model.schema_.channels == sonde.read(path).channels
    drawn = sonde.detect_file(path)
    assert drawn.model.schema_.channels == ("x", "y", "z", "late")
    assert drawn.chosen["left_out"]["n"] == "row counter"


@pytest.mark.parametrize("missing", ["auto", "previous", "drop"])
def test_a_gap_over_a_border_is_the_same_online(missing: Any, tmp_path: Path) -> None:
    frame = series()
    gaps = np.zeros(N, dtype=bool)
    for at in range(700, N, 700):
        gaps[at : at + 40] = True
    frame = frame.with_columns(pl.when(pl.Series(gaps)).then(None).otherwise("rate").alias("rate"))
    path = written(frame.filter(pl.int_range(N) % 1_111 < 1_100), tmp_path / "s.parquet")
    options: dict[str, Any] = {"online": True, "fit_rows": 400, "missing": missing}
    whole = sonde.detect(path, **options)
    sonde.detect_file(path, scores=tmp_path / "out.parquet", **options)
    scores = pl.read_parquet(tmp_path / "out.parquet")["score"].fill_null(np.nan).to_numpy()
    np.testing.assert_array_equal(scores, whole.scores)


def test_rows_out_of_order_and_sent_twice_near_a_border(tmp_path: Path) -> None:
    frame = series()
    mixed = pl.concat([frame[:1490], frame[1490:1510].reverse(), frame[1510:2250], frame[2249:]])
    path = written(mixed, tmp_path / "s.parquet")
    options: dict[str, Any] = {
        "detector": "seasonal_residual", "fit_rows": 1_000, "kind": "series"
    }  # fmt: skip
    whole = sonde.detect(path, **options)
    found = sonde.detect_file(path, scores=tmp_path / "out.parquet", **options)
    scores = pl.read_parquet(tmp_path / "out.parquet")["score"].fill_null(np.nan).to_numpy()
    np.testing.assert_array_equal(scores, whole.scores)
    assert [a.to_dict() for a in found.anomalies] == [a.to_dict() for a in whole.anomalies]


def test_a_budget_of_false_alarms_goes_by_the_rows_learned_from(tmp_path: Path) -> None:
    path = written(table().insert_column(0, series()["ts"]), tmp_path / "t.csv")
    options: dict[str, Any] = {"kind": "table", "fit_rows": 1_000, "false_alarms": "20/day"}
    whole, found = sonde.detect(path, **options), sonde.detect_file(path, **options)
    cutoff = whole.chosen["threshold"]["cutoff"]
    assert found.chosen["threshold"]["cutoff"] == pytest.approx(cutoff, rel=0.01)


def test_labels_of_rows_that_are_not_learned_from_are_refused(tmp_path: Path) -> None:
    label = pl.Series("label", (np.arange(N) // 10 == 400).astype(int))
    path = written(series().with_columns(label), tmp_path / "s.csv")
    with pytest.raises(InvalidInput, match="labels can only be used"):
        sonde.detect_file(path, labels="label", detector="seasonal_residual")


def test_a_table_keeps_its_id_column(tmp_path: Path) -> None:
    path = written(table(), tmp_path / "t.csv")
    sonde.detect_file(path, id="kind", kind="table", scores=tmp_path / "s.csv")
    assert "kind" in pl.read_csv(tmp_path / "s.csv").columns


def test_rows_are_named_as_the_file_counts_them(tmp_path: Path) -> None:
    frame = series().with_columns(
        pl.when(pl.int_range(N) == 5_000).then(None).otherwise("rate").alias("rate")
    )
    path = written(frame.filter(~pl.int_range(N).is_between(2500, 2502)), tmp_path / "s.parquet")
    with pytest.raises(InvalidInput, match=r"row 4997"):
        sonde.detect_file(path, missing="error", fit_rows=1_000, detector="seasonal_residual")


def test_auto_chooses_what_can_be_judged_in_parts(tmp_path: Path) -> None:
    path = written(series()[:2_000], tmp_path / "s.csv")
    assert sonde.detect(path).chosen["detector"] == "discord"
    found = sonde.detect_file(path)
    assert found.chosen["detector"] == "seasonal_residual"
    assert found.whole.n_rows == 2_000


def test_days_before_months_are_read_so_in_every_part(tmp_path: Path) -> None:
    time = pl.datetime_range(
        pl.datetime(2024, 12, 31, 12), pl.datetime(2025, 1, 9), "1m", closed="left", eager=True
    )[:N]
    frame = series().with_columns(ts=time.dt.to_string("%d/%m/%Y %H:%M:%S"))
    path = written(frame, tmp_path / "s.csv")
    options: dict[str, Any] = {"detector": "seasonal_residual", "fit_rows": 2_000}
    whole, found = sonde.detect(path, **options), sonde.detect_file(path, **options)
    assert [a.to_dict() for a in found.anomalies] == [a.to_dict() for a in whole.anomalies]


@pytest.mark.parametrize("form", ["%d/%m/%Y %H:%M", "%H:%M:%S"])
def test_times_that_all_rows_must_settle_are_refused(form: str, tmp_path: Path) -> None:
    early = series()["ts"].head(3_000)
    frame = series()[:3_000].with_columns(ts=early.dt.to_string(form))
    path = written(frame, tmp_path / "s.csv")
    with pytest.raises(InvalidInput, match="needs times that say one thing"):
        sonde.detect_file(path, time="ts", kind="series")


def test_a_clock_that_is_put_back_is_refused(tmp_path: Path) -> None:
    hours = pl.datetime_range(
        pl.datetime(2024, 10, 26), pl.datetime(2024, 10, 29), "1m", time_zone="UTC", eager=True
    )[:N]
    local = hours.dt.convert_time_zone("Europe/Berlin").dt.to_string("%Y-%m-%d %H:%M")
    path = written(series()[: len(local)].with_columns(ts=local), tmp_path / "s.csv")
    with pytest.raises(InvalidInput, match="clock of column 'ts' is put back"):
        sonde.detect_file(path, fit_rows=500)
