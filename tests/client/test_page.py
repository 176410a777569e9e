"""The examples of the page on calling the service, against a running one."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.docs.test_reference import blocks, plant_csv
from tests.runtimes.rest.running import Running

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "call-the-service.md"
URL = "http://localhost:8000"


def test_the_examples_run(
    service: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("plant.csv").write_bytes(plant_csv())
    names: dict[str, Any] = {}
    try:
        for block in blocks(PAGE, "py"):
            exec(compile(block.replace(URL, service.url), str(PAGE), "exec"), names)
    finally:
        if "client" in names:
            names["client"].close()
    assert len(names["answers"]) == 4
    lines = [line for block in blocks(PAGE, "sh") for line in block.splitlines()]
    commands = [line for line in lines if line.startswith("curl")]
    assert len(commands) == 4
    for command in commands if shutil.which("curl") else []:
        line = command.replace(URL, service.url)
        done = subprocess.run(line, shell=True, capture_output=True, check=True, timeout=60)
        said = json.loads(done.stdout)
        assert "code" not in said, said
