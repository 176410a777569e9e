"""Uses every estimator after warming all kernels, and prints each call that was not foreseen."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import sonde
from sonde.errors import SondeError
from sonde.kernels.entries import ENTRIES
from sonde.kernels.warm import families, warm
from sonde.learn import Detector, create
from sonde.learn.catalogue import find, names

RANDOM = np.random.default_rng(0)
ROWS = RANDOM.normal(size=(300, 3))
WAVE = np.sin(np.arange(300) / 5) + 0.1 * RANDOM.normal(size=300)
ONLINE_WARMUP = 60


def main() -> int:
    for family in families():
        warm(family)
    foreseen = _specialisations()
    for name in names():
        if issubclass(find(name), Detector):
            for data in (ROWS, WAVE):
                _use(name, data)
    _use_profiles()
    seen = _specialisations()
    # What kernels call inside follows from how they are called.
    called = [f"{family}.{kernel}" for family, kernels in ENTRIES.items() for kernel in kernels]
    more = {kernel: calls for kernel in called if (calls := seen[kernel] - foreseen[kernel])}
    for kernel, calls in more.items():
        sys.stdout.write(f"{kernel} is called with other types than the table says: {calls}\n")
    return len(more)


def _use(name: str, data: Any) -> None:
    """All that a person does with a detector: found, kept, loaded, asked for few rows and many."""
    for options in ({}, {"online": True, "kind": "series"}):
        try:
            found = sonde.detect(data, detector=name, **options)
        except SondeError:  # not for such data, or not online
            continue
        _ask(found.model, data)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.sonde"
            sonde.save(found.model, path)
            _ask(sonde.load(path), data)
    model: Any = create(name)
    if model.online:
        for row in data[:ONLINE_WARMUP]:
            model.update(np.atleast_1d(row))


def _ask(model: Any, data: Any) -> None:
    for rows in (data, data[-1:], data[-50:]):
        try:
            model.anomaly_scores(rows)
            model.predict(rows)
        except SondeError:  # too short
            continue
    if model.online:
        model.update(np.atleast_1d(data[0]))


def _use_profiles() -> None:
    """All that a person does with a matrix profile."""
    from sonde.learn.profiles import pan_profile
    from sonde.learn.profiles.floss import RegimeStream

    series = WAVE.copy()
    series[40:90] = 1.0  # constant windows, and one that is missing
    series[200] = np.nan
    several = np.column_stack([series, series[::-1], WAVE])
    pan_profile(WAVE, [10, 20])
    for x, other in ((series, None), (series, WAVE), (several, None), (several, several[:200])):
        for options in ({}, {"precision": "float32"}, {"n_jobs": 2}, {"tile": 100}):
            try:
                profile = sonde.matrix_profile(x, 20, other, **options)
            except SondeError:  # not for several channels
                continue
            profile.motifs(2)
            profile.discords(2)
            if other is None and x is series:
                for method in ("clasp", "fluss"):
                    profile.regimes(2, method=method)
                profile.regimes()
    for egress in (True, False):
        stream = sonde.MatrixProfileStream(series[:150], 10, egress=egress)
        for one in (stream, sonde.MatrixProfileStream.from_state(stream.state())):
            one.update(0.5)
            one.extend(series[150:])
            assert len(one.left_distances) == len(one.right_distances) == len(one.distances)
    regimes = RegimeStream(WAVE[:150], 10)
    regimes.update(0.5)
    regimes.extend(WAVE[150:])
    regimes.changes(2)
    features: Any = create("matrix_profile_features")
    features.fit_transform(WAVE.reshape(5, 60))


def _specialisations() -> dict[str, set[str]]:
    return {
        f"{module[14:]}.{name}": {str(call) for call in value.signatures}
        for module, loaded in list(sys.modules.items())
        if module.startswith("sonde.kernels.") and module.count(".") == 2
        for name, value in vars(loaded).items()
        if hasattr(value, "py_func") and value.py_func.__module__ == module
    }


if __name__ == "__main__":
    sys.exit(main())
