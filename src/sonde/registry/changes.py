"""Changes of the registry's tables: each within the caller's transaction, each with its event."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from ..errors import Conflict, InvalidInput
from ..learn import Detector, Estimator, describe
from ..storage.tables import aliases, counters, events, models, versions
from .naming import checked_alias, checked_name, checked_tags, checked_text, checked_values

_BLOB_LOCK = 0x736F6E64_626C6F62  # of PostgreSQL, between who adds rows and who deletes bytes


class Told(TypedDict, total=False):
    """What may be said of a version when it is registered.

    ``description`` is of the model, all its versions, and replaces what there was; ``tags`` and
    ``metrics`` are of this version; ``label`` is a name for it beside its number; ``lineage`` says
    where it comes from (see ``lineage_of``), ``parent`` what it was made from, such as ``"3"``;
    ``by`` is who registers it.
    """

    description: str | None
    tags: Mapping[str, str] | None
    label: str | None
    metrics: Mapping[str, Any] | None
    lineage: Mapping[str, Any] | None
    by: str
    parent: str | None


@dataclass(frozen=True)
class NewVersion:
    """A version to be added, checked."""

    name: str
    model: Estimator
    digest: str
    size: int
    signature_key: str
    told: Told


def checked_told(name: str, told: Told) -> Told:
    """``told`` as the tables can keep it; the model's name is checked too."""
    checked_name(name)
    label = told.get("label")
    return Told(
        description=checked_text(told.get("description"), "the description"),
        tags=checked_tags(told.get("tags")),
        label=None if label is None else checked_alias(label, "a label"),
        metrics=checked_values(told.get("metrics"), "metrics"),
        lineage=checked_values(told.get("lineage"), "the lineage"),
        by=checked_by(told.get("by", "local")),
        parent=checked_text(told.get("parent"), "parent", 300),
    )


def checked_by(by: str) -> str:
    """Who does something, as text."""
    return checked_text(by, "who does it", 300) or "local"


def task_of(model: Estimator) -> tuple[str, str]:
    """What a model is for, and what its answers are; InvalidInput where it can't answer alone."""
    if isinstance(model, Detector):
        return "detect", "detection"
    raise InvalidInput(
        f"{model.name} is no detector and can't be registered by itself; make it a step of a "
        "pipeline that ends in one",
        estimator=model.name,
    )


def share_blobs(connection: sa.Connection) -> None:
    """Until the transaction ends nobody deletes bytes; several may hold this at once."""
    _lock_blobs(connection, "pg_advisory_xact_lock_shared")


def own_blobs(connection: sa.Connection) -> None:
    """Until the transaction ends nobody adds a version."""
    _lock_blobs(connection, "pg_advisory_xact_lock")


def _lock_blobs(connection: sa.Connection, function: str) -> None:
    # SQLite has one writer at a time anyway.
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(getattr(sa.func, function)(_BLOB_LOCK)))


def add_version(connection: sa.Connection, new: NewVersion) -> int:
    """The number of the version that was added."""
    task, output_kind = task_of(new.model)
    described, told, now = describe(new.model), new.told, _now()
    # The counter's row is held until the end, so that of two that register one name the second
    # waits here, and sees what the first did.
    number = _next_number(connection, new.name)
    model_id = _model_id(connection, new.name, task, told, now)
    label = told["label"]
    if label is not None:
        taken = sa.select(versions.c.number).where(
            versions.c.model_id == model_id, versions.c.label == label
        )
        of = connection.scalar(taken)
        if of is not None:
            raise Conflict(
                f"{new.name} has a version labelled {label!r} already, number {of}; choose another",
                model=new.name,
                label=label,
            )
    connection.execute(
        versions.insert().values(
            model_id=model_id,
            number=number,
            label=label,
            digest=new.digest,
            size=new.size,
            output_kind=output_kind,
            estimator=described["estimator"],
            parameters=described["parameters"],
            schema=new.model.schema_.to_dict(),
            metrics=told["metrics"],
            lineage=told["lineage"],
            tags=told["tags"],
            signature_key=new.signature_key,
            parent=told["parent"],
            created_at=now,
            created_by=told["by"],
        )
    )
    details = {"version": number, "label": label, "digest": new.digest}
    tell(connection, told["by"], "model.registered", new.name, details)
    return number


def hold(connection: sa.Connection, name: str) -> None:
    """Until the transaction ends nobody else changes the model ``name``."""
    connection.execute(sa.select(counters.c.last).where(counters.c.name == name).with_for_update())


def point(connection: sa.Connection, version: Any, alias: str, by: str) -> None:
    """Let ``alias`` point at ``version``, a row of ``find_version``."""
    was = connection.scalar(
        sa.select(versions.c.number)
        .join(aliases, aliases.c.version_id == versions.c.id)
        .where(aliases.c.model_id == version.model_id, aliases.c.alias == alias)
    )
    values = {"version_id": version.id, "moved_at": _now(), "moved_by": by}
    if was is None:
        key = {"model_id": version.model_id, "alias": alias}
        connection.execute(aliases.insert().values(**key, **values))
    else:
        connection.execute(
            aliases.update()
            .where(aliases.c.model_id == version.model_id, aliases.c.alias == alias)
            .values(**values)
        )
    details = {"alias": alias, "version": version.number, "was": was}
    tell(connection, by, "model.alias_set", version.model_name, details)


def tell(
    connection: sa.Connection, by: str, action: str, name: str, details: Mapping[str, Any]
) -> None:
    """Write an event; a part of the change that it speaks of."""
    connection.execute(
        events.insert().values(
            at=_now(), actor=by, action=action, object=name, details=dict(details)
        )
    )


def _next_number(connection: sa.Connection, name: str) -> int:
    insert = sqlite_insert if connection.dialect.name == "sqlite" else postgres_insert
    counted = (
        insert(counters)
        .values(name=name, last=1)
        .on_conflict_do_update(index_elements=["name"], set_={"last": counters.c.last + 1})
        .returning(counters.c.last)
    )
    return int(connection.execute(counted).scalar_one())


def _model_id(connection: sa.Connection, name: str, task: str, told: Told, now: int) -> int:
    """The model's row, made where there is none yet."""
    row = connection.execute(
        sa.select(models.c.id, models.c.task).where(models.c.name == name)
    ).one_or_none()
    if row is None:
        made = connection.execute(
            models.insert()
            .values(
                name=name,
                task=task,
                description=told["description"],
                tags={},
                created_at=now,
                created_by=told["by"],
            )
            .returning(models.c.id)
        )
        return int(made.scalar_one())
    if row.task != task:
        raise Conflict(
            f"{name} is a model to {row.task}, and this one is to {task}; choose another name",
            model=name,
            task=row.task,
        )
    if told["description"] is not None:
        connection.execute(
            models.update().where(models.c.id == row.id).values(description=told["description"])
        )
    return int(row.id)


def _now() -> int:
    return time.time_ns() // 1000
