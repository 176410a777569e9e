"""Where the service listens, and who may ask there."""

from __future__ import annotations

import errno
import ipaddress
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from ...errors import InvalidInput, Unavailable
from ...settings import Settings

BACKLOG = 2048
LOCAL_NAMES = ("localhost", "ip6-localhost")


def is_loopback(host: str) -> bool:
    """True where only this machine reaches ``host``."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() in LOCAL_NAMES


def is_open(settings: Settings, host: str) -> bool:
    """Whether the service is to run without keys.

    With keys where any were made or a first one is set; without on loopback, or where the
    settings say so in so many words.

    Where the database that would know of keys is away, keys are wanted: it may have some.

    Raises
    ------
    InvalidInput : no keys, on an address that others reach.
    """
    from ...security.keys import Keys, pepper_of
    from ...storage import database_of
    from ...storage.migrate import status

    given = settings.keys
    if given.first is not None or given.first_file is not None:
        return False
    database = database_of(settings)
    try:
        if status(database).current is not None:
            pepper = None if given.pepper is None else given.pepper.get_secret_value()
            if Keys(database, pepper_of(pepper, settings.home)).any_exist():
                return False
    except Unavailable:
        return False
    finally:
        database.close()
    if settings.server.open or is_loopback(host):
        return True
    raise InvalidInput(
        f"{host} can be reached by others, and there is no key; make one with "
        "sonde keys create --name me --scope admin, or say --open to serve everyone"
    )


def bound(host: str, port: int) -> socket.socket:
    """A socket at this address; nobody is let in before ``listen``.

    Raises
    ------
    Unavailable : the port is taken, or the host is none of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host.strip("[]"), port))
    except OSError as error:
        made.close()
        raise _closed(host, port, error) from None
    made.set_inheritable(True)
    return made


def listen(opened: socket.socket, host: str) -> None:
    """Let callers in: they wait until the service answers.

    Raises
    ------
    Unavailable : another program was bound to the port too, and listens already.
    """
    try:
        opened.listen(BACKLOG)
    except OSError as error:
        raise _closed(host, opened.getsockname()[1], error) from None


def metrics_server(settings: Settings, host: str, place: Path | None) -> HTTPServer | None:
    """/metrics at a port of its own, from what all processes counted; None where none is wanted.

    Raises
    ------
    Unavailable : the port can't be opened.
    """
    port = settings.server.metrics_port
    if port is None or not settings.metrics.enabled:
        return None
    from ...telemetry.metrics import Metrics

    metrics = Metrics(True, settings.metrics.compatibility_names, place)

    class Answer(BaseHTTPRequestHandler):
        timeout = 10  # seconds for a request's head

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

    class Server(ThreadingHTTPServer):
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

    try:
        watched = Server((host.strip("[]"), port), Answer)
    except OSError as error:
        raise Unavailable(
            f"port {port} for metrics can't be opened: {error.strerror or error}; choose another "
            "with SONDE_SERVER__METRICS_PORT"
        ) from None
    threading.Thread(target=watched.serve_forever, name="sonde-metrics", daemon=True).start()
    return watched


def _closed(host: str, port: int, error: OSError) -> Unavailable:
    is_host = isinstance(error, socket.gaierror) or error.errno in _NO_SUCH_HOST
    remedy = "an address of this machine with --host" if is_host else "another with --port"
    return Unavailable(
        f"port {port} of {host} can't be opened: {error.strerror or error}; choose {remedy}"
    )


_NO_SUCH_HOST = (errno.EADDRNOTAVAIL,)
