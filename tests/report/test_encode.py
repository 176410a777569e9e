import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonde.report.encode import Packer

from .decoding import floats, integers, unpack

ANY_FLOAT = st.floats(allow_nan=True, allow_infinity=True)
MODERATE = st.floats(-1e6, 1e6, allow_subnormal=False) | st.sampled_from([np.nan, np.inf, -np.inf])


@given(st.lists(MODERATE, min_size=1, max_size=60), st.sampled_from([8, 12, 16]))
def test_floats_come_back_to_within_half_a_step(given_values: list[float], bits: int) -> None:
    values = np.array(given_values)
    packer = Packer()
    column = packer.floats(values, bits)
    back = floats(unpack(packer.text()), column)
    finite = np.isfinite(values)
    assert np.array_equal(values[~finite], back[~finite], equal_nan=True)
    assert np.all(np.abs(values[finite] - back[finite]) <= 0.5001 * column["step"] + 1e-9)


@given(st.lists(ANY_FLOAT, min_size=1, max_size=40), st.sampled_from(["linear", "log"]))
def test_every_float_can_be_stored(given_values: list[float], scale: str) -> None:
    values = np.array(given_values)
    packer = Packer()
    with np.errstate(over="ignore"):
        column = packer.floats(values, 16, scale)  # type: ignore[arg-type]
    assert np.isfinite([column["lo"], column["step"]]).all()
    assert len(unpack(packer.text())) == 2 * len(values)


@given(st.lists(st.integers(-(10**15), 10**15), min_size=1, max_size=40))
def test_integers_come_back_exact_or_to_the_unit_that_fits(given_values: list[int]) -> None:
    values = np.array(given_values, dtype=np.int64)
    packer = Packer()
    column = packer.integers(values)
    back = np.array(integers(unpack(packer.text()), column))
    assert np.abs(back - values).max() < column.get("unit", 1)


@given(st.lists(st.integers(0, 2**20), min_size=2, max_size=40))
def test_integers_with_small_differences_come_back_exact(given_values: list[int]) -> None:
    values = 1_700_000_000_000_000_000 + 1000 * np.array(given_values, dtype=np.int64)
    packer = Packer()
    column = packer.integers(values)
    assert integers(unpack(packer.text()), column) == values.tolist()


def test_a_regular_run_of_integers_takes_no_bytes() -> None:
    packer = Packer()
    column = packer.integers(np.arange(0, 10**9, 10**4))
    assert column == {"n": 10**5, "first": 0, "step": 10**4}
    assert unpack(packer.text()) == b""


def test_numbers_with_few_decimals_come_back_exact() -> None:
    values = np.round(np.random.default_rng(1).normal(20, 5, 500), 2)
    packer = Packer()
    column = packer.floats(values)
    assert column["step"] == 0.01
    assert np.abs(floats(unpack(packer.text()), column) - values).max() < 1e-9


def test_the_log_scale_keeps_small_scores_beside_a_huge_one() -> None:
    values = np.append(np.random.default_rng(2).uniform(0.1, 3, 300), 1e6)
    packer = Packer()
    column = packer.floats(values, 12, "log")
    back = floats(unpack(packer.text()), column)
    assert np.max(np.abs(back - values) / values) < 0.05
    linear = packer.floats(values, 12)
    assert linear["step"] > 100  # which is why


@pytest.mark.parametrize("values", [[5.0, 5.0], [np.nan, np.nan], [np.inf], [0.0]])
def test_constants_and_nothing_are_stored(values: list[float]) -> None:
    packer = Packer()
    column = packer.floats(np.array(values))
    back = floats(unpack(packer.text()), column)
    assert np.array_equal(back, values, equal_nan=True)


def test_columns_stand_one_behind_the_other() -> None:
    packer = Packer()
    first = packer.floats(np.array([1.0, 2.5, 4.25]))
    second = packer.floats(np.array([9.0, 7.0]))
    data = unpack(packer.text())
    assert floats(data, first).tolist() == [1.0, 2.5, 4.25]
    assert floats(data, second).tolist() == [9.0, 7.0]
