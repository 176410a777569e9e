"""``sonde db``: the tables of the database, and the version they are at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import need
from . import options as o
from .exit_codes import FAILED, FINE, UsageMistake
from .screen import print_json, print_text, say

if TYPE_CHECKING:
    from ..storage import Database

app = typer.Typer(
    help="The tables that models and keys are recorded in: upgrade, downgrade, status.",
)

To = Annotated[str, typer.Option("--to", help="The version, as `sonde db status` names it.")]
Back = Annotated[
    str,
    typer.Option("--to", help="The older version; `base` removes the tables with all rows."),
]
Yes = Annotated[bool, typer.Option("--yes", help="Do it, though rows may be lost.")]


@app.command()
def upgrade(to: To = "head") -> int:
    """Bring the tables to this version of Sonde; rows stay.

    The database is SONDE_DATABASE__URL, or a file in SONDE_HOME.
    """
    with _database() as database:
        from ..storage import migrate

        before = migrate.status(database).current
        migrate.upgrade(database, to)
        after = migrate.status(database).current
        done = f"is at version {after}" if before == after else f"is now at version {after}"
        say(f"The database {database.shown} {done}.", quiet=False)
    return FINE


@app.command()
def downgrade(to: Back, yes: Yes = False) -> int:
    """Bring the tables back to an older version; what that one has no place for is lost."""
    if not yes:
        raise UsageMistake(
            f"going back to {to} loses what that version has no place for; make a backup, then "
            "add --yes"
        )
    with _database() as database:
        from ..storage import migrate

        migrate.downgrade(database, to)
        after = migrate.status(database).current
        done = "has no tables any more" if after is None else f"is now at version {after}"
        say(f"The database {database.shown} {done}.", quiet=False)
    return FINE


@app.command()
def status(json: o.AsJson = False) -> int:
    """Tell which version the tables are at. Exits with 1 when it is not this program's."""
    with _database() as database:
        from ..storage.migrate import status as status_of

        found = status_of(database)
        if json:
            print_json(
                {
                    "database": database.shown,
                    "current": found.current,
                    "head": found.head,
                    "pending": found.pending,
                    "is_current": found.is_current,
                }
            )
        else:
            print_text(f"database  {database.shown}\ncurrent   {found.current or 'no tables yet'}")
            print_text(f"newest    {found.head}")
        if found.is_newer:
            say("A newer Sonde made these tables: update this one.", quiet=False)
        elif found.pending:
            steps = ", ".join(found.pending)
            say(f"To come: {steps}. Run: sonde db upgrade", quiet=False)
    return FINE if found.is_current else FAILED


@contextmanager
def _database() -> Iterator[Database]:
    """The database of the settings, closed at the end."""
    from ..settings import read_settings

    given = read_settings()
    need("sqlalchemy", extra="registry", purpose="databases of models")
    from ..storage import database_of

    database = database_of(given)
    try:
        yield database
    finally:
        database.close()
