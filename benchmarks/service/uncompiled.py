"""Our service with a model that nothing was compiled for: uncompiled.py PORT

The same service as ``sonde serve``, its models from a source of its own: a scikit-learn forest is
no model of ours that a registry would keep.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import uvicorn

sys.path.insert(0, str(Path(__file__).parents[1]))

from batching import ROWS, PlainForest

from sonde.core import ModelRef
from sonde.learn import Estimator
from sonde.runtimes.rest.parts import Parts
from sonde.runtimes.rest.service import service
from sonde.serving import Predictor
from sonde.serving.batching import Batcher
from sonde.serving.computers import Computers
from sonde.settings import Settings, read_settings
from sonde.telemetry.logs import start_logging
from sonde.telemetry.metrics import Metrics


class Plain:
    """What a service asks of its models, for one that is always there."""

    problem = None
    is_ready = True

    def __init__(self) -> None:
        self._model = PlainForest(random_state=0).fit(ROWS[:2000])

    def resolve(self, ref: ModelRef, key: str | None) -> tuple[Estimator, str]:
        return self._model, "1"

    def known(self, ref: ModelRef, key: str | None) -> tuple[Estimator, str]:
        return self._model, "1"

    def follow(self, poll_s: float) -> None:
        """There is nothing to follow."""

    def stop(self) -> None:
        """Nothing was begun."""


def application(settings: Settings, computers: Computers) -> Any:
    metrics = Metrics(settings.metrics.enabled, False, None)
    parts = Parts(settings, metrics, is_open=True, computers=computers)
    models: Any = Plain()
    parts.models = models
    parts.predictor = Predictor(models)
    if parts.batcher is not None:
        parts.batcher = Batcher(
            parts.predictor.predict_many, parts.threads, settings.batching.most_rows
        )
    return service(parts)


if __name__ == "__main__":
    settings = read_settings()
    start_logging(settings.log.level, settings.log.format)
    with Computers(
        1, waiting=settings.server.waiting, seconds=30, start="sonde.runtimes.rest.work:warm"
    ) as computers:
        uvicorn.run(
            application(settings, computers),
            port=int(sys.argv[1]),
            loop="uvloop",
            http="httptools",
            access_log=False,
            log_config=None,
        )
