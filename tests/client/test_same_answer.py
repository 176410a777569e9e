"""Whatever way data take to a service and back, the answer is that of ``sonde.detect``."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import sonde
from sonde.client import Client, Detected
from sonde.errors import InvalidInput, NotFound
from tests.client import small_service as service
from tests.client.callers import Make

RNG = np.random.default_rng(5)
TABLE = np.round(RNG.normal(size=(60, 3)), 3)
TABLE[17] = [9.0, -8.0, 7.0]
WAVE = np.sin(np.arange(400) / 7.0) + RNG.normal(0, 0.01, 400)
WAVE[222] = 5.0
TIMES = pd.date_range("2024-03-30", periods=400, freq="h", tz="Europe/Berlin")
GAPS = TABLE.copy()
GAPS[3, 1] = np.nan
PANEL = sonde.Panel(
    np.concatenate([WAVE, WAVE[::-1]])[:, np.newaxis],
    [0, 400, 800],
    ["rate"],
    ["north", "south"],
    np.tile(np.arange(400) * 3_600_000_000_000, 2),
)
CASES: dict[str, tuple[Any, dict[str, Any]]] = {
    "array": (TABLE, {"detector": "ecod"}),
    "float32": (TABLE.astype(np.float32), {"detector": "ecod"}),
    "integers": ((TABLE * 100).astype(np.int64), {"detector": "ecod"}),
    "lists": (TABLE.tolist(), {"detector": "ecod"}),
    "wave": (WAVE, {}),
    "short wave": (WAVE[:300].tolist(), {"online": True}),
    "gaps": (GAPS, {"detector": "hbos", "missing": "zero"}),
    "parameters": (
        TABLE,
        {"detector": "isolation_forest", "parameters": {"n_estimators": 20}, "random_state": 3},
    ),
    "labels": (TABLE, {"detector": "ecod", "labels": np.arange(60) == 17}),
    "columns": (pl.DataFrame(TABLE, ["a", "b", "c"]), {"columns": ["a", "c"], "detector": "knn"}),
    "texts": (
        {"a": TABLE[:, 0].tolist(), "b": TABLE[:, 1].tolist(), "site": ["x", "y", None] * 20},
        {"categories": ["site"], "detector": "ecod", "contamination": 0.05},
    ),
    "pandas": (pd.DataFrame({"t": TIMES, "rate": WAVE}), {"time": "t"}),
    "pandas index": (pd.DataFrame({"rate": WAVE}, index=TIMES), {}),
    "times beside": (WAVE, {"time": TIMES.tz_convert("UTC").tz_localize(None).to_numpy()}),
    "series": (sonde.Series(WAVE, ["rate"], np.arange(400) * 60_000_000_000), {}),
    "series without time": (sonde.Series(WAVE[:100], ["rate"]), {"detector": "ewma"}),
    "panel": (PANEL, {}),
    "numbers as text": (pl.DataFrame({"a": TABLE[:, 0], "b": ["1"] * 59 + ["2"]}), {}),
    "times": (pl.DataFrame({"day": TIMES.tz_convert("UTC"), "rate": WAVE}), {}),
    "days": (
        pl.DataFrame(
            {"day": pl.date_range(date(2020, 1, 1), date(2020, 4, 9), eager=True)}
        ).with_columns(rate=pl.Series(WAVE[:100])),
        {"detector": "ewma"},
    ),
    "local times": (pl.DataFrame({"day": TIMES.tz_localize(None), "rate": WAVE}), {}),
    "float32 frame": (pl.DataFrame(TABLE.astype(np.float32), ["a", "b", "c"]), {"detector": "pca"}),
    "table": (sonde.Table(TABLE, ["time", "b", "c"]), {"detector": "copod"}),
}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with service.small_service() as address:
        yield address


ROWS = ("scores", "is_anomaly", "probability", "expected", "lower", "upper")


def assert_same(found: Detected, local: Any, names: tuple[str, ...] = ROWS) -> None:
    for name in names:
        theirs, ours = getattr(found, name), getattr(local.detection, name)
        assert (theirs is None) == (ours is None), name
        if ours is not None:
            assert np.array_equal(theirs, ours, equal_nan=ours.dtype.kind == "f"), name
    assert found.anomalies == local.anomalies
    assert found.candidate == local.detection.candidate
    # Only what the data are called differs: an array, a frame, a request.
    assert told(found.chosen) == told(local.chosen)


def told(chosen: dict[str, Any]) -> str:
    return str(chosen["message"]).partition(" Detector: ")[2]


@cache
def local_answer(case: str) -> Any:
    data, options = CASES[case]
    if "time" in options and not isinstance(options["time"], str):
        frame = pl.DataFrame({"c0": data, "time": options["time"]})
        return sonde.detect(frame, time="time")
    return sonde.detect(data, **options)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("format", ["auto", "arrow", "json"])
def test_the_answer_is_the_same_to_the_bit(url: str, case: str, format: str) -> None:
    data, options = CASES[case]
    is_changed = case in ("pandas", "pandas index", "numbers as text")  # times of Berlin
    with Client(url, format=format) as client:
        if format == "json" and is_changed:
            with pytest.raises(InvalidInput, match="JSON would change these data"):
                client.detect(data, **options)
            return
        service.CONTENT.clear()
        assert_same(client.detect(data, **options), local_answer(case))
    if format != "auto":
        assert [{"json": "application/json", "arrow": service.ARROW}[format]] == service.CONTENT


def test_few_cells_go_as_json_and_many_as_arrow(url: str) -> None:
    service.CONTENT.clear()
    with Client(url) as client:
        client.detect(TABLE, detector="ecod")
        client.detect(np.tile(TABLE, (4, 1)), detector="ecod")
        infinite = TABLE.copy()
        infinite[0, 0] = np.inf
        client.detect(infinite, detector="ecod", missing="zero")
    assert service.CONTENT == ["application/json", service.ARROW, service.ARROW]


def test_asynchronous_answers_are_the_same(url: str, client_of: Make) -> None:
    for case in ("array", "pandas", "panel"):
        data, options = CASES[case]
        assert_same(client_of(url).detect(data, **options), local_answer(case))


FRAME = pl.DataFrame({"day": TIMES.tz_localize(None).to_numpy(), "rate": WAVE})


def files(folder: Path) -> dict[str, tuple[Path, str]]:
    """Files of the same rows, and the media type that each is sent with."""
    csv, packed = folder / "a.csv", folder / "a.csv.gz"
    FRAME.write_csv(csv)
    packed.write_bytes(gzip.compress(csv.read_bytes()))
    FRAME.write_parquet(folder / "a.parquet")
    FRAME.write_ipc(folder / "a.arrow")
    FRAME.write_ipc_stream(folder / "a.arrows")
    FRAME.write_ndjson(folder / "a.jsonl")
    np.save(folder / "a.npy", WAVE)
    import bz2

    (folder / "a.csv.bz2").write_bytes(bz2.compress(csv.read_bytes()))
    media = {
        "a.csv": "text/csv",
        "a.csv.gz": "text/csv",
        "a.parquet": "application/vnd.apache.parquet",
        "a.arrow": "application/vnd.apache.arrow.file",
        "a.arrows": service.ARROW,
        "a.jsonl": service.ARROW,
        "a.npy": "application/json",
        "a.csv.bz2": service.ARROW,
    }
    return {name: (folder / name, kind) for name, kind in media.items()}


def test_files_go_as_they_are_or_are_read_here(url: str, client_of: Make, tmp_path: Path) -> None:
    client = client_of(url)
    for path, media in files(tmp_path).values():
        service.CONTENT.clear()
        local = sonde.detect(path)
        for given in (path, str(path)):
            assert_same(client.detect(given), local)
        assert set(service.CONTENT) == {media}, path


def test_open_files_are_sent_from_where_they_stand(
    url: str, client_of: Make, tmp_path: Path
) -> None:
    path, _ = files(tmp_path)["a.csv"]
    local = sonde.detect(path)
    client = client_of(url)
    with path.open("rb") as stream:
        assert_same(client.detect(stream), local)
    with path.with_name("a.csv.gz").open("rb") as stream:
        assert_same(client.detect(stream), local)


def test_long_text_is_packed_on_the_way(url: str, client_of: Make, tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    FRAME.select(pl.concat([FRAME["rate"]] * 20).alias("rate")).write_csv(path)
    assert path.stat().st_size > 1 << 16
    options = {"detector": "ewma"}
    assert_same(client_of(url).detect(path, **options), sonde.detect(path, **options))


@pytest.mark.parametrize(
    ("data", "options", "said"),
    [
        ("none.csv", {}, "there is no file none.csv"),
        (["a.csv", "b.csv"], {}, "detect_many"),
        ("*.csv", {}, "detect_many"),
        ("s3://bucket/a.csv", {}, "sonde.read"),
        ("-", {}, "sonde.read"),
        (io.StringIO("a\n1\n"), {}, "binary mode"),
        (io.BytesIO(b""), {}, "is empty"),
        (io.BytesIO(b"\x93NUMPY..."), {}, "neither CSV nor Parquet nor Arrow"),
        (TABLE, {"detector": sonde.create("ecod")}, "goes by its name"),
        (TABLE, {"contamination": float("nan")}, "must be finite"),
        (TABLE, {"labels": [0, 1]}, "one entry per row"),
        (TABLE, {"time": object()}, "one value for each row"),
        (pl.DataFrame(TABLE, ["a,b", "c", "d"]), {"columns": ["a,b"]}, "comma"),
        (pl.DataFrame(), {}, "no rows"),
        (PANEL, {"id": "x"}, "knows its own time"),
        (np.empty((0, 2)), {}, "minimum of 1"),
        ({"a": [object()]}, {}, "a"),
    ],
)
def test_data_that_cannot_be_sent_are_refused_here(
    client_of: Make, data: Any, options: dict[str, Any], said: str
) -> None:
    if isinstance(data, io.BytesIO):
        data = io.BytesIO(data.getvalue())
    with pytest.raises((InvalidInput, NotFound), match=said.replace(".", r"\.")):
        client_of("http://127.0.0.1:1", max_retries=0).detect(data, **options)


def test_a_refusal_is_the_same(url: str, client_of: Make) -> None:
    for data, options in (([[1.0], [1.0]], {}), (TABLE, {"detector": "ecodd"})):
        with pytest.raises(sonde.errors.SondeError) as ours:
            sonde.detect(data, **options)
        with pytest.raises(sonde.errors.SondeError) as theirs:
            client_of(url).detect(data, **options)
        assert (type(theirs.value), str(theirs.value)) == (type(ours.value), str(ours.value))
