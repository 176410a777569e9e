"""A log that a test can read, and that is gone after it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sonde.telemetry.logs import start_logging, stop_logging

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def logged(tmp_path: Path) -> Iterator[Lines]:
    """JSON lines of level debug; the call ends logging and gives what was written."""
    path = tmp_path / "log"
    file = path.open("wb")
    start_logging("debug", "json", file)

    def lines() -> list[dict[str, Any]]:
        stop_logging(10)
        return [json.loads(line) for line in path.read_bytes().splitlines()]

    yield lines
    stop_logging()
    file.close()
