"""``POST /predict``: the one model that the service was started with.

Two earlier guides have it. One sends ``{"features": …}``, a table as records or columns, and
reads ``success`` and ``predictions``; the other sends rows of 0, 1 and −1 and reads
``predictions`` and ``probabilities``. Rows, columns and all other bodies are taken as well. Both
expect 400 for data that can't be used, which ``statuses`` says.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ....core import ModelRef
from ....data.quoting import quoted
from ....errors import InvalidInput, NotFound
from ....wire import media as kinds
from ....wire.json_text import loaded
from ....wire.limits import Limits
from ....wire.unpack import unpacked
from ..predicting import ASIDE_BYTES, Asked
from ..replies import Reply
from ..requests import Request

if TYPE_CHECKING:
    from ..parts import Parts
    from ..predicting import Predicting

MOST_CELLS = 100_000  # as the second guide has it; other addresses take more


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
        if request.query():
            raise InvalidInput(
                f"the query has an unknown field {quoted(next(iter(request.query())))}; POST "
                "/predict has no fields there"
            )
        kinds.negotiate(request.header(b"accept"), (kinds.JSON,))
        data = await self._parts.bodies.read(request)
        if kinds.of_content_type(request.header(b"content-type")) == kinds.JSON:
            is_slow = request.header(b"content-encoding") is not None or len(data) > ASIDE_BYTES
            data = await self._parts.aside(is_slow, self._as_ours, request, data)
        return await self._predicting.judged(
            request, Asked(self._ref, kinds.JSON, None, MOST_CELLS, is_own=True), data
        )

    def _as_ours(self, request: Request, data: bytes) -> bytes:
        """The JSON body unpacked, with rows, columns or records in place of ``features``."""
        most = self._parts.settings.limits.unpacked_mb * 2**20
        plain = unpacked(
            data, request.headers.pop(b"content-encoding", b"").decode("latin-1"), most
        )
        return _translated(plain, self._parts.limits)


def _translated(data: bytes, limits: Limits) -> bytes:
    if b'"features"' not in data:
        return data
    body = loaded(data, limits)
    if not isinstance(body, dict) or "features" not in body:
        return data
    features = body.pop("features")
    if isinstance(features, dict):
        form = "columns"
    elif isinstance(features, list) and features and isinstance(features[0], dict):
        form = "records"
    else:
        form = "rows"
        if isinstance(features, list) and features and not isinstance(features[0], list):
            features = [features]  # one row, as a flat list
    if form in body:
        raise InvalidInput(
            f"the body gives data in features and in {form}; give them in one of them",
            pointer="/features",
        )
    return json.dumps(body | {form: features}).encode()
