"""Malformed inputs end in one to three lines that name the place and the remedy."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.cli.run import Ran, refused, sonde

from . import (
    malformed_columns,
    malformed_files,
    malformed_formats,
    malformed_packed,
    malformed_times,
    malformed_words,
)
from .cases import Malformed, file, series_csv, split, table_csv
from .doors import here

CASES = (
    *malformed_files.CASES,
    *malformed_packed.CASES,
    *malformed_formats.CASES,
    *malformed_times.CASES,
    *malformed_columns.CASES,
    *malformed_words.CASES,
)
_NAMES = [case.name for case in CASES]
# Those whose way through the system differs most when the process is a real one.
_APART = (
    "empty",
    "gzip cut off",
    "a device without an end",
    "seconds, then milliseconds",
    "--contamination 2",
)


@pytest.fixture(autouse=True)
def _without_keys(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """No credentials of the machine, and no server that would hand some out."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.mark.parametrize("case", CASES, ids=_NAMES)
def test_is_refused_with_the_place_and_the_remedy(
    case: Malformed,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "plant"
    folder.mkdir()
    case.make(folder)
    monkeypatch.chdir(folder)
    message = refused(here(capsys, *split(case.words)), case.code)
    for pattern in case.says:
        assert re.search(pattern, message), message


@pytest.mark.parametrize("name", _APART)
def test_is_refused_by_a_process_of_its_own_too(name: str, tmp_path: Path) -> None:
    case = CASES[_NAMES.index(name)]
    case.make(tmp_path)
    message = refused(sonde(*split(case.words), cwd=tmp_path), case.code)
    for pattern in case.says:
        assert re.search(pattern, message), message


def test_there_are_sixty_cases_and_none_twice() -> None:
    assert len(set(_NAMES)) == len(_NAMES) >= 60


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plant.csv").write_text(table_csv())
    (tmp_path / "open.csv").write_text(table_csv())
    (tmp_path / "plant.csv").chmod(0)
    message = refused(_as_nobody(tmp_path), 1)
    assert "plant.csv may not be read by this user" in message
    assert "change its permissions" in message


# The modules are loaded first: they may lie where that user has no rights either.
_WITHOUT_RIGHTS = """
import contextlib, io, os
from sonde.cli.main import main
with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
    main(["detect", "open.csv", "--quiet"])
if os.geteuid() == 0:
    os.seteuid(65534)
main(["detect", "plant.csv"])
"""


def _as_nobody(folder: Path) -> Ran:
    """``sonde detect plant.csv`` by a user without rights; root may read anything."""
    folder.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT_RIGHTS],
        capture_output=True,
        timeout=120,
        cwd=folder,
        check=False,
    )
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


def test_a_pipe_with_a_writer_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    writer = threading.Thread(target=lambda: Path("pipe").write_text(series_csv()))
    writer.start()
    ran = here(capsys, "detect", "pipe")
    writer.join()
    assert ran.code == 0
    assert "2024-01-04 08:00" in ran.out


def test_a_note_stands_beside_what_was_left_out_of_a_quiet_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    file(table_csv() + "1e999,1.5\n")(tmp_path)
    ran = here(capsys, "detect", "plant.csv")
    assert ran.code == 0
    assert "notes on the data; --verbose shows what" in ran.err
