"""``/health``, ``/ready``, ``/metrics``: what those who run the service ask."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ... import __version__
from ...errors import SondeError, Unavailable
from .replies import Reply, json_reply
from .requests import Request

if TYPE_CHECKING:
    from .parts import Parts

_KEPT_S = 1.0  # who asks more often gets the same answer
_BLOBS_KEPT_S = 10.0  # looking costs requests to an object store
_PATIENCE_S = 2.0  # whoever watches over the service waits seconds, not minutes
EVERY_S = 15.0  # what Prometheus waits between two scrapes, as most set it
FINE = "ready"
# Without these the service goes on; a look says so and calls it ready all the same.
_OPTIONAL = frozenset({"redis"})


@dataclass
class _Look:
    """What one part was last found to be, and the look that is under way."""

    check: Callable[[], None]
    kept_s: float
    found: str = "not looked at yet"
    at: float = float("-inf")
    under_way: asyncio.Future[str] | None = None

    def is_old(self, now: float) -> bool:
        return now - self.at > (self.kept_s if self.found == FINE else _KEPT_S)


@dataclass
class Operating:
    """Whether the service lives, what it still lacks, and what it counted."""

    parts: Parts
    is_closing: bool = False
    _told: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # Threads of their own: a database that does not answer holds up no request but these.
        self._threads = ThreadPoolExecutor(2, "sonde-look")
        self._looks = {
            "database": _Look(self._database, _KEPT_S),
            "blobs": _Look(self.parts.blobs.check, _BLOBS_KEPT_S),
        }

    async def health(self, request: Request) -> Reply:
        """It answers, so it lives; nothing else is asked for that."""
        parts = self.parts
        is_served = parts.served is not None and parts.served_problem() is None
        loaded = bool(parts.models.in_use()) or (is_served and parts.starting is None)
        return json_reply({"status": "healthy", "model_loaded": loaded, "version": __version__})

    async def ready(self, request: Request) -> Reply:
        """200 where all that a request needs is there, else 503 and what is missing."""
        state = await self._looked()
        lacking = {name: found for name, found in state.items() if found != FINE}
        missing = {name: found for name, found in lacking.items() if name not in _OPTIONAL}
        body: dict[str, Any] = {"status": "not ready" if missing else "ready", "parts": state}
        if missing:
            return json_reply(body | {"missing": missing}, 503, [(b"retry-after", b"1")])
        return json_reply(body | {"degraded": lacking} if lacking else body)

    async def metrics(self, request: Request) -> Reply:
        """For Prometheus."""
        body, media = await self.parts.aside(True, self.parts.metrics.exposition)
        return Reply(body, 200, media.encode("ascii"))

    async def look_on(self) -> None:
        """Look now and again whether anybody asks or not, so that Prometheus always finds it."""
        while True:
            await self._looked()
            await asyncio.sleep(EVERY_S)

    def close(self) -> None:
        """No more looks."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    # --- looking -----------------------------------------------------------------------------

    async def _looked(self) -> dict[str, str]:
        """What each part was found to be, told to all who listen."""
        await asyncio.gather(*(self._look_at(look) for look in self._looks.values()))
        state = {name: look.found for name, look in self._looks.items()} | self._at_hand()
        self._tell(state)
        self.parts.metrics.active_models(len(self.parts.models.in_use()))
        return state

    async def _look_at(self, look: _Look) -> None:
        """Look where the last look is old; one look at a time, however many ask."""
        if not look.is_old(time.monotonic()):
            return
        if look.under_way is None:
            loop = asyncio.get_running_loop()
            look.under_way = loop.run_in_executor(self._threads, _found, look.check)
            look.under_way.add_done_callback(lambda done: _keep(look, done))
        done, _ = await asyncio.wait([look.under_way], timeout=_PATIENCE_S)
        if not done:
            look.found = f"did not answer within {_PATIENCE_S:g} s"

    def _at_hand(self) -> dict[str, str]:
        """What is known without asking anybody."""
        parts, state = self.parts, {}
        state["models"] = parts.models.problem or FINE
        if parts.served is not None:
            state["served model"] = parts.served_problem() or FINE
        computers = parts.computers
        state["kernels"] = FINE if computers.n_ready else "computing processes are starting"
        if not computers.n_ready and computers.problem is not None:
            state["kernels"] = computers.problem
        if parts.warming.lacking is not None:
            state["kernels"] = parts.warming.lacking
        if parts.keys is not None:
            state["keys"] = parts.keys.problem or FINE
        if parts.is_counted_afar and parts.rates is not None:
            away = "away: this process counts requests alone until it is back (SONDE_REDIS__URL)"
            state["redis"] = away if parts.rates.is_degraded else FINE
        state["service"] = "shutting down" if self.is_closing else parts.starting or FINE
        return state

    def _tell(self, state: dict[str, str]) -> None:
        """What changed since the last look, to the log and to Prometheus."""
        for name, found in state.items():
            self.parts.metrics.dependency(name, found == FINE)
            if self._told.get(name, FINE) == found:
                continue
            if found == FINE:
                self.parts.log.info("ready again", part=name)
            else:
                self.parts.log.warning("not ready", part=name, why=found)
        self._told = state

    def _database(self) -> None:
        from ...storage.migrate import status

        found = status(self.parts.database)
        if not found.is_current:
            raise Unavailable(
                f"tables are at {found.current or 'nothing'}, this version needs {found.head}; run "
                "sonde db upgrade"
            )


def _found(check: Callable[[], None]) -> str:
    try:
        check()
    except SondeError as error:
        return str(error)
    except Exception as error:  # a check that breaks must not make the service look ready
        return f"the check broke: {type(error).__name__}"
    return FINE


def _keep(look: _Look, done: asyncio.Future[str]) -> None:
    look.under_way = None
    if not done.cancelled():
        look.found, look.at = done.result(), time.monotonic()
