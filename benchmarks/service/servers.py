"""The servers under load: started, waited for, stopped with all their processes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, Any

HERE = Path(__file__).parent
# Where `make bench-service-setup` puts the peers, each into an environment of its own.
PEERS = Path(os.environ.get("PEERS", HERE.parents[1] / ".peers"))
PATIENCE_S = 180.0

# Nothing is told, nothing is counted, nobody is asked who they are.
QUIET = {"SONDE_METRICS__ENABLED": "false", "SONDE_LOG__REQUESTS": "false"}
# Limits that are counted and never reached.
LIMITS = {
    "SONDE_RATES__PER_KEY": "1000000/second",
    "SONDE_RATES__PER_ADDRESS": "1000000/second",
}


@dataclass(frozen=True)
class Server:
    """A server that answers: its first process, and what to send where."""

    pid: int
    url: str
    headers: dict[str, str] = field(default_factory=dict)


@contextmanager
def ours(home: Path, *, told: bool = False, **settings: str) -> Iterator[Server]:
    """``sonde serve``; ``told``: with metrics, log, keys, limits and 1 % traces.

    ``home`` holds the registry, with the models to be asked. The address is that of the service.
    """
    sonde = [sys.executable, "-m", "sonde"]
    environment = {"SONDE_HOME": str(home), **settings}
    headers = {}
    with collector() as traces, tempfile.TemporaryDirectory() as folder:
        if told:
            # Its first key is recorded, and whoever serves from the same home would ask for it.
            environment["SONDE_HOME"] = str(shutil.copytree(home, Path(folder, "home")))
            environment |= LIMITS | {
                "SONDE_KEYS__FIRST": key(),
                "SONDE_TRACES__ENDPOINT": f"{traces}/v1/traces",
                "SONDE_TRACES__SHARE": "0.01",
            }
            headers = {"Authorization": f"Bearer {environment['SONDE_KEYS__FIRST']}"}
        else:
            environment = QUIET | environment
        port = free_port()
        words = [*sonde, "serve", "--port", str(port)]
        with running(words, f"http://127.0.0.1:{port}/ready", environment) as pid:
            yield Server(pid, f"http://127.0.0.1:{port}", headers)


@contextmanager
def uncompiled(home: Path, **settings: str) -> Iterator[Server]:
    """Our service with a scikit-learn forest in it (``uncompiled.py``)."""
    port = free_port()
    words = [sys.executable, str(HERE / "uncompiled.py"), str(port)]
    environment = QUIET | {"SONDE_HOME": str(home), **settings}
    with running(words, f"http://127.0.0.1:{port}/ready", environment) as pid:
        yield Server(pid, f"http://127.0.0.1:{port}/api/v1/models/plain/predict")


@contextmanager
def bare() -> Iterator[Server]:
    """The bare endpoint (``bare.py``)."""
    port = free_port()
    words = [sys.executable, str(HERE / "bare.py"), str(port)]
    with running(words, f"http://127.0.0.1:{port}/") as pid:
        yield Server(pid, f"http://127.0.0.1:{port}/predict")


@contextmanager
def mlserver(models: Path) -> Iterator[Server]:
    """MLServer; models in its own process, which is the cheaper of its two ways."""
    http, grpc, metrics = free_port(), free_port(), free_port()
    settings: dict[str, Any] = {
        "debug": False,
        "host": "127.0.0.1",
        "http_port": http,
        "grpc_port": grpc,
        "metrics_port": metrics,
        "parallel_workers": 0,
    }
    (models / "settings.json").write_text(json.dumps(settings))
    for name in ("forest", "linear"):
        one = {
            "name": name,
            "implementation": "mlserver_sklearn.SKLearnModel",
            "parameters": {"uri": "./model.joblib"},
        }
        (models / name / "model-settings.json").write_text(json.dumps(one))
    words = [str(PEERS / "mlserver/bin/mlserver"), "start", str(models)]
    address = f"http://127.0.0.1:{http}/v2"
    with running(words, f"{address}/models/linear/ready", folder=models) as pid:
        yield Server(pid, f"{address}/models")


@contextmanager
def mlflow(models: Path, name: str) -> Iterator[Server]:
    """``mlflow models serve`` with one worker; it serves one model."""
    port = free_port()
    words = [
        str(PEERS / "mlflow/bin/mlflow"),
        "models",
        "serve",
        "-m",
        str(models / name / "mlflow"),
    ]
    words += ["-p", str(port), "-w", "1", "--env-manager", "local"]
    # It starts another program by name, and that asks whether to open files like these.
    environment = {
        "PATH": f"{PEERS / 'mlflow/bin'}:{os.environ['PATH']}",
        "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "true",
    }
    with running(words, f"http://127.0.0.1:{port}/ping", environment, models) as pid:
        yield Server(pid, f"http://127.0.0.1:{port}/invocations")


@contextmanager
def bentoml(models: Path) -> Iterator[Server]:
    """BentoML with one worker."""
    port = free_port()
    shutil.copy(HERE / "peers/bento.py", models / "bento.py")
    words = [str(PEERS / "bentoml/bin/bentoml"), "serve", "bento:Scores", "-p", str(port)]
    words += ["--host", "127.0.0.1", "--working-dir", str(models), "--do-not-track"]
    with running(words, f"http://127.0.0.1:{port}/readyz", folder=models) as pid:
        yield Server(pid, f"http://127.0.0.1:{port}")


def peer_python(name: str) -> Path | None:
    """The Python of a peer's environment; None where the peer is not installed."""
    path = PEERS / name / "bin/python"
    return path if path.exists() else None


# --- processes -------------------------------------------------------------------------------


@contextmanager
def running(
    words: Sequence[str],
    ready: str,
    environment: dict[str, str] | None = None,
    folder: Path | None = None,
) -> Iterator[int]:
    """A process, once it answers at ``ready``; ended with all that it started."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            words,
            env=os.environ | {"OMP_NUM_THREADS": "1"} | (environment or {}),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            wait_for(ready, process, log)
            yield process.pid
        finally:
            end(process)


def wait_for(url: str, process: subprocess.Popen[bytes], log: IO[bytes]) -> None:
    """Until ``url`` answers with anything that is no failure of the server."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if process.poll() is not None:
            log.seek(0)
            told = log.read()[-2000:].decode(errors="replace")
            raise SystemExit(f"{process.args!r} ended before it answered:\n{told}")
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except urllib.error.HTTPError as error:
            if error.code < 500:
                return
        except OSError:
            pass
        time.sleep(0.01)
    raise SystemExit(f"{process.args!r} did not answer within {PATIENCE_S:g} s")


def end(process: subprocess.Popen[bytes]) -> None:
    """Stop it as its users would, then whatever of its session is left."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(20)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # its session is its own: nobody else's is hit
    process.wait()


@contextmanager
def collector() -> Iterator[str]:
    """An address that takes spans and drops them."""

    class Taken(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taken)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def key() -> str:
    """A new key, recorded nowhere."""
    words = [sys.executable, "-m", "sonde", "keys", "create", "--print-only"]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
