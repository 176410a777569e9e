"""``POST /predict``: the one model that the service was started with.

Two earlier guides have it. One sends ``{"features": …}``, a table as records or columns, and
reads ``success`` and ``predictions``; the other sends rows of 0, 1 and −1 and reads
``predictions`` and ``probabilities``. Rows, columns and all other bodies are taken as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from ....core import ModelRef
from ....errors import Malformed, NotFound
from ....wire import media as kinds
from ..replies import Reply, json_reply
from ..requests import Request

if TYPE_CHECKING:
    from ..parts import Parts
    from ..predicting import Predicting


class OwnPredict:
    """Answers for ``ref``, the model named by ``--model``; refuses where none was named."""

    def __init__(self, parts: Parts, predicting: Predicting, ref: ModelRef | None) -> None:
        self._parts = parts
        self._predicting = predicting
        self._ref = ref

    async def answer(self, request: Request) -> Reply:
        """The reply, with the fields that callers of both guides read."""
        self._parts.allow(request, "predict")
        if self._ref is None:
            raise NotFound(
                "no model answers here: start the service with --model, or ask "
                "/api/v1/models/NAME/predict"
            )
        data = await self._parts.bodies.read(request)
        media = kinds.of_content_type(request.header(b"content-type"))
        if media == kinds.JSON and request.header(b"content-encoding") is None:
            data = _translated(data)
        reply = await self._predicting.judged(request, self._ref, data, kinds.JSON, None)
        told: dict[str, Any] = orjson.loads(reply.body)
        told["success"] = True
        told["model_version"] = told["version"]
        told["probabilities"] = told["probability"]
        return json_reply(told)


def _translated(data: bytes) -> bytes:
    """``features`` as the rows, columns or records that it is."""
    if b'"features"' not in data:
        return data
    try:
        body = orjson.loads(data)
    except ValueError as error:
        raise Malformed(f"the body is no JSON: {error}") from None
    if not isinstance(body, dict) or "features" not in body:
        return data
    features = body.pop("features")
    if isinstance(features, dict):
        body["columns"] = features
    elif isinstance(features, list) and features and isinstance(features[0], dict):
        body["records"] = features
    elif isinstance(features, list) and features and not isinstance(features[0], list):
        body["rows"] = [features]  # one row, as a flat list
    else:
        body["rows"] = features
    return orjson.dumps(body)
