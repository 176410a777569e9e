"""Times of one length are read without a parser, and never otherwise than by one."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonde.data.timing.time_fixed import fixed_times

MOMENTS = st.integers(-9_100_000_000, 9_100_000_000)  # seconds, from 1681 to 2258


@pytest.mark.parametrize(
    "form",
    [
        "%Y-%m-%d",
        "%Y-%m-%d %H:%M",
        "%Y-%m-%dT%H:%M:%S",
        "%Y-%m-%dT%H:%M:%SZ",
        "%Y-%m-%d %H:%M:%S.%6f",
    ],
)
@given(seconds=st.lists(MOMENTS, min_size=1, max_size=30), micro=st.integers(0, 999_999))
def test_reads_what_polars_wrote(form: str, seconds: list[int], micro: int) -> None:
    us = np.array(seconds, dtype=np.int64) * 1_000_000 + micro
    moments = pl.Series(us).cast(pl.Datetime("us"))
    text = moments.dt.strftime(form)
    known = {"%Y-%m-%d": "1d", "%Y-%m-%d %H:%M": "1m"}.get(form, "1us" if "6f" in form else "1s")
    expected = moments.dt.truncate(known).dt.cast_time_unit("ns").to_physical().to_numpy()
    found = fixed_times(text)
    assert found is not None
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    "cells",
    [
        ["2024-02-30"],
        ["2023-02-29"],
        ["1900-02-29"],
        ["2024-13-01"],
        ["2024-00-10"],
        ["2024-01-01 24:00:00"],
        ["2024-01-01 10:60:00"],
        ["2024-01-01", "2024/01/02"],
        ["2024-01-01", "2024-01-1x"],
        ["2024-01-01T10:00:00Z", "2024-01-01T10:00:0xZ"],
        ["2024-01-01T10:00:00Z", "2024-01-01T10:00:00X"],
        ["2024-01-01 10:00:00", None],
        ["2024-01-01 10:00:00", "2024-01-01 10:00"],
        ["1500-01-01"],
        ["2024-01-01 10:00:00,5"],
        ["２０２４-01-01"],
        [""],
        [],
    ],
)
def test_leaves_all_else_to_the_parser(cells: list[str | None]) -> None:
    assert fixed_times(pl.Series(cells, dtype=pl.String)) is None
