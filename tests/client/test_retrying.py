"""When to ask again is a function of numbers, checked without waiting."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonde.client.retrying import GiveUp, Policy, Wait, next_step, retry_after_s, when
from sonde.errors import InvalidInput

NOW = 1_700_000_000.0  # Tue, 14 Nov 2023 22:13:20 GMT


def test_waits_double_up_to_the_longest() -> None:
    policy = Policy(max_retries=100, retry_delay=0.5, max_delay=4.0, deadline=1e6)
    steps = [next_step(policy, n, 0.0, None, 1.0) for n in (1, 2, 3, 4, 5, 99)]
    assert steps == [Wait(s) for s in (0.5, 1.0, 2.0, 4.0, 4.0, 4.0)]


def test_jitter_takes_any_share_of_the_wait() -> None:
    assert next_step(Policy(), 1, 0.0, None, 0.0) == Wait(0.0)
    assert next_step(Policy(), 1, 0.0, None, 0.3) == Wait(0.15)


def test_attempts_end_after_the_last_retry() -> None:
    assert isinstance(next_step(Policy(max_retries=2), 2, 0.0, None, 0.5), Wait)
    assert next_step(Policy(max_retries=2), 3, 0.0, None, 0.5) == GiveUp("attempts")
    assert next_step(Policy(max_retries=0), 1, 0.0, None, 0.5) == GiveUp("attempts")


def test_a_wait_beyond_the_deadline_is_not_begun() -> None:
    policy = Policy(deadline=10.0, retry_delay=4.0)
    assert next_step(policy, 1, 9.0, None, 1.0) == GiveUp("deadline")
    assert next_step(policy, 1, 9.0, 1.5, 0.0) == GiveUp("told")
    assert next_step(policy, 1, 8.0, 1.5, 0.0) == Wait(1.5)


@given(
    attempts=st.integers(1, 200),
    elapsed=st.floats(0, 200),
    told=st.none() | st.floats(0, math.inf),
    draw=st.floats(0, 1),
    delay=st.floats(0, 100),
    longest=st.floats(0, 100),
)
def test_no_wait_is_too_short_too_long_or_too_late(
    attempts: int, elapsed: float, told: float | None, draw: float, delay: float, longest: float
) -> None:
    policy = Policy(max_retries=300, retry_delay=delay, max_delay=longest)
    step = next_step(policy, attempts, elapsed, told, draw)
    if isinstance(step, Wait):
        assert (told or 0.0) <= step.seconds <= longest
        assert elapsed + step.seconds < policy.deadline


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("3", 3.0),
        ("0.5", 0.5),
        (".25", 0.25),
        (" 2 ", 2.0),
        ("0", 0.0),
        ("Tue, 14 Nov 2023 22:13:25 GMT", 5.0),
        ("Tuesday, 14-Nov-23 22:13:25 GMT", 5.0),
        ("Tue Nov 14 22:13:25 2023", 5.0),
        ("Tue, 14 Nov 2023 22:13:25 -0000", 5.0),
        ("Tue, 14 Nov 2023 22:13:10 GMT", 0.0),
        ("9" * 400, math.inf),
        ("-5", None),
        ("", None),
        ("soon", None),
        ("1e3", None),
        ("nan", None),
        ("٣", None),
        ("Tue, 99 Nov 2023 22:13:25 GMT", None),
        (None, None),
    ],
)
def test_reads_every_form_of_retry_after(value: str | None, seconds: float | None) -> None:
    assert retry_after_s(value, None, NOW) == seconds


def test_a_date_counts_from_the_clock_of_the_service() -> None:
    date, later = "Tue, 14 Nov 2023 22:13:20 GMT", "Tue, 14 Nov 2023 22:13:27 GMT"
    assert retry_after_s(later, date, NOW + 86_400) == 7.0
    assert retry_after_s(later, "no date", NOW) == 7.0


@given(st.text(max_size=40))
def test_any_text_is_read_or_passed_over(text: str) -> None:
    seconds = retry_after_s(text, text, NOW)
    assert seconds is None or seconds >= 0.0


@given(st.floats(0, math.inf))
def test_any_wait_can_be_said(seconds: float) -> None:
    assert when(seconds, NOW).startswith("in ")


@pytest.mark.parametrize(
    "wrong",
    [
        {"timeout": 0},
        {"timeout": math.nan},
        {"timeout": None},
        {"deadline": -1.0},
        {"deadline": math.inf},
        {"max_retries": -1},
        {"max_retries": 1.5},
        {"max_retries": True},
        {"retry_delay": -0.1},
        {"max_delay": "3"},
    ],
)
def test_refuses_policies_that_make_no_sense(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidInput, match=next(iter(wrong))):
        Policy(**wrong)  # type: ignore[arg-type]
