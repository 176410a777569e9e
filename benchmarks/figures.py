"""One table of every promised figure, peers measured in the same run: python benchmarks/figures.py

Names of groups after it measure those alone. The medians and their ratios are printed, and a whole
run is written to results/.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
import warnings
from importlib.metadata import version

from batching import batching, cached, computing
from ecod_and_ewma import ecod, ewma
from isolation_forest import isolation_forest, isolation_forest_accuracy
from large_files import in_parts, large_table, reading
from measured import HERE, Measured, shown
from random_cut_forest import random_cut_forest, random_cut_forest_accuracy, spectral_residual
from registry import registry
from service.figures import UNDER_LOAD, service_processes
from start_up import start_up
from table_detectors import (
    histograms_and_copulas,
    minimum_covariance,
    one_row,
    table_quality,
)

GROUPS = [
    isolation_forest,
    isolation_forest_accuracy,
    ecod,
    histograms_and_copulas,
    minimum_covariance,
    one_row,
    table_quality,
    ewma,
    random_cut_forest,
    random_cut_forest_accuracy,
    spectral_residual,
    start_up,
    large_table,
    reading,
    in_parts,
    registry,
    batching,
    cached,
    computing,
    service_processes,
    *UNDER_LOAD,
]


def main() -> None:
    warnings.simplefilter("ignore")
    wanted = sys.argv[1:]
    found: list[Measured] = []
    print("| figure | wanted | ours | peer | ratio |\n| --- | --- | --- | --- | --- |")
    for group in GROUPS:
        if wanted and group.__name__ not in wanted:
            continue
        if group in UNDER_LOAD and shutil.which("wrk") is None:
            print(f"{group.__name__} needs wrk (Debian: apt-get install wrk)", file=sys.stderr)
            continue
        for one in group():
            found.append(one)
            print(shown(one), flush=True)
    if not wanted:
        libraries = ["sonde", "numpy", "numba", "polars", "scikit-learn", "pyod", "rrcf"]
        record = {
            "versions": {name: version(name) for name in libraries},
            "python": platform.python_version(),
            "cores": os.cpu_count(),
            "figures": found,
        }
        (HERE / "results").mkdir(exist_ok=True)
        path = HERE / "results" / "figures.json"
        path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
