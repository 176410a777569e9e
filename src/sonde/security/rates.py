"""How often each key and each address may ask."""

from __future__ import annotations

import logging
import math
import re
import time
from threading import Event, Lock, Thread
from typing import NamedTuple

from ..errors import InvalidInput, TooMany
from .addresses import counted
from .windows import MOST_NAMES, MemoryWindows, Rate, RedisWindows, Taken

log = logging.getLogger(__name__)

UNITS_S = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
MOST = 1_000_000
RETRY_S = 1.0  # how often a Redis that went away is asked whether it is back
_FORM = re.compile(r"\s*([0-9]{1,9})\s*(?:/|per)\s*([0-9]{0,4})\s*([a-z]+?)s?\s*")


class RateState(NamedTuple):
    """The window of one caller after a request: places, places left, seconds until one is free."""

    limit: int
    remaining: int
    reset_s: float


def parse_rate(text: str, setting: str = "SONDE_RATES__…") -> Rate | None:
    """``600/minute`` as a rate; None for ``off``.

    Raises
    ------
    InvalidInput : something else; the message names ``setting``.

    >>> parse_rate("600/minute"), parse_rate("5/10seconds"), parse_rate("off")
    (Rate(limit=600, seconds=60), Rate(limit=5, seconds=10), None)
    """
    if text.strip().lower() in ("off", ""):
        return None
    form = _FORM.fullmatch(text.lower())
    if form is not None and form[3] in UNITS_S:
        rate = Rate(int(form[1]), int(form[2] or 1) * UNITS_S[form[3]])
        if 1 <= rate.limit <= MOST and rate.seconds >= 1:
            return rate
    raise InvalidInput(
        f"setting {setting}: {text[:40]!r} is not a rate; write 600/minute (second, minute, hour "
        f"or day; 1 to {MOST:,} requests), or off",
        setting=setting,
    )


def headers(state: RateState | None) -> dict[str, str]:
    """What a caller is told of its window, in whole seconds; nothing where there is no limit.

    >>> headers(RateState(600, 599, 59.2))
    {'RateLimit-Limit': '600', 'RateLimit-Remaining': '599', 'RateLimit-Reset': '60'}
    """
    if state is None:
        return {}
    return {
        "RateLimit-Limit": str(state.limit),
        "RateLimit-Remaining": str(state.remaining),
        "RateLimit-Reset": str(math.ceil(state.reset_s)),
    }


class Rates:
    """Counts requests of each key, of each address without a key, and wrong keys of each address.

    Parameters
    ----------
    per_key, per_address, failures : ``600/minute`` or ``off``.
    redis_url : where all machines count together; None counts in this process.
    timeout_s : longest wait for Redis, seconds.

    Where Redis does not answer, this process counts alone and from nothing until it is back, says
    so once, and asks it again in the background; ``is_degraded`` is true meanwhile.

    >>> rates = Rates(per_key="2/minute")
    >>> rates.check("abc", "192.0.2.1").remaining, rates.check("abc", "192.0.2.1").remaining
    (1, 0)
    >>> rates.check("abc", "192.0.2.1")
    Traceback (most recent call last):
    sonde.errors.TooMany: this key may ask 2 times in 60 seconds; ask again in ... seconds
    """

    def __init__(
        self,
        per_key: str = "off",
        per_address: str = "off",
        failures: str = "off",
        redis_url: str | None = None,
        timeout_s: float = 0.25,
    ) -> None:
        self._per_key = parse_rate(per_key, "SONDE_RATES__PER_KEY")
        self._per_address = parse_rate(per_address, "SONDE_RATES__PER_ADDRESS")
        self._failures = parse_rate(failures, "SONDE_RATES__FAILURES")
        self._own = MemoryWindows()
        self._shared = None if redis_url is None else RedisWindows(redis_url, timeout_s)
        self._waiting: dict[str, float] = {}
        self._lock = Lock()
        self._closing = Event()
        self.is_degraded = False

    def check(self, key_id: str | None, address: str) -> RateState | None:
        """Count a request: of the key where there is one, else of the address (IPv6: of its /64).

        Returns
        -------
        The state of the window; None where there is no limit.

        Raises
        ------
        TooMany : there was no room, and nothing was counted; facts: retry_after_s, limit,
            seconds.
        """
        if key_id is not None:
            rate, name = self._per_key, "key:" + key_id
        else:
            rate, name = self._per_address, "address:" + counted(address)
        if rate is None:
            return None
        is_allowed, remaining, reset_s = self._take(name, rate)
        if is_allowed:
            return RateState(rate.limit, remaining, reset_s)
        who = "this key" if key_id is not None else "this address, without a key,"
        raise _too_many(
            f"{who} may ask {rate.limit:,} times in {rate.seconds:,} seconds", rate, reset_s
        )

    def failed(self, address: str) -> None:
        """Count a wrong key of this address (IPv6: of its /64)."""
        if self._failures is None:
            return
        name = counted(address)
        taken = self._take("wrong:" + name, self._failures)
        if taken.remaining == 0:
            with self._lock:
                if len(self._waiting) >= MOST_NAMES:
                    self._waiting.clear()
                self._waiting[name] = time.monotonic() + taken.reset_s

    def refuse_failing(self, address: str) -> None:
        """Refuse an address that gave too many wrong keys; ask before a key is looked up.

        It asks no Redis: an address is refused by each process that saw it fail, as soon as all
        of them together have counted enough.

        Raises
        ------
        TooMany : it has to wait; facts: retry_after_s, limit, seconds.
        """
        if not self._waiting or self._failures is None:
            return
        wait = self._waiting.get(counted(address), 0.0) - time.monotonic()
        if wait > 0:
            raise _too_many("too many wrong keys came from this address", self._failures, wait)

    def close(self) -> None:
        """Let go of Redis."""
        self._closing.set()
        if self._shared is not None:
            self._shared.close()

    def _take(self, name: str, rate: Rate) -> Taken:
        shared = self._shared
        if shared is not None and not self.is_degraded:
            try:
                return shared.take(name, rate)
            except shared.failures as error:
                self._go_on_alone(shared, error)
        return self._own.take(name, rate)

    def _go_on_alone(self, shared: RedisWindows, error: Exception) -> None:
        with self._lock:
            if self.is_degraded or self._closing.is_set():
                return
            self.is_degraded = True
        log.warning(
            "Redis does not answer (%s): this process counts requests alone until it does; "
            "see SONDE_REDIS__URL",
            type(error).__name__,
        )
        Thread(target=self._wait_for, args=(shared,), name="sonde-rates", daemon=True).start()

    def _wait_for(self, shared: RedisWindows) -> None:
        while not self._closing.wait(RETRY_S):
            if shared.answers():
                self.is_degraded = False
                log.warning("Redis answers again: requests are counted there")
                return


def _too_many(why: str, rate: Rate, reset_s: float) -> TooMany:
    wait = max(math.ceil(reset_s), 1)
    return TooMany(
        f"{why}; ask again in {wait:,} seconds",
        retry_after_s=wait,
        limit=rate.limit,
        seconds=rate.seconds,
    )
