"""Requests to answers: attempts, waits and redirects, without any input or output.

A carrier starts ``conversation`` and does what it yields: it sends a ``Send`` and gives back the
``Reply`` or the ``Failure``; it waits for a ``Sleep`` and gives back None.
"""

from __future__ import annotations

import logging
import random
import time
import uuid
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from ..errors import SondeError, TimeLimit
from .addresses import Address, joined
from .credential import Credential
from .errors import ServiceError, amended, error_of, error_of_failure, made
from .messages import Failure, Reply, Request, Send, Sleep
from .retrying import RETRIED, GiveUp, Policy, next_step, retry_after_s, when

log = logging.getLogger(__name__)

T = TypeVar("T")
Steps = Generator[Request, Reply, T]
Talk = Generator[Send | Sleep, Reply | Failure | None, T]
_MOST_REDIRECTS = 5
_KEEPS_METHOD = (307, 308)
_BROKEN = (500, 502, 504)  # what was asked may have been done before something broke


@dataclass(frozen=True)
class Clocks:
    """Where time and chance come from.

    ``ticks`` never goes back, ``now`` counts seconds since 1970, ``draw`` gives numbers in 0–1.
    """

    ticks: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    draw: Callable[[], float] = random.random


@dataclass(frozen=True)
class Line:
    """How to reach one service. ``headers`` go with every request, and are not shown."""

    address: Address
    credential: Credential
    policy: Policy
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    clocks: Clocks = Clocks()


def conversation(steps: Steps[T], line: Line) -> Talk[T]:
    """The answer to an operation, which may take several requests; one deadline holds for all.

    Raises
    ------
    SondeError : what the service refused, or the last failure when nothing more is tried.
    """
    started = line.clocks.ticks()
    try:
        request = next(steps)
        while True:
            try:
                reply = yield from _answered(request, line, started)
            except SondeError as refused:
                request = steps.throw(refused)
            else:
                request = steps.send(reply)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]


def _answered(request: Request, line: Line, started: float) -> Talk[Reply]:
    """The answer to one request, after as many attempts as it takes."""
    # One id for all attempts, so that they are found together in the service's log.
    request = replace(request, headers={"X-Request-Id": uuid.uuid4().hex, **request.headers})
    policy, attempts, is_in_doubt = line.policy, 0, False
    while True:
        begun = line.clocks.ticks() - started
        left = policy.deadline - begun
        if left <= 0:
            raise _too_late(request, line)
        outcome = yield from _attempt(request, line, left)
        elapsed = line.clocks.ticks() - started
        if isinstance(outcome, Reply) and (
            outcome.status < 300 or outcome.status in request.answers
        ):
            return replace(outcome, is_in_doubt=is_in_doubt)
        is_in_doubt = is_in_doubt or _may_have_been_done(outcome)
        error = _error(outcome, request, line, min(policy.timeout, left))
        told = _asked_wait(error)
        # An earlier attempt with this Idempotency-Key is still carried out: waiting for it is none.
        is_at_work = isinstance(outcome, Reply) and outcome.status == 409 and told is not None
        attempts += not is_at_work
        if not _may_be_repeated(request, outcome, is_at_work):
            raise error
        step = next_step(policy, attempts, elapsed, told, line.clocks.draw())
        if isinstance(step, GiveUp):
            raise _given_up(error, step, attempts, elapsed, told, line)
        log.info("attempt %d: %s; next in %.3f s", attempts, error, step.seconds)
        yield Sleep(step.seconds)


def _attempt(request: Request, line: Line, left: float) -> Talk[Reply | Failure]:
    """One attempt, redirects within the service included."""
    method, url = request.method, line.address.url(request.path, request.query)
    headers = {**line.headers, **request.headers}
    silence = min(line.policy.timeout, left)
    total = left if request.is_transfer else silence
    followed = 0
    while True:
        outcome = yield Send(
            method, url, headers, request.body, silence, total, request.save_to, request.digest
        )
        assert outcome is not None
        if isinstance(outcome, Failure) or not 300 <= outcome.status < 400:
            return outcome
        if followed == _MOST_REDIRECTS:
            raise _refused_redirect(outcome, f"redirects more than {_MOST_REDIRECTS} times")
        url = _redirected(outcome, request, url, line.address)
        followed += 1


def _redirected(reply: Reply, request: Request, url: str, address: Address) -> str:
    to = joined(url, reply.headers.get("location", ""))
    if not address.is_home_of(to):
        # The key is for the service that it was given for.
        where = to.partition("?")[0]
        if "@" in where:
            where = "another address"
        raise _refused_redirect(
            reply, f"sends callers to {where}; if that is right, give it as base_url"
        )
    is_kept = reply.status in _KEEPS_METHOD or request.method in ("GET", "HEAD")
    begins_again = request.body is None or request.body.can_begin_again
    if not is_kept or not begins_again or to == url:
        raise _refused_redirect(reply, f"redirects {request.method} with status {reply.status}")
    return to


def _refused_redirect(reply: Reply, what: str) -> SondeError:
    return made(
        ServiceError,
        f"the service {what}",
        {"location": reply.headers.get("location", "")},
        status=reply.status,
        request_id=reply.request_id,
    )


def _error(outcome: Reply | Failure, request: Request, line: Line, limit_s: float) -> SondeError:
    if isinstance(outcome, Failure):
        return error_of_failure(outcome, request, str(line.address), limit_s)
    headers = outcome.headers
    told = retry_after_s(headers.get("retry-after"), headers.get("date"), line.clocks.now())
    # Something on the way may have repeated what it was sent.
    return error_of(replace(outcome, content=line.credential.masked(outcome.content)), told)


def _may_have_been_done(outcome: Reply | Failure) -> bool:
    if isinstance(outcome, Failure):
        return outcome.was_sent
    return outcome.status in _BROKEN


def _may_be_repeated(request: Request, outcome: Reply | Failure, is_at_work: bool) -> bool:
    if request.body is not None and not request.body.can_begin_again:
        return False
    if isinstance(outcome, Failure):
        is_passing = outcome.kind in ("connect", "timeout", "cut")
        return is_passing and (request.is_repeatable or not outcome.was_sent)
    return is_at_work or (request.is_repeatable and outcome.status in RETRIED)


def _asked_wait(error: SondeError) -> float | None:
    """Seconds that the service asked to wait, in a header or in the facts of its refusal."""
    told = error.facts.get("retry_after_s")
    if not isinstance(told, int | float) or isinstance(told, bool) or not told >= 0:
        return None
    return float(told)


def _given_up(
    error: SondeError,
    step: GiveUp,
    attempts: int,
    elapsed: float,
    told: float | None,
    line: Line,
) -> SondeError:
    policy = line.policy
    times = "attempt" if attempts == 1 else "attempts"
    if step.reason == "told" and told is not None:
        what = f"max_delay ({policy.max_delay:g} s)"
        if told <= policy.max_delay:
            what = f"the deadline ({policy.deadline:g} s) leaves"
        more = f"; come back {when(told, line.clocks.now())}, which is longer than {what}"
    elif step.reason == "deadline":
        more = f"; the deadline of {policy.deadline:g} s leaves no time for another attempt"
    elif attempts == 1:
        return error
    else:
        more = f"; given up after {attempts} {times} in {elapsed:.1f} s"
    return amended(error, more, attempts=attempts)


def _too_late(request: Request, line: Line) -> SondeError:
    limit = line.policy.deadline
    return made(
        TimeLimit,
        f"{request.method} {request.path} was not done within {limit:g} s; give the client a "
        "longer deadline",
        {"limit": limit, "setting": "deadline"},
        status=None,
        request_id=None,
    )
