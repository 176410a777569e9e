"""``sonde serve``: the server's processes, from the open port to the last answer."""

from __future__ import annotations

import ipaddress
import socket
import sys
import threading
from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

import uvicorn
from uvicorn.supervisors import Multiprocess

from ...core import ModelRef
from ...errors import InvalidInput, Unavailable
from ...settings import Settings

_BACKLOG = 2048
_KEEP_ALIVE_S = 75


def is_loopback(host: str) -> bool:
    """True where only this machine reaches ``host``."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def is_open(settings: Settings, host: str) -> bool:
    """Whether the service is to run without keys.

    With keys where any were made or a first one is set; without on loopback, or where the
    settings say so in so many words.

    Raises
    ------
    InvalidInput : no keys, on an address that others reach.
    """
    from ...security.keys import Keys, pepper_of
    from ...storage import open_database
    from ...storage.migrate import status

    given = settings.keys
    if given.first is not None or given.first_file is not None:
        return False
    url = settings.database.url
    database = open_database(
        None if url is None else url.get_secret_value(),
        settings.home,
        timeout_s=settings.database.timeout_s,
    )
    try:
        if status(database).current is not None:
            pepper = None if given.pepper is None else given.pepper.get_secret_value()
            if Keys(database, pepper_of(pepper, settings.home)).any_exist():
                return False
    finally:
        database.close()
    if settings.server.open or is_loopback(host):
        return True
    raise InvalidInput(
        f"{host} can be reached by others, and there is no key; make one with "
        "sonde keys create --name me --scope admin, or say --open to serve everyone"
    )


def serve(
    settings: Settings,
    host: str,
    port: int,
    *,
    workers: int = 1,
    model: ModelRef | None = None,
    tell: Callable[[str], None],
) -> int:
    """Serve until told to stop; 0 after a stop that was asked for.

    Raises
    ------
    InvalidInput, Unavailable : before the port opens, with what to do.
    """
    without_keys = is_open(settings, host)
    is_shared = workers > 1 or settings.server.metrics_port is not None
    place = Path(mkdtemp(prefix="sonde-metrics-")) if is_shared else None
    build = partial(_application, settings, without_keys, model, place)
    server_socket = _bound(host, port)
    real_port = server_socket.getsockname()[1]
    config = uvicorn.Config(
        build,
        factory=True,
        lifespan="on",
        loop="uvloop" if sys.platform != "win32" else "asyncio",
        http="httptools",
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=int(settings.server.shutdown_s) or 1,
        workers=workers,
    )
    shown = f"[{host}]" if ":" in host else host
    tell(f"Serving at http://{shown}:{real_port} (docs at /docs)")
    if without_keys:
        tell(
            "No key is asked for"
            + (": only this machine can reach it." if is_loopback(host) else ": it is open to all.")
        )
    watched = _metrics_server(settings, host, place)
    try:
        if workers == 1:
            server = uvicorn.Server(config)
            server.run(sockets=[server_socket])
            return 0 if server.started else 1
        Multiprocess(config, sockets=[server_socket]).run()
        return 0
    finally:
        server_socket.close()
        if watched is not None:
            watched.shutdown()
        if place is not None:
            rmtree(place, ignore_errors=True)


def _metrics_server(settings: Settings, host: str, place: Path | None) -> HTTPServer | None:
    """/metrics at a port of its own, from what all processes counted; None where none is wanted."""
    port = settings.server.metrics_port
    if port is None or not settings.metrics.enabled:
        return None
    from ...telemetry.metrics import Metrics

    metrics = Metrics(True, settings.metrics.compatibility_names, place)

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_there = self.path.partition("?")[0] == "/metrics"
            body, media = metrics.exposition() if is_there else (b"see /metrics\n", "text/plain")
            self.send_response(200 if is_there else 404)
            self.send_header("Content-Type", media)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Scrapes are no news."""

    try:
        watched = ThreadingHTTPServer((host.strip("[]"), port), Answer)
    except OSError as error:
        raise Unavailable(
            f"port {port} for metrics can't be opened: {error.strerror or error}; choose another "
            "with SONDE_SERVER__METRICS_PORT"
        ) from None
    threading.Thread(target=watched.serve_forever, name="sonde-metrics", daemon=True).start()
    return watched


def _application(
    settings: Settings, without_keys: bool, model: ModelRef | None, place: Path | None
) -> Any:
    """What each process runs; called in it."""
    from ...telemetry.logs import start_logging
    from ...telemetry.metrics import Metrics
    from .service import service

    start_logging(settings.log.level, settings.log.format)
    metrics = Metrics(settings.metrics.enabled, settings.metrics.compatibility_names, place)
    return service(settings, metrics, is_open=without_keys, model=model)


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host.strip("[]"), port))
    except OSError as error:
        listening.close()
        raise Unavailable(
            f"port {port} of {host} can't be opened: {error.strerror or error}; choose another "
            "with --port"
        ) from None
    listening.set_inheritable(True)
    return listening
