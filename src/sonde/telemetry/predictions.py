"""Lines about single predictions, for whoever looks for one that went wrong."""

from __future__ import annotations

from collections.abc import Sequence

from .logs import Log, is_debug, log


class PredictionLog:
    """Tells of every prediction at ``debug``, and costs nothing above it.

    >>> told = PredictionLog()
    >>> told.completed("r-1", "pump:3", (10, 4), 0.002, 10)
    """

    def __init__(self) -> None:
        self._log: Log = log("sonde.predictions")

    def completed(
        self,
        request_id: str | None,
        model_version: str,
        input_shape: Sequence[int],
        seconds: float,
        n_predictions: int,
    ) -> None:
        if not is_debug():
            return
        self._log.debug(
            "prediction_completed",
            request_id=request_id,
            model_version=model_version,
            input_shape=input_shape,
            latency_seconds=seconds,
            predictions_count=n_predictions,
        )

    def failed(
        self,
        request_id: str | None,
        model_version: str | None,
        input_shape: Sequence[int] | None,
        seconds: float,
        error: BaseException,
    ) -> None:
        if not is_debug():
            return
        self._log.debug(
            "prediction_failed",
            request_id=request_id,
            model_version=model_version,
            input_shape=input_shape,
            latency_seconds=seconds,
            error=error,
            error_type=type(error).__name__,
        )
