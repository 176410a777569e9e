"""A real service: ``sonde serve`` in a process of its own, on a free port of loopback."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

START_S = 90.0  # kernels may have to be compiled
STOP_S = 30.0


@dataclass
class Running:
    """A service that answers at ``url``; its output goes to ``log``."""

    process: subprocess.Popen[bytes]
    url: str
    home: Path
    log: Path

    def said(self) -> str:
        """Everything the service wrote so far."""
        return self.log.read_text(errors="replace")

    def stop(self) -> int:
        """Ask it to end, and wait; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_S)


@contextmanager
def running(home: Path, *words: str, **settings: str) -> Iterator[Running]:
    """``sonde serve`` with these words and settings (``LIMITS__ROWS="10"``), until it is ready."""
    with started(home, *words, **settings) as service:
        _wait(service)
        yield service


@contextmanager
def started(home: Path, *words: str, **settings: str) -> Iterator[Running]:
    """The same as soon as its port is open, whatever it still lacks."""
    home.mkdir(parents=True, exist_ok=True)
    log = home / f"service-{time.monotonic_ns()}.log"
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SONDE_")}
    given = {f"SONDE_{name}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "sonde", "serve", "--port", "0", *words]
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            env=kept | {"SONDE_HOME": str(home)} | given,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Running(process, _url(process, log), home, log)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _url(process: subprocess.Popen[bytes], log: Path) -> str:
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        found = re.search(r"Serving at (http://\S+)", log.read_text(errors="replace"))
        if found:
            return found.group(1)
        if process.poll() is not None:
            break
        time.sleep(0.02)
    raise AssertionError(f"the service did not start:\n{log.read_text(errors='replace')}")


def _wait(service: Running) -> None:
    until = time.monotonic() + START_S
    answer = "nothing"
    while time.monotonic() < until:
        try:
            found = httpx.get(f"{service.url}/ready", timeout=10)
            answer = found.text
            if found.status_code == 200:
                return
        except httpx.HTTPError as error:
            answer = repr(error)
        if service.process.poll() is not None:
            break
        time.sleep(0.05)
    raise AssertionError(f"the service is not ready: {answer}\n{service.said()}")
