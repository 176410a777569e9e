"""The installed wheel from Python, and what its commands wrote.

python -I wheel_use.py REPORT.html DETECT.csv SCORE.csv
"""

import importlib.util
import sys
from pathlib import Path

import numpy as np

import sonde


def main(report: str, detected: str, scored: str) -> None:
    assert "site-packages" in sonde.__file__, sonde.__file__
    for extra in ("pandas", "pyarrow", "scipy", "sklearn", "sqlalchemy", "s3fs"):
        assert importlib.util.find_spec(extra) is None, f"{extra} is no base dependency"

    assert "<script" in Path(report).read_text(encoding="utf-8")
    for file in (detected, scored):
        assert len(Path(file).read_text(encoding="utf-8").splitlines()) == 10_321, file

    taxi = sonde.datasets.load("nyc_taxi")
    found = sonde.detect(taxi)
    thanksgiving = sonde.datasets.events("nyc_taxi")[1]
    hit = found.is_anomaly[thanksgiving.start : thanksgiving.end]
    print(f"{len(found.anomalies)} anomalies, {hit.sum()} rows of Thanksgiving's window among them")
    assert found.anomalies

    sonde.save(found.model, "python.sonde")
    again = sonde.load("python.sonde").anomaly_scores(taxi)
    np.testing.assert_array_equal(again, found.model.anomaly_scores(taxi))

    X, y = sonde.datasets.load("arrow_head", split="train")
    assert (len(X), len(y)) == (36, 36)


main(*sys.argv[1:])
