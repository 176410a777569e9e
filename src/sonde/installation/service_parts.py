"""What a service needs: its database, the bytes of models, Redis, secrets, a key."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import SondeError
from ..settings import Settings
from ..telemetry.secrets import masked
from .finding import Check, Finding, State
from .folders import why_unwritable
from .packages import is_installed

if TYPE_CHECKING:
    from ..storage import Database

GROUP = "service"
_AT_FIRST_NEED = "none yet (made at first need)"


def service(settings: Settings) -> list[Finding]:
    """Whether this installation can serve at all; without that the other checks say nothing."""
    if is_installed("serve"):
        return [_said("sonde serve", "fine", "has all its packages")]
    found = "needs packages that are not installed"
    return [_said("sonde serve", "absent", found, "pip install 'sonde[serve]'")]


def _of_a_service(name: str) -> Callable[[Callable[[Settings], list[Finding]]], Check]:
    """Make a check of the part called ``name``, left out where nothing can be served."""

    def made(look: Callable[[Settings], list[Finding]]) -> Check:
        @wraps(look)
        def check(settings: Settings) -> list[Finding]:
            if not is_installed("serve"):
                return []
            try:
                return look(settings)
            except SondeError as error:
                return [_said(name, "wrong", masked(str(error)), "do what the message says")]

        return check

    return made


@_of_a_service("database")
def database(settings: Settings) -> list[Finding]:
    """Whether the database answers, and its tables are those of this program."""
    from ..storage.migrate import status

    opened = _database(settings)
    try:
        if opened.file is not None and not opened.file.exists():
            return [_said("database", *_can_be_made(opened.file, "SONDE_HOME"))]
        stands = status(opened)
    finally:
        opened.close()
    shown = opened.shown
    if stands.is_newer:
        found = f"{shown}: tables {stands.current}, made by a newer Sonde"
        return [_said("database", "wrong", found, "update Sonde, or name another database")]
    if stands.is_current:
        return [_said("database", "fine", f"{shown}, tables {stands.current}")]
    lacking = f"{shown}: tables {stands.current or 'not made yet'}, this Sonde has {stands.head}"
    is_automatic = settings.database.upgrade
    if is_automatic or (is_automatic is None and opened.is_sqlite):
        return [_said("database", "fine", f"{lacking} (brought there when the service starts)")]
    return [_said("database", "wrong", lacking, "sonde db upgrade")]


@_of_a_service("models")
def model_bytes(settings: Settings) -> list[Finding]:
    """Whether bytes of models can be written, read and deleted where they are to lie."""
    from ..registry.blobs import FileBlobs, open_blobs

    blobs = open_blobs(settings.blobs.url, settings.home)
    if isinstance(blobs, FileBlobs) and not blobs.folder.exists():
        return [_said("models", *_can_be_made(blobs.folder, "SONDE_BLOBS__URL"))]
    blobs.check()
    return [_said("models", "fine", f"{masked(blobs.shown)} takes a probe and gives it back")]


@_of_a_service("Redis")
def redis(settings: Settings) -> list[Finding]:
    """Whether Redis answers, where one is set."""
    if settings.redis.url is None:
        return []
    from ..security.windows import RedisWindows

    url = settings.redis.url.get_secret_value()
    windows = RedisWindows(url, settings.redis.timeout_s)
    try:
        if windows.answers():
            return [_said("Redis", "fine", f"{masked(url)} answers")]
    finally:
        windows.close()
    found = f"{masked(url)} does not answer within {settings.redis.timeout_s:g} s, or refuses"
    remedy = "start it, or correct SONDE_REDIS__URL; until then each process counts by itself"
    return [_said("Redis", "wrong", found, remedy)]


@_of_a_service("signing secret")
def signing_secret(settings: Settings) -> list[Finding]:
    """The secret that models are signed with, where they are signed with one."""
    if settings.registry.signing != "hmac":
        return []
    from ..security import Keyring, Signature
    from ..security.signing import HMAC

    # Asking whether anything is trusted reads the secret; a damaged one is refused.
    Keyring(settings.home / "keys", "hmac").trusts(Signature("", "", HMAC))
    return [_secret_file("signing secret", settings.home / "keys" / "signing.secret")]


@_of_a_service("pepper")
def pepper(settings: Settings) -> list[Finding]:
    """The secret mixed into stored keys."""
    from ..security.secret_files import pepper_of

    given = settings.keys.pepper
    if given is not None:
        pepper_of(given.get_secret_value(), settings.home)
        return [_said("pepper", "fine", "from SONDE_KEYS__PEPPER")]
    path = settings.home / "keys" / "pepper"
    if os.path.lexists(path):
        pepper_of(None, settings.home)
    found = _secret_file("pepper", path)
    url = settings.database.url
    if found.state == "fine" and url is not None and "sqlite" not in url.get_secret_value():
        also = "; machines that share the database need the same in SONDE_KEYS__PEPPER"
        return [_said("pepper", "fine", found.found + also)]
    return [found]


@_of_a_service("keys")
def keys(settings: Settings) -> list[Finding]:
    """Whether anybody has a key; says nothing where the database can't be asked."""
    from ..security.keys import first_key_text

    first = settings.keys.first
    text = first_key_text(
        None if first is None else first.get_secret_value(), settings.keys.first_file
    )
    if text is not None:
        return [_said("keys", "fine", "the first one comes from the settings")]
    found = _recorded_keys(settings)
    if found is None:
        return []
    n_made, n_active = found
    if n_active:
        return [_said("keys", "fine", f"{n_active} in use")]
    remedy = "sonde keys create --name NAME --scope admin"
    if n_made:
        found_none = f"all {n_made} have ended, so the service answers nobody"
        return [_said("keys", "wrong", found_none, remedy)]
    remedy += "; until then only this machine is answered"
    return [_said("keys", "absent", "none yet", remedy)]


@_of_a_service("traces")
def traces(settings: Settings) -> list[Finding]:
    """Whether spans can be made, where a collector is set."""
    if settings.traces.endpoint is None:
        return []
    if not is_installed("traces"):
        remedy = "pip install 'sonde[traces]', or unset SONDE_TRACES__ENDPOINT"
        return [_said("traces", "wrong", "need packages that are not installed", remedy)]
    return [_said("traces", "fine", f"go to {masked(settings.traces.endpoint)}")]


SERVICE_CHECKS: tuple[Check, ...] = (
    service,
    database,
    model_bytes,
    redis,
    signing_secret,
    pepper,
    keys,
    traces,
)


def _said(name: str, state: State, found: str, remedy: str = "") -> Finding:
    return Finding(GROUP, name, state, found, remedy)


def _database(settings: Settings) -> Database:
    from ..storage import database_of

    return database_of(settings, pool_size=1)


def _recorded_keys(settings: Settings) -> tuple[int, int] | None:
    """How many keys were made and how many may be used; None where nobody can tell."""
    from ..security.keys import Keys
    from ..storage.migrate import status

    opened = _database(settings)
    try:
        if opened.file is not None and not opened.file.exists():
            return 0, 0
        stands = status(opened)
        if not stands.is_current:
            return None if stands.current else (0, 0)
        # No text is checked, so none of them needs the pepper.
        known = Keys(opened, b"")
        try:
            made = known.list()
            return len(made), sum(key.state(known.now()) == "active" for key in made)
        finally:
            known.close()
    except SondeError:
        return None  # what is wrong with the database is said by its own check
    finally:
        opened.close()


def _can_be_made(path: Path, setting: str) -> tuple[State, str, str]:
    """What to say of a file or folder that is not there yet."""
    trouble = why_unwritable(path.parent)
    if trouble is None:
        return "fine", f"{path}: {_AT_FIRST_NEED}", ""
    return "wrong", f"{path}: {path.parent} {trouble}", f"make it writable, or correct {setting}"


def _secret_file(name: str, path: Path) -> Finding:
    """A secret in a file: there or not, and nobody else's to read."""
    if not os.path.lexists(path):
        return _said(name, "fine", _AT_FIRST_NEED)
    if os.name == "posix" and path.stat().st_mode & 0o077:
        return _said(name, "wrong", f"{path} can be read by other users", f"chmod 600 {path}")
    return _said(name, "fine", str(path))
