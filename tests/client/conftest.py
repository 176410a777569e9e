from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.client.callers import client_of
from tests.runtimes.rest.running import Running, running

__all__ = ["client_of"]


@pytest.fixture(scope="package")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """``sonde serve`` on loopback, without keys; tests share it and name their models apart."""
    with running(tmp_path_factory.mktemp("service")) as one:
        yield one
