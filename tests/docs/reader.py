"""Reads a page as a person does who follows it: types the commands, runs the code, compares."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from contextlib import ExitStack, chdir, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from sonde.client import Client
from tests.runtimes.rest.running import Running, running

BLOCK = re.compile(r"^```(console|python)\n(.*?)^```", re.DOTALL | re.MULTILINE)
# Where a service of the pages answers; a test takes a free port instead.
SHOWN = re.compile(r"http://(127\.0\.0\.1|localhost|0\.0\.0\.0):8000")
FINE = (0, 3)  # 3: something was found


class Reader:
    """Follows the ``console`` and ``python`` blocks of pages in the order in which they stand.

    A line that begins with ``$`` is typed, what stands below it must come out, where ``…`` is
    anything. ``sonde serve`` goes on running until the page is read, or starts another.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.service: Running | None = None
        self._services = ExitStack()
        self._names: dict[str, Any] = {}
        programs = folder / "programs"
        programs.mkdir()
        command = programs / "sonde"
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m sonde "$@"\n')
        command.chmod(0o755)
        path = f"{programs}{os.pathsep}{os.environ['PATH']}"
        self._environment = os.environ | {"PATH": path, "COLUMNS": "200"}

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        for value in self._names.values():
            if isinstance(value, Client):  # as happens to whoever leaves Python
                value.close()
        self._services.close()

    def follow(self, page: Path) -> int:
        """Do all that the page says; how many commands and blocks of code that were."""
        done = 0
        for language, block in BLOCK.findall(page.read_text(encoding="utf-8")):
            if language == "python":
                with chdir(self.folder), redirect_stdout(StringIO()):
                    exec(compile(self._here(block), str(page), "exec"), self._names)
                done += 1
                continue
            for typed in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
                line, _, shown = typed.partition("\n")
                self._type(line, shown.strip())
                done += 1
        return done

    def _type(self, line: str, shown: str) -> None:
        if line.startswith("curl ") and shutil.which("curl") is None:
            return
        is_service = line.startswith("sonde serve")
        said = self._serve(line.split()[2:]) if is_service else self._run(line)
        assert _matches(self._here(shown), said), f"{line}\nshown:\n{shown}\nsaid:\n{said}"

    def _run(self, line: str) -> str:
        """What a command prints; what it exports stays for those after it."""
        kept = self.folder / "exported"
        is_export = line.startswith("export ")
        script = f"{line} && env -0 > '{kept}'" if is_export else line
        done = subprocess.run(
            ["/bin/sh", "-c", self._here(script)],
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        said = done.stdout + done.stderr
        assert done.returncode in FINE, (line, done)
        assert "Traceback" not in said, said
        if is_export:
            pairs = kept.read_text().rstrip("\0").split("\0")
            self._environment = dict(pair.split("=", 1) for pair in pairs)
        return said

    def _serve(self, words: list[str]) -> str:
        self._services.close()
        given = {
            name.removeprefix("SONDE_"): value
            for name, value in self._environment.items()
            if name.startswith("SONDE_") and name != "SONDE_HOME"
        }
        given.setdefault("LOG__FORMAT", "text")  # as on a terminal, which pages show
        home = Path(self._environment["SONDE_HOME"])
        self.service = self._services.enter_context(running(home, *words, **given))
        return self.service.said()

    def _here(self, text: str) -> str:
        if self.service is None:
            return text
        return SHOWN.sub(self.service.url.replace("0.0.0.0", "127.0.0.1"), text)


def _matches(shown: str, said: str) -> bool:
    parts = [re.escape(part.strip()) for part in shown.split("…")]
    return re.search(r".*?".join(parts), said, re.DOTALL) is not None
