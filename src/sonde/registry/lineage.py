"""Where a model comes from: its data, its code, its recipe, who made it and when."""

from __future__ import annotations

import hashlib
import json
import platform
import time
from contextlib import suppress
from dataclasses import asdict
from importlib import metadata
from typing import Any

import numpy as np

from ..core import Container, Panel, Table
from ..data import Reading
from ..learn import Detector, Recipe, describe
from .records import moment

_BLOCK = 1 << 16  # rows at a time, so that making NaN alike copies little


def lineage_of(
    reading: Reading, recipe: Recipe, *, by: str = "local", parent: str | None = None
) -> dict[str, Any]:
    """What is stored beside a version, as plain values.

    ``data_fingerprint``, ``data_rows``, ``data_source``, ``code_version``, ``python``,
    ``dependencies`` (package → version), ``recipe``, ``seed``, ``trained_at``, ``trained_by``,
    ``parent``.

    Examples
    --------
    >>> from sonde.data import examine
    >>> lineage = lineage_of(examine([[1.0, 2.0], [3.0, 5.0], [4.0, 1.0]]), Recipe("ecod"))
    >>> lineage["data_rows"], lineage["data_source"], lineage["recipe"]["detector"]
    (3, 'array', 'ecod')
    """
    return {
        "data_fingerprint": fingerprint(reading.data),
        "data_rows": reading.n_rows,
        "data_source": reading.source,
        "code_version": metadata.version("sonde"),
        "python": platform.python_version(),
        "dependencies": dependencies(),
        "recipe": recipe_values(recipe),
        "seed": recipe.random_state,
        "trained_at": moment(time.time_ns() // 1000),
        "trained_by": by,
        "parent": parent,
    }


def fingerprint(data: Container) -> str:
    """SHA-256 of the numbers, names, times and ids of ``data``, 64 hexadecimal digits.

    The same data have the same one whatever file or frame they came in; NaN is like NaN.

    >>> fingerprint(Table([[1.0, float("nan")]], ["a", "b"]))[:12]
    'd6d1cd8da923'
    """
    is_panel, is_table = isinstance(data, Panel), isinstance(data, Table)
    time_axis = None if isinstance(data, Table) else data.time
    head = {
        "kind": "panel" if is_panel else "table" if is_table else "series",
        "channels": list(data.channels),
        "dtype": "float64",
        "shape": list(data.values.shape),
        "time": time_axis is not None,
        "ids": list(data.ids) if isinstance(data, Panel) else None,
        "offsets": data.offsets.tolist() if isinstance(data, Panel) else None,
    }
    # ASCII, so that any text has one form; the length first, so that nothing runs into the next.
    text = json.dumps(head, sort_keys=True).encode("ascii")
    digest = hashlib.sha256(b"%d:" % len(text) + text)
    for start in range(0, len(data.values), _BLOCK):
        block = data.values[start : start + _BLOCK].astype("<f8")
        # There are many NaN; which one a reader made says nothing of the data.
        block[np.isnan(block)] = np.nan
        digest.update(block.tobytes())
    if time_axis is not None:
        digest.update(np.ascontiguousarray(time_axis, dtype="<i8").tobytes())
    return digest.hexdigest()


def recipe_values(recipe: Recipe) -> dict[str, Any]:
    """A recipe as plain values; a detector that was given itself is described."""
    detector = recipe.detector
    return {
        "detector": describe(detector) if isinstance(detector, Detector) else detector,
        "parameters": dict(recipe.parameters),
        "fit_rows": recipe.fit_rows,
        "online": recipe.online,
        "missing": recipe.missing,
        "rule": asdict(recipe.rule),
        "in_parts": recipe.in_parts,
        "random_state": recipe.random_state,
        "n_jobs": recipe.n_jobs,
    }


def dependencies() -> dict[str, str]:
    """The packages that Sonde can't do without, and the versions that are installed."""
    from packaging.requirements import Requirement

    found = {}
    for text in metadata.requires("sonde") or []:
        wanted = Requirement(text)
        if wanted.marker is None or wanted.marker.evaluate({"extra": ""}):
            with suppress(metadata.PackageNotFoundError):
                found[wanted.name] = metadata.version(wanted.name)
    return dict(sorted(found.items()))
