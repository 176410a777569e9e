"""``sonde keys``: who may ask the service, and for what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import InvalidInput, need
from . import options as o
from .exit_codes import FINE, UsageMistake, checking_usage
from .screen import print_json, print_renderable, print_text, say

if TYPE_CHECKING:
    from ..security.keys import Key, Keys

app = typer.Typer(help="Keys of the service: create, list, rotate, revoke.", no_args_is_help=True)

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)([smhdw])")

Name = Annotated[str | None, typer.Option(help="Who will use it: 'line 4'.")]
Scope = Annotated[
    list[str] | None,
    typer.Option(
        help="What it may do: detect, predict, read, write (with read), admin (everything). "
        "Give the option again for more."
    ),
]
Expires = Annotated[
    str | None, typer.Option(help="How long it works: 90d, 12h, 30m; for ever when not given.")
]
PrintOnly = Annotated[
    bool,
    typer.Option(
        "--print-only",
        help="Make the text of a key and record it nowhere, for SONDE_KEYS__FIRST.",
    ),
]
Overlap = Annotated[str, typer.Option(help="How long the old key goes on working: 1h, 30m, 0s.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="As `sonde keys list` names it.")]


@app.command()
def create(
    name: Name = None, scope: Scope = None, expires: Expires = None, print_only: PrintOnly = False
) -> int:
    """Make a key and print it, this once, on standard output."""
    with checking_usage():
        if print_only:
            return _print_only(name, scope, expires)
        if name is None or not scope:
            raise UsageMistake("a key needs --name (who will use it) and --scope (what it may do)")
        life_s = None if expires is None else _seconds(expires, "--expires")
        if life_s == 0:
            raise UsageMistake("--expires must be longer than nothing: 90d, 12h")
        _check(name, scope)
    with _keys() as keys:
        text, key = keys.create(name, scope, life_s)
        print_text(text)
        say(f"Key {_described(key)}.", quiet=False)
        say("It is shown this once: keep it where only its user can read it.", quiet=False)
        say(
            "A service that was started without keys asks for them once it is restarted.",
            quiet=False,
        )
    return FINE


@app.command("list")
def list_keys(json: o.AsJson = False) -> int:
    """List all keys, those that ended too. The keys themselves are stored nowhere."""
    with _keys() as keys:
        found, now = keys.list(), keys.now()
    if json:
        print_json({"keys": [key.plain() | {"state": key.state(now)} for key in found]})
        return FINE
    from rich.table import Table
    from rich.text import Text

    table = Table("id", "name", "scopes", "state", "made", "ends", "last used", box=None)
    for key in found:
        shown = key.plain()
        days = (shown[what] for what in ("created_at", "expires_at", "last_used_at"))
        cells = (key.id, key.name, ", ".join(key.scopes), key.state(now))
        # As text, so that brackets in a name are not read as markup.
        table.add_row(*(Text(cell) for cell in (*cells, *(_short(day) for day in days))))
    print_renderable(table)
    return FINE


@app.command()
def rotate(id: Id, overlap: Overlap = "1h") -> int:
    """Make a key in place of another, and print it; the old one works for a while yet."""
    with checking_usage():
        overlap_s = _seconds(overlap, "--overlap")
    with _keys() as keys:
        text, key = keys.rotate(id, overlap_s)
        print_text(text)
        say(f"Key {_described(key)}.", quiet=False)
        say(f"Key {key.replaces} stops working in {overlap}, or when it expires.", quiet=False)
    return FINE


@app.command()
def revoke(id: Id) -> int:
    """End a key now; every service refuses it within two seconds."""
    with _keys() as keys:
        key = keys.revoke(id)
        say(f"Key {key.id} ({key.name}) is revoked.", quiet=False)
    return FINE


def _print_only(name: str | None, scope: list[str] | None, expires: str | None) -> int:
    if name is not None or scope or expires is not None:
        raise UsageMistake(
            "--print-only stands alone: a first key has all scopes and no end, and its name is "
            "'first key'"
        )
    from ..security.key_text import new_key_text

    print_text(new_key_text().text)
    say(
        "Recorded nowhere yet: give it to the service as SONDE_KEYS__FIRST, or in a file with "
        "SONDE_KEYS__FIRST_FILE.",
        quiet=False,
    )
    return FINE


def _short(moment: str | None) -> str:
    return "–" if moment is None else moment[:16].replace("T", " ")


def _described(key: Key) -> str:
    ends = key.plain()["expires_at"]
    return f"{key.id} ({key.name}): {', '.join(key.scopes)}; " + (
        "it does not expire" if ends is None else f"it expires on {ends[:19]}Z"
    )


def _check(name: str, scope: list[str]) -> None:
    from ..security.key_records import checked_name, checked_scopes

    checked_name(name)
    checked_scopes(scope)


def _seconds(text: str, option: str) -> float:
    form = _DURATION.fullmatch(text.strip().lower())
    if form is None:
        raise InvalidInput(
            f"{option} {text[:40]!r} is no time; write a number and s, m, h, d or w: 90d"
        )
    return float(form[1]) * _UNITS_S[form[2]]


@contextmanager
def _keys() -> Iterator[Keys]:
    """The keys of the database of the settings; a file of SQLite gets its tables first."""
    from ..settings import read_settings

    given = read_settings()
    need("sqlalchemy", extra="registry", purpose="keys")
    from ..security.keys import Keys, pepper_of
    from ..storage import database_of
    from ..storage.migrate import upgrade

    pepper = given.keys.pepper
    database = database_of(given)
    try:
        wanted = given.database.upgrade
        if database.is_sqlite if wanted is None else wanted:
            upgrade(database)
        secret = pepper_of(None if pepper is None else pepper.get_secret_value(), given.home)
        keys = Keys(database, secret)
        yield keys
        keys.close()
    finally:
        database.close()
