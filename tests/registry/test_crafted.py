"""Model files that someone wrote by hand: right checksums, no signature, wrong content.

Kernels do not check bounds, so each of these must be refused when it is loaded, or be harmless.
"""

from __future__ import annotations

import hashlib
import io
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pytest

import sonde
from sonde.core import Panel, Series, Table
from sonde.errors import BadArtifact, InvalidInput, SondeError
from sonde.learn import create, decide
from sonde.learn.per_series import PerSeries
from sonde.registry import FileModels, save_artifact
from sonde.security import Keyring

RNG = np.random.default_rng(5)
MINUTE = 60_000_000_000
ROWS = Table(RNG.normal(size=(90, 2)))
WAVE = np.sin(np.arange(120) / 2)[:, None] + 0.1 * RNG.normal(size=(120, 2))
SERIES = Series(WAVE, time=np.arange(120) * MINUTE)
PANEL = Panel.of([Series(WAVE[:60]), Series(WAVE[60:])], ["a", "b"])

MODELS: dict[str, tuple[Callable[[], Any], Any]] = {
    "auto_online": (lambda: create("auto_online"), SERIES),
    "kmeans_windows": (
        lambda: create("kmeans_windows", window=8, n_clusters=3, random_state=0),
        SERIES,
    ),
    "kshape_windows": (
        lambda: create("kshape_windows", window=8, n_clusters=2, random_state=0),
        SERIES,
    ),
    "pattern_graph": (lambda: create("pattern_graph", window=8), SERIES),
    "extended_isolation_forest": (
        lambda: create("extended_isolation_forest", n_estimators=3, max_samples=16, random_state=0),
        ROWS,
    ),
    "ocsvm": (lambda: create("ocsvm"), ROWS),
    "half_space_trees": (
        lambda: create("half_space_trees", n_estimators=2, height=3, random_state=0),
        SERIES,
    ),
    "spot": (lambda: create("spot", max_peaks=20, depth=5), SERIES),
    "lof": (lambda: create("lof"), ROWS),
    "loop": (lambda: create("loop"), ROWS),
    "dbscan": (lambda: create("dbscan"), ROWS),
    "cblof": (lambda: create("cblof", random_state=0), ROWS),
    "sub_pca": (lambda: create("sub_pca", window=8), SERIES),
    "poly": (lambda: create("poly", window=10, period=12), SERIES),
    "change_points": (lambda: create("change_points"), SERIES),
    "auto_channels": (lambda: create("auto_channels", random_state=0), SERIES),
    "auto_series": (lambda: create("auto_series"), SERIES),
    "auto_table": (lambda: create("auto_table", random_state=0), ROWS),
    "isolation_forest": (
        lambda: create("isolation_forest", n_estimators=3, max_samples=16, random_state=0),
        ROWS,
    ),
    "online_discord": (lambda: create("online_discord", window=8, history=64), SERIES),
    "copod": (lambda: create("copod"), ROWS),
    "ecod": (lambda: create("ecod"), ROWS),
    "hbos": (lambda: create("hbos"), ROWS),
    "mcd": (lambda: create("mcd", random_state=0), ROWS),
    "pca": (lambda: create("pca"), ROWS),
    "knn": (lambda: create("knn"), ROWS),
    "discord": (lambda: create("discord", window=8), SERIES),
    "ewma": (lambda: create("ewma", period=12), SERIES),
    "random_cut_forest": (
        lambda: create("random_cut_forest", n_estimators=2, max_samples=16, random_state=0),
        SERIES,
    ),
    "seasonal_residual": (lambda: create("seasonal_residual", period=12), SERIES),
    "spectral_residual": (lambda: create("spectral_residual"), SERIES),
    "pipeline": (lambda: sonde.make_pipeline(create("robust_scaler"), create("ecod")), ROWS),
    "ensemble": (lambda: create("ecod+knn"), ROWS),
    "per_series": (lambda: PerSeries(detector=ONE), PANEL),
}
ONE: Any = create("seasonal_residual", period=12)
File = tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]

pytestmark = pytest.mark.filterwarnings("ignore::sonde.runtimes.embedded.UntrustedModel")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, File]:
    """Manifest and arrays of one good model of each kind."""
    folder, found = tmp_path_factory.mktemp("good"), {}
    for name, (make, data) in MODELS.items():
        save_artifact(make().fit(data), folder / name, None)
        with ZipFile(folder / name) as archive, np.load(archive.open("arrays.npz")) as arrays:
            found[name] = (json.loads(archive.read("manifest.json")), dict(arrays))
    return found


def packed(arrays: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def write(path: Path, manifest: Any, payload: bytes) -> Path:
    manifest = manifest | {
        "payload": {
            "kind": "arrays",
            "file": "arrays.npz",
            "sha256": hashlib.sha256(payload).hexdigest(),
        }
    }
    with ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", json.dumps(manifest))
        archive.writestr("arrays.npz", payload)
    return path


def changed(manifest: dict[str, Any], place: str, value: Any) -> dict[str, Any]:
    """A copy with ``value`` at ``place``, a path of keys."""
    copy: dict[str, Any] = json.loads(json.dumps(manifest))
    *folders, last = place.split("/")
    inner = copy
    for key in folders:
        inner = inner[key]
    inner[last] = value
    return copy


def variants(array: np.ndarray[Any, Any]) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    """The array as it must not be, or as it makes no difference."""
    is_number, is_float = array.dtype.kind in "if", array.dtype.kind == "f"
    yield "text", np.full(array.shape, "x")
    yield "complex", np.zeros(array.shape, complex)
    yield "flags", np.zeros(array.shape, bool)
    yield "object", np.full(array.shape, None)
    yield "big-endian", array.astype(array.dtype.newbyteorder(">"))
    yield "flat", array.reshape(-1)
    yield "one more dimension", array[None]
    yield "a number", np.zeros((), array.dtype)
    yield "empty", np.zeros((0,) * max(array.ndim, 1), array.dtype)
    yield "zeros", np.zeros_like(array)
    if is_number:
        yield "negative", (-np.abs(array) - 1).astype(array.dtype)
        yield "integers", np.nan_to_num(array, posinf=9, neginf=-9).astype(np.int8)
        yield "narrow", array.astype(np.float32)
        yield "other", np.nan_to_num(array, posinf=9, neginf=-9).astype("i8" if is_float else "f8")
    if is_float:
        for value in (np.nan, np.inf, -np.inf, 1e300, 1e-300):
            with np.errstate(over="ignore"):  # in single precision
                filled = np.full_like(array, value)
            yield f"all {value}", filled
    elif array.dtype.kind == "i":
        for value in (10**9, np.iinfo(array.dtype).max, np.iinfo(array.dtype).min):
            yield f"all {value}", np.full_like(array, value)
    if array.ndim and array.size:
        yield "one element", array.reshape(-1)[:1]
        yield "a row less", array[:-1].copy()
        yield "rows twice", np.concatenate([array, array])
        yield "no columns", array[..., :0].copy()
        yield "backwards", array[::-1].copy()
        yield "by columns", np.asfortranarray(array)
        yield "turned", array.T.copy()
    if array.ndim and is_number:
        for place in {0, array.size // 2, array.size - 1} if array.size else ():
            for value in (-1, 7, 2**31 - 1) + ((np.nan, np.inf) if is_float else ()):
                other = array.copy()
                other.flat[place] = value
                yield f"{value} at {place}", other


def outcome(path: Path, data: Any) -> str:
    """``"refused"``, ``"harmless"``, or what went wrong."""
    try:
        model: Any = sonde.load(path)
    except BadArtifact:
        return "refused"
    try:
        with np.errstate(all="ignore"):
            scores = decide(model, data).scores
    except SondeError as error:
        return f"refused late: {error}"
    known = scores[~np.isnan(scores)]
    return "harmless" if np.isfinite(known).all() and (known >= 0).all() else "wrong scores"


@pytest.mark.parametrize("name", MODELS)
def test_a_wrong_array_is_refused_or_harmless(
    name: str, files: dict[str, File], tmp_path: Path, home: Path
) -> None:
    manifest, arrays = files[name]
    found, refused = {}, 0
    for key, array in arrays.items():
        without = {k: v for k, v in arrays.items() if k != key}
        cases = [("left out", without)]
        cases += [(how, {**arrays, key: other}) for how, other in variants(array)]
        for how, crafted in cases:
            result = outcome(write(tmp_path / "m", manifest, packed(crafted)), MODELS[name][1])
            refused += result == "refused"
            if result not in ("refused", "harmless"):
                found[f"{key} {how}"] = result
    assert not found
    assert refused > 15 * len(arrays)


TYPES = ["text", "complex", "flags", "object", "big-endian", "one more dimension", "narrow"]


@pytest.mark.parametrize("name", MODELS)
def test_another_type_or_dimension_is_always_refused(
    name: str, files: dict[str, File], tmp_path: Path, home: Path
) -> None:
    manifest, arrays = files[name]
    for key, array in arrays.items():
        for how, other in variants(array):
            same = other.dtype == array.dtype and other.shape == array.shape
            if how in TYPES and not same and key != "state/ids":
                path = write(tmp_path / "m", manifest, packed({**arrays, key: other}))
                assert outcome(path, MODELS[name][1]) == "refused", f"{key} {how}"


@pytest.mark.parametrize("leaves", [1, 2, 4])
def test_a_forest_with_fewer_levels_than_the_kernel_reads_is_refused(
    leaves: int, files: dict[str, File], tmp_path: Path, home: Path
) -> None:
    manifest, arrays = files["isolation_forest"]
    cut = dict(arrays)
    for key, n in (("columns", leaves - 1), ("cuts", leaves - 1), ("lengths", leaves)):
        cut[f"state/{key}"] = arrays[f"state/{key}"][:, :n].copy()
    with pytest.raises(BadArtifact, match="leaves a tree"):
        sonde.load(write(tmp_path / "m", manifest, packed(cut)))


OUTSIDE = [
    ("online_discord", {"state/window": 2**40}),
    ("ewma", {"state/clock": [0, 0, 0, 1]}),
    ("ewma", {"state/clock": [0, 12, 12, 1]}),
    ("ewma", {"state/clock": [2**62, 0, 12, 1]}),
    ("ewma", {"state/clock": [0, 0, 2**40, 1]}),
    ("ecod", {"state/offsets": [0, 2**63 - 1, 180]}),
    ("knn", {"state/tree/starts": [0, 2**63 - 1, -(2**63), -1, 90]}),
    ("discord", {"state/window": 2**40}),
    ("discord", {"state/window": 0}),
    ("discord", {"state/place": [0, 0, -1]}),
    ("seasonal_residual", {"state/period": 0, "state/season": np.zeros((0, 2))}),
    ("seasonal_residual", {"state/window": 0}),
    ("seasonal_residual", {"state/origin": [0, -1]}),
    ("pipeline", {"state/steps/7/center": np.zeros(2)}),
    ("per_series", {"state/series/7/level": np.zeros(2)}),
    ("per_series", {"state/ids": np.array(["a", "a"])}),
    ("per_series", {"state/ids": np.array(["a", "b", "c"])}),
    ("per_series", {"state/fill/0": np.zeros(3)}),
    ("knn", {"state": np.zeros(3)}),
    ("knn", {"state/tree": np.zeros(3)}),
]


@pytest.mark.parametrize(("name", "arrays"), OUTSIDE)
def test_an_index_outside_the_arrays_is_refused(
    name: str, arrays: dict[str, Any], files: dict[str, File], tmp_path: Path, home: Path
) -> None:
    manifest, good = files[name]
    crafted = good | {key: np.asarray(value) for key, value in arrays.items()}
    with pytest.raises(BadArtifact):
        sonde.load(write(tmp_path / "m", manifest, packed(crafted)))


MANIFESTS: list[tuple[str, Any]] = [
    *[("format", value) for value in (-5, 0, 0.5, 1.0, True, "1", None, [1])],
    *[("threshold/limits", value) for value in ([], [1.0, 2.0], "ab", ["x"], [float("nan")], None)],
    ("threshold/limits", [float("inf")]),
    ("threshold/limits", [True]),
    *[("threshold/rule/kind", value) for value in ("x", None, [1])],
    ("threshold/rule/value", "x"),
    ("threshold/rule/unit", "year"),
    ("threshold/why", [1]),
    *[("threshold/cutoff", value) for value in (-1.0, 2.0, "x", None, float("nan"))],
    *[("schema/channels", v) for v in ([], ["a"], ["a", "a"], [1, 2], "ab", {"a": 1, "b": 2})],
    *[("schema/min_rows", value) for value in (0, -1, "x", 1.5, True, None)],
    *[("schema/step_ns", value) for value in (0, -1, "x", 0.5, True, 2**70)],
    *[("schema/kind", value) for value in ("series!", "panel", None, ["table"])],
    *[("schema/named", value) for value in (1, "yes")],
    *[("schema/time_column", value) for value in (1, ["t"])],
    ("schema/dtype", "object"),
    *[("policy/max_gap", value) for value in (-1, 1.5, "x", None)],
    *[("policy/fill", value) for value in ([1.0], ["a", "b"], [True, False], "ab", 1)],
    ("policy/missing", "auto"),
    *[("model/parameters/n_neighbors", value) for value in (0, 90, 10**10, 2.5, "x", None)],
    *[("model/parameters/n_jobs", value) for value in (0, -2, "x", 1.5)],
    *[("model/estimator", value) for value in ("ecod", "robust_scaler", "pipeline", [1], None)],
    ("model", None),
    ("model", []),
    ("model", "knn"),
    ("model", {"estimator": "knn"}),
    ("payload", None),
]


@pytest.mark.parametrize(("place", "value"), MANIFESTS)
def test_a_manifest_with_a_wrong_value_is_refused(
    place: str, value: Any, files: dict[str, File], tmp_path: Path, home: Path
) -> None:
    manifest, arrays = files["knn"]
    payload = packed(arrays)
    path = write(tmp_path / "m", manifest, payload)
    with ZipFile(path) as archive:
        good = json.loads(archive.read("manifest.json"))
    with ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", json.dumps(changed(good, place, value)))
        archive.writestr("arrays.npz", payload)
    with pytest.raises(BadArtifact):
        sonde.load(path)


@pytest.mark.parametrize(("name", "kind"), [("ewma", "table"), ("per_series", "series")])
def test_a_kind_that_the_model_does_not_read_is_refused(
    name: str, kind: str, files: dict[str, File], tmp_path: Path, home: Path
) -> None:
    manifest, arrays = files[name]
    path = write(tmp_path / "m", changed(manifest, "schema/kind", kind), packed(arrays))
    with pytest.raises(BadArtifact, match="does not read"):
        sonde.load(path)


def npz(content: dict[str, bytes], compression: int = 0) -> bytes:
    buffer = io.BytesIO()
    with ZipFile(buffer, "w", compression) as archive:
        for name, part in content.items():
            archive.writestr(name, part)
    return buffer.getvalue()


def npy(header: str, content: bytes = b"") -> bytes:
    text = header.encode("latin-1").ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + content


PAYLOADS = {
    "nothing": b"",
    "no archive": b"PK but not really",
    "cut off": npz({"a.npy": npy("{}")})[:-30],
    "compressed": npz({"a.npy": npy("{}")}, ZIP_DEFLATED),
    "no array": npz({"state/rows.npy": b"hello"}),
    "an absurd shape": npz(
        {"state/rows.npy": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (10**12,)}")}
    ),
    "a huge shape": npz(
        {"state/rows.npy": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (%d, 9)}")}
    ).replace(b"%d", b"99"),
    "more than its bytes": npz(
        {
            "state/rows.npy": npy(
                "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000, 2)}"
            )
        }
    ),
    "a negative shape": npz(
        {"state/rows.npy": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}")}
    ),
    "text of no width": npz(
        {"state/rows.npy": npy("{'descr': '<U0', 'fortran_order': False, 'shape': (9999999999,)}")}
    ),
    "a name in the way": npz({"state.npy": b"", "state/rows.npy": b""}),
    "version 9": npz({"state/rows.npy": b"\x93NUMPY\x09\x00" + bytes(99)}),
    "a deep header": npz({"state/rows.npy": npy("(" * 110)}),
}


@pytest.mark.parametrize("how", PAYLOADS)
def test_a_payload_that_can_not_be_read_is_refused(
    how: str, files: dict[str, File], tmp_path: Path, home: Path
) -> None:
    with pytest.raises(BadArtifact):
        sonde.load(write(tmp_path / "m", files["knn"][0], PAYLOADS[how]))


@pytest.mark.parametrize("text", ["[" * 100_000, "{}", "[]", "7", '{"format": NaN}', "\udcff"])
def test_a_manifest_that_is_no_manifest_is_refused(text: str, tmp_path: Path, home: Path) -> None:
    with ZipFile(tmp_path / "m", "w") as archive:
        archive.writestr("manifest.json", text.encode("utf-8", "surrogateescape"))
        archive.writestr("arrays.npz", b"")
    with pytest.raises(BadArtifact):
        sonde.load(tmp_path / "m")


def test_a_folder_is_refused(tmp_path: Path, home: Path) -> None:
    with pytest.raises(BadArtifact, match="is not a file"):
        sonde.load(tmp_path)


CLOCKS = {"state": [0, 0, 0, 1], "length": [0, 0], "phase": [0, 99, 12, 1]}


@pytest.mark.parametrize("how", CLOCKS)
def test_a_snapshot_that_does_not_fit_is_refused(how: str) -> None:
    model: Any = create("ewma", period=12).fit(SERIES)
    before = model.snapshot()
    with pytest.raises(InvalidInput, match="does not fit ewma"):
        model.restore(before | {"clock": np.array(CLOCKS[how])})
    for wrong in (before["season"][:, :1], before["season"].astype(">f8"), [["x"]]):
        with pytest.raises(InvalidInput, match="does not fit ewma"):
            model.restore(before | {"season": np.array(wrong)})
    model.restore(before)
    assert np.isfinite(model.update([0.0, 0.0]))


def test_a_stream_in_its_warm_up_survives_storage(tmp_path: Path, home: Path) -> None:
    model: Any = create("ewma", warmup=30)
    for row in WAVE[:20]:
        model.update(row)
    model.restore(model.snapshot())
    save_artifact(model, tmp_path / "m", None)
    loaded: Any = sonde.load(tmp_path / "m")
    for row in WAVE[20:60]:
        np.testing.assert_equal(loaded.update(row), model.update(row))


def test_many_may_save_to_one_place_at_a_time(tmp_path: Path, home: Path) -> None:
    models = [create("isolation_forest", n_estimators=n).fit(ROWS) for n in (1, 60)]
    errors: list[BaseException] = []

    def work(model: Any) -> None:
        try:
            for _ in range(20):
                save_artifact(model, tmp_path / "m.sonde", None)
                sonde.load(tmp_path / "m.sonde")
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(model,)) for model in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert [path.name for path in tmp_path.iterdir()] == ["m.sonde"]


def test_a_model_by_path_is_read_again_when_its_file_changed(tmp_path: Path) -> None:
    path, told = tmp_path / "m.sonde", list[str]()
    source = FileModels(Keyring(tmp_path / "keys"), 2**20, told.append)
    ref = sonde.core.ModelRef(str(path))
    save_artifact(create("ecod").fit(ROWS), path, None)
    first = source.resolve(ref, None)[0]
    assert source.resolve(ref, None)[0] is first
    save_artifact(create("knn").fit(ROWS), path, None)
    assert source.resolve(ref, None)[0].name == "knn"
    assert len(told) == 2


@pytest.mark.parametrize("name", ["copod", "ecod", "hbos", "isolation_forest", "knn", "mcd", "pca"])
def test_a_table_with_rows_left_open_gives_a_model_that_can_be_read(
    name: str, tmp_path: Path, home: Path
) -> None:
    rows = RNG.normal(size=(200, 3))
    rows[5], rows[9, :2] = np.nan, np.nan
    model = sonde.detect(rows, detector=name, kind="table").model
    sonde.save(model, tmp_path / "m")
    np.testing.assert_array_equal(
        sonde.load(tmp_path / "m").anomaly_scores(rows), model.anomaly_scores(rows)
    )
