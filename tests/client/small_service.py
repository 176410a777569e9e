"""The protocol on the other side: a small real service over the library itself.

It answers what ``sonde.detect`` answers for what arrived, in the forms of the protocol, so that a
test can compare an answer that went over HTTP with one that did not.
"""

from __future__ import annotations

import gzip
import io
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

import sonde
from sonde.errors import SondeError
from sonde.report.frames import plain, to_json
from sonde.runtimes.embedded import Found

ARROW = "application/vnd.apache.arrow.stream"
LISTS = ("columns", "categories")
CONTENT: list[str] = []  # the media types that arrived


async def detect(request: Request) -> Response:
    body = await request.body()
    CONTENT.append(request.headers["content-type"])
    if request.headers.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    try:
        found = await run_in_threadpool(found_in, body, CONTENT[-1], dict(request.query_params))
    except SondeError as error:
        refusal = {"code": error.code, "message": str(error), "facts": plain(error.facts)}
        return JSONResponse(refusal, 422, media_type="application/problem+json")
    beside = to_json(found.detection) | {"request_id": "r-1"}
    if request.headers["accept"] != ARROW:
        for name in ("expected", "lower", "upper"):
            values = getattr(found.detection, name)
            beside[name] = None if values is None else plain(values)
        return Response(json.dumps(beside), media_type="application/json")
    for name in ("scores", "is_anomaly", "probability"):
        del beside[name]
    return Response(arrow(found.to_frame(), beside), media_type=ARROW)


def found_in(body: bytes, media: str, query: dict[str, str]) -> Found:
    if media == "application/json":
        options = json.loads(body)
        data = data_of(options)
    else:
        options = options_of(query)
        data = frame_of(body, media)
    found: Found = sonde.detect(data, **options)
    return found


def data_of(options: dict[str, Any]) -> Any:
    if "rows" in options:
        rows, names = options.pop("rows"), options.pop("names", None)
        if names is None:
            return np.array(rows, dtype=np.float64)
        return pl.DataFrame(rows, schema=names, orient="row")
    return pl.DataFrame(options.pop("columns"))


def options_of(query: dict[str, str]) -> dict[str, Any]:
    options: dict[str, Any] = {"parameters": {}}
    for name, value in query.items():
        if name.startswith("parameters."):
            options["parameters"][name.removeprefix("parameters.")] = json.loads(value)
        elif name in LISTS:
            options[name] = value.split(",")
        elif name in ("fit_rows", "random_state", "n_jobs", "contamination", "online"):
            options[name] = json.loads(value)
        else:
            options[name] = value
    return options


def frame_of(body: bytes, media: str) -> Any:
    readers: dict[str, Any] = {
        ARROW: pl.read_ipc_stream,
        "application/vnd.apache.arrow.file": pl.read_ipc,
        "application/vnd.apache.parquet": pl.read_parquet,
    }
    return io.BytesIO(body) if media == "text/csv" else readers[media](body)


def arrow(frame: pl.DataFrame, beside: dict[str, Any]) -> bytes:
    table = frame.to_arrow().replace_schema_metadata({"sonde": json.dumps(beside)})
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


@contextmanager
def small_service() -> Iterator[str]:
    """The URL of the service, which ends with the block."""
    app = Starlette(routes=[Route("/api/v1/detect", detect, methods=["POST"])])
    config = uvicorn.Config(app, port=0, log_level="critical", ws="none", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < until
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()
