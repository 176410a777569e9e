"""Standard streams that are closed, full or read by nobody, and commands that are interrupted."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.cli.run import refused, sonde

FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")


@pytest.fixture
def table(tmp_path: Path, home: Path) -> Path:
    rows = np.random.default_rng(0).normal(size=(3000, 2))
    rows[123] = 9.0
    path = tmp_path / "plant.csv"
    pl.DataFrame({"a": rows[:, 0], "b": rows[:, 1]}).write_csv(path)
    return path


def in_shell(redirected: str, *words: str | Path) -> tuple[int, str, str]:
    """The command ``sonde words redirected`` in a shell: exit code, output, messages."""
    line = f'"$0" -m sonde "$@" {redirected}'
    done = subprocess.run(
        ["/bin/bash", "-o", "pipefail", "-c", line, sys.executable, *map(str, words)],
        capture_output=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.parametrize("words", [["--json"], [], ["--json", "--quiet"]])
@pytest.mark.parametrize("redirected", [pytest.param(">/dev/full", marks=needs_full), ">&-"])
def test_a_result_that_cannot_be_printed_exits_1(
    table: Path, words: list[str], redirected: str
) -> None:
    code, _, err = in_shell(redirected, "detect", table, "--detector", "ecod", *words)
    assert code == 1
    assert "Traceback" not in err
    assert "sonde: the result can't be written to standard output" in err


@pytest.mark.parametrize("redirected", ["2>&-", pytest.param("2>/dev/full", marks=needs_full)])
def test_messages_that_nobody_hears_change_no_result(table: Path, redirected: str) -> None:
    code, out, _ = in_shell(redirected, "detect", table, "--detector", "ecod", "--json")
    assert code == 0
    assert len(json.loads(out)["scores"]) == 3000


@pytest.mark.parametrize("redirected", ["2>&-", pytest.param("2>/dev/full", marks=needs_full)])
def test_a_refusal_that_nobody_hears_keeps_its_code(redirected: str) -> None:
    assert in_shell(redirected, "detect", "--jobs", "x")[0] == 2
    assert in_shell(redirected, "detect", "/nowhere.csv")[0] == 1


def test_files_are_whole_where_no_stream_is_open(table: Path, tmp_path: Path) -> None:
    scores = tmp_path / "s.csv"
    code, _, _ = in_shell("<&- >&- 2>&-", "detect", table, "--detector", "ecod", "--scores", scores)
    assert code == 1
    assert pl.read_csv(scores).height == 3000


def test_closed_input_is_refused(home: Path) -> None:
    code, out, err = in_shell("<&-", "detect", "-", "--quiet")
    assert (code, out) == (1, "")
    assert err.startswith("sonde: ")
    assert len(err.splitlines()) == 1


def test_a_reader_that_goes_away_is_no_failure(table: Path) -> None:
    code, _, err = in_shell("--json | head -c 1", "detect", table, "--detector", "ecod", "--quiet")
    assert code in (0, 1)
    assert err == ""


def test_help_alone_is_help() -> None:
    ran = sonde()
    assert ran.code == 2
    assert "detect" in ran.out
    assert ran.err == ""


def test_no_command_names_the_help() -> None:
    assert "--help" in refused(sonde("--nonsense"), 2)


def interrupted_at(module: str, table: Path) -> tuple[int, str]:
    """The command, interrupted when it imports ``module``."""
    code = (
        "import sys, importlib.abc, os, signal\n"
        "class Finder(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        f"        if name == {module!r}: os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Finder())\n"
        "from sonde.cli import main\n"
        f"main(['detect', {str(table)!r}])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, timeout=60, check=False
    )
    return done.returncode, done.stderr.decode()


@pytest.mark.parametrize("module", ["typer", "sonde.cli.train", "polars", "sonde.report.terminal"])
def test_an_interruption_is_one_line_whenever_it_comes(module: str, table: Path) -> None:
    code, err = interrupted_at(module, table)
    assert code == 130
    assert err.strip().splitlines()[-1] == "sonde: interrupted"
    assert "Traceback" not in err


def test_warnings_are_notes_of_one_line() -> None:
    code = (
        "import sys, warnings\n"
        "import sonde.cli\n"
        "import sonde.cli.screen as screen\n"
        "def odd(): warnings.warn('first\\nsecond', RuntimeWarning)\n"
        "warnings.showwarning = screen.say_warning\n"
        "odd()\n"
        "with screen.working(quiet=True): odd()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=True)
    assert done.stderr.decode() == "sonde: note: first second\n"
