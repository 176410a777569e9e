"""The shapes of bodies, as JSON Schema."""

from __future__ import annotations

from typing import Any, get_args

from ....data.policy import Missing
from ....settings import Settings

Json = dict[str, Any]
MOMENT = "ISO 8601 in UTC; a time that came without a zone is taken for UTC."


def ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def an_object(required: list[str], **properties: Json) -> Json:
    shape: Json = {"type": "object", "properties": properties}
    if required:
        shape["required"] = required
    return shape


def closed(shape: Json) -> Json:
    """The same with nothing beside what it names."""
    return shape | {"additionalProperties": False}


def text(about: str = "", **more: Any) -> Json:
    return {"type": "string", **({"description": about} if about else {}), **more}


def number(about: str = "", **more: Any) -> Json:
    return {"type": "number", **({"description": about} if about else {}), **more}


def whole(about: str = "", **more: Any) -> Json:
    return {"type": "integer", **({"description": about} if about else {}), **more}


def listed(items: Json, about: str = "", **more: Any) -> Json:
    return {"type": "array", "items": items, **({"description": about} if about else {}), **more}


def or_null(shape: Json) -> Json:
    return {"anyOf": [shape, {"type": "null"}]}


def schemas(settings: Settings) -> Json:
    """Every named shape; limits are those of the settings."""
    from ....wire.options import detector_names  # with all of them, which a start need not wait for

    limits = settings.limits
    cell = {"type": ["number", "null", "boolean", "string"]}
    data = {
        "columns": {
            "description": f"Values by column, at most {limits.columns:,} columns. Beside data in "
            "another form: the names of the columns to look at.",
            "anyOf": [
                {
                    "type": "object",
                    "additionalProperties": listed(cell, maxItems=limits.rows),
                    "maxProperties": limits.columns,
                },
                listed({"type": "string"}),
            ],
        },
        "rows": listed(
            listed(cell, maxItems=limits.columns),
            f"One list for each row, at most {limits.rows:,}.",
            maxItems=limits.rows,
        ),
        "names": listed({"type": "string"}, "Names of the columns of `rows`."),
        "records": listed(
            {"type": "object"}, "One object for each row: values by column.", maxItems=limits.rows
        ),
        "series": listed(
            {"type": "array"}, "Several series: each a list of numbers, or of channels."
        ),
        "time": {
            "description": "The time of each row, or the name of a column.",
            "anyOf": [
                {"type": "string"},
                listed({"type": ["string", "number", "null"]}),
            ],
        },
        "id": {
            "description": "The series of each row, or the name of a column.",
            "anyOf": [
                {"type": "string"},
                listed({"type": ["string", "number", "null"]}),
            ],
        },
    }
    options = {
        "kind": text("What the data are.", enum=["auto", "series", "table"]),
        "categories": listed({"type": "string"}, "Columns of categories to look at as well."),
        "fit_rows": whole("Learn from the first rows only.", minimum=2),
        "online": {"type": "boolean", "description": "Judge each row by earlier ones only."},
        "missing": text("What is done about missing values.", enum=list(get_args(Missing))),
        "contamination": number("Share of strange rows.", exclusiveMinimum=0, maximum=0.5),
        "false_alarms": text("A budget.", examples=["2/day"]),
        "labels": {
            "description": "True labels: a list of 0 and 1, or the name of a column.",
            "anyOf": [{"type": "string"}, listed({"type": "integer", "enum": [0, 1]})],
        },
        "random_state": {"type": ["integer", "null"], "description": "Seed.", "minimum": 0},
        "n_jobs": {"type": ["integer", "null"], "description": "Threads; -1 for all cores."},
        "parameters": {"type": "object", "description": "Of the named method."},
    }
    method = {
        "description": "`auto`, a name of the catalogue, or several of them joined by `+`.",
        "anyOf": [
            {"type": "string", "enum": ["auto", *detector_names()]},
            {"type": "string", "pattern": r"^[a-z_]+(\+[a-z_]+)+$"},
        ],
    }
    anomaly = an_object(
        ["series", "start", "end", "peak", "score", "probability", "columns"],
        series=or_null(text()),
        start=whole("First row, from 0."),
        end=whole("The row after the last."),
        start_time=or_null(text(MOMENT)),
        end_time=or_null(text(MOMENT)),
        peak=whole("The strangest row."),
        score=or_null(number()),
        probability=or_null(number()),
        expected=or_null(number()),
        lower=or_null(number()),
        upper=or_null(number()),
        columns={
            "type": "object",
            "description": "Each column's share; sums to 1.",
            "additionalProperties": {"type": ["number", "null"]},
        },
    )
    scored = {
        "scores": listed({"type": ["number", "null"]}, "One a row; larger is stranger."),
        "is_anomaly": listed({"type": "boolean"}),
        "probability": listed({"type": ["number", "null"]}, "1 − the tail probability."),
        "anomalies": listed(ref("Anomaly"), "Merged stretches, strangest first."),
        "problems": listed({"type": "string"}, "What is odd about the data."),
        "predictions": listed({"type": "integer", "enum": [-1, 1]}, "−1 for strange rows."),
        "algorithm": text(),
        "anomaly_count": whole(),
        "processing_time_ms": number(),
        "request_id": text(),
    }
    return {
        "Anomaly": anomaly,
        "DetectRequest": an_object([], **data, detector=method, **options),
        "DetectRequests": an_object(
            ["requests"],
            requests=listed(
                ref("DetectRequest"),
                "Data sets; options beside them are those of all that don't say otherwise.",
                minItems=1,
                maxItems=limits.data_sets,
            ),
            detector=method,
            **options,
        ),
        "Detection": an_object(
            ["scores", "is_anomaly", "probability", "anomalies", "chosen", "request_id"],
            **scored,
            chosen={"type": "object", "description": "What was chosen, and why."},
            candidate=or_null(ref("Anomaly")),
        ),
        "Detections": an_object(
            ["results", "request_id"],
            results=listed(
                {"anyOf": [ref("Detection"), an_object(["error"], error=ref("Problem"))]}
            ),
            request_id=text(),
        ),
        "TrainRequest": an_object(
            ["name"],
            **data,
            name=text("What the model is called.", pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"),
            task=text(enum=["detect"]),
            model=method,
            source=text("Where the data are, in place of data: an http or https address."),
            description=text(),
            tags={"type": "object", "additionalProperties": {"type": "string"}},
            label=text("A name for the version."),
            evaluate={"type": "boolean", "description": "Judge a hold-out first."},
            **options,
        ),
        "PredictRequest": an_object(
            [], **data, key={"type": ["string", "integer"], "description": "For sticky splits."}
        ),
        "Prediction": an_object(
            ["model", "version", "scores", "is_anomaly", "probability", "anomalies", "request_id"],
            model=text(),
            version=text(),
            variant=or_null(text()),
            **scored,
            expected=listed({"type": ["number", "null"]}),
            lower=listed({"type": ["number", "null"]}),
            upper=listed({"type": ["number", "null"]}),
        ),
        "OwnPrediction": {
            "allOf": [
                ref("Prediction"),
                an_object(
                    ["success", "model_version", "probabilities"],
                    success={"type": "boolean"},
                    model_version=text(),
                    probabilities=listed({"type": ["number", "null"]}),
                ),
            ]
        },
        "Features": an_object(
            [],
            **data,
            features={"description": "Rows, columns or records.", "type": ["array", "object"]},
        ),
        "Model": _model(),
        "Version": _version(),
        "Trained": {"allOf": [ref("Version"), an_object(["chosen"], chosen={"type": "object"})]},
        "Models": _page("Model"),
        "Versions": _page("Version"),
        "Evaluation": an_object(
            ["model", "version", "metrics"],
            model=text(),
            version=whole(),
            metrics={"type": "object"},
        ),
        "MovedAlias": closed(
            an_object(["version"], version=whole("A number of this model's.", minimum=1))
        ),
        "ChangedModel": closed(
            an_object(
                [],
                description=or_null(text(maxLength=10_000)),
                tags=or_null(
                    {
                        "type": "object",
                        "additionalProperties": {"type": ["string", "null"]},
                        "maxProperties": 100,
                    }
                ),
            )
        ),
        "Health": an_object(
            ["status", "model_loaded", "version"],
            status=text(enum=["healthy"]),
            model_loaded={"type": "boolean"},
            version=text(),
        ),
        "Ready": an_object(
            ["status", "parts"],
            status=text(enum=["ready", "not ready"]),
            parts={"type": "object", "additionalProperties": {"type": "string"}},
            missing={"type": "object", "additionalProperties": {"type": "string"}},
        ),
        "Problem": _problem(),
    }


def _model() -> Json:
    return an_object(
        ["name", "task", "latest", "aliases", "n_versions", "tags", "created_at", "created_by"],
        name=text(),
        task=text(),
        description=or_null(text()),
        tags={"type": "object", "additionalProperties": {"type": "string"}},
        latest=or_null(whole()),
        aliases={"type": "object", "additionalProperties": {"type": "integer"}},
        n_versions=whole(),
        created_at=text(),
        created_by=text(),
    )


def _version() -> Json:
    return an_object(
        ["model", "version", "digest", "size", "task", "estimator", "created_at", "created_by"],
        model=text(),
        version=whole(),
        label=or_null(text()),
        digest=text("SHA-256 of the model file."),
        size=whole("Bytes of the model file."),
        task=text(),
        output_kind=text(),
        estimator=text(),
        parameters={"type": "object"},
        schema={"type": "object", "description": "What the model expects of its input."},
        metrics={"type": "object"},
        lineage={"type": "object"},
        tags={"type": "object", "additionalProperties": {"type": "string"}},
        signature_key=text(),
        parent=or_null(text()),
        created_at=text(),
        created_by=text(),
    )


def _page(of: str) -> Json:
    return an_object(["items", "next"], items=listed(ref(of)), next=or_null(text()))


def _problem() -> Json:
    return an_object(
        ["type", "title", "status", "detail", "code", "message", "facts", "errors", "request_id"],
        type=text(format="uri-reference"),
        title=text(),
        status=whole(),
        detail=text(),
        instance=text(),
        code=text("For programs."),
        message=text("For people: what is wrong and what to do."),
        facts={"type": "object"},
        errors=listed(an_object(["pointer", "message"], pointer=text(), message=text())),
        request_id=text(),
        success={"type": "boolean", "description": "On `/predict` only: false."},
        error=text("On `/predict` only: the message."),
    )
