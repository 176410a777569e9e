"""``sonde warm``, and what a person hears of compiling."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .run import refused, sonde

FAMILIES = ("--family", "tails", "--family", "rolling")  # the two that compile fastest
FIRST_USE = "First use on this machine"


@pytest.fixture
def cold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which nothing was compiled."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(folder))
    return folder


def test_kernels_are_compiled_once_and_loaded_the_next_time(cold: Path) -> None:
    first = sonde("warm", *FAMILIES, "--jobs", "2")
    assert first.code == 0
    assert "[2/2] " in first.err
    assert "tails: 1 kernels in" in first.err
    assert first.out.startswith("2 of ")
    assert f"4 kernels compiled ({_seconds(first.out)} s, kept in {cold}" in first.out
    again = sonde("warm", *FAMILIES)
    assert (again.code, again.err) == (0, "")
    assert "nothing was left to compile" in again.out


def _seconds(told: str) -> str:
    return told.partition("(")[2].partition(" s")[0]


def test_json_says_what_was_compiled_and_where_it_lies(cold: Path) -> None:
    ran = sonde("warm", *FAMILIES, "--jobs", "1", "--json", "--quiet")
    assert (ran.code, ran.err) == (0, "")
    body = json.loads(ran.out)
    assert [one["family"] for one in body["families"]] == ["rolling", "tails"]
    assert body["families"][1]["compiled"] == ["tails.tail_probabilities"]
    assert body["is_kept"] is True
    assert list(Path(body["folder"]).rglob("tails.*.nbc"))
    assert Path(body["folder"]).is_relative_to(cold)


def test_an_unknown_family_and_no_process_at_all_are_mistakes_of_usage() -> None:
    assert "no kernel family called 'nope'" in refused(sonde("warm", "--family", "nope"), 2)
    assert "--jobs is -1 or a number" in refused(sonde("warm", "--jobs", "0"), 2)


def test_a_folder_that_can_not_be_written_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file" / "cache"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    ran = sonde("warm", "--family", "tails", "--json", "--quiet")
    assert ran.code == 0
    if sys.platform == "linux":
        assert Path(json.loads(ran.out)["folder"]).is_relative_to(tmp_path / "user")


@pytest.mark.skipif(os.name != "posix", reason="needs a shell that bounds the size of files")
def test_a_disk_that_takes_no_more_is_a_failure_that_names_the_remedy(cold: Path) -> None:
    command = f"ulimit -f 1; exec {sys.executable} -m sonde warm --family tails --jobs 1"
    ran = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, timeout=120, check=False
    )
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "compiled kernels can't be kept" in ran.stderr
    assert "name a folder that is by NUMBA_CACHE_DIR" in ran.stderr


def test_only_who_waits_for_a_compiler_hears_of_it(cold: Path, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("x\n" + "".join(f"{i % 7}.5\n" for i in range(300)))
    bad.write_text("x,y\n1,2\n3\n")
    detect = ("detect", "--detector", "seasonal_residual")
    # Nothing is compiled for data that are refused, so nothing is said of it.
    assert FIRST_USE not in refused(sonde(*detect, bad), 1)
    first = sonde(*detect, good)
    assert (first.code, first.err.count(FIRST_USE)) == (0, 1)
    assert FIRST_USE not in sonde(*detect, good).err
