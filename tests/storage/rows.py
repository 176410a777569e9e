"""A row for every table, and all rows of all tables."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from sonde.storage import Database
from sonde.storage.tables import metadata

WHEN = 1_795_276_800_000_000
BY = {"created_at": WHEN, "created_by": "key k1"}
MODEL = {"name": "pumps", "task": "detect", "description": "of hall 2", "tags": {"team": "ä"}, **BY}
VERSION = {
    "model_id": 1,
    "number": 1,
    "label": "spring",
    "digest": "ab" * 32,
    "size": 2**40,
    "output_kind": "scores",
    "estimator": "histogram",
    "parameters": {"window": 64, "floor": 1e300, "share": -0.0},
    "schema": {"channels": ["a"]},
    "metrics": {},
    "lineage": {"seed": None},
    "tags": {},
    "signature_key": "cd" * 32,
    **BY,
}
ALIAS = {
    "model_id": 1,
    "alias": "champion",
    "version_id": 1,
    "moved_at": WHEN,
    "moved_by": "key k1",
}
ROWS: dict[str, dict[str, Any]] = {
    "models": MODEL,
    "counters": {"name": "pumps", "last": 1},
    "versions": VERSION,
    "aliases": ALIAS,
    "events": {
        "at": WHEN,
        "actor": "key k1",
        "action": "register",
        "object": "pumps",
        "details": {"version": 1},
    },
    "keys": {"id": "k1", "name": "hall 2", "hash": "ef" * 32, "scopes": ["read"], **BY},
    "idempotency": {
        "scope": "k1",
        "key": "abc",
        "fingerprint": "01" * 32,
        "state": "done",
        "status": 201,
        "headers": [["etag", "x"]],
        "body": bytes(range(256)),
        "created_at": WHEN,
    },
}


def fill(database: Database) -> None:
    """One row in each table."""
    assert set(ROWS) == set(metadata.tables)
    with database.write() as connection:
        for table in metadata.sorted_tables:
            connection.execute(table.insert().values(**ROWS[table.name]))


def all_rows(database: Database) -> dict[str, list[dict[str, Any]]]:
    """What the tables of this release hold."""
    with database.read() as connection:
        return {
            table.name: [dict(row) for row in connection.execute(table.select()).mappings()]
            for table in metadata.sorted_tables
        }


def count(database: Database, table: sa.Table) -> int:
    with database.read() as connection:
        found: int = connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
    return found
