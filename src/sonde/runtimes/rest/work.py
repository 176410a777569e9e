"""What computing processes do: detect and train, in a process that can be stopped."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...errors import InvalidInput, NotAcceptable, SondeError
from ...wire import media as kinds
from ...wire.answers import detection_body, several_body
from ...wire.bodies import Body, parse
from ...wire.limits import Limits
from ...wire.options import DetectOptions, TrainOptions, detect_options, train_options
from ...wire.plain import plain
from ...wire.problems import pointed
from ...wire.reading import reading_of, usable_share
from ...wire.unpack import unpacked
from .packets import packed, unpacked_packet
from .refusals import told as told_of
from .statuses import status_of

if TYPE_CHECKING:
    from ...data import Reading


def detect(packet: bytes) -> bytes:
    """Detect in one data set or in several; the answer's head is ``{media, rows, anomalies}``."""
    head, (data,) = unpacked_packet(packet)
    body = _body(head, data)
    accept = head["accept"]
    if body.requests is not None:
        if accept != kinds.JSON:
            raise NotAcceptable(
                f"the answer for several data sets is {kinds.JSON}; accept that, or send them one "
                "by one",
                offered=[kinds.JSON],
            )
        return _detect_many(head, body)
    answer, told = _detected(body, head["query"], accept, head["request_id"])
    return packed({"media": accept} | told, answer)


def train(packet: bytes) -> bytes:
    """Train a model; the answer's head is its record, its body the model file."""
    head, (data,) = unpacked_packet(packet)
    return _trained(_body(head, data), head)


def warm(packet: bytes) -> bytes:
    """Load and compile what a first request would otherwise wait for."""
    import numpy as np

    from ...core import Series, Table
    from ...data import examine
    from ...learn import Recipe
    from ...learn import detect as learn_and_judge

    rows = np.random.default_rng(0).normal(size=(600, 2))
    for data, detector in ((Table(rows), "auto"), (Series(rows[:, :1]), "seasonal_residual")):
        learn_and_judge(Recipe(detector=detector), examine(data))
    return packet


def compile_kernels(packet: bytes) -> bytes:
    """Compile families of kernels: ``{"families": […], "behind": bool}``."""
    from .warming import compile_in_order

    asked = json.loads(packet)
    compile_in_order(asked["families"], behind=asked["behind"])
    return b""


def _body(head: dict[str, Any], data: bytes) -> Body:
    limits = Limits(**head["limits"])
    plain = unpacked(data, head["encoding"], head["unpacked_bytes"])
    return parse(plain, kinds.of_content_type(head["content_type"]), limits)


def _detected(
    body: Body, query: dict[str, str], accept: str, request_id: str
) -> tuple[bytes, dict[str, Any]]:
    from ...learn import detect as learn_and_judge

    started = time.perf_counter()
    try:
        options: DetectOptions = detect_options(body, query)
        reading = reading_of(body, options=options)
        with reading.named_in_errors():
            detection, _ = learn_and_judge(options.recipe(), reading)
    except SondeError as error:
        raise pointed(error, body) from None
    seconds = time.perf_counter() - started
    answer = detection_body(
        reading, detection, request_id=request_id, seconds=seconds, media=accept
    )
    told = {
        "rows": len(detection),
        "anomalies": len(detection.anomalies),
        "detector": detection.chosen["detector"],
        "quality": usable_share(reading.data),
    }
    return answer, told


def _detect_many(head: dict[str, Any], body: Body) -> bytes:
    """Each data set by itself; one that fails is a problem in its place."""
    answers: list[bytes | dict[str, Any]] = []
    rows = anomalies = 0
    quality = 1.0
    for i, one in enumerate(body.requests or ()):
        request_id = f"{head['request_id']}-{i}"
        try:
            if isinstance(one, SondeError):
                raise one
            said = {*one.options, *(name for name in ("time", "id") if getattr(one, name))}
            query = {name: text for name, text in head["query"].items() if name not in said}
            answer, told = _detected(one, query, kinds.JSON, request_id)
            rows, anomalies = rows + told["rows"], anomalies + told["anomalies"]
            quality = min(quality, told["quality"])
            answers.append(answer)
        except SondeError as error:
            answers.append(told_of(error, status_of(error), request_id, "/api/v1/detect"))
    told = {"media": kinds.JSON, "rows": rows, "anomalies": anomalies, "quality": quality}
    return packed(told, several_body(answers, head["request_id"]))


def _reading(body: Body, options: TrainOptions, head: dict[str, Any]) -> Reading:
    """The data of a training: in the body, or where it says that they lie."""
    if options.source is None:
        return reading_of(body, options=options)
    if body.has_data:
        raise InvalidInput(
            "the body holds data and names a source; give one of them", pointer="/source"
        )
    from .sources import reading_from

    try:
        return reading_from(options.source, options, Limits(**head["limits"]))
    except SondeError as error:
        error.facts.setdefault("pointer", "/source")
        raise


def _check_names(options: TrainOptions) -> None:
    """Refuse what a version can't be called or carry, before any work."""
    from ...registry.naming import checked_alias, checked_name, checked_tags, checked_text

    if not options.name:
        raise InvalidInput("a model that is kept needs a name", pointer="/name")
    checks: dict[str, Callable[[Any], Any]] = {
        "name": checked_name,
        "label": lambda label: label is None or checked_alias(label, "a label"),
        "tags": checked_tags,
        "description": lambda text: checked_text(text, "the description"),
    }
    for field, check in checks.items():
        try:
            check(getattr(options, field))
        except InvalidInput as error:
            error.facts.setdefault("pointer", f"/{field}")
            raise


def _trained(body: Body, head: dict[str, Any]) -> bytes:
    from ...app import build
    from ...learn.training_runs import train_model
    from ...registry.artifact import artifact_bytes
    from ...registry.lineage import lineage_of
    from ...settings import read_settings

    try:
        options: TrainOptions = train_options(body, head["query"])
        _check_names(options)
        reading = _reading(body, options, head)
        run = train_model(options.recipe(), reading, evaluate=options.evaluate)
    except SondeError as error:
        raise pointed(error, body) from None
    app = build(read_settings(), lambda notice: None)
    lineage = lineage_of(reading, run.recipe, by=head["by"])
    record = {
        "name": options.name,
        "description": options.description,
        "tags": options.tags,
        "label": options.label,
        "evaluation": None if run.evaluation is None else run.evaluation.to_dict(),
        "lineage": lineage,
        "chosen": plain(run.chosen),
        "problems": list(run.problems),
        "rows": reading.n_rows,
        "quality": usable_share(reading.data),
    }
    return packed(record, artifact_bytes(run.model, app.keyring))
