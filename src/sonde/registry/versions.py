"""The registry: models by name, their versions, and aliases that point at versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Unpack

import sqlalchemy as sa

from ..core import ModelRef
from ..errors import BadArtifact, Conflict, TooLarge
from ..learn import Estimator
from ..security import Keyring
from ..storage import Database
from ..storage.tables import aliases, models, versions
from . import changes, queries
from .artifact import Loaded, artifact_bytes, model_from_bytes, write_whole
from .blobs import Blobs
from .changes import Told
from .naming import checked_alias, checked_tags, checked_text
from .queries import Pointed
from .records import EventRecord, ModelRecord, Page, VersionRecord


class Kept(Enum):
    """What was not said, and stays as it is."""

    KEPT = 0


@dataclass(frozen=True)
class Registry:
    """Models, their versions and aliases, in a database; their bytes in ``blobs``.

    Only models whose signature ``keyring`` trusts come in or out. Every change is one transaction
    that also writes to the events what was done and by whom. Threads may share a registry.

    Bytes are written before the row that names them and deleted after it, so that a process which
    dies leaves at worst bytes that nobody names: ``sweep`` removes them.
    """

    database: Database
    blobs: Blobs
    keyring: Keyring
    max_bytes: int = 2**32

    # --- adding ------------------------------------------------------------------------------

    def register(self, name: str, model: Estimator, **told: Unpack[Told]) -> VersionRecord:
        """Keep a fitted model, signed, as the next version of ``name``; ``told`` as in ``Told``.

        Raises
        ------
        InvalidInput : a name or a value that can't be kept, or a model that is no detector.
        NotFitted : the model has not learned yet.
        Conflict : the label is taken, or ``name`` is of another task.
        """
        checked = changes.checked_told(name, told)
        changes.task_of(model)
        data = artifact_bytes(model, self.keyring)
        if len(data) > self.max_bytes:
            raise TooLarge(
                f"the model has {len(data):,} bytes; at most {self.max_bytes:,} are kept "
                "(SONDE_MAX_MODEL_MB)",
                limit=self.max_bytes,
                setting="SONDE_MAX_MODEL_MB",
            )
        # Read as it will be when it is asked: what could not be opened again is not kept.
        return self._keep(name, data, self._opened(f"the model for {name}", data), checked)

    def register_bytes(
        self, name: str, data: bytes, *, source: str | None = None, **told: Unpack[Told]
    ) -> VersionRecord:
        """Keep the bytes of a ``.sonde`` file, as they are, as the next version of ``name``.

        ``source`` is what messages call them.

        Raises
        ------
        BadArtifact : they are no model, or none that somebody trusted here signed; the fact
            ``reason`` says which, see ``model_from_bytes``.
        As ``register`` otherwise.
        """
        checked = changes.checked_told(name, told)
        return self._keep(
            name, data, self._opened(source or f"the model for {name}", data), checked
        )

    def _opened(self, what: str, data: bytes) -> Loaded:
        return model_from_bytes(data, what, self.keyring, self.max_bytes, trusted_only=True)

    def _keep(self, name: str, data: bytes, opened: Loaded, told: Told) -> VersionRecord:
        changes.task_of(opened.model)
        digest = self.blobs.put(data)
        key = "" if opened.signature is None else opened.signature.public_key
        new = changes.NewVersion(name, opened.model, digest, len(data), key, told)
        with self.database.write() as connection:
            changes.share_blobs(connection)
            number = changes.add_version(connection, new)
            if not self.blobs.exists(digest):
                # They were deleted with another version of the same bytes, just after they were
                # put; from here to the end nobody deletes any.
                self.blobs.put(data)
            row = queries.find_version(connection, name, str(number))
        return queries.version_record(row)

    # --- asking ------------------------------------------------------------------------------

    def models(
        self,
        *,
        task: str | None = None,
        tag: str | None = None,
        prefix: str | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> Page[ModelRecord]:
        """Models by name; ``tag``: ``"site"`` or ``"site=north"``, ``after``: a page's ``next``."""
        with self.database.read() as connection:
            return queries.model_page(connection, task, tag, prefix, limit, after)

    def model(self, name: str) -> ModelRecord:
        """The model called ``name``; NotFound where there is none."""
        with self.database.read() as connection:
            return queries.model_record(connection, name)

    def versions(self, name: str, limit: int = 50, after: str | None = None) -> Page[VersionRecord]:
        """The versions of a model, newest first."""
        with self.database.read() as connection:
            return queries.version_page(connection, name, limit, after)

    def version(
        self, name: str, version: str | None = None, alias: str | None = None
    ) -> VersionRecord:
        """One version: by its number or label, or by an alias.

        With neither, the one that the alias ``champion`` points at, else the latest. ``"latest"``
        is always the one with the largest number.
        """
        with self.database.read() as connection:
            row = queries.find_version(connection, name, version, alias)
        return queries.version_record(row)

    def estimators(self) -> set[str]:
        """The names of all estimators that versions are made of."""
        with self.database.read() as connection:
            return queries.estimators(connection)

    def pointed_at(self, refs: Iterable[ModelRef]) -> dict[ModelRef, Pointed]:
        """What references stand for now, by one question; without those that stand for nothing."""
        with self.database.read() as connection:
            return queries.pointed_at(connection, refs)

    def events(
        self, name: str | None = None, limit: int = 50, after: str | None = None
    ) -> Page[EventRecord]:
        """What was done, newest first; to the model ``name``, also when it is gone, or to all."""
        with self.database.read() as connection:
            return queries.event_page(connection, name, limit, after)

    def bytes_of(self, record: VersionRecord) -> bytes:
        """The version's file, checked against its digest."""
        return self.blobs.get(record.digest, self.max_bytes)

    def load(self, record: VersionRecord) -> Estimator:
        """The version's model; BadArtifact where nobody trusted here signed it."""
        return self._opened(str(record), self.bytes_of(record)).model

    def export(self, record: VersionRecord, path: Path) -> None:
        """Write the version's file to ``path``, whole or not at all."""
        write_whole(path, self.bytes_of(record))

    # --- changing ----------------------------------------------------------------------------

    def set_alias(
        self, name: str, alias: str, version: str | int, *, by: str = "local"
    ) -> VersionRecord:
        """Let ``alias`` point at a version, wherever it pointed before."""
        checked_alias(alias)
        with self.database.write() as connection:
            changes.hold(connection, name)
            row = queries.find_version(connection, name, str(version))
            changes.point(connection, row, alias, changes.checked_by(by))
        return queries.version_record(row)

    def drop_alias(self, name: str, alias: str, *, by: str = "local") -> None:
        """Forget ``alias``; NotFound where there is none."""
        with self.database.write() as connection:
            changes.hold(connection, name)
            row = queries.find_version(connection, name, alias=checked_alias(alias))
            connection.execute(
                aliases.delete().where(aliases.c.model_id == row.model_id, aliases.c.alias == alias)
            )
            details = {"alias": alias, "was": row.number}
            changes.tell(connection, changes.checked_by(by), "model.alias_dropped", name, details)

    def set_tags(
        self, name: str, version: str | int | None, tags: Mapping[str, str], *, by: str = "local"
    ) -> None:
        """Give a version, or with None the model itself, these tags and no others."""
        given = checked_tags(tags)
        with self.database.write() as connection:
            changes.hold(connection, name)
            number = None
            if version is None:
                queries.model_record(connection, name)
                connection.execute(models.update().where(models.c.name == name).values(tags=given))
            else:
                row = queries.find_version(connection, name, str(version))
                number = row.number
                connection.execute(
                    versions.update().where(versions.c.id == row.id).values(tags=given)
                )
            details = {"version": number, "tags": given}
            changes.tell(connection, changes.checked_by(by), "model.tagged", name, details)

    def change(
        self,
        name: str,
        *,
        tags: Mapping[str, str | None] | None = None,
        description: str | Kept | None = Kept.KEPT,
        by: str = "local",
    ) -> ModelRecord:
        """Set some of a model's tags, and what it is for: all of it, or after an error nothing.

        A tag that is None is removed; tags that are not named stay. ``description`` stays as it is
        where it is left out.
        """
        said = None
        if description is not Kept.KEPT:
            said = checked_text(description, "the description")
        with self.database.write() as connection:
            changes.hold(connection, name)
            values: dict[str, Any] = {}
            if tags is not None:
                merged = queries.model_record(connection, name).tags | dict(tags)
                values["tags"] = checked_tags(
                    {tag: value for tag, value in merged.items() if value is not None}
                )
            if description is not Kept.KEPT:
                values["description"] = said
            queries.model_record(connection, name)
            if values:
                connection.execute(models.update().where(models.c.name == name).values(**values))
                by = changes.checked_by(by)
                changes.tell(connection, by, "model.changed", name, values)
            return queries.model_record(connection, name)

    def describe(self, name: str, description: str | None, *, by: str = "local") -> None:
        """Say what the model is for, in place of what was said before."""
        text = checked_text(description, "the description")
        with self.database.write() as connection:
            changes.hold(connection, name)
            queries.model_record(connection, name)
            connection.execute(
                models.update().where(models.c.name == name).values(description=text)
            )
            details = {"description": text}
            changes.tell(connection, changes.checked_by(by), "model.described", name, details)

    def delete_version(self, name: str, version: str | int, *, by: str = "local") -> None:
        """Delete a version for good; its number is never used again.

        Raises
        ------
        Conflict : an alias points at it.
        """
        with self.database.write() as connection:
            changes.hold(connection, name)
            row = queries.find_version(connection, name, str(version))
            pointing = connection.scalars(
                sa.select(aliases.c.alias).where(aliases.c.version_id == row.id)
            ).all()
            if pointing:
                raise Conflict(
                    f"{name}:{row.number} can't be deleted: the alias {pointing[0]!r} points at "
                    "it; move the alias first, or drop it",
                    model=name,
                    version=row.number,
                    aliases=sorted(pointing),
                )
            connection.execute(versions.delete().where(versions.c.id == row.id))
            details = {"version": row.number, "digest": row.digest}
            changes.tell(connection, changes.checked_by(by), "model.version_deleted", name, details)
        self._delete_unused([row.digest])

    def delete_model(self, name: str, *, by: str = "local") -> None:
        """Delete a model with all its versions and aliases; its events stay."""
        with self.database.write() as connection:
            changes.hold(connection, name)
            queries.model_record(connection, name)
            model_id = connection.scalar(sa.select(models.c.id).where(models.c.name == name))
            of_model = versions.c.model_id == model_id
            digests = set(connection.scalars(sa.select(versions.c.digest).where(of_model)))
            connection.execute(aliases.delete().where(aliases.c.model_id == model_id))
            connection.execute(versions.delete().where(of_model))
            connection.execute(models.delete().where(models.c.id == model_id))
            details = {"digests": len(digests)}
            changes.tell(connection, changes.checked_by(by), "model.deleted", name, details)
        self._delete_unused(sorted(digests))

    def unused(self, older_than_s: float = 3600.0) -> list[str]:
        """Digests of bytes that no version names and that were written longer ago than this.

        They are left by processes that died while they registered or deleted a model.
        """
        with self.database.read() as connection:
            used = set(connection.scalars(sa.select(versions.c.digest)))
        return [digest for digest in self.blobs.older_than(older_than_s) if digest not in used]

    def sweep(self, older_than_s: float = 3600.0) -> int:
        """Delete what ``unused`` names; how many. Each is looked at again before it goes."""
        return self._delete_unused(self.unused(older_than_s))

    def _delete_unused(self, digests: Iterable[str]) -> int:
        deleted = 0
        for digest in digests:
            with self.database.write() as connection:
                changes.own_blobs(connection)
                used = sa.select(versions.c.id).where(versions.c.digest == digest).limit(1)
                if connection.scalar(used) is None:
                    self.blobs.delete(digest)
                    deleted += 1
        return deleted

    def verify(self, record: VersionRecord) -> None:
        """Raise BadArtifact or NotFound unless the version could be served: bytes and signature."""
        if len(self.bytes_of(record)) != record.size:
            raise BadArtifact(
                f"{record} has other bytes than the registry says; restore it from a backup",
                reason="altered",
            )
        self.load(record)
