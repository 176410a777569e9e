"""Connections to a PostgreSQL server."""

from __future__ import annotations

import math
from typing import Any

import sqlalchemy as sa

from ..errors import need


def postgres_engine(url: sa.URL, timeout_s: float, shared: dict[str, Any]) -> sa.Engine:
    """An engine that notices a server that went away, and waits no longer than ``timeout_s``."""
    need("psycopg", extra="postgres", purpose="PostgreSQL databases")
    seconds = max(1, math.ceil(timeout_s))
    patience = {
        # libpq takes less than two seconds for two.
        "connect_timeout": str(max(2, seconds)),
        # A machine that is gone answers nothing at all, which TCP by itself bears for minutes.
        "tcp_user_timeout": str(seconds * 1000),
        "keepalives_idle": str(seconds),
        "keepalives_interval": str(max(1, seconds // 3)),
        "keepalives_count": "3",
        "application_name": "sonde",
    }
    given = {name: value for name, value in patience.items() if name not in url.query}
    engine = sa.create_engine(
        url.update_query_dict(given),
        # One round trip; without it a server that was restarted costs each connection an error.
        pool_pre_ping=True,
        **shared,
    )
    limit = f"SET lock_timeout = {math.ceil(timeout_s * 1000)}"

    def prepare(connection: Any, _: Any) -> None:
        connection.autocommit = True
        connection.execute(limit)
        connection.autocommit = False

    sa.event.listen(engine, "connect", prepare)
    return engine
