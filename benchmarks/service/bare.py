"""The bare endpoint that ours is compared with: Starlette, msgspec, a dot product, nothing else."""

from __future__ import annotations

import sys

import msgspec
import numpy as np
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


class Rows(msgspec.Struct):
    rows: list[list[float]]


_decoder = msgspec.json.Decoder(Rows)
_encoder = msgspec.json.Encoder()
_weights = np.random.default_rng(0).normal(size=1000)


async def predict(request: Request) -> Response:
    rows = np.array(_decoder.decode(await request.body()).rows)
    scores = rows @ _weights[: rows.shape[1]]
    return Response(_encoder.encode({"scores": scores.tolist()}), media_type="application/json")


if __name__ == "__main__":
    app = Starlette(routes=[Route("/predict", predict, methods=["POST"])])
    uvicorn.run(
        app, port=int(sys.argv[1]), loop="uvloop", http="httptools", access_log=False,
        log_level="warning",
    )  # fmt: skip
