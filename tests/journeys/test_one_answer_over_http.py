"""One answer, and one refusal, through every door: Python, command line, HTTP, both clients."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import polars as pl
import pytest

import sonde
from sonde.app import build
from sonde.errors import SondeError
from sonde.runtimes.embedded import read_for, score
from sonde.settings import read_settings
from sonde.wire import media as m
from sonde.wire.plain import anomaly_json
from tests.client.callers import KINDS, makers
from tests.journeys.doors import here
from tests.runtimes.rest.data import BINARY, numbers
from tests.runtimes.rest.running import Running, running

RNG = np.random.default_rng(23)
HOURS = pl.datetime_range(
    pl.datetime(2024, 3, 1), pl.datetime(2024, 3, 10, 23), "1h", time_unit="us", eager=True
)
WAVE = np.round(20 + np.sin(np.arange(240) * 2 * np.pi / 24) + 0.1 * RNG.normal(size=240), 3)
WAVE[200] += 5.0
ROWS = np.round(RNG.normal(size=(150, 3)), 3)
ROWS[60] = 9.0
TABLE = pl.DataFrame(ROWS, ["rate", "load", "heat"])
SERIES = pl.DataFrame({"ts": HOURS, "load": WAVE})
GAPS = (
    SERIES.with_row_index("n")
    .with_columns(
        load=pl.when(pl.col("n").is_in([50, 51, *range(90, 110)]))
        .then(None)
        .otherwise(pl.col("load"))
    )
    .drop("n")
)
PANEL = pl.concat(
    [SERIES.with_columns(pump=pl.lit(name), load=pl.col("load") * k) for name, k in
     (("north", 1.0), ("south", -2.0))]
).sort("ts", "pump")  # fmt: skip
MIXED = TABLE.with_columns(site=pl.Series(["a", "b", "c"] * 50), heat=pl.Series([3] * 150))


@dataclass(frozen=True)
class Case:
    """Rows and the options of ``sonde.detect``."""

    frame: pl.DataFrame
    options: dict[str, Any] = field(default_factory=dict)

    def words(self) -> list[str]:
        """The options as those of the command."""
        words = []
        for name, value in self.options.items():
            flag = "--" + {"random_state": "seed"}.get(name, name.replace("_", "-"))
            if name == "parameters":
                words += [w for k, v in value.items() for w in ("--param", f"{k}={v}")]
            elif value is True:
                words.append(flag)
            elif isinstance(value, list):
                words += [flag, ",".join(value)]
            else:
                words += [flag, str(value)]
        return words

    def query(self) -> dict[str, str]:
        """The options as fields of a query."""
        told = {k: v for k, v in self.options.items() if k != "parameters"}
        told |= {f"parameters.{k}": v for k, v in self.options.get("parameters", {}).items()}
        return {
            k: v if isinstance(v, str) else ",".join(v) if isinstance(v, list) else json.dumps(v)
            for k, v in told.items()
        }


ANSWERS = {
    "table": Case(TABLE, {"contamination": 0.02}),
    "table by ecod": Case(TABLE, {"detector": "ecod"}),
    "chosen columns": Case(TABLE, {"columns": ["rate", "heat"], "detector": "hbos"}),
    "parameters": Case(
        TABLE,
        {"detector": "isolation_forest", "parameters": {"n_estimators": 30}, "random_state": 5},
    ),
    "text beside": Case(MIXED, {"detector": "knn"}),
    "categories": Case(MIXED, {"detector": "ecod", "categories": ["site"]}),
    "series": Case(SERIES),
    "series online": Case(SERIES, {"online": True}),
    "budget": Case(SERIES, {"false_alarms": "2/week", "detector": "ewma"}),
    "gaps": Case(GAPS, {"missing": "linear"}),
    "first rows": Case(SERIES, {"fit_rows": 150}),
    "panel": Case(PANEL, {"time": "ts", "id": "pump"}),
    "one column": Case(SERIES.select("load")),
}
Answer = dict[str, Any]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("one-answer") / "home") as one:
        yield one


@pytest.fixture(scope="module")
def clients(service: Running) -> Iterator[dict[str, Any]]:
    """A client of each kind and format."""
    made = {}
    opened = [makers(kind) for kind in KINDS]
    for kind, maker in zip(KINDS, opened, strict=True):
        make = next(maker)
        for format in ("auto", "arrow"):
            made[f"{kind} {format}"] = make(service.url, format=format, timeout=60.0)
    yield made
    for maker in opened:
        next(maker, None)


def of_detection(found: Any) -> Answer:
    return {
        "scores": found.scores,
        "is_anomaly": found.is_anomaly.tolist(),
        "probability": found.probability,
        "anomalies": list(map(anomaly_json, found.anomalies)),
    }


def of_json(text: str | bytes) -> Answer:
    told = json.loads(text)
    return {
        "scores": numbers(told["scores"]),
        "is_anomaly": told["is_anomaly"],
        "probability": numbers(told["probability"]),
        "anomalies": told["anomalies"],
    }


def of_lines(lines: pl.DataFrame) -> Answer:
    return {
        "scores": lines["score"].cast(pl.Float64).to_numpy(),
        "is_anomaly": lines["is_anomaly"].cast(pl.Boolean).to_list(),
        "probability": lines["probability"].cast(pl.Float64).to_numpy(),
    }


def assert_same(door: str, answer: Answer, wanted: Answer) -> None:
    for name, values in answer.items():
        if isinstance(values, np.ndarray):
            assert np.array_equal(values, wanted[name], equal_nan=True), (door, name)
        else:
            assert values == wanted[name], (door, name)


def in_json(frame: pl.DataFrame) -> dict[str, Any]:
    """The frame as JSON columns, times as text."""
    times = pl.selectors.datetime().dt.strftime("%Y-%m-%dT%H:%M:%S")
    return frame.with_columns(times).to_dict(as_series=False)


def json_bodies(case: Case) -> Iterator[tuple[str, dict[str, Any]]]:
    columns = in_json(case.frame)
    rows = [list(row) for row in zip(*columns.values(), strict=True)]
    named = {"rows": rows, "names": list(columns)}
    if "columns" not in case.options:
        yield "columns", {"columns": columns, **case.options}
    yield "rows", named | case.options
    yield "records", {
        "records": [dict(zip(columns, row, strict=True)) for row in rows], **case.options,
    }  # fmt: skip
    time = case.options.get("time", "ts")
    if time in columns and "id" not in case.options:
        rest = {name: cells for name, cells in columns.items() if name != time}
        options = {k: v for k, v in case.options.items() if k != "time"}
        yield "time beside", {"columns": rest, "time": columns[time], **options}


def sent_by(path: Path, frame: pl.DataFrame) -> list[tuple[str, Any]]:
    """Which client sends what: each a file and a frame, in one format or the other."""
    return [
        ("Client auto", path), ("Client auto", frame), ("Client arrow", frame),
        ("AsyncClient auto", frame), ("AsyncClient arrow", path), ("AsyncClient arrow", frame),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
def test_every_door_gives_the_same_answer(
    name: str, service: Running, clients: dict[str, Any], tmp_path: Path, home: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    case = ANSWERS[name]
    path, out = tmp_path / "plant.csv", tmp_path / "scores.csv"
    case.frame.write_csv(path)
    wanted = of_detection(sonde.detect(path, **case.options))
    assert np.isfinite(wanted["scores"]).any()

    ran = here(capsys, "detect", path, "--json", "--scores", out, *case.words())
    assert ran.code == 0, ran.err
    assert_same("command", of_json(ran.out), wanted)
    assert_same("command's file", of_lines(pl.read_csv(out)), wanted)

    url = f"{service.url}/api/v1/detect"
    for form, body in json_bodies(case):
        reply = httpx.post(url, json=body, timeout=60)
        assert reply.status_code == 200, (form, reply.text)
        assert_same(form, of_json(reply.content), wanted)
    for media, make in BINARY.items():
        reply = httpx.post(
            url, content=make(case.frame), headers={"content-type": media, "accept": m.ARROW},
            params=case.query(), timeout=60,
        )  # fmt: skip
        assert reply.status_code == 200, (media, reply.text)
        assert_same(media, of_lines(pl.read_ipc_stream(io.BytesIO(reply.content))), wanted)
    for kind, data in sent_by(path, case.frame):
        found = clients[kind].detect(data, **case.options)
        assert_same(f"{kind} {type(data)}", of_detection(found), wanted)


@pytest.mark.parametrize("name", ["table by ecod", "parameters", "series", "gaps", "panel"])
def test_every_door_asks_the_same_model(
    name: str, service: Running, clients: dict[str, Any], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    case = ANSWERS[name]
    monkeypatch.setenv("SONDE_HOME", str(service.home))
    path, out = tmp_path / "plant.csv", tmp_path / "scores.csv"
    case.frame.write_csv(path)
    model = name.replace(" ", "-")
    options = {("model" if k == "detector" else k): v for k, v in case.options.items()}
    local = sonde.train(path, evaluate=False, **options).model
    wanted = of_detection(sonde.detect(path, **case.options))
    made = [
        clients["Client auto"].train(model, path, evaluate=False, **options),
        clients["AsyncClient arrow"].train(model, case.frame, evaluate=False, **options),
    ]
    words = [w for w in Case(case.frame, options).words()]
    ran = here(capsys, "train", path, "--task", "detect", "--name", model, "--json", *words)
    assert ran.code == 0, ran.err
    assert [one.version for one in made] == [1, 2]

    sonde.save(local, tmp_path / "m.sonde")
    app = build(read_settings(), lambda notice: None)
    for ref in (str(tmp_path / "m.sonde"), model, f"{model}:1", f"{model}:2"):
        found = score(app, ref, read_for(app, ref, path))
        assert_same(f"predictor {ref}", of_detection(found), wanted)
        ran = here(capsys, "score", ref, path, "--json", "--scores", out)
        assert ran.code == 0, ran.err
        assert_same(f"command {ref}", of_json(ran.out), wanted)
        assert_same(f"command's file {ref}", of_lines(pl.read_csv(out)), wanted)
    app.close()

    url = f"{service.url}/api/v1/models/{model}/predict"
    beside = {k: v for k, v in case.options.items() if k in ("time", "id")}
    for form, body in json_bodies(Case(case.frame, beside)):
        reply = httpx.post(url, json=body, timeout=60)
        assert reply.status_code == 200, (form, reply.text)
        assert_same(form, of_json(reply.content), wanted)
    for media, make in BINARY.items():
        reply = httpx.post(
            url, content=make(case.frame), headers={"content-type": media, "accept": m.ARROW},
            timeout=60,
        )  # fmt: skip
        assert reply.status_code == 200, (media, reply.text)
        assert_same(media, of_lines(pl.read_ipc_stream(io.BytesIO(reply.content))), wanted)
    for kind, data in sent_by(path, case.frame):
        found = clients[kind].predict(model, data)
        assert_same(f"{kind} {type(data)}", of_detection(found), wanted)


# --- refusals --------------------------------------------------------------------------------

_TEXT = SERIES.select(load=pl.col("load").cast(pl.String)).with_columns(
    load=pl.when(pl.int_range(pl.len()) == 7).then(pl.lit("high")).otherwise(pl.col("load"))
)
REFUSED = {
    "missing column": Case(TABLE, {"columns": ["rate", "speed"]}),
    "text in a number column": Case(_TEXT),
    "too few rows": Case(TABLE.head(1), {"detector": "ecod"}),
    "gaps that may not be": Case(GAPS, {"missing": "error"}),
    "unknown detector": Case(TABLE, {"detector": "isolation_forrest"}),
    "unknown parameter": Case(TABLE, {"detector": "hbos", "parameters": {"n_binss": 3}}),
    "parameter out of range": Case(TABLE, {"detector": "hbos", "parameters": {"n_bins": 0}}),
    "unknown policy": Case(TABLE, {"missing": "perhaps"}),
    "share out of range": Case(TABLE, {"contamination": 0.9}),
    "two rules": Case(SERIES, {"contamination": 0.1, "false_alarms": "2/day"}),
    "budget of nothing": Case(SERIES, {"false_alarms": "some"}),
    "budget without time": Case(TABLE, {"false_alarms": "2/day"}),
    "time that is none": Case(SERIES.with_columns(ts=pl.lit("noon")), {"time": "ts"}),
    "constant column": Case(TABLE.select(rate=pl.lit(3.0))),
    "unknown time": Case(SERIES, {"time": "when"}),
    "unknown id": Case(PANEL, {"id": "who"}),
    "unknown labels": Case(TABLE, {"labels": "truth"}),
    "online by a detector that is not": Case(SERIES, {"detector": "ecod", "online": True}),
    "column without numbers": Case(MIXED, {"columns": ["site"]}),
    "more to learn from than there is": Case(TABLE.head(2), {"detector": "knn"}),
    "few rows to learn from": Case(TABLE, {"detector": "ecod", "fit_rows": 1}),
    "parameters without a detector": Case(TABLE, {"parameters": {"n_bins": 3}}),
}
MODELS = {
    "unknown model": ("plantt", TABLE),
    "unknown version": ("plant:9", TABLE),
    "unknown alias": ("plant@night", TABLE),
    "missing column": ("plant", TABLE.drop("load")),
    "text in a number column": (
        "plant", TABLE.with_columns(load=pl.Series(["1.5"] * 9 + ["high"] + ["2.5"] * 140)),
    ),
    "text column": ("plant", TABLE.with_columns(load=pl.lit("high"))),
    "time in words": ("wave", SERIES.with_columns(ts=pl.lit("noon"))),
    "no time": ("wave", SERIES.drop("ts")),
}  # fmt: skip
Told = tuple[str | None, str]


def refusal(work: Callable[[], Any]) -> Told:
    with pytest.raises(SondeError) as refused:
        work()
    return refused.value.code, str(refused.value)


def of_problem(reply: httpx.Response) -> Told:
    problem = reply.json()
    assert reply.status_code >= 400, reply.text
    assert reply.headers["content-type"] == m.PROBLEM
    return problem["code"], problem["message"]


def of_command(ran: Any) -> Told:
    """What the command says; None for words that it refuses before it reads anything.

    Those it calls by their flags, as a person wrote them.
    """
    assert ran.code in (1, 2), ran
    assert ran.err.startswith("sonde: ")
    said = " ".join(ran.err.removeprefix("sonde: ").split())
    return None, "" if ran.code == 2 and "--" in said else said


def assert_one_refusal(told: dict[str, Told], path: Path) -> None:
    """The same code and sentence from all; only what the data are called may differ."""
    plain = {}
    for door, (code, message) in told.items():
        for name in (str(path), path.name):
            message = message.replace(name, "request")
        plain[door] = (code, message)
    wanted = plain["Python"]
    different = {
        door: one
        for door, one in plain.items()
        if one not in (wanted, (None, wanted[1]), (None, ""))
    }
    assert not different, f"Python says {wanted}; others: {different}"


@pytest.mark.parametrize("name", REFUSED)
def test_every_door_refuses_alike(
    name: str, service: Running, clients: dict[str, Any], tmp_path: Path, home: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    case = REFUSED[name]
    path = tmp_path / "plant.csv"
    case.frame.write_csv(path)
    url = f"{service.url}/api/v1/detect"
    told = {"Python": refusal(lambda: sonde.detect(path, **case.options))}
    told["command"] = of_command(here(capsys, "detect", path, *case.words()))
    for form, body in json_bodies(case):
        if form != "time beside":
            told[form] = of_problem(httpx.post(url, json=body, timeout=60))
    headers = {"content-type": m.CSV}
    told["CSV"] = of_problem(
        httpx.post(url, content=path.read_bytes(), headers=headers, params=case.query(), timeout=60)
    )
    for kind, client in clients.items():
        told[kind] = refusal(partial(client.detect, path, **case.options))
    assert_one_refusal(told, path)


@pytest.fixture(scope="module")
def stored(service: Running, clients: dict[str, Any]) -> None:
    client = clients["Client auto"]
    client.train("plant", TABLE, model="ecod", evaluate=False)
    client.train("wave", SERIES, model="ewma", evaluate=False)


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize("name", MODELS)
def test_every_door_refuses_to_ask_a_model_alike(
    name: str, service: Running, clients: dict[str, Any], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    ref, frame = MODELS[name]
    monkeypatch.setenv("SONDE_HOME", str(service.home))
    path = tmp_path / "plant.csv"
    frame.write_csv(path)
    app = build(read_settings(), lambda notice: None)
    told = {"Python": refusal(lambda: score(app, ref, read_for(app, ref, path)))}
    app.close()
    told["command"] = of_command(here(capsys, "score", ref, path))
    model, which = ref, {}
    for mark, what in ((":", "version"), ("@", "alias")):
        if mark in ref:
            model, _, chosen = ref.partition(mark)
            which = {what: chosen}
    url = f"{service.url}/api/v1/models/{model}/predict"
    for form, body in json_bodies(Case(frame)):
        if form != "time beside":
            told[form] = of_problem(httpx.post(url, json=body, params=which, timeout=60))
    told["CSV"] = of_problem(
        httpx.post(
            url, content=path.read_bytes(), headers={"content-type": m.CSV}, params=which,
            timeout=60,
        )
    )  # fmt: skip
    for kind, client in clients.items():
        told[kind] = refusal(partial(client.predict, model, path, **which))
    assert_one_refusal(told, path)
