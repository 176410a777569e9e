"""The accuracy of the UCR anomaly archive: is the strangest row at the one anomaly?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput

Floats = NDArray[np.float64]

TOLERANCE = 100  # rows; the archive's own


def ucr_hit(
    strangeness: Floats, begin: int, end: int, test_from: int = 0, tolerance: int = TOLERANCE
) -> bool | None:
    """Whether the strangest row of the test part lies at the one anomaly.

    Parameters
    ----------
    strangeness : (n,) float64, larger is stranger; NaN is never the strangest. The first of those
        that tie counts.
    begin, end : the first and the last row of the anomaly, as the archive's file names tell them.
    test_from : where the test part begins.
    tolerance : rows beyond the anomaly that count as found, or its length where that is more.

    Returns
    -------
    None where no row of the test part has a score. The archive's accuracy is the mean over series.

    Raises
    ------
    InvalidInput : rows that are not there.

    Source
    ------
    Wu & Keogh (2021), Current time series anomaly detection benchmarks are flawed; the rule of
    the KDD Cup 2021. Figures with another tolerance can't be compared: say which.

    Examples
    --------
    >>> ucr_hit(np.array([9.0, 0.0, 0.1, 0.7, 0.2]), 2, 2, test_from=1, tolerance=1)
    True
    """
    n = strangeness.size
    if not 0 <= begin <= end < n or not 0 <= test_from < n:
        raise InvalidInput(
            f"the anomaly is rows {begin} to {end} and the test part begins at row {test_from}, "
            f"and there are {n} rows"
        )
    test = strangeness[test_from:]
    if np.isnan(test).all():
        return None
    peak = test_from + int(np.nanargmax(test))
    slack = max(tolerance, end - begin + 1)
    return begin - slack <= peak <= end + slack
