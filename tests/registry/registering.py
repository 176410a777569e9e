"""A process that starts others which register models, so that a test can kill them.

Arguments: home, URL of the database (or -), a folder of model files. Each line on standard input,
``NAME MANY SEED``, starts one: its process id is printed, and once it has ended ``ended``. What it
registered stands in ``home/SEED.told``, a number a line.
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

from sonde.registry import Registry, load_artifact, open_blobs
from sonde.security import Keyring
from sonde.storage import open_database


def register(home: Path, url: str | None, made: Path, name: str, many: int, seed: int) -> None:
    registry = Registry(
        open_database(url, home, timeout_s=60), open_blobs(None, home), Keyring(home / "keys")
    )
    chance = random.Random(seed)
    models = [load_artifact(path, registry.keyring).model for path in sorted(made.iterdir())]
    with (home / f"{seed}.told").open("wb", buffering=0) as told:
        for turn in range(many):
            model = chance.choice(models)
            # Bytes of its own, for three in four; the others are shared by many versions.
            share = chance.uniform(0.01, 0.4) if turn % 4 else 0.1
            model.set_params(contamination=share)
            record = registry.register(name, model, label=f"s{seed}-{turn}")
            told.write(f"{record.version}\n".encode())
            registry.set_alias(name, "newest", record.version)
            if turn % 5 == 4:
                registry.delete_version(name, f"s{seed}-{turn - 1}")


def main() -> None:
    home, url, made = sys.argv[1:]
    for line in sys.stdin:
        name, many, seed = line.split()
        # Forked, so that nobody waits a second for imports a hundred times.
        child = os.fork()
        if child == 0:
            where = None if url == "-" else url
            register(Path(home), where, Path(made), name, int(many), int(seed))
            os._exit(0)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        os.waitpid(child, 0)
        sys.stdout.write("ended\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
