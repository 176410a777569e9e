"""What the client loads, and what it says where its libraries are missing."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("numba", "polars", "pandas", "pyarrow", "scipy", "sqlalchemy", "fastapi", "starlette")


def ran(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout


def test_importing_the_client_loads_nothing_heavy() -> None:
    code = f"""
import sys
import sonde.client
assert "httpx" not in sys.modules
from sonde.client import AsyncClient, Client, Detected, ServiceError
client = Client("http://localhost:1", api_key="k")
print([name for name in {HEAVY} if name in sys.modules])
"""
    assert ran(code) == "[]\n"


def test_a_small_question_loads_no_frames() -> None:
    code = f"""
import sys
from sonde.client import Client
from tests.client.scripted import answer, serving
body = dict(scores=[1.0], is_anomaly=[False], probability=[0.5], anomalies=[])
with serving(answer(body)) as server, Client(server.url) as client:
    client.detect([[1.0, 2.0]])
print([name for name in {HEAVY} if name in sys.modules])
"""
    assert ran(code) == "[]\n"


def test_a_missing_library_is_named() -> None:
    code = """
import sys
sys.modules["httpx"] = None
import sonde.client
try:
    sonde.client.Client
except sonde.errors.MissingExtra as error:
    print(error)
"""
    said = "clients of the service need httpx: pip install 'sonde[client]'"
    assert ran("import sonde.errors" + code).strip() == said


def test_unknown_names_are_attribute_errors() -> None:
    import sonde.client

    assert not hasattr(sonde.client, "Klient")
    assert set(sonde.client.__all__) <= set(dir(sonde.client))
