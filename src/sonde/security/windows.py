"""Counting in a moving window: in the memory of this process, or in Redis for all of them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from threading import Lock
from typing import Any, NamedTuple, Protocol

from ..errors import InvalidInput, need

MOST_NAMES = 50_000  # with one request each they take 48 MB, with 100 each 250 MB


class Rate(NamedTuple):
    """``limit`` requests in any ``seconds`` in a row."""

    limit: int
    seconds: int


class Taken(NamedTuple):
    """What a window said: whether there was room, what is left, and when the next place is free."""

    is_allowed: bool
    remaining: int
    reset_s: float


class Windows(Protocol):
    """Moving windows, one for each name; both kinds answer alike."""

    def take(self, name: str, rate: Rate) -> Taken: ...


class MemoryWindows:
    """Windows of one process.

    Written here because the memory of the library ``limits`` took 25 µs for what takes 2 µs here,
    and went through all names every 10 ms.

    Names whose window is empty are forgotten; above ``MOST_NAMES`` the oldest are, whatever they
    hold, so that no number of callers can take more memory than that.

    >>> windows = MemoryWindows(clock=lambda: 0.0)
    >>> [windows.take("a", Rate(2, 60)) for _ in range(3)][1:]
    [Taken(is_allowed=True, remaining=0, reset_s=60.0), Taken(is_allowed=False, remaining=0, ...)]
    """

    def __init__(
        self, *, most_names: int = MOST_NAMES, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = most_names
        self._clock = clock
        self._moments: dict[tuple[str, Rate], deque[float]] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._moments)

    def take(self, name: str, rate: Rate) -> Taken:
        """Count one request of ``name``, where there is room for it."""
        limit, seconds = rate
        now = self._clock()
        with self._lock:
            moments = self._moments.get((name, rate))
            if moments is None:
                moments = self._started(name, rate, now)
            gone = now - seconds
            while moments and moments[0] <= gone:
                moments.popleft()
            if len(moments) >= limit:
                return Taken(False, 0, moments[0] - gone)
            moments.append(now)
            return Taken(True, limit - len(moments), moments[0] - gone)

    def _started(self, name: str, rate: Rate, now: float) -> deque[float]:
        if len(self._moments) >= self._most:
            self._forget(now)
        moments = self._moments[name, rate] = deque()
        return moments

    def _forget(self, now: float) -> None:
        """Make room: names that are idle, and a tenth of the rest where that was not enough."""
        for key in [key for key, m in self._moments.items() if not m or m[-1] <= now - key[1][1]]:
            del self._moments[key]
        # A tenth at once, so that going through all of them is paid by many requests.
        if len(self._moments) > self._most * 9 // 10:
            for key in list(self._moments)[: self._most // 10 or 1]:
                del self._moments[key]


class RedisWindows:
    """Windows that all processes of all machines share, in Redis, by the library ``limits``.

    Raises
    ------
    InvalidInput : the URL can't be used.
    MissingExtra : ``limits`` or ``redis`` is not installed.
    """

    def __init__(self, url: str, timeout_s: float) -> None:
        need("redis", extra="redis", purpose="rate limits of several machines")
        limits: Any = need("limits", extra="serve", purpose="rate limits of several machines")
        from redis.exceptions import RedisError

        self.failures: tuple[type[Exception], ...] = (RedisError, OSError)
        options: dict[str, Any] = {
            "socket_timeout": timeout_s,
            "socket_connect_timeout": timeout_s,
        }
        try:
            if not url.startswith(("redis://", "rediss://", "unix://")):
                raise ValueError("no scheme of Redis")
            known_there = url.replace("unix://", "redis+unix://") if url[0] == "u" else url
            self._storage = limits.storage.storage_from_string(known_there, **options)
        except (ValueError, limits.errors.ConfigurationError):
            # What the library says may hold the password.
            raise InvalidInput(
                "setting SONDE_REDIS__URL can't be used; it should look like redis://host:6379/0, "
                "or rediss://:password@host:6379/0, with no odd characters that are not escaped",
                setting="SONDE_REDIS__URL",
            ) from None
        self._counts = limits.strategies.MovingWindowRateLimiter(self._storage)
        self._item = limits.RateLimitItemPerSecond

    def take(self, name: str, rate: Rate) -> Taken:
        """As ``MemoryWindows.take``; raises one of ``failures`` where Redis does not answer."""
        item = self._item(rate.limit, rate.seconds)
        is_allowed = self._counts.hit(item, "sonde", name)
        reset_at, remaining = self._counts.get_window_stats(item, "sonde", name)
        reset_s = min(max(reset_at - time.time(), 0.0), float(rate.seconds))
        return Taken(is_allowed, max(remaining, 0) if is_allowed else 0, reset_s)

    def answers(self) -> bool:
        """Whether Redis is there."""
        try:
            return bool(self._storage.get_connection().ping())
        except self.failures:
            return False

    def close(self) -> None:
        self._storage.get_connection().close()
