"""``/health``, ``/ready``, ``/metrics``: what those who run the service ask."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ... import __version__
from ...errors import SondeError
from .replies import Reply, json_reply
from .requests import Request

if TYPE_CHECKING:
    from .parts import Parts

_KEPT_S = 1.0  # who asks more often gets the same answer
FINE = "ready"


@dataclass
class Operating:
    """Whether the service lives, what it still lacks, and what it counted."""

    parts: Parts
    served: str | None = None
    _state: tuple[float, dict[str, str]] = field(default=(0.0, {}))
    is_closing: bool = False

    async def health(self, request: Request) -> Reply:
        """It answers, so it lives; nothing else is asked for that."""
        loaded = bool(self.parts.models.in_use()) or self.served is not None
        body = {"status": "healthy", "model_loaded": loaded, "version": __version__}
        return json_reply(body)

    async def ready(self, request: Request) -> Reply:
        """200 where all that a request needs is there, else 503 and what is missing."""
        told, state = time.monotonic() - self._state[0], self._state[1]
        if told > _KEPT_S:
            state = await self.parts.aside(True, self._look)
            self._state = (time.monotonic(), state)
        if self.is_closing:
            state = state | {"service": "shutting down"}
        missing = {name: found for name, found in state.items() if found != FINE}
        body: dict[str, Any] = {"status": "not ready" if missing else "ready", "parts": state}
        if not missing:
            return json_reply(body)
        return json_reply(body | {"missing": missing}, 503, [(b"retry-after", b"1")])

    async def metrics(self, request: Request) -> Reply:
        """For Prometheus."""
        self.parts.metrics.active_models(len(self.parts.models.in_use()))
        body, media = await self.parts.aside(True, self.parts.metrics.exposition)
        return Reply(body, 200, media.encode("ascii"))

    def _look(self) -> dict[str, str]:
        return {
            "database": _found(self._database),
            "blobs": _found(self.parts.blobs.check),
            "models": self.parts.models.problem or FINE,
            "kernels": FINE
            if self.parts.computers.n_ready
            else (self.parts.computers.problem or "computing processes are starting"),
        }

    def _database(self) -> None:
        from ...errors import Unavailable
        from ...storage.migrate import status

        found = status(self.parts.database)
        if not found.is_current:
            raise Unavailable(
                f"tables are at {found.current or 'nothing'}, this version needs {found.head}; run "
                "sonde db upgrade"
            )


def _found(check: Any) -> str:
    try:
        check()
    except SondeError as error:
        return str(error)
    except Exception as error:  # a check that breaks must not make the service look ready
        return f"the check broke: {type(error).__name__}"
    return FINE
