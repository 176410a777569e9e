"""A service on a machine that never compiled a kernel: ready for its models first, then for all."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from sonde.kernels import warm as kernels
from sonde.kernels._folders import Folders, folders
from sonde.kernels._jit import FOLDERS
from sonde.learn import create
from sonde.runtimes.rest.warming import families_of

from .running import started
from .stored import store

PACKAGE = Path(kernels.__file__).parent
OF_THE_MODEL, OF_NO_MODEL = "histogram", "arcs"
WAVE = np.sin(np.arange(200) / 7)


@pytest.fixture
def cold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folders:
    """Where a service finds all kernels but those of two families."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    there = folders(str(tmp_path / "cache"), PACKAGE)
    for family in kernels.families():
        if not kernels.is_warm(family):
            kernels.warm(family)
    shutil.copytree(FOLDERS.kept, there.kept)
    for family in (OF_THE_MODEL, OF_NO_MODEL):
        for folder in there.kept.glob(f"{family}-*"):
            shutil.rmtree(folder)
    return there


def test_it_is_ready_when_the_kernels_of_its_models_are_and_compiles_the_others_behind(
    cold: Folders, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    model: Any = create("hbos").fit(WAVE)
    store(home, rare=model)
    with started(home) as service, httpx.Client(base_url=service.url, timeout=30) as http:
        # It answers at once, so that nobody restarts it because it compiles.
        assert http.get("/health").status_code == 200
        assert not kernels.is_warm(OF_THE_MODEL, cold)
        answer = http.get("/ready")
        assert answer.status_code == 503
        assert "compiling" in answer.json()["missing"]["kernels"]
        assert OF_THE_MODEL in answer.json()["missing"]["kernels"]
        _wait(lambda: http.get("/ready").status_code == 200)
        assert kernels.is_warm(OF_THE_MODEL, cold)
        body = {"rows": WAVE[:, None].tolist(), "names": ["value"]}
        scores = http.post("/api/v1/models/rare/predict", json=body).json()["scores"]
        np.testing.assert_array_equal(scores, model.anomaly_scores(WAVE))
        _wait(lambda: kernels.is_warm(OF_NO_MODEL, cold))
        _wait(lambda: "all kernels are compiled" in service.said())
    assert service.stop() == 0


def test_a_service_that_ends_while_it_compiles_ends_at_once(cold: Folders, tmp_path: Path) -> None:
    home = tmp_path / "home"
    store(home, rare=create("hbos").fit(WAVE))
    with started(home) as service:
        _wait(lambda: "kernels of models are compiled" in service.said())
        assert service.stop() == 0
    assert "Traceback" not in service.said()


def test_the_families_of_an_estimator_are_its_own_and_that_of_all_scores() -> None:
    assert families_of(["hbos", "copod"]) == ["copula", "histogram", "tails"]
    assert families_of(["of another version"]) == families_of([]) == []


def _wait(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + 240
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.05)
