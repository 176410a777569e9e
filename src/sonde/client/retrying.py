"""Whether to ask again, and when: pure functions of what happened so far."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

from ..errors import InvalidInput

RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
_SECONDS = re.compile(r"\d+(\.\d*)?|\.\d+")


@dataclass(frozen=True)
class Policy:
    """How long to wait, in seconds, and how often to ask again.

    Parameters
    ----------
    timeout : of one attempt.
    deadline : of an operation with all its attempts and waits.
    max_retries : attempts after the first.
    retry_delay : the longest wait before the second attempt; it doubles with each one.
    max_delay : the longest wait of all, also where the service asks for a longer one.
    """

    timeout: float = 30.0
    deadline: float = 120.0
    max_retries: int = 3
    retry_delay: float = 0.5
    max_delay: float = 30.0

    def __post_init__(self) -> None:
        for name in ("timeout", "deadline"):
            _check(name, getattr(self, name), above_zero=True)
        for name in ("retry_delay", "max_delay"):
            _check(name, getattr(self, name), above_zero=False)
        retries = self.max_retries
        if not isinstance(retries, int) or isinstance(retries, bool) or retries < 0:
            raise InvalidInput(f"max_retries must be a whole number from 0 on, not {retries!r}")


@dataclass(frozen=True)
class Wait:
    """Ask again after ``seconds``."""

    seconds: float


@dataclass(frozen=True)
class GiveUp:
    """Ask no more: the attempts are used up, the deadline comes first, or the wait is too long."""

    reason: Literal["attempts", "deadline", "told"]


def next_step(
    policy: Policy, attempts: int, elapsed_s: float, told_s: float | None, draw: float
) -> Wait | GiveUp:
    """What to do after ``attempts`` attempts failed.

    Parameters
    ----------
    elapsed_s : seconds since the operation began.
    told_s : the wait that the service asked for, None where it did not.
    draw : a random number in 0–1. The wait is that share of the longest one ("full jitter"), so
        that clients that failed together do not come back together.

    Returns
    -------
    A wait is never shorter than the service asked for: who comes earlier is only refused again.

    >>> next_step(Policy(), 2, 1.0, None, 0.5), next_step(Policy(), 1, 0.0, 3600.0, 0.5)
    (Wait(seconds=0.5), GiveUp(reason='told'))
    """
    if attempts > policy.max_retries:
        return GiveUp("attempts")
    longest = min(policy.max_delay, policy.retry_delay * 2.0 ** min(attempts - 1, 60))
    seconds = draw * longest
    if told_s is not None:
        if told_s > policy.max_delay or elapsed_s + told_s >= policy.deadline:
            return GiveUp("told")
        seconds = max(seconds, told_s)
    return GiveUp("deadline") if elapsed_s + seconds >= policy.deadline else Wait(seconds)


def retry_after_s(value: str | None, date: str | None, now_s: float) -> float | None:
    """Seconds that a Retry-After header asks to wait; None where there is none that can be read.

    Parameters
    ----------
    value : seconds, with decimals or without, or an HTTP date.
    date : the Date header of the same answer. A date is compared with it, so that clocks that
        disagree do no harm; with ``now_s``, seconds since 1970, where there is none.

    >>> retry_after_s("0.5", None, 0.0), retry_after_s("soon", None, 0.0)
    (0.5, None)
    >>> retry_after_s("Thu, 01 Jan 1970 00:01:00 GMT", "Thu, 01 Jan 1970 00:00:50 GMT", 1e9)
    10.0
    """
    if value is None:
        return None
    value = value.strip()
    if _SECONDS.fullmatch(value) and value.isascii():
        return float(value)
    at = _moment(value)
    if at is None:
        return None
    since = _moment(date) if date is not None else None
    return max(0.0, at - (now_s if since is None else since))


def _moment(text: str) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def when(told_s: float, now_s: float) -> str:
    """When to come back, for people.

    >>> when(90.0, 0.0), when(1e300, 0.0)
    ('in 90 s, at 1970-01-01T00:01:30Z', 'in 1e+300 s')
    """
    try:
        at = datetime.fromtimestamp(now_s + told_s, UTC)
    except (ValueError, OverflowError, OSError):
        return f"in {told_s:g} s"
    return f"in {told_s:g} s, at {at:%Y-%m-%dT%H:%M:%SZ}"


def _check(name: str, value: object, *, above_zero: bool) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and math.isfinite(value) and value >= 0 and (value > 0 or not above_zero):  # type: ignore[arg-type, operator]
        return
    least = "above 0" if above_zero else "0 or more"
    raise InvalidInput(f"{name} must be a number of seconds, {least}, not {value!r}")
