"""The servers of the tests are there, and each test gets a clean one."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_has_an_empty_database(postgres_url: str, turn: int) -> None:
    import psycopg

    with psycopg.connect(postgres_url) as connection:
        connection.execute("CREATE TABLE plant (n int)")


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_has_an_empty_redis(redis_url: str, turn: int) -> None:
    import redis

    with redis.Redis.from_url(redis_url) as client:
        assert client.keys() == []
        client.set("plant", turn)


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_has_an_empty_bucket(s3_url: str, turn: int) -> None:
    import fsspec

    store = fsspec.filesystem("s3")
    assert store.ls(s3_url, refresh=True) == []
    store.pipe(f"{s3_url}/plant", b"x")
    assert store.cat(f"{s3_url}/plant") == b"x"
