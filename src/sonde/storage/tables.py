"""Every table, as the newest migration leaves it.

Moments are microseconds since 1970 in UTC. Whoever changes a table here writes a migration that
changes it there; a test compares the two.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

# Every constraint has a name, so that a migration can find it.
metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)
# SQLite numbers rows by itself only in columns of type INTEGER.
_Id = BigInteger().with_variant(Integer(), "sqlite")
# Sorted and compared byte by byte in both databases, so that pages are cut alike.
_Name = Text().with_variant(Text(collation="C"), "postgresql")
# Text in both databases: PostgreSQL's binary kind would turn 1e300 into an integer.
_Json = JSON(none_as_null=True)

models = Table(
    "models",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("name", _Name, nullable=False, unique=True),
    Column("task", Text, nullable=False),
    Column("description", Text),
    Column("tags", _Json, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", Text, nullable=False),
    sqlite_autoincrement=True,
)

# The last number given to a version of each name. Rows stay when their model goes, so that a
# number is never used again.
counters = Table(
    "counters",
    metadata,
    Column("name", _Name, primary_key=True),
    Column("last", BigInteger, nullable=False),
)

versions = Table(
    "versions",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("model_id", _Id, ForeignKey("models.id", ondelete="CASCADE"), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("label", _Name),
    Column("digest", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("output_kind", Text, nullable=False),
    Column("estimator", Text, nullable=False),
    Column("parameters", _Json, nullable=False),
    Column("schema", _Json, nullable=False),
    Column("metrics", _Json, nullable=False),
    Column("lineage", _Json, nullable=False),
    Column("tags", _Json, nullable=False),
    Column("signature_key", Text, nullable=False),
    Column("parent", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", Text, nullable=False),
    UniqueConstraint("model_id", "number"),
    UniqueConstraint("model_id", "label"),
    # Whether another version shares the bytes is asked before they are deleted.
    Index(None, "digest"),
    sqlite_autoincrement=True,
)

aliases = Table(
    "aliases",
    metadata,
    Column("model_id", _Id, ForeignKey("models.id", ondelete="CASCADE"), primary_key=True),
    Column("alias", _Name, primary_key=True),
    # No cascade: a version that an alias points at is not to be deleted.
    Column("version_id", _Id, ForeignKey("versions.id"), nullable=False),
    Column("moved_at", BigInteger, nullable=False),
    Column("moved_by", Text, nullable=False),
    Index(None, "version_id"),
)

# Rows are added, and never changed or deleted.
events = Table(
    "events",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("object", _Name, nullable=False),
    Column("details", _Json, nullable=False),
    Index(None, "object", "id"),
    sqlite_autoincrement=True,
)

keys = Table(
    "keys",
    metadata,
    Column("id", _Name, primary_key=True),
    Column("name", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("scopes", _Json, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
    Column("last_used_at", BigInteger),
    Column("replaces", Text),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("scope", _Name, primary_key=True),
    Column("key", _Name, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("status", Integer),
    Column("headers", _Json),
    Column("body", LargeBinary),
    Column("created_at", BigInteger, nullable=False),
    # Old answers are swept by age.
    Index(None, "created_at"),
)
