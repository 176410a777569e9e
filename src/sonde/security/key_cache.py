"""Keys that were asked for lately, read again in the background."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from threading import Event, Lock, Thread

from ..errors import SondeError
from .key_records import Key

log = logging.getLogger(__name__)

POLL_S = 1.0
IDLE_S = 600.0  # a key not asked for this long is looked up anew
USE_EVERY_S = 60.0
MOST_KNOWN = 10_000
FOREVER = float("inf")

# The records of these ids, each with the hash stored for it.
Reading = Callable[[list[str]], dict[str, tuple[Key, str]]]
Using = Callable[[dict[str, int]], None]


@dataclass(slots=True, repr=False)
class _Known:
    key: Key
    hash: str
    until_s: float
    used_s: float
    written_s: float = field(default=0.0)


class KeyCache:
    """Keys by a digest of their text, so that a request with a known key asks no database.

    A thread reads all of them again each ``POLL_S`` with one query: a key revoked anywhere is
    refused here about a second later. While the database is away known keys stay known, until they
    expire. When keys were used is written by the same thread, for each at most once a minute.
    """

    def __init__(self, read: Reading, used: Using, clock: Callable[[], float]) -> None:
        self._read = read
        self._used = used
        self._clock = clock
        self._known: dict[bytes, _Known] = {}
        self._lock = Lock()
        self._closing = Event()
        self._thread: Thread | None = None
        self.problem: str | None = None

    def find(self, text: str) -> Key | None:
        """The key with this text where it is known and has not ended."""
        # Bytes that no key has stand in for what can't be encoded.
        known = self._known.get(sha256(text.encode("utf-8", "replace")).digest())
        if known is None:
            return None
        now = self._clock()
        if now >= known.until_s:
            return None
        known.used_s = now
        return known.key

    def keep(self, text: str, key: Key, hashed: str) -> None:
        """Know a key that was just read, and used."""
        digest = sha256(text.encode()).digest()
        with self._lock:
            if len(self._known) >= MOST_KNOWN and digest not in self._known:
                eldest = sorted(self._known, key=lambda d: self._known[d].used_s)
                for one in eldest[: MOST_KNOWN // 10]:
                    del self._known[one]
            written = (key.last_used_at or 0) / 1e6
            self._known[digest] = _Known(key, hashed, _until(key), self._clock(), written)
            if self._thread is None and not self._closing.is_set():
                self._thread = Thread(target=self._follow, name="sonde-keys", daemon=True)
                self._thread.start()

    def forget(self, ids: Iterable[str]) -> None:
        """No longer know these; the next request looks them up."""
        gone = set(ids)
        with self._lock:
            for digest in [d for d, known in self._known.items() if known.key.id in gone]:
                del self._known[digest]

    def refresh(self) -> None:
        """Read all known keys again, and write when they were used.

        Raises
        ------
        Unavailable : the database is away; known keys stay known.
        """
        now = self._clock()
        with self._lock:
            before = dict(self._known)
        found = self._read([known.key.id for known in before.values()]) if before else {}
        with self._lock:
            for digest, known in before.items():
                if self._known.get(digest) is not known:
                    continue
                key, hashed = found.get(known.key.id, (None, ""))
                idle = known.used_s < now - IDLE_S and known.written_s >= known.used_s
                if key is None or key.revoked_at is not None or hashed != known.hash or idle:
                    del self._known[digest]
                    continue
                known.key, known.until_s = key, _until(key)
                known.written_s = max(known.written_s, (key.last_used_at or 0) / 1e6)
        self._write_uses(before.values(), USE_EVERY_S)

    def close(self) -> None:
        """Stop the thread, and write when keys were used last."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(timeout=2 * POLL_S)
        try:
            self._write_uses(list(self._known.values()), 0.0)
        except SondeError as error:
            log.warning("when keys were used last could not be written: %s", error)

    def _write_uses(self, known: Iterable[_Known], every_s: float) -> None:
        now = self._clock()
        due = [k for k in known if k.used_s > k.written_s and now >= k.written_s + every_s]
        if due:
            self._used({one.key.id: round(one.used_s * 1e6) for one in due})
            for one in due:
                one.written_s = one.used_s

    def _follow(self) -> None:
        while not self._closing.wait(POLL_S):
            try:
                self.refresh()
            except Exception as error:
                # Whatever it is, a thread that ended would leave revoked keys working for ever.
                if self.problem is None:
                    log.warning("keys can't be followed, known ones go on working: %s", error)
                self.problem = str(error)
            else:
                if self.problem is not None:
                    log.warning("keys are followed again")
                self.problem = None


def _until(key: Key) -> float:
    return FOREVER if key.expires_at is None else key.expires_at / 1e6
