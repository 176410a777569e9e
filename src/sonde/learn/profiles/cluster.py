"""Tiles of a matrix profile on the workers of a Dask cluster.

What a task holds travels through the scheduler, which keeps it until the task is done. So a worker
that is lost takes nothing along: Dask gives its tiles to another one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from ...errors import InvalidInput, Unavailable, need

WAIT_S = 30  # for a scheduler to answer, and for the first worker to come
AHEAD = 2  # tasks that a worker's thread has before it, so that it never waits for the next one

T = TypeVar("T")
R = TypeVar("R")


@contextmanager
def connected(client: Any) -> Iterator[Any]:
    """A ``distributed.Client`` from one, which stays open, or from a scheduler's address.

    Raises
    ------
    MissingExtra : without ``distributed``.
    Unavailable : the scheduler does not answer, or has no worker after ``WAIT_S`` seconds.
    InvalidInput : neither a client nor an address; workers that can't run this package.
    """
    distributed = need("distributed", extra="dask", purpose="profiles over a cluster")
    if isinstance(client, str):
        ours = _opened(distributed, client)
    elif isinstance(client, distributed.Client) and not client.asynchronous:
        ours = client
    else:
        raise InvalidInput(
            "client must be a distributed.Client that is not asynchronous, or the address of a "
            f"scheduler such as 'tcp://10.0.0.5:8786', got {client!r}"
        )
    try:
        _check_workers(ours)
        yield ours
    finally:
        if ours is not client:
            ours.close()


def _opened(distributed: Any, address: str) -> Any:
    _refuse_no_address(distributed, address)
    try:
        return distributed.Client(address, timeout=WAIT_S, set_as_default=False)
    except (OSError, ValueError) as failure:
        raise Unavailable(
            f"no Dask scheduler answers at {address!r} ({failure}); start one with "
            "`dask scheduler`, or check the address and the port",
            retry_after_s=WAIT_S,
        ) from None


def _refuse_no_address(distributed: Any, address: str) -> None:
    """Before a client is made of it, which would try for ``WAIT_S`` and not close for longer."""
    if address.startswith("inproc://"):  # a scheduler in this process has no port
        return
    try:
        _, port = distributed.comm.get_address_host_port(address)
    except ValueError as failure:  # also a kind of address that has no port, or is not known
        problem = str(failure)
    else:
        if 0 < port < 2**16:
            return
        problem = f"there is no port {port}"
    raise InvalidInput(
        f"client must be the address of a scheduler such as 'tcp://10.0.0.5:8786', got {address!r}:"
        f" {problem}",
        parameter="client",
    )


def _check_workers(client: Any) -> None:
    from ... import __version__

    try:
        client.wait_for_workers(1, timeout=WAIT_S)
    except TimeoutError:
        raise Unavailable(
            f"the Dask scheduler at {client.scheduler.address} has no worker after {WAIT_S} s; "
            f"start one with `dask worker {client.scheduler.address}`",
            retry_after_s=WAIT_S,
        ) from None
    try:
        versions = client.run(_version)
    except ImportError as failure:
        raise InvalidInput(
            f"the Dask workers cannot import this package ({failure}); install sonde "
            f"{__version__} on them"
        ) from None
    for worker, found in versions.items():
        if found != __version__:
            raise InvalidInput(
                f"the Dask worker at {worker} has sonde {found}, here it is {__version__}; "
                "install the same version on both"
            )


def _version() -> str:
    from ... import __version__

    return __version__


def threads_of(client: Any) -> tuple[int, int]:
    """How many tasks the workers do at once, all together and the busiest of them."""
    threads = client.nthreads().values()
    return sum(threads), max(threads)


def seen_by_all(client: Any, path: Path) -> bool:
    """Whether every worker finds the same file under this path: a shared disk."""
    return all(one == fingerprint(str(path)) for one in client.run(fingerprint, str(path)).values())


def fingerprint(path: str) -> str | None:
    """Of a file's size, beginning and end; None where there is no such file."""
    try:
        with Path(path).open("rb") as file:
            size = file.seek(0, 2)
            digest = hashlib.sha256(str(size).encode())
            for place in (0, max(0, size - 65_536)):
                file.seek(place)
                digest.update(file.read(65_536))
    except OSError:
        return None
    return digest.hexdigest()


def on_cluster(client: Any, work: Callable[[T], R], tasks: Iterator[T]) -> Generator[R]:
    """What ``work`` gives for each task, as the workers finish them; few tasks are on their way
    at a time, so that neither the scheduler nor this process holds all of them.

    Raises
    ------
    Unavailable : the workers that had a task were lost, one after the other.
    Whatever ``work`` raises.
    """
    dask = need("dask", extra="dask", purpose="profiles over a cluster")
    distributed = need("distributed", extra="dask", purpose="profiles over a cluster")
    waiting = distributed.as_completed(loop=client.loop)
    pending: set[Any] = set()

    def send(n_tasks: int) -> None:
        # Values of two stretches go with each task: known, bounded, and nothing to warn of.
        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TiB"}):
            for task in islice(tasks, n_tasks):
                future = client.submit(work, task, pure=False)
                pending.add(future)
                waiting.add(future)

    try:
        send(AHEAD * threads_of(client)[0])
        for future in waiting:
            try:
                result = future.result()
            except distributed.KilledWorker as failure:
                raise Unavailable(
                    f"the Dask workers that had a tile were lost, one after the other ({failure}); "
                    "if their memory ran out, give memory_mb less than a worker's limit",
                    retry_after_s=WAIT_S,
                ) from None
            pending.discard(future)
            future.release()
            send(1)
            yield result
    finally:
        if pending:
            client.cancel(list(pending))
