"""What a service can be asked: each operation as the requests it takes, and what comes of them.

An operation is a generator: it yields a ``Request``, is given the ``Reply``, and returns the
result. Refusals are thrown in as errors.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from ..errors import InvalidInput, NotFound
from . import answers
from .addresses import below
from .credential import checked_headers
from .errors import error_of, not_understood
from .exchange import Steps
from .messages import Request
from .payloads import Format, Payload, payload
from .results import Detected, Health, ModelRecord, Predicted, Readiness, VersionRecord
from .uploads import FileUpload, HeldBytes, is_regular

MODEL_FILE = "application/vnd.sonde.model"
T = TypeVar("T")
Version = int | str | None


def detect(data: Any, options: Mapping[str, Any], wanted: Format) -> Steps[Detected]:
    reply = yield _post(below("detect"), payload(data, options, wanted))
    return answers.detected(reply)


def train(
    name: str, data: Any, options: Mapping[str, Any], wanted: Format, key: str | None
) -> Steps[VersionRecord]:
    sent = payload(data, {"name": name, **options}, wanted)
    sent.headers["Accept"] = answers.JSON
    reply = yield _post(below("models"), sent, _creates(key))
    if reply.status == 202:
        job = reply.headers.get("location", "")
        raise not_understood(reply, f"trains later, as a job ({job}), which is not followed here")
    return answers.version_record(reply)


def predict(
    name: str,
    data: Any,
    options: Mapping[str, Any],
    version: Version,
    alias: str | None,
    wanted: Format,
) -> Steps[Predicted]:
    if version is not None and alias is not None:
        raise InvalidInput("give a version or an alias, not both")
    sent = payload(data, options, wanted, for_model=True)
    which = [("version", version), ("alias", alias)]
    query = tuple((key, str(value)) for key, value in which if value is not None)
    request = _post(below("models", name, "predict"), sent, query=query)
    return answers.predicted((yield request))


def page(
    path: str, filters: Mapping[str, Any], kind: type[T], after: str | None
) -> Steps[tuple[list[T], str | None]]:
    """One page of a list, and the cursor of the next; ``after`` is the cursor of this one."""
    asked = {**filters, "after": after}
    query = tuple((key, str(value)) for key, value in asked.items() if value is not None)
    reply = yield Request("GET", path, query)
    return answers.page(reply, kind)


def model(name: str) -> Steps[ModelRecord]:
    reply = yield Request("GET", below("models", name))
    return answers.model_record(reply)


def version(name: str, which: Version, alias: str | None) -> Steps[VersionRecord]:
    number = yield from _number(name, which, alias)
    reply = yield Request("GET", below("models", name, "versions", number))
    return answers.version_record(reply)


def delete(name: str, which: Version) -> Steps[None]:
    place = below("models", name)
    if which is not None:
        place = below("models", name, "versions", which)
    yield from _gone(place)


def set_alias(name: str, alias: str, which: int) -> Steps[ModelRecord]:
    import orjson

    body = HeldBytes(orjson.dumps({"version": which}))
    headers = {"Content-Type": answers.JSON}
    place = below("models", name, "aliases", alias)
    reply = yield Request("PUT", place, headers=headers, body=body)
    return answers.model_record(reply)


def drop_alias(name: str, alias: str) -> Steps[None]:
    yield from _gone(below("models", name, "aliases", alias))


def describe(name: str, changes: Mapping[str, Any]) -> Steps[ModelRecord]:
    import orjson

    body = HeldBytes(orjson.dumps({k: v for k, v in changes.items() if v is not None}))
    headers = {"Content-Type": answers.JSON}
    reply = yield Request("PATCH", below("models", name), headers=headers, body=body)
    return answers.model_record(reply)


def evaluation(name: str, which: Version, alias: str | None) -> Steps[dict[str, Any]]:
    number = yield from _number(name, which, alias)
    reply = yield Request("GET", below("models", name, "versions", number, "evaluation"))
    return answers.document(reply)


def card(name: str, which: Version, alias: str | None, form: str) -> Steps[str]:
    number = yield from _number(name, which, alias)
    place = below("models", name, "versions", number, "card")
    reply = yield Request("GET", place, (("format", form),))
    return reply.content.decode("utf-8", "replace")


def export(name: str, path: Path, which: Version, alias: str | None) -> Steps[Path]:
    record = yield from version(name, which, alias)
    yield Request(
        "GET",
        below("models", name, "versions", record.version, "artifact"),
        headers={"Accept": MODEL_FILE},
        is_transfer=True,
        save_to=path,
        digest=record.digest or None,
    )
    return path


def upload(
    name: str, path: Path, options: Mapping[str, Any], key: str | None
) -> Steps[VersionRecord]:
    if not path.exists():
        raise NotFound(f"there is no file {path}", path=str(path))
    if not is_regular(path):
        raise InvalidInput(f"{path} is no file that can be read", path=str(path))
    reply = yield Request(
        "POST",
        below("models", name, "versions"),
        tuple((k, str(value)) for k, value in options.items() if value is not None),
        headers={"Content-Type": MODEL_FILE, "Accept": answers.JSON, **_creates(key)},
        body=FileUpload(path, is_packed=False),
        is_transfer=True,
    )
    return answers.version_record(reply)


def health() -> Steps[Health]:
    return answers.health((yield Request("GET", "/health")))


def ready() -> Steps[Readiness]:
    return answers.readiness((yield Request("GET", "/ready", answers=(503,))))


def _post(
    place: str,
    sent: Payload,
    headers: Mapping[str, str] | None = None,
    query: tuple[tuple[str, str], ...] = (),
) -> Request:
    return Request(
        "POST",
        place,
        (*query, *sent.query),
        {**sent.headers, **(headers or {})},
        sent.upload,
        is_transfer=not isinstance(sent.upload, HeldBytes),
    )


def _creates(key: str | None) -> dict[str, str]:
    # The same over all attempts, so that what an unheard answer created is not created again.
    given = {"Idempotency-Key": uuid.uuid4().hex if key is None else key}
    return checked_headers(given, has_key=False)


def _number(name: str, which: Version, alias: str | None) -> Steps[int | str]:
    """The version that is meant, where none is named the one that would answer."""
    if which is not None and alias is not None:
        raise InvalidInput("give a version or an alias, not both")
    if which is not None:
        return which
    record = yield from model(name)
    number = record.served if alias is None else record.aliases.get(alias)
    if number is None:
        what = "no version" if alias is None else f"no alias {alias!r}"
        raise NotFound(f"model {name!r} has {what}", model=name)
    return number


def _gone(place: str) -> Steps[None]:
    """What is at ``place`` deleted; gone is gone where an earlier attempt may have done it."""
    reply = yield Request("DELETE", place, answers=(404,))
    if reply.status == 404 and not reply.is_in_doubt:
        raise error_of(reply, None)
