"""Keys: who may ask, and for what. Made, listed, rotated, revoked and checked."""

from __future__ import annotations

import hmac
import logging
import time
from collections.abc import Callable, Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from ..errors import Conflict, InvalidInput, NotFound, Unauthenticated
from ..storage import Database
from ..storage.tables import events, keys
from .first_key import first_key_text, read_first_key
from .key_cache import KeyCache
from .key_records import SCOPES, Key, checked_name, checked_scopes, moment_text
from .key_text import ID_LENGTH, PREFIX, KeyText, new_key_text, read_key_text
from .secret_files import pepper_of

__all__ = ["SCOPES", "Key", "Keys", "first_key_text", "new_key_text", "pepper_of"]

log = logging.getLogger(__name__)

LONGEST_S = 100 * 365.25 * 86_400
_BATCH = 500  # ids of one query
_Ids = list[str]
_Listed = list[Key]


class Keys:
    """The keys of one database.

    Only their HMAC-SHA-256 under ``pepper`` is stored: whoever reads the database can't ask with
    what is there. (A slow hash guards passwords that people choose; a key is 190 random bits.)

    Parameters
    ----------
    database : brought to the version of this program.
    pepper : from ``secret_files.pepper_of``; the same on all machines of this database.
    clock : seconds since 1970.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> from sonde.storage import open_database
    >>> from sonde.storage.migrate import upgrade
    >>> database = open_database(None, Path(mkdtemp()))
    >>> upgrade(database)
    >>> keys = Keys(database, b"a pepper of some length")
    >>> text, key = keys.create("line 4", ["predict"])
    >>> keys.check(text).name, keys.check(text).allows("write")
    ('line 4', False)
    >>> keys.revoke(key.id).state(key.created_at)
    'revoked'
    >>> keys.check(text)
    Traceback (most recent call last):
    sonde.errors.Unauthenticated: key ... (line 4) was revoked on ...
    >>> keys.close()
    """

    def __init__(
        self, database: Database, pepper: bytes, clock: Callable[[], float] = time.time
    ) -> None:
        self._database = database
        self._pepper = pepper
        self._clock = clock
        self._cache = KeyCache(self._stored, self._write_uses, clock)

    def create(
        self,
        name: str,
        scopes: Iterable[str],
        expires_in_s: float | None = None,
        by: str = "local",
    ) -> tuple[str, Key]:
        """A new key: its text, which nobody can see again, and its record.

        Raises
        ------
        InvalidInput : the name, a scope or the time can't be used.
        """
        name, held = checked_name(name), checked_scopes(scopes)
        now = self.now()
        ends = None if expires_in_s is None else now + _microseconds(expires_in_s, "expires_in_s")
        made = new_key_text()
        key = Key(made.id, name, held, now, by, expires_at=ends)
        with self._database.write() as connection:
            self._insert(connection, key, made)
            _tell(connection, now, by, "key.created", key.id, _outline(key))
        return made.text, key

    def list(self) -> _Listed:
        """All keys, the oldest first, those that ended too."""
        with self._database.read() as connection:
            rows = connection.execute(keys.select().order_by(keys.c.created_at, keys.c.id))
            return [_key(row) for row in rows]

    def rotate(self, id: str, overlap_s: float = 3600.0, by: str = "local") -> tuple[str, Key]:
        """A key in place of another: same name and scopes, same length of life.

        The old one works for ``overlap_s`` seconds more, so that its users can change over.

        Raises
        ------
        NotFound : no such key.
        Conflict : the old one has ended already.
        """
        overlap = _microseconds(overlap_s, "overlap_s", least=0.0)
        now, made = self.now(), new_key_text()
        with self._database.write() as connection:
            old = _of_id(connection, id)
            if old.state(now) != "active":
                raise Conflict(
                    f"key {old.id} ({old.name}) is {old.state(now)}; make another instead: "
                    "sonde keys create",
                    key_id=old.id,
                )
            life = None if old.expires_at is None else old.expires_at - old.created_at
            ends = None if life is None else now + life
            key = Key(made.id, old.name, old.scopes, now, by, expires_at=ends, replaces=old.id)
            old_ends = min(now + overlap, old.expires_at or now + overlap)
            self._insert(connection, key, made)
            _change(connection, old.id, expires_at=old_ends)
            details = _outline(key) | {"replaced_by": key.id, "old_ends": moment_text(old_ends)}
            _tell(connection, now, by, "key.rotated", old.id, details)
        self._cache.forget([old.id])
        return made.text, key

    def revoke(self, id: str, by: str = "local") -> Key:
        """End a key: at once in this process, within two seconds in every other.

        Twice is as good as once.

        Raises
        ------
        NotFound : no such key.
        """
        now = self.now()
        with self._database.write() as connection:
            key = _of_id(connection, id)
            if key.revoked_at is None:
                _change(connection, key.id, revoked_at=now)
                _tell(connection, now, by, "key.revoked", key.id, {"name": key.name})
                key = _of_id(connection, key.id)
        self._cache.forget([key.id])
        return key

    def any_exist(self) -> bool:
        """Whether a key was ever made here, ended or not."""
        with self._database.read() as connection:
            return connection.execute(sa.select(keys.c.id).limit(1)).first() is not None

    def use_first(self, text: str) -> Key:
        """Record a key that a person made elsewhere, with all scopes; again changes nothing.

        Raises
        ------
        InvalidInput : ``text`` is no key.
        Conflict : the database knows it with another pepper.
        """
        made = read_first_key(text, "the first key")
        key = Key(made.id, "first key", ("admin",), self.now(), "setting")
        try:
            with self._database.write() as connection:
                if connection.execute(sa.select(keys.c.id).filter_by(id=made.id)).first() is None:
                    self._insert(connection, key, made)
                    details = _outline(key) | {"first": True}
                    _tell(connection, self.now(), key.created_by, "key.created", key.id, details)
        except IntegrityError:
            pass  # another process was first, which the next lines look at
        known = self._stored([made.id]).get(made.id)
        if known is None or not hmac.compare_digest(known[1], self._hash(made.text)):
            raise Conflict(
                f"key {made.id} was recorded with another pepper or another secret; set "
                "SONDE_KEYS__PEPPER (or the file keys/pepper in SONDE_HOME) to what it was then, "
                "or make another first key: sonde keys create --print-only",
                key_id=made.id,
            )
        return known[0]

    def known(self, text: str) -> Key | None:
        """The key where this process knows it already; asks no database and never waits."""
        return self._cache.find(text)

    def check(self, text: str) -> Key:
        """The key with this text; where it is not known yet, the database is asked.

        Raises
        ------
        Unauthenticated : malformed, unknown, expired or revoked; facts: reason.
        Unavailable : the key is not known yet and the database is away.
        """
        key = self._cache.find(text)
        return key if key is not None else self._looked_up(read_key_text(text))

    @property
    def problem(self) -> str | None:
        """Why known keys could not be read again; None while all is well."""
        return self._cache.problem

    def close(self) -> None:
        """Stop following the database, and write when keys were used last."""
        self._cache.close()

    def _looked_up(self, asked: KeyText) -> Key:
        key, hashed = self._stored([asked.id]).get(asked.id, (None, ""))
        if key is None or not hmac.compare_digest(hashed, self._hash(asked.text)):
            if key is not None:
                # The caller hears the same as of an unknown key; who runs the service must know.
                log.warning(
                    "key %s is recorded, but what was sent does not fit: a wrong secret, or this "
                    "machine has another SONDE_KEYS__PEPPER than the one that made the key",
                    key.id,
                )
            raise Unauthenticated(
                "this key is not known here; ask for another, or make one: sonde keys create",
                reason="unknown",
            )
        state = key.state(self.now())
        if state != "active":
            at = key.revoked_at if state == "revoked" else key.expires_at
            verb = "was revoked" if state == "revoked" else "expired"
            raise Unauthenticated(
                f"key {key.id} ({key.name}) {verb} on {moment_text(at)}; ask for another, or make "
                "one: sonde keys create",
                reason=state,
                key_id=key.id,
            )
        self._cache.keep(asked.text, key, hashed)
        return key

    def _stored(self, ids: _Ids) -> dict[str, tuple[Key, str]]:
        found = {}
        with self._database.read() as connection:
            for start in range(0, len(ids), _BATCH):
                some = keys.c.id.in_(ids[start : start + _BATCH])
                for row in connection.execute(keys.select().where(some)):
                    found[row.id] = (_key(row), row.hash)
        return found

    def _write_uses(self, moments: dict[str, int]) -> None:
        with self._database.write() as connection:
            # In one order, so that two processes never wait for each other in a circle.
            for id, moment in sorted(moments.items()):
                later = sa.or_(keys.c.last_used_at.is_(None), keys.c.last_used_at < moment)
                connection.execute(
                    keys.update().where(keys.c.id == id, later).values(last_used_at=moment)
                )

    def _insert(self, connection: sa.Connection, key: Key, made: KeyText) -> None:
        row = vars(key) | {"scopes": list(key.scopes), "hash": self._hash(made.text)}
        connection.execute(keys.insert().values(**row))

    def _hash(self, text: str) -> str:
        return hmac.digest(self._pepper, text.encode(), "sha256").hex()

    def now(self) -> int:
        """This moment, as records have it."""
        return round(self._clock() * 1e6)


def _key(row: sa.Row[Any]) -> Key:
    held = {name: value for name, value in row._mapping.items() if name != "hash"}
    return Key(**held | {"scopes": tuple(held["scopes"])})


def _of_id(connection: sa.Connection, id: str) -> Key:
    """The record of an id; of a whole key too, which is all that is known of one that leaked."""
    asked = id.strip()
    if asked.startswith(PREFIX):
        asked = asked[len(PREFIX) :].partition("_")[0]
    # Locked, so that a key that is being revoked can't be rotated at the same moment.
    row = connection.execute(keys.select().where(keys.c.id == asked).with_for_update()).first()
    if row is None:
        shown = f"key {asked}" if len(asked) == ID_LENGTH and asked.isalnum() else "such key"
        raise NotFound(f"there is no {shown}; list them: sonde keys list")
    return _key(row)


def _change(connection: sa.Connection, id: str, **values: int) -> None:
    connection.execute(keys.update().where(keys.c.id == id).values(**values))


def _tell(
    connection: sa.Connection, at: int, by: str, action: str, id: str, details: dict[str, Any]
) -> None:
    connection.execute(
        events.insert().values(at=at, actor=by, action=action, object=id, details=details)
    )


def _outline(key: Key) -> dict[str, Any]:
    plain = key.plain()
    return {name: plain[name] for name in ("name", "scopes", "expires_at")}


def _microseconds(seconds: float, name: str, least: float = 1.0) -> int:
    if not least <= seconds <= LONGEST_S:
        raise InvalidInput(
            f"{name}: {seconds!r} seconds; give {least:g} seconds to 100 years", **{name: seconds}
        )
    return round(seconds * 1e6)
