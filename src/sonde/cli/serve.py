"""``sonde serve``: the service."""

from __future__ import annotations

from typing import Annotated

import typer

from .exit_codes import checking_usage
from .screen import say


def serve(
    host: Annotated[
        str | None,
        typer.Option(help="The address to listen on.", show_default="127.0.0.1"),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="0 takes a free one.", show_default="8000"),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, max=64, help="Processes that answer.", show_default="1"),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="A model file or a registered name that POST /predict asks."),
    ] = None,
    open: Annotated[
        bool,
        typer.Option("--open", help="Serve without keys on an address that others can reach."),
    ] = False,
) -> int:
    """Answer requests over HTTP until stopped: detect, train, predict with stored models.

    Example: sonde serve --port 8000
    """
    from ..core import ModelRef
    from ..errors import need
    from ..settings import read_settings

    need("uvicorn", extra="serve", purpose="the service")
    said = {"host": host, "port": port, "workers": workers, "open": open or None}
    given = {name: value for name, value in said.items() if value is not None}
    settings = read_settings(**({"server": given} if given else {}))
    from ..runtimes.rest.processes import serve as run

    with checking_usage():
        named = model or settings.server.model
        ref = None if named is None else ModelRef.parse(named)
    server = settings.server
    return run(
        settings,
        server.host,
        server.port,
        workers=server.workers,
        model=ref,
        tell=lambda line: say(line, quiet=False),
    )
