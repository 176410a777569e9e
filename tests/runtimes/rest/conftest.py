"""One open service for all tests that need no settings of their own."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

import sonde
from tests.runtimes.rest.data import FRAME
from tests.runtimes.rest.running import Running, running
from tests.runtimes.rest.stored import store


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """``sonde serve --model own``, where ``own`` and ``pump`` are ECOD models of ``FRAME``."""
    home = tmp_path_factory.mktemp("open") / "home"
    model = sonde.train(FRAME, model="ecod", evaluate=False).model
    store(home, own=model, pump=model)
    with running(home, "--model", "own") as one:
        yield one


@pytest.fixture(scope="session")
def http(service: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.url, timeout=60) as client:
        yield client
