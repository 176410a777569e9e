"""What the registry's tables say, as records. Reading only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

import sqlalchemy as sa

from ..core import ModelRef
from ..errors import InvalidInput, NotFound
from ..learn.catalogue import names
from ..storage.tables import aliases, events, models, versions
from .naming import CHAMPION, LATEST
from .records import (
    EventRecord,
    ModelRecord,
    Page,
    VersionRecord,
    cursor,
    moment,
    number_of,
    place_of,
)

MOST_OF_A_PAGE = 1000
_VERSION_COLUMNS = (
    versions,
    models.c.name.label("model_name"),
    models.c.task.label("model_task"),
)
_VERSIONS = sa.select(*_VERSION_COLUMNS).join(models, models.c.id == versions.c.model_id)
# Made once: building a statement and its key in SQLAlchemy's cache costs as much as asking it.
_OF_MODEL = _VERSIONS.where(models.c.name == sa.bindparam("model"))
_NEWEST = _OF_MODEL.order_by(versions.c.number.desc()).limit(1)
_BY_NUMBER = _OF_MODEL.where(versions.c.number == sa.bindparam("version"))
_BY_LABEL = _OF_MODEL.where(versions.c.label == sa.bindparam("version"))
_BY_ALIAS = _OF_MODEL.join(aliases, aliases.c.version_id == versions.c.id).where(
    aliases.c.alias == sa.bindparam("pointing")
)


class Pointed(NamedTuple):
    """What a reference stands for at this moment."""

    number: int
    digest: str


def model_page(
    connection: sa.Connection,
    task: str | None,
    tag: str | None,
    prefix: str | None,
    limit: int,
    after: str | None,
) -> Page[ModelRecord]:
    """Models by name, those after the cursor."""
    asked = sa.select(models).order_by(models.c.name).limit(_checked(limit) + 1)
    if task is not None:
        asked = asked.where(models.c.task == task)
    if prefix:
        asked = asked.where(models.c.name.startswith(prefix, autoescape=True))
    if tag is not None:
        name, equals, value = tag.partition("=")
        if "\0" in tag:
            raise InvalidInput("a tag holds no character 0; correct it", field="tag")
        found = models.c.tags[name].as_string()
        asked = asked.where(found == value if equals else found.is_not(None))
    if after is not None:
        asked = asked.where(models.c.name > place_of("models", after))
    rows = connection.execute(asked).all()
    shown = rows[:limit]
    following = cursor("models", shown[-1].name) if len(rows) > limit else None
    return Page(_model_records(connection, shown), following)


def estimators(connection: sa.Connection) -> set[str]:
    """The names of all estimators that versions are made of; of pipelines, their steps' too."""
    found = set(connection.execute(sa.select(versions.c.estimator).distinct()).scalars())
    nested = sa.select(versions.c.parameters).where(versions.c.estimator.not_in(names()))
    for parameters in connection.execute(nested).scalars():
        found |= estimators_in(parameters)
    return found


def estimators_in(description: Any) -> set[str]:
    """The names of the estimators in what ``learn.catalogue.describe`` gives.

    >>> sorted(estimators_in({"estimator": "pipeline", "parameters": {"steps": [
    ...     ["scale", {"estimator": "robust_scaler", "parameters": {}}]]}}))
    ['pipeline', 'robust_scaler']
    """
    if isinstance(description, Mapping):
        own = description.get("estimator")
        found = {own} if isinstance(own, str) else set()
        return found.union(*map(estimators_in, description.values()))
    if isinstance(description, list | tuple):
        return set().union(*map(estimators_in, description))
    return set()


def model_record(connection: sa.Connection, name: str) -> ModelRecord:
    """One model; NotFound, with the nearest name, where there is none."""
    row = connection.execute(sa.select(models).where(models.c.name == name)).one_or_none()
    if row is None:
        raise _no_model(connection, name)
    return _model_records(connection, [row])[0]


def version_page(
    connection: sa.Connection, name: str, limit: int, after: str | None
) -> Page[VersionRecord]:
    """The versions of a model, newest first."""
    asked = _VERSIONS.where(models.c.name == name).order_by(versions.c.number.desc())
    if after is not None:
        asked = asked.where(versions.c.number < number_of("versions", after))
    rows = connection.execute(asked.limit(_checked(limit) + 1)).all()
    if not rows:
        model_record(connection, name)
    shown = rows[:limit]
    following = cursor("versions", shown[-1].number) if len(rows) > limit else None
    return Page([version_record(row) for row in shown], following)


def find_version(
    connection: sa.Connection, name: str, version: str | None = None, alias: str | None = None
) -> sa.Row[Any]:
    """The row of the version that a number, a label, an alias, or the name alone stands for."""
    if version is not None and alias is not None:
        raise InvalidInput(f"{name}: give a version or an alias, not both")
    given: dict[str, Any] = {"model": name}
    if LATEST in (version, alias):
        asked = _NEWEST
    elif version is None:
        asked, given["pointing"] = _BY_ALIAS, alias or CHAMPION
    else:
        number = _number(version)
        asked = _BY_LABEL if number is None else _BY_NUMBER
        given["version"] = version if number is None else number
    row = connection.execute(asked, given).one_or_none()
    if row is None and version is None and alias is None:
        row = connection.execute(_NEWEST, given).one_or_none()
    if row is None:
        raise _no_version(connection, name, version, alias)
    return row


def _number(text: str) -> int | None:
    """A version's number where the text is one; larger ones than there can be are none."""
    is_number = text.isascii() and text.isdigit() and len(text) <= 18
    return int(text) if is_number else None


def pointed_at(connection: sa.Connection, refs: Iterable[ModelRef]) -> dict[ModelRef, Pointed]:
    """What each reference stands for, by one question; those that stand for nothing are left out.

    The rules are those of ``find_version``.
    """
    refs = list(refs)
    given = [ref.version for ref in refs if ref.version is not None]
    numbers = {number for text in given if (number := _number(text)) is not None}
    others = versions.alias("others")
    newest = (
        sa.select(sa.func.max(others.c.number))
        .where(others.c.model_id == models.c.id)
        .scalar_subquery()
    )
    asked = (
        sa.select(
            models.c.name,
            versions.c.number,
            versions.c.label,
            versions.c.digest,
            aliases.c.alias,
            newest.label("newest"),
        )
        .select_from(models)
        .join(versions, versions.c.model_id == models.c.id)
        .outerjoin(aliases, aliases.c.version_id == versions.c.id)
        .where(
            models.c.name.in_(sorted({ref.name for ref in refs})),
            aliases.c.alias.is_not(None)
            | (versions.c.number == newest)
            | versions.c.number.in_(sorted(numbers))
            | versions.c.label.in_(sorted(set(given))),
        )
    )
    known: dict[tuple[str, str, str], Pointed] = {}
    for row in connection.execute(asked):
        found = Pointed(row.number, row.digest)
        known[row.name, "version", str(row.number)] = found
        if row.label is not None:
            known[row.name, "version", row.label] = found
        if row.alias is not None:
            known[row.name, "alias", row.alias] = found
        if row.number == row.newest:
            known[row.name, "version", LATEST] = known[row.name, "alias", LATEST] = found
    standing = ((ref, _picked(ref, known)) for ref in refs)
    return {ref: found for ref, found in standing if found is not None}


def _picked(ref: ModelRef, known: dict[tuple[str, str, str], Pointed]) -> Pointed | None:
    if ref.version is not None:
        number = _number(ref.version)
        text = ref.version if number is None else str(number)
        return known.get((ref.name, "version", text))
    if ref.alias is not None:
        return known.get((ref.name, "alias", ref.alias))
    champion = known.get((ref.name, "alias", CHAMPION))
    return champion or known.get((ref.name, "alias", LATEST))


def event_page(
    connection: sa.Connection, name: str | None, limit: int, after: str | None
) -> Page[EventRecord]:
    """What was done, newest first; to the model ``name``, or to anything."""
    asked = sa.select(events).order_by(events.c.id.desc()).limit(_checked(limit) + 1)
    if name is not None:
        asked = asked.where(events.c.object == name, events.c.action.startswith("model."))
    if after is not None:
        asked = asked.where(events.c.id < number_of("events", after))
    rows = connection.execute(asked).all()
    shown = rows[:limit]
    following = cursor("events", shown[-1].id) if len(rows) > limit else None
    records = [
        EventRecord(row.id, moment(row.at), row.actor, row.action, row.object, row.details)
        for row in shown
    ]
    return Page(records, following)


def version_record(row: Any) -> VersionRecord:
    """A row of ``find_version`` as a record."""
    return VersionRecord(
        model=row.model_name,
        version=row.number,
        label=row.label,
        digest=row.digest,
        size=row.size,
        task=row.model_task,
        output_kind=row.output_kind,
        estimator=row.estimator,
        parameters=row.parameters,
        schema=row.schema,
        metrics=row.metrics,
        lineage=row.lineage,
        tags=row.tags,
        signature_key=row.signature_key,
        created_at=moment(row.created_at),
        created_by=row.created_by,
        parent=row.parent,
    )


def _model_records(connection: sa.Connection, rows: Sequence[Any]) -> list[ModelRecord]:
    ids = [row.id for row in rows]
    if not ids:
        return []
    counted = connection.execute(
        sa.select(versions.c.model_id, sa.func.count(), sa.func.max(versions.c.number))
        .where(versions.c.model_id.in_(ids))
        .group_by(versions.c.model_id)
    )
    counts = {model_id: (n, newest) for model_id, n, newest in counted}
    pointing: dict[int, dict[str, int]] = {}
    for model_id, alias, number in connection.execute(
        sa.select(aliases.c.model_id, aliases.c.alias, versions.c.number)
        .join(versions, versions.c.id == aliases.c.version_id)
        .where(aliases.c.model_id.in_(ids))
        .order_by(aliases.c.alias)
    ):
        pointing.setdefault(model_id, {})[alias] = number
    return [
        ModelRecord(
            name=row.name,
            task=row.task,
            description=row.description,
            tags=row.tags,
            latest=counts.get(row.id, (0, None))[1],
            aliases=pointing.get(row.id, {}),
            n_versions=counts.get(row.id, (0, None))[0],
            created_at=moment(row.created_at),
            created_by=row.created_by,
        )
        for row in rows
    ]


def _checked(limit: int) -> int:
    if not 1 <= limit <= MOST_OF_A_PAGE:
        raise InvalidInput(
            f"limit must be 1 to {MOST_OF_A_PAGE:,}, got {limit}", parameter="limit", limit=limit
        )
    return limit


def _no_model(connection: sa.Connection, name: str) -> NotFound:
    known = connection.scalars(sa.select(models.c.name).limit(MOST_OF_A_PAGE)).all()
    near = get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else "; `sonde models list` shows what there is"
    return NotFound(f"there is no model called {name[:140]!r}{hint}", model=name[:140])


def _no_version(
    connection: sa.Connection, name: str, version: str | None, alias: str | None
) -> NotFound:
    model = model_record(connection, name)
    if model.latest is None:
        return NotFound(f"every version of {name} was deleted; register one", model=name)
    if alias is not None:
        known = ", ".join(f"{a} → {n}" for a, n in list(model.aliases.items())[:12]) or "none"
        return NotFound(
            f"{name} has no alias {alias[:140]!r}; there are: {known}",
            model=name,
            alias=alias[:140],
        )
    return NotFound(
        f"{name} has no version {str(version)[:140]!r}; the latest is {model.latest}",
        model=name,
        version=str(version)[:140],
    )
