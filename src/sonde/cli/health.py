"""``sonde health``: whether a service answers, and what it lacks; for containers without curl."""

from __future__ import annotations

import json as json_module
import time
from typing import Annotated, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import typer

from . import options as o
from .exit_codes import FAILED, FINE, UsageMistake
from .screen import print_json, print_text

_MOST_BYTES = 1 << 20
_PAUSE_S = 0.25


def health(
    url: Annotated[str, typer.Argument(help="Where the service is: http://127.0.0.1:8000")],
    timeout: Annotated[
        float, typer.Option(min=0.1, max=600, help="Seconds to wait for one answer.")
    ] = 5.0,
    wait: Annotated[
        float, typer.Option(min=0, max=3600, help="Seconds to keep asking until it is ready.")
    ] = 0.0,
    json: o.AsJson = False,
) -> int:
    """Ask a service whether it is ready; exit code 1 when it is not, with what is missing.

    Example: sonde health http://127.0.0.1:8000 --wait 30
    """
    _refuse_other(url)
    end = time.monotonic() + wait
    status, body = _ready(url.rstrip("/"), timeout)
    while status != 200 and (left := end - time.monotonic()) > 0:
        time.sleep(min(_PAUSE_S, left))
        status, body = _ready(url.rstrip("/"), timeout)
    if json:
        print_json(body)
    elif status == 200:
        print_text(f"{url} is ready.")
    else:
        missing = body.get("missing") or {"service": body.get("message", f"status {status}")}
        told = "\n".join(f"  {name}: {found}" for name, found in missing.items())
        print_text(f"{url} is not ready:\n{told}")
    return FINE if status == 200 else FAILED


def _refuse_other(url: str) -> None:
    """Refuse what is no address of a service; what was written may hold a password."""
    try:
        parts = urlsplit(url)
        is_one = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_one = False
    if not is_one:
        raise UsageMistake("that is no address of a service; write http://HOST:PORT")
    if "@" in parts.netloc:
        raise UsageMistake("health and readiness are told without a name or password; leave it out")


def _ready(url: str, timeout: float) -> tuple[int, dict[str, Any]]:
    asked = Request(f"{url}/ready", headers={"Accept": "application/json"})
    try:
        try:
            with urlopen(asked, timeout=timeout) as answer:
                return answer.status, _body(answer.read(_MOST_BYTES))
        except HTTPError as refused:
            return refused.code, _body(refused.read(_MOST_BYTES))
    except (URLError, OSError, ValueError) as error:
        why = str(getattr(error, "reason", error))
        return 0, {"status": "not ready", "missing": {"service": f"does not answer: {why}"}}


def _body(text: bytes) -> dict[str, Any]:
    try:
        found = json_module.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        return {"status": "not ready", "missing": {"service": "what answers is no Sonde service"}}
    return found
