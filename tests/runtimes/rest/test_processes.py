"""``sonde serve`` as its operator meets it: start, refusals, signals, workers, what is left."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import polars as pl
import pytest
from prometheus_client.parser import text_string_to_metric_families

import sonde
from sonde.core import ModelRef
from sonde.errors import SondeError
from sonde.registry.artifact import save_artifact
from sonde.runtimes.rest.processes import serve
from sonde.security import Keyring
from sonde.settings import read_settings
from sonde.storage import open_database
from sonde.storage.migrate import upgrade
from sonde.telemetry.logs import stop_logging
from sonde.wire import media as m
from tests.cli.run import sonde as command
from tests.runtimes.rest.data import FRAME, JSON, arrow
from tests.runtimes.rest.processes import below, commands, of_home, until
from tests.runtimes.rest.running import Running, running, started
from tests.runtimes.rest.stored import registry_of, store
from tests.servers import free_port

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="/proc tells what processes there are"
)
ROWS = JSON["rows"]
COMPUTERS = "from sonde.serving.jobs import main"


def asked(url: str, path: str = "/api/v1/models/own/predict") -> httpx.Response:
    return httpx.post(f"{url}{path}", json=ROWS, timeout=60)


# --- refusals -----------------------------------------------------------------------------------


WRONG: dict[str, tuple[dict[str, Any], dict[str, str], str]] = {
    "host": ({"host": "no.such.host.invalid"}, {}, "with --host"),
    "address": ({"host": "192.0.2.1"}, {}, "with --host"),
    "open to all": ({"host": "0.0.0.0"}, {}, "say --open"),
    "file": ({"model": ModelRef("no/such.sonde")}, {}, "no/such.sonde"),
    "setting": ({}, {"SERVER__THREADS": "many"}, "SONDE_SERVER__THREADS"),
    "unknown setting": ({}, {"SERVER__THREDS": "2"}, "SONDE_SERVER__THREADS"),
    "rate": ({}, {"RATES__PER_ADDRESS": "often"}, "SONDE_RATES__PER_ADDRESS"),
    "proxies": ({}, {"SERVER__TRUSTED_PROXIES": "nobody"}, "nobody"),
    "first key": ({}, {"KEYS__FIRST": "secret"}, "SONDE_KEYS__FIRST"),
    "its file": ({}, {"KEYS__FIRST_FILE": "/no/file"}, "/no/file"),
    "database": ({}, {"DATABASE__URL": "oracle://x/y"}, "is no database"),
    "metrics port": ({}, {"SERVER__METRICS_PORT": "taken"}, "SONDE_SERVER__METRICS_PORT"),
    "in workers": ({"workers": 2}, {"RATES__PER_KEY": "often"}, "SONDE_RATES__PER_KEY"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_can_not_work_is_said_before_the_port_opens(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words, settings, told = WRONG[case]
    monkeypatch.setenv("SONDE_HOME", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for name, value in settings.items():
            monkeypatch.setenv(f"SONDE_{name}", port if value == "taken" else value)
        with pytest.raises(SondeError, match=re.escape(told)):
            serve(
                read_settings(),
                words.get("host", "127.0.0.1"),
                0,
                workers=words.get("workers", 1),
                model=words.get("model"),
                tell=pytest.fail,
            )
    stop_logging()
    assert not [one for one in of_home(tmp_path) if one in below(os.getpid())]


def test_a_refusal_to_start_is_one_sentence_and_an_exit_code(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        found = _refused(tmp_path, ["--port", port], {})
    assert found.returncode == 1
    assert found.stderr.startswith(f"sonde: port {port} of 127.0.0.1 can't be opened: ")
    assert len(found.stderr.splitlines()) == 1
    found = _refused(tmp_path, ["--model", "a@b:c"], {})
    assert found.returncode == 2
    assert "name@alias" in found.stderr


def test_a_missing_extra_is_named(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['fastapi'] = None; "
        "from sonde.cli.main import main; main(['serve', '--port', '0'])"
    )
    found = _ran(tmp_path, [sys.executable, "-c", program], {})
    assert found.returncode == 1
    assert "pip install 'sonde[serve]'" in found.stderr
    assert "Traceback" not in found.stderr


def _refused(home: Path, words: list[str], settings: dict[str, str]) -> Any:
    port = [] if "--port" in words else ["--port", "0"]
    return _ran(home, [sys.executable, "-m", "sonde", "serve", *port, *words], settings)


def _ran(home: Path, words: list[str], settings: dict[str, str]) -> Any:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SONDE_")}
    given = {f"SONDE_{name}": value for name, value in settings.items()}
    environment = kept | {"SONDE_HOME": str(home)} | given
    return subprocess.run(
        words, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


# --- readiness ----------------------------------------------------------------------------------


def test_ready_says_what_is_missing_until_all_is_there(tmp_path: Path, postgres_url: str) -> None:
    blobs = tmp_path / "blobs"
    blobs.write_text("a file where the folder should be")
    home = tmp_path / "home"
    settings = {"DATABASE__URL": postgres_url, "BLOBS__URL": str(blobs)}
    with started(home, "--model", "own", **settings) as service:
        until(lambda: httpx.get(f"{service.url}/health").status_code == 200)
        told = httpx.get(f"{service.url}/ready")
        assert told.status_code == 503
        assert told.headers["retry-after"] == "1"
        missing = told.json()["missing"]
        assert "sonde db upgrade" in missing["database"]
        assert "sonde db upgrade" in missing["service"]
        assert "SONDE_BLOBS__URL" in missing["blobs"]
        health = command("health", service.url)
        assert health.code == 1
        assert "sonde db upgrade" in health.out

        database = open_database(postgres_url, home)
        upgrade(database)
        database.close()
        blobs.unlink()
        until(lambda: set(_missing(service)) == {"served model"})
        assert "own" in _missing(service)["served model"]
        assert asked(service.url, "/predict").status_code == 404

        with registry_of(home, database=postgres_url, blobs=str(blobs)) as registry:
            registry.register("own", sonde.train(FRAME, model="ecod", evaluate=False).model)
        until(lambda: httpx.get(f"{service.url}/ready").status_code == 200)
        assert asked(service.url, "/predict").status_code == 200
        assert command("health", service.url).code == 0
        up = httpx.get(f"{service.url}/metrics").text
        assert 'sonde_dependency_up{dependency="served model"} 1.0' in up
        assert '"part":"served model","why"' in service.said()

        killed = set(below(service.process.pid))
        for computer in killed:
            os.kill(computer, signal.SIGKILL)
        until(lambda: set(below(service.process.pid)) - killed)
        until(lambda: httpx.get(f"{service.url}/ready").status_code == 200)
        assert service.stop() == 0


def _missing(service: Running) -> dict[str, str]:
    missing: dict[str, str] = httpx.get(f"{service.url}/ready").json().get("missing", {})
    return missing


# --- the end ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def large() -> Any:
    """A model whose file is larger than what sockets hold."""
    rows = np.random.default_rng(5).normal(size=(250_000, 8))
    return sonde.train(rows, model="ecod", evaluate=False).model


def test_a_stop_finishes_what_was_accepted(tmp_path: Path, large: Any) -> None:
    store(tmp_path, large=large)
    rows = arrow(pl.DataFrame(np.random.default_rng(3).normal(size=(200_000, 8))))
    with running(tmp_path) as service:
        about = httpx.get(f"{service.url}/api/v1/models/large/versions/1").json()
        with (
            ThreadPoolExecutor(1) as pool,
            httpx.Client(base_url=service.url, timeout=60) as client,
            client.stream("GET", "/api/v1/models/large/versions/1/artifact") as download,
        ):
            detecting = pool.submit(
                httpx.post,
                f"{service.url}/api/v1/detect",
                content=rows,
                headers={"content-type": m.ARROW},
                timeout=60,
            )
            until(lambda: _busy(service) or detecting.done())
            service.process.send_signal(signal.SIGTERM)
            until(lambda: _refuses(service.url))
            got = sum(map(len, download.iter_bytes()))
            answer = detecting.result()
        assert got == about["size"] > 10_000_000
        assert answer.status_code == 200
        assert service.process.wait(30) == 0
        until(lambda: not of_home(tmp_path), 10)


def test_what_does_not_finish_in_time_is_told_so(tmp_path: Path) -> None:
    rows = arrow(pl.DataFrame(np.random.default_rng(3).normal(size=(100_000, 16))))
    with running(tmp_path, SERVER__SHUTDOWN_S="1") as service, ThreadPoolExecutor(1) as pool:
        detecting = pool.submit(
            httpx.post,
            f"{service.url}/api/v1/detect?detector=knn",
            content=rows,
            headers={"content-type": m.ARROW, "x-request-id": "mine"},
            timeout=60,
        )
        until(lambda: _busy(service))
        began = time.monotonic()
        service.process.send_signal(signal.SIGINT)
        answer = detecting.result()
        assert answer.status_code == 503
        assert answer.headers["x-request-id"] == "mine"
        assert "closing" in answer.json()["detail"]
        assert service.process.wait(30) == 0
        assert time.monotonic() - began < 15
        assert of_home(tmp_path) == []


def _busy(service: Running) -> bool:
    """Whether a computing process spends time."""
    for pid in commands(below(service.process.pid)):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        if fields[0] == "R":
            return True
    return False


def _refuses(url: str) -> bool:
    try:
        httpx.get(f"{url}/health", timeout=1)
    except httpx.ConnectError:
        return True
    except httpx.TransportError:
        return False
    return False


# --- several processes --------------------------------------------------------------------------


def test_workers_share_a_port_are_replaced_and_counted_together(tmp_path: Path) -> None:
    store(tmp_path, own=sonde.train(FRAME, model="ecod", evaluate=False).model)
    with running(tmp_path, "--workers", "2") as service:
        parent = service.process.pid
        workers = until(lambda: _workers(parent) if len(_workers(parent)) == 2 else None)
        _ask_many(service.url, 60)
        assert _counted(service.url) == 60

        victim = min(workers)
        orphans = below(victim)
        assert orphans
        os.kill(victim, signal.SIGKILL)
        until(lambda: not commands(orphans), 10)  # its computing processes end with it
        until(lambda: len(_workers(parent)) == 2 and victim not in _workers(parent))
        _ask_many(service.url, 40)
        # What the dead one counted is not lost.
        assert _counted(service.url) == 100

        service.process.send_signal(signal.SIGINT)
        assert service.process.wait(30) == 0
    # Python's own tracker of resources ends a moment after the one that it serves.
    until(lambda: not of_home(tmp_path), 10)
    assert "Traceback" not in service.said()


def test_nothing_is_left_when_the_first_process_is_killed(tmp_path: Path) -> None:
    with started(tmp_path, "--workers", "2") as service:
        parent = service.process.pid
        until(lambda: sum(COMPUTERS in one for one in commands(below(parent)).values()) == 2)
        service.process.kill()
        service.process.wait()
        until(lambda: not of_home(tmp_path), 30)


def test_a_model_file_is_served_beside_metrics_at_a_port_of_their_own(tmp_path: Path) -> None:
    home, path = tmp_path / "home", tmp_path / "pump.sonde"
    keyring = Keyring(home / "keys")
    first = sonde.train(FRAME, model="ecod", evaluate=False).model
    save_artifact(first, path, keyring)
    port = str(free_port())
    with running(home, SERVER__MODEL=str(path), SERVER__METRICS_PORT=port) as service:
        answer = asked(service.url, "/predict").json()
        assert (answer["algorithm"], answer["model_version"]) == ("ecod", "file")
        assert httpx.get(f"{service.url}/health").json()["model_loaded"] is True
        assert httpx.get(f"{service.url}/metrics").status_code == 404
        text = httpx.get(f"http://127.0.0.1:{port}/metrics").text
        assert 'sonde_requests_total{endpoint="/predict",method="POST",status="200"} 1.0' in text
        assert httpx.get(f"http://127.0.0.1:{port}/other").status_code == 404
        # No other file is opened for a caller.
        other = tmp_path / "other.sonde"
        save_artifact(first, other, keyring)
        for name in (str(other), "..%2Fother.sonde", "other.sonde"):
            refused = asked(service.url, f"/api/v1/models/{name}/predict")
            assert refused.status_code in (403, 404), refused.text

        path.write_bytes(b"half a file")
        assert asked(service.url, "/predict").json()["algorithm"] == "ecod"
        assert "pump.sonde" in _missing(service)["served model"]
        save_artifact(sonde.train(FRAME, model="hbos", evaluate=False).model, path, keyring)
        assert asked(service.url, "/predict").json()["algorithm"] == "hbos"
        assert httpx.get(f"{service.url}/ready").status_code == 200

        # Killed, it leaves nothing behind.
        service.process.kill()
        service.process.wait()
        until(lambda: not of_home(home), 10)


def _workers(parent: int) -> list[int]:
    found = commands(below(parent))
    return [pid for pid, words in found.items() if "spawn_main" in words]


def _ask_many(url: str, n: int) -> None:
    """Each over a connection of its own, so that all processes get some."""
    lock, left = threading.Lock(), [n]

    def ask() -> None:
        while True:
            with lock:
                if not left[0]:
                    return
                left[0] -= 1
            until(lambda: asked(url).status_code == 200)

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(ask) for _ in range(4)]:
            done.result()


def _counted(url: str) -> float:
    text = httpx.get(f"{url}/metrics").text
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "sonde_requests_total"
        and sample.labels["endpoint"] == "/api/v1/models/{name}/predict"
    )
