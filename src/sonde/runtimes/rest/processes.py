"""``sonde serve``: the server's processes, from the open port to the last answer."""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from multiprocessing import parent_process
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from ...core import ModelRef
from ...errors import SondeError, Unavailable, need
from ...settings import Settings
from .listening import BACKLOG, bound, is_loopback, is_open, listen, metrics_server

if TYPE_CHECKING:
    from ...serving.computers import Computers
    from .parts import Parts

_KEEP_ALIVE_S = 75
_HUNG_S = 60  # a worker that does not answer its parent for so long is replaced
_BROKEN = "the service could not start; its log says why"


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
    SondeError : before the port opens, with what to do.
    """
    with ExitStack() as later:
        gc.disable()  # until all is there
        later.callback(gc.enable)
        opened = later.enter_context(bound(host, port))
        place = None
        if workers > 1 or settings.server.metrics_port is not None:
            place = Path(mkdtemp(prefix="sonde-metrics-"))
            later.callback(rmtree, place, ignore_errors=True)
        watched = metrics_server(settings, host, place)
        if watched is not None:
            later.callback(watched.shutdown)
        # First of all: they take longest to be warm.
        computers = _computers(settings, settings.server.computers if workers == 1 else 0)
        later.callback(computers.close)
        need("fastapi", extra="serve", purpose="the service")
        without_keys = is_open(settings, host)
        parts = _parts(settings, without_keys, model, place if workers == 1 else None, computers)
        if parts.file is not None and model is not None:
            parts.file.resolve(model, None)  # a file that can't be used is said now
        listen(opened, host)
        _tell(tell, host, opened, without_keys)
        if workers == 1:
            return _one(_config(settings, partial(_application, parts), workers), opened)
        parts.close()  # nothing in the settings is wrong; the workers build their own
        worker = partial(_worker, settings, without_keys, model, place)
        return _several(_config(settings, worker, workers), opened)


def _tell(
    tell: Callable[[str], None], host: str, opened: socket.socket, without_keys: bool
) -> None:
    shown = f"[{host.strip('[]')}]" if ":" in host else host
    lines = [f"Serving at http://{shown}:{opened.getsockname()[1]} (docs at /docs)"]
    if without_keys:
        whom = "only this machine can reach it" if is_loopback(host) else "it is open to all"
        lines.append(f"No key is asked for: {whom}.")
    from ...telemetry.logs import is_text, log

    # Where programs read the log, nothing else stands between its lines.
    say = tell if is_text() else log("sonde.service").info
    for line in lines:
        say(line)


# --- one process, or several -----------------------------------------------------------------


def _one(config: uvicorn.Config, opened: socket.socket) -> int:
    """The whole service in this process."""
    server = uvicorn.Server(config)
    with _signals_taken():
        try:
            server.run(sockets=[opened])
        except SystemExit:  # uvicorn leaves so where the application did not start
            raise Unavailable(_BROKEN) from None
    if not server.started:
        raise Unavailable(_BROKEN)
    return 0


@contextmanager
def _signals_taken() -> Iterator[None]:
    """The server sends itself the signal that ended it once more; a stop is no failure."""
    names = (signal.SIGINT, signal.SIGTERM)
    before = {name: signal.signal(name, lambda *_: None) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


class _Workers(Multiprocess):
    """Processes behind one port; one that ends is replaced."""

    def terminate_all(self) -> None:
        # Else callers would be let into a line in which nobody answers any more.
        for one in self.sockets:
            one.close()
        super().terminate_all()


def _several(config: uvicorn.Config, opened: socket.socket) -> int:
    workers = _Workers(config, sockets=[opened])
    workers.run()
    if any(one.exitcode == STARTUP_FAILURE for one in workers.processes):
        raise Unavailable(_BROKEN)
    return 0


def _config(settings: Settings, factory: Any, workers: int) -> uvicorn.Config:
    from .connections import Connection, most_connections

    http: Any = partial(Connection, most=most_connections(settings.server.concurrency))
    return uvicorn.Config(
        factory,
        factory=True,
        lifespan="on",
        loop="uvloop" if sys.platform != "win32" else "asyncio",
        http=http,
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=int(settings.server.shutdown_s) or 1,
        timeout_worker_healthcheck=_HUNG_S,
        workers=workers,
    )


# --- what a process runs ---------------------------------------------------------------------


def _computers(settings: Settings, n: int) -> Computers:
    """The processes for detecting and training; they warm up while all else starts."""
    from ...serving.computers import Computers

    return Computers(
        n,
        waiting=settings.server.waiting,
        seconds=settings.limits.seconds,
        start="sonde.runtimes.rest.work:warm",
        memory_mb=settings.server.computer_mb,
    )


def _parts(
    settings: Settings,
    without_keys: bool,
    model: ModelRef | None,
    place: Path | None,
    computers: Computers,
) -> Parts:
    from ...telemetry.logs import start_logging
    from ...telemetry.metrics import Metrics
    from .parts import Parts

    start_logging(settings.log.level, settings.log.format)
    metrics = Metrics(settings.metrics.enabled, settings.metrics.compatibility_names, place)
    return Parts(settings, metrics, is_open=without_keys, served=model, computers=computers)


def _application(parts: Parts) -> Any:
    from .service import service

    made = service(parts)
    # Looking for garbage while modules are imported took an eighth of the start. What is here now
    # stays, so it need not be looked through again while requests wait.
    gc.freeze()
    gc.enable()
    return made


def _worker(
    settings: Settings, without_keys: bool, model: ModelRef | None, place: Path | None
) -> Any:
    """The application of one of several processes; called in it."""
    gc.disable()  # as in ``serve``
    _end_with_parent()
    computers = _computers(settings, settings.server.computers)
    try:
        return _application(_parts(settings, without_keys, model, place, computers))
    except SondeError as error:
        computers.close()
        sys.stderr.write(f"sonde: {error}\n")
        sys.exit(STARTUP_FAILURE)


def _end_with_parent() -> None:
    """Stop when the process that started this one is gone, also where it was killed."""
    parent = parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="sonde-parent", daemon=True).start()
