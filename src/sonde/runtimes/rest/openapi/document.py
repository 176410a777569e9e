"""The OpenAPI document."""

from __future__ import annotations

from typing import Any, get_args

from .... import __version__
from ....data.policy import Missing
from ....settings import Settings
from ....wire import media as kinds
from .schemas import Json, ref, schemas, text, whole

_ROWS = {"rows": [[0.1, 2.0], [0.3, 1.9], [9.0, -4.0]], "names": ["flow", "pressure"]}
_BYTES: Json = {"type": "string", "format": "binary"}
_SERIES = {
    "columns": {"flow": [0.1, 0.2, 0.1, 0.2, 0.1, 0.2, 0.1, 9.0, 0.2, 0.1, 0.2, 0.1]},
    "contamination": 0.1,
}
_TO_LEARN_FROM = {
    "name": "pump",
    "kind": "table",
    "columns": {
        "flow": [0.1, 0.2, 0.15, 0.1, 0.2, 0.12, 0.11, 0.19, 0.14, 0.1, 0.18, 0.13],
        "pressure": [2.0, 1.9, 2.1, 2.0, 1.8, 2.0, 2.1, 1.9, 2.0, 2.1, 1.9, 2.0],
    },
}
_BINARY: Json = {
    kinds.ARROW: {"schema": {"description": "An Arrow IPC stream."} | _BYTES},
    kinds.ARROW_FILE: {"schema": {"description": "An Arrow IPC file."} | _BYTES},
    kinds.PARQUET: {"schema": {"description": "A Parquet file."} | _BYTES},
    kinds.CSV: {"schema": {"type": "string"}, "example": "flow,pressure\n0.1,2.0\n9.0,-4.0\n"},
}
_LINES: Json = {
    media: {"schema": {"description": "One line a row, the columns of `sonde detect --scores`."}}
    for media in (kinds.ARROW, kinds.PARQUET, kinds.CSV)
}
_TITLES = {
    400: "The body or a header can't be read",
    401: "A key is missing, wrong, expired or revoked",
    403: "The key lacks the scope",
    404: "There is no such thing",
    405: "Another method is answered here",
    406: "None of the formats in Accept is given",
    408: "The body came too slowly",
    409: "It is in the way of what exists",
    413: "More bytes, rows, columns or points than may come",
    415: "The format or encoding is not read",
    422: "The data or an option can't be used",
    429: "Too many requests",
    500: "Something is wrong in the service",
    501: "An optional part is not installed",
    503: "Ask again later",
}
_ALWAYS = (400, 401, 403, 405, 413, 422, 429, 500, 503)
_DATA = (404, 406, 415, 501)
_RATES = {
    "RateLimit-Limit": "rate_limit",
    "RateLimit-Remaining": "rate_remaining",
    "RateLimit-Reset": "rate_reset",
}
_OF_STATUS = {
    201: {"Location": "location", "Idempotency-Replayed": "replayed"},
    401: {"WWW-Authenticate": "challenge"},
    405: {"Allow": "allow"},
    409: {"Retry-After": "retry_later"},
    429: {"Retry-After": "retry_after"},
    503: {"Retry-After": "retry_after"},
}


def document(settings: Settings) -> Json:
    """OpenAPI 3.1: every path, body, answer and error."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sonde",
            "version": __version__,
            "summary": "Finds what is unusual in time series and tables.",
            "license": {"name": "BSD-3-Clause", "identifier": "BSD-3-Clause"},
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}, {"header": []}, {}],
        "tags": [
            {"name": "detect", "description": "Without a stored model."},
            {"name": "predict", "description": "By a stored model."},
            {"name": "models", "description": "What is in the registry."},
            {"name": "operation", "description": "For those who run the service."},
        ],
        "paths": _paths(),
        "components": {
            "schemas": schemas(settings),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            },
            "headers": {
                "request_id": _header(text(), "As it came, or made.", required=True),
                "retry_after": _header(whole(), "Seconds.", required=True),
                "retry_later": _header(whole(), "Seconds, where waiting helps."),
                "allow": _header(text(), "The methods that are answered.", required=True),
                "challenge": _header(text(), "`Bearer`.", required=True),
                "location": _header(text(), "Where it is.", required=True),
                "replayed": _header(text(), "`true`: this answer was given before."),
                "rate_limit": _header(whole(), "Requests of one window; where rates are set."),
                "rate_remaining": _header(whole(), "Requests that are left in it."),
                "rate_reset": _header(whole(), "Seconds until one more is free."),
            },
        },
    }


def _paths() -> Json:
    model, version, alias = _part("name"), _part("version"), _part("alias")
    page = [
        _field("limit", whole("Items of one page.", minimum=1, maximum=1000)),
        _field("after", text("`next` of the page before.", maxLength=2048)),
    ]
    which = [
        _field("version", text("A number or a label; see `alias`.")),
        _field("alias", text("Neither: champion if there is one, else the latest.")),
        _field("key", text("Keeps a user with one variant.")),
    ]
    once = {
        "name": "Idempotency-Key",
        "in": "header",
        "schema": text(minLength=1, maxLength=255),
        "description": "The same key and body give the same answer, for a day.",
    }
    one = "/api/v1/models/{name}"
    this = one + "/versions/{version}"
    shown: Json = {
        one + "/predict": {
            "post": _operation(
                "predict", "predict", "Ask a stored model", [model, *which],
                _data("PredictRequest", _ROWS), _ok("Prediction", _LINES), _DATA,
            )
        },
        "/api/v1/detect": {
            "post": _operation(
                "detect", "detect", "Find what is strange in data", _options("detector"),
                _data(
                    {"anyOf": [ref("DetectRequest"), ref("DetectRequests")]},
                    _SERIES,
                ),
                _ok({"anyOf": [ref("Detection"), ref("Detections")]}, _LINES),
                _DATA,
            )
        },
        "/predict": {
            "post": _operation(
                "ownPredict", "predict", "Ask the model that the service was started with", [],
                _data("Features", {"features": [[0.1, 2.0]]}), _ok("OwnPrediction"), _DATA,
            )
        },
        "/api/v1/models": {
            "get": _operation(
                "listModels", "models", "List models",
                [
                    *page,
                    _field("task", text()),
                    _field("tag", text("`name` or `name=value`.")),
                    _field("prefix", text("How names begin.")),
                ],
                None, _ok("Models"), (),
            ),
            "post": _operation(
                "train", "models", "Train a model and keep it",
                [once, *_options("model"), *(_field(*one) for one in _KEPT_AS)],
                _data(
                    "TrainRequest",
                    _TO_LEARN_FROM,
                ),
                _created("Trained"), (409, *_DATA),
            ),
        },
        one: {
            "get": _operation(
                "showModel", "models", "Show a model", [model], None, _ok("Model"), (404,)
            ),
            "patch": _operation(
                "changeModel", "models", "Change a description or tags", [model],
                _json("ChangedModel", {"tags": {"site": "north"}}), _ok("Model"), (404, 415),
            ),
            "delete": _operation(
                "deleteModel", "models", "Delete a model with all its versions", [model], None,
                _nothing(), (404, 409),
            ),
        },
        one + "/versions": {
            "get": _operation(
                "listVersions", "models", "List versions, newest first", [model, *page], None,
                _ok("Versions"), (404,),
            ),
            "post": _operation(
                "uploadVersion", "models", "Upload a model file",
                [model, once, _field("label", text()), _field("description", text())],
                {"required": True, "content": {kinds.MODEL: {"schema": _BYTES}}},
                _created("Version"), (404, 409, 415),
            ),
        },
        this: {
            "get": _operation(
                "showVersion", "models", "Show a version", [model, version], None, _ok("Version"),
                (404,),
            ),
            "delete": _operation(
                "deleteVersion", "models", "Delete a version", [model, version], None, _nothing(),
                (404, 409),
            ),
        },
        this + "/evaluation": {
            "get": _operation(
                "evaluation", "models", "How a version did on a hold-out", [model, version], None,
                _ok("Evaluation"), (404,),
            )
        },
        this + "/card": {
            "get": _operation(
                "card", "models", "The model card",
                [model, version, _field("format", text(enum=["html", "markdown"]))], None,
                {
                    "200": {
                        "description": "The card.",
                        "headers": _headers()
                        | {"Content-Security-Policy": _header(text(), "Of the page.")},
                        "content": {
                            "text/html": {"schema": {"type": "string"}},
                            "text/markdown": {"schema": {"type": "string"}},
                        },
                    }
                },
                (404,),
            )
        },
        this + "/artifact": {
            "get": _operation(
                "artifact", "models", "The model file", [model, version], None,
                {
                    "200": {
                        "description": "The file.",
                        "headers": _headers()
                        | {
                            "ETag": _header(text(), "The digest.", required=True),
                            "Content-Disposition": _header(text(), "A name for the file."),
                        },
                        "content": {kinds.MODEL: {"schema": _BYTES}},
                    }
                },
                (404,),
            )
        },
        one + "/aliases/{alias}": {
            "put": _operation(
                "moveAlias", "models", "Point an alias at a version", [model, alias],
                _json("MovedAlias", {"version": 3}), _ok("Model"), (404, 409, 415),
            ),
            "delete": _operation(
                "dropAlias", "models", "Remove an alias", [model, alias], None, _nothing(), (404,)
            ),
        },
        "/health": {"get": _plain("health", "It lives", "Health")},
        "/ready": {"get": _plain("ready", "It is ready, or what is missing", "Ready")},
        "/metrics": {
            "get": _operation(
                "metrics", "operation", "For Prometheus", [], None,
                {
                    "200": {
                        "description": "Metrics.",
                        "headers": _headers(),
                        "content": {"text/plain": {"schema": {"type": "string"}}},
                    }
                },
                (404,),
            )
        },
    }  # fmt: skip
    shown["/ready"]["get"]["responses"]["503"] = {
        "description": "Not ready.",
        "headers": _headers(503),
        "content": {"application/json": {"schema": ref("Ready")}},
    }
    return shown


def _operation(
    name: str,
    tag: str,
    summary: str,
    parameters: list[Json],
    body: Json | None,
    answers: Json,
    more: tuple[int, ...],
) -> Json:
    errors = sorted({*_ALWAYS, *more, *(() if body is None else (408,))})
    operation: Json = {
        "operationId": name,
        "tags": [tag],
        "summary": summary,
        "parameters": parameters,
        "responses": answers | {str(status): _error(status) for status in errors},
    }
    if body is not None:
        operation["requestBody"] = body
    return operation


def _plain(name: str, summary: str, shape: str) -> Json:
    return {
        "operationId": name,
        "tags": ["operation"],
        "summary": summary,
        "security": [{}],
        "responses": _ok(shape) | {str(status): _error(status) for status in (405, 500)},
    }


def _error(status: int) -> Json:
    return {
        "description": _TITLES[status],
        "headers": _headers(status),
        "content": {kinds.PROBLEM: {"schema": ref("Problem")}},
    }


def _headers(status: int = 200) -> Json:
    names = {"X-Request-Id": "request_id", **_RATES, **_OF_STATUS.get(status, {})}
    return {shown: {"$ref": f"#/components/headers/{name}"} for shown, name in names.items()}


def _header(schema: Json, about: str, *, required: bool = False) -> Json:
    return {"schema": schema, "description": about, "required": required}


def _ok(shape: str | Json, more: Json | None = None) -> Json:
    schema = ref(shape) if isinstance(shape, str) else shape
    content = {kinds.JSON: {"schema": schema}} | (more or {})
    return {"200": {"description": "The answer.", "headers": _headers(), "content": content}}


def _created(shape: str) -> Json:
    return {
        "201": {
            "description": "It is there.",
            "headers": _headers(201),
            "content": {kinds.JSON: {"schema": ref(shape)}},
        }
    }


def _nothing() -> Json:
    return {"204": {"description": "It is gone.", "headers": _headers()}}


def _data(shape: str | Json, example: Any) -> Json:
    schema = ref(shape) if isinstance(shape, str) else shape
    return {
        "required": True,
        "description": "May be packed (Content-Encoding gzip or zstd). With another format than "
        "JSON the options come in the query.",
        "content": {kinds.JSON: {"schema": schema, "example": example}} | _BINARY,
    }


def _json(shape: str, example: Any) -> Json:
    content = {kinds.JSON: {"schema": ref(shape), "example": example}}
    return {"required": True, "content": content}


# With another body than JSON, options come in the query; each has the name that it has in JSON.
_KEPT_AS = (
    ("name", text("What the model is called.")),
    ("task", text(enum=["detect"])),
    ("label", text("A name for the version.")),
    ("description", text()),
    ("evaluate", {"type": "boolean", "description": "Judge a hold-out first."}),
)


def _options(method: str) -> list[Json]:
    """The fields of the query that say what JSON says beside the data."""
    shapes: tuple[tuple[str, Json], ...] = (
        (method, text("`auto`, or a name of the catalogue.")),
        ("time", text("The column of times.")),
        ("id", text("The column that names the series.")),
        ("kind", text(enum=["auto", "series", "table"])),
        ("columns", text("Columns to look at, by commas.")),
        ("categories", text("Columns of categories, by commas.")),
        ("fit_rows", whole("Learn from the first rows only.", minimum=2)),
        ("online", {"type": "boolean", "description": "Judge each row by earlier ones only."}),
        ("missing", text(enum=list(get_args(Missing)))),
        ("contamination", {"type": "number", "exclusiveMinimum": 0, "maximum": 0.5}),
        ("false_alarms", text("A budget.", examples=["2/day"])),
        ("labels", text("The column of true labels.")),
        ("random_state", whole("Seed.", minimum=0)),
        ("n_jobs", whole("Threads; -1 for all cores.")),
    )
    return [_field(name, shape) for name, shape in shapes]


def _part(name: str) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": text(minLength=1)}


def _field(name: str, schema: Json) -> Json:
    return {"name": name, "in": "query", "required": False, "schema": schema}
