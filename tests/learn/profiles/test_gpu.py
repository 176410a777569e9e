"""A device finds what the definition says: on numba's simulator, and on a GPU if there is one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba import cuda
from numpy.typing import NDArray

from sonde.errors import InvalidInput
from sonde.learn.profiles import gpu, joins

Floats = NDArray[np.float64]
Found = dict[str, NDArray[Any]]
M = 8
ZONE = 2
HAS_GPU = bool(cuda.is_available())


def walk(seed: int, n: int = 56) -> Floats:
    generator = np.random.default_rng(seed)
    return np.asarray(np.cumsum(generator.normal(size=n)) + generator.normal(size=n))


def with_flaw(flaw: str, seed: int, n: int = 56) -> Floats:
    """The kinds of series on which running sums lose their digits."""
    x = walk(seed, n)
    third = slice(n // 3, n // 3 + 12)
    if flaw == "constant":
        x[third] = x[n // 3]
    if flaw == "offset 1e8":
        x += 1e8
    if flaw == "offset 1e12":
        x = x.round(3) + 1e12
    if flaw == "level step 1e8":
        x[n // 2 :] += 1e8
    if flaw == "spike 1e9":
        x[n // 2] = 1e9
    if flaw == "burst":
        x[n // 2 : n // 2 + 4] *= 1e6
    if flaw == "missing":
        x[n // 3], x[n // 2] = np.nan, np.inf
    if flaw == "tiny":
        x *= 1e-9
    if flaw == "nearly constant":
        x[third] = 1.0 + 1e-9 * np.random.default_rng(seed).normal(size=12)
    if flaw == "quantised":
        x = x.round()
    if flaw == "all constant":
        x[:] = 2.0
    if flaw == "all missing":
        x[:] = np.nan
    return x


FLAWS = [
    "plain",
    "constant",
    "offset 1e8",
    "offset 1e12",
    "level step 1e8",
    "spike 1e9",
    "burst",
    "missing",
    "tiny",
    "nearly constant",
    "quantised",
    "all constant",
    "all missing",
]
CASES = {flaw: (with_flaw(flaw, 1), with_flaw(flaw, 2, 31)) for flaw in FLAWS}
# Sums of these are exact, so that windows a period apart are equal to the bit.
CASES["repeating"] = np.tile([0.0, 1.0], 20), np.tile([1.0, 0.0], 10)
CASES["one window"] = walk(3, M), walk(4, M)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Found:
    folder = tmp_path_factory.mktemp("simulated")
    given: dict[str, Floats] = {}
    for name, (x, other) in CASES.items():
        given[f"{name}|{M}|series"], given[f"{name}|{M}|other"] = x, other
    np.savez(folder / "given.npz", **given)  # type: ignore[arg-type]
    program = Path(__file__).parent / "on_simulator.py"
    done = subprocess.run(
        [sys.executable, "-W", "error", program, folder / "given.npz", folder / "found.npz"],
        env=os.environ | {"NUMBA_ENABLE_CUDASIM": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    with np.load(folder / "found.npz") as found:
        return dict(found)


def distances(x: Floats, y: Floats) -> Floats:
    """All distances, from the definition in extended precision."""

    def shapes(values: Floats) -> tuple[NDArray[np.longdouble], NDArray[np.bool_]]:
        windows = np.lib.stride_tricks.sliding_window_view(values, M).astype(np.longdouble)
        with np.errstate(invalid="ignore", divide="ignore"):
            centred = windows - windows.mean(axis=1, keepdims=True)
            norm = np.sqrt((centred**2).sum(axis=1, keepdims=True))
            return centred / norm, (windows == windows[:, :1]).all(axis=1)

    (a, a_flat), (b, b_flat) = shapes(x), shapes(y)
    with np.errstate(invalid="ignore"):
        found = np.sqrt(M * ((a[:, None] - b[None]) ** 2).sum(axis=2))
    found[np.ix_(a_flat, ~b_flat)] = found[np.ix_(~a_flat, b_flat)] = np.sqrt(M)
    found[np.ix_(a_flat, b_flat)] = 0.0
    known = [np.isfinite(np.lib.stride_tricks.sliding_window_view(v, M)).all(1) for v in (x, y)]
    found[~known[0]] = found[:, ~known[1]] = np.inf
    return np.asarray(found, dtype=np.float64)


def check(matrix: Floats, found: Floats, indices: NDArray[np.int64]) -> None:
    least = matrix.min(axis=1, initial=np.inf)
    np.testing.assert_array_equal(indices < 0, np.isinf(least))
    np.testing.assert_allclose(found, least, atol=1e-6)
    known = np.flatnonzero(indices >= 0)
    np.testing.assert_allclose(matrix[known, indices[known]], found[known], atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize("name", CASES)
def test_the_simulator_gives_the_definition(simulated: Found, name: str) -> None:
    x, other = CASES[name]
    check(
        distances(x, other),
        simulated[f"{name}|cross|0|distances"],
        simulated[f"{name}|cross|0|indices"],
    )
    matrix = distances(x, x)
    i, j = np.indices(matrix.shape)
    for side, allowed in {
        "": abs(i - j) > ZONE,
        "left_": i - j > ZONE,
        "right_": j - i > ZONE,
    }.items():
        check(
            np.where(allowed, matrix, np.inf),
            simulated[f"{name}|self|0|{side}distances"],
            simulated[f"{name}|self|0|{side}indices"],
        )


def test_it_names_what_the_other_joins_name(simulated: Found) -> None:
    x, other = CASES["missing"]
    ours = {"self": joins.self_join(x, M), "cross": joins.cross_join(x, other, M)}
    for kind, one in ours.items():
        for field, values in vars(one).items():
            if values is not None:
                np.testing.assert_allclose(
                    simulated[f"missing|{kind}|0|{field}"], values, rtol=1e-12, atol=1e-12
                )


@pytest.mark.parametrize("launch", [1, 2])
@pytest.mark.parametrize("kind", ["self", "cross"])
def test_how_the_work_is_cut_changes_no_neighbour(simulated: Found, kind: str, launch: int) -> None:
    for field in ("indices", "distances"):
        np.testing.assert_array_equal(
            simulated[f"plain|{kind}|{launch}|{field}"], simulated[f"plain|{kind}|0|{field}"]
        )


def test_of_equals_the_lowest_window_is_named(simulated: Found) -> None:
    n = len(CASES["repeating"][0]) - M + 1
    right = simulated["repeating|self|0|right_indices"]
    left = simulated["repeating|self|0|left_indices"]
    ahead = np.arange(n) + 4  # the next one of the same phase beyond the zone
    np.testing.assert_array_equal(right, np.where(ahead < n, ahead, right))
    np.testing.assert_array_equal(left[4:], np.arange(4, n) % 2)
    np.testing.assert_array_equal(simulated["repeating|cross|0|indices"], (np.arange(n) + 1) % 2)


@pytest.mark.skipif(HAS_GPU, reason="there is a GPU here")
def test_without_a_gpu_it_says_what_to_do() -> None:
    with pytest.raises(InvalidInput, match=r"needs an NVIDIA GPU.*device='cpu' gives the same"):
        gpu.self_join(walk(1), M)


@pytest.mark.skipif(not HAS_GPU, reason="needs an NVIDIA GPU; the simulator stands in for it")
@pytest.mark.parametrize("flaw", FLAWS)
def test_a_gpu_gives_what_the_other_joins_give(flaw: str) -> None:
    x, other = with_flaw(flaw, 5, 20_000), with_flaw(flaw, 6, 9_000)
    pairs = [
        (gpu.self_join(x, 100), joins.self_join(x, 100)),
        (gpu.cross_join(x, other, 100), joins.cross_join(x, other, 100)),
    ]
    for one, two in pairs:
        for field, values in vars(two).items():
            if field.endswith("distances") and values is not None:
                np.testing.assert_allclose(getattr(one, field), values, atol=1e-6)
