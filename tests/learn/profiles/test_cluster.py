"""Tiles on a real Dask cluster of two processes."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sonde.core.progress import listening
from sonde.errors import InvalidInput, Unavailable
from sonde.learn.profiles import cluster, joins, tiles
from sonde.learn.profiles.joins import Neighbours
from sonde.learn.profiles.long_series import long_series

distributed = pytest.importorskip(
    "distributed", reason="tiles over a cluster need distributed: pip install 'sonde[dask]'"
)
Floats = NDArray[np.float64]
WINDOW = 40


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0", memory_limit=0
        ) as two,
        distributed.Client(two, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def series() -> Floats:
    x = np.cumsum(np.random.default_rng(22).normal(size=13_000))
    x[12_000:12_080] = x[600:680]
    return x


@pytest.fixture(scope="module")
def in_one_pass(series: Floats) -> Neighbours:
    return joins.self_join(series, WINDOW)


def same(one: Neighbours, two: Neighbours) -> None:
    for name in vars(two):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name), err_msg=name)


def test_a_cluster_gives_what_one_pass_gives(
    client: Any, series: Floats, in_one_pass: Neighbours, tmp_path: Path
) -> None:
    path = tmp_path / "series.npy"
    np.save(path, series)
    for given in (series, path):
        same(tiles.self_join(given, WINDOW, tile=4_096, client=client), in_one_pass)


def test_two_series_on_a_cluster_found_by_its_address(client: Any, series: Floats) -> None:
    other = np.cumsum(np.random.default_rng(23).normal(size=5_000))
    found = tiles.cross_join(series, other, WINDOW, tile=8_192, client=client.scheduler.address)
    same(found, joins.cross_join(series, other, WINDOW))


def test_workers_that_do_not_see_the_file_are_sent_the_values(
    client: Any, series: Floats, tmp_path: Path
) -> None:
    path = tmp_path / "series.npy"
    np.save(path, series)
    assert cluster.seen_by_all(client, path)
    # What a worker elsewhere would say of this path.
    assert cluster.fingerprint(str(tmp_path / "elsewhere.npy")) is None
    ours = cluster.fingerprint(str(path))
    np.save(path, series + 1.0)
    assert cluster.fingerprint(str(path)) != ours
    sent = next(long_series(path).stretches(4_096, WINDOW, by_path=False))
    assert isinstance(sent.source, np.ndarray)


def test_the_work_of_a_worker_that_is_killed_is_done_by_another(
    client: Any, series: Floats, in_one_pass: Neighbours
) -> None:
    before = client.run(os.getpid)
    victim = next(iter(before.values()))
    heard: list[float] = []

    def kill(stage: str, share: float) -> None:
        if not heard:
            os.kill(victim, signal.SIGKILL)
        heard.append(share)

    with listening(kill):
        found = tiles.self_join(series, WINDOW, tile=4_096, client=client)
    same(found, in_one_pass)
    assert len(heard) >= 10
    client.wait_for_workers(2, timeout=30)
    assert victim not in client.run(os.getpid).values()


def test_what_is_wrong_with_a_client_is_said(client: Any, series: Floats) -> None:
    with pytest.raises(InvalidInput, match=r"client must be a distributed\.Client"):
        tiles.self_join(series, WINDOW, client=7)
    with pytest.raises(InvalidInput, match="memory_mb must be at least"):
        tiles.self_join(series, WINDOW, memory_mb=10, client=client)


def test_a_scheduler_that_does_not_answer_is_named(
    series: Floats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "WAIT_S", 1)
    with pytest.raises(Unavailable, match=r"no Dask scheduler answers at 'tcp://127.0.0.1:9'"):
        tiles.self_join(series, WINDOW, client="tcp://127.0.0.1:9")
    with (
        distributed.LocalCluster(n_workers=0, dashboard_address=":0") as empty,
        pytest.raises(Unavailable, match="has no worker after 1 s"),
    ):
        tiles.self_join(series, WINDOW, client=empty.scheduler_address)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("tcp://nowhere", "missing port"),
        ("", "missing port"),
        ("tcp://127.0.0.1:99999", "there is no port 99999"),
        ("gopher://127.0.0.1:1", "unknown address scheme"),
    ],
)
def test_what_is_no_address_is_refused_before_it_is_tried(address: str, told: str) -> None:
    with (
        pytest.raises(InvalidInput, match=rf"client must be the address of a scheduler.*{told}"),
        cluster.connected(address),
    ):
        pass
