"""Compiled code on disk: compiled once, whoever compiles it at once, and whole come what may."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sonde.kernels
import sonde.kernels._folders
import sonde.kernels._jit
import sonde.kernels._kept
from sonde.kernels import compiling
from sonde.kernels._folders import Folders, below, folders

_folders: Any = sonde.kernels._folders
_jit: Any = sonde.kernels._jit
_kept: Any = sonde.kernels._kept
KERNELS = Path(sonde.kernels.__file__).parent
compiled = pytest.mark.skipif(_jit.config.DISABLE_JIT, reason="the compiler is off")


def total_of_squares(x: Any) -> Any:
    total = x[0] * 0
    for value in x:
        total += value * value
    return total


def kept_in(where: Folders, monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], Any]:
    """A new process's view of one kernel, whose code is kept there."""
    monkeypatch.setattr(_jit, "FOLDERS", where)
    return _jit.exact_kernel(total_of_squares)  # type: ignore[no-any-return]


def heard(work: Callable[[], Any]) -> tuple[Any, list[str]]:
    names: list[str] = []
    with compiling.listening(names.append):
        return work(), names


# --- once, and for everybody -----------------------------------------------------------------

FIRST_CALL = """
import json, sys, threading, time
from pathlib import Path
import numpy as np
from sonde.kernels import compiling
from sonde.kernels.copula import guides
from sonde.kernels.rolling import trailing_median
print("ready", flush=True)
while not Path(sys.argv[1]).exists():
    time.sleep(0.005)
x, names, answers = np.sin(np.arange(60.0)), [], []
together = threading.Barrier(8)
def call():
    together.wait()
    scales, guide = guides(np.sort(x).reshape(2, 30), 5)
    answers.append((trailing_median(x, 7, 3).tobytes() + scales.tobytes() + guide.tobytes()).hex())
threads = [threading.Thread(target=call) for _ in range(8)]
with compiling.listening(names.append):
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
print(json.dumps({"names": names, "answers": sorted(set(answers)), "n": len(answers)}))
"""


@compiled
def test_eight_threads_of_two_processes_make_the_first_call_and_compile_each_kernel_once(
    tmp_path: Path,
) -> None:
    cold, go = {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}, tmp_path / "go"

    def start() -> subprocess.Popen[str]:
        command = [sys.executable, "-c", FIRST_CALL, str(go)]
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env={**os.environ, **cold}
        )

    both = [start(), start()]
    for one in both:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    go.touch()
    told = [json.loads(one.communicate()[0]) for one in both]
    later = start()
    told.append(json.loads(later.communicate()[0].splitlines()[1]))
    assert [one.returncode for one in (*both, later)] == [0, 0, 0]
    assert [one["n"] for one in told] == [8, 8, 8]
    assert len({answer for one in told for answer in one["answers"]}) == 1
    # ``_place`` has two specialisations: its lower bound is a constant in one of two calls.
    assert sorted(told[0]["names"] + told[1]["names"]) == [
        "copula.guides",
        "histogram.bin_scales",
        "rolling._place",
        "rolling._place",
        "rolling.trailing_median",
    ]
    assert told[2]["names"] == []
    left = [path.name for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert {Path(name).suffix for name in left} == {".nbi", ".nbc"}  # no lock, nothing half done


@compiled
def test_each_specialisation_has_an_index_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    squares = kept_in(Folders(tmp_path), monkeypatch)
    for dtype in (np.float64, np.int64, np.int32):
        assert squares(np.arange(4).astype(dtype)) == 14
    names = sorted(path.name for path in tmp_path.rglob("*.nb?"))
    assert len(names) == len({name.rpartition(".py")[2] for name in names}) == 6
    assert all(re.search(r"\.[0-9a-f]{16}\.(1\.nbc|nbi)$", name) for name in names)


@compiled
def test_a_process_waits_for_the_one_that_compiles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fcntl = pytest.importorskip("fcntl")
    monkeypatch.setattr(_kept, "LONGEST_S", 0.2)
    path = tmp_path / "kernel.lock"
    with path.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        waits: list[float] = []
        monkeypatch.setattr(_kept.time, "sleep", lambda s: _nap(s, waits))
        with _kept._alone(path):
            assert len(waits) > 2  # it did wait, and gave up: whoever holds it may be stuck
    waits.clear()
    with _kept._alone(path):
        assert waits == []
    assert not path.exists()


def _nap(seconds: float, waits: list[float]) -> None:
    waits.append(seconds)
    threading.Event().wait(0.01)


# --- what may go wrong with a disk -----------------------------------------------------------


@compiled
@pytest.mark.parametrize("suffix", ["nbi", "nbc"])
@pytest.mark.parametrize("left", [b"", b"no pickle", None])
def test_a_file_that_broke_is_compiled_again_and_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, left: bytes | None
) -> None:
    x = np.arange(4.0)
    assert kept_in(Folders(tmp_path), monkeypatch)(x) == 14
    [path] = tmp_path.rglob(f"*.{suffix}")
    path.write_bytes(path.read_bytes()[:-40] if left is None else left)
    again = kept_in(Folders(tmp_path), monkeypatch)
    assert again(x) == 14
    value, names = heard(lambda: kept_in(Folders(tmp_path), monkeypatch)(x))
    assert (value, names) == (14, [])


@compiled
def test_code_that_can_not_be_kept_works_and_a_warning_says_so_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(_kept, "not_kept", [])
    squares = kept_in(Folders(tmp_path / "file" / "below"), monkeypatch)
    with pytest.warns(RuntimeWarning, match="can't be kept in .*NUMBA_CACHE_DIR"):
        assert squares(np.arange(4.0)) == 14
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert squares(np.arange(4)) == 14


@compiled
def test_what_lies_ready_in_a_folder_that_is_only_read_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, own = tmp_path / "image", tmp_path / "own"
    kept_in(Folders(image), monkeypatch)(np.arange(4.0))
    before = sorted(image.rglob("*"))
    squares = kept_in(Folders(own, (image,)), monkeypatch)
    assert heard(lambda: squares(np.arange(4.0))) == (14, [])
    assert not own.exists()
    assert heard(lambda: squares(np.arange(4)))[1] == ["test_kept.total_of_squares"]
    assert sorted(image.rglob("*")) == before
    assert len(list(own.rglob("*.nbc"))) == 1


@compiled
def test_a_kernel_that_can_not_be_compiled_leaves_no_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from numba.core.errors import TypingError

    squares = kept_in(Folders(tmp_path), monkeypatch)
    with pytest.raises(TypingError):
        squares(1)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


# --- where code is kept ----------------------------------------------------------------------


def test_code_lies_beside_the_package_else_with_the_user_else_among_temporary_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package, user, temporary = (tmp_path / name for name in ("package", "user", "temporary"))
    (package / "__pycache__" / "compiled").mkdir(parents=True)
    temporary.mkdir()
    closed: set[Path] = set()

    def access(path: Path, mode: int) -> bool:
        return not any(Path(path).is_relative_to(one) for one in closed)

    monkeypatch.setattr(_folders.os, "access", access)
    monkeypatch.setattr(_folders.platformdirs, "user_cache_dir", lambda name: str(user / name))
    monkeypatch.setattr(_folders.tempfile, "gettempdir", lambda: str(temporary))

    own = package / "__pycache__" / "compiled"
    assert folders("", package) == Folders(own)
    closed.add(package)
    found = folders("", package)
    assert found.kept.parent == user / "sonde"
    assert found.ready == (own,)  # the image may hold code that was compiled ahead
    user.mkdir()
    closed.add(user)
    found = folders("", package)
    assert found.kept.parent.parent == temporary
    assert found.ready == (own,)
    given = folders(str(tmp_path / "given"), package)
    assert given.kept.parent == tmp_path / "given"
    assert given.ready == ()
    assert folders("", tmp_path / "other").kept.name != folders("", package).kept.name


@pytest.mark.skipif(not hasattr(_folders.os, "getuid"), reason="folders have owners on POSIX")
def test_a_temporary_folder_that_others_can_write_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_folders.tempfile, "gettempdir", lambda: str(tmp_path))
    own, is_lasting = _folders._own_temporary_folder()
    assert is_lasting
    assert own.stat().st_mode & 0o777 == 0o700
    assert _folders._own_temporary_folder() == (own, True)  # the next process finds it again
    for spoil in (_open_to_all, _made_a_link):
        spoil(own)
        other, is_lasting = _folders._own_temporary_folder()
        assert not is_lasting
        assert other != own


def _open_to_all(folder: Path) -> None:
    folder.chmod(0o777)


def _made_a_link(folder: Path) -> None:
    folder.rmdir()
    elsewhere = folder.with_name("elsewhere")
    elsewhere.mkdir()
    folder.symlink_to(elsewhere)


def test_the_folder_changes_with_whatever_a_kernel_is_made_of_and_with_nothing_else(
    tmp_path: Path,
) -> None:
    for path in KERNELS.glob("*.py"):
        shutil.copy(path, tmp_path)

    def names() -> dict[str, str]:
        below.cache_clear()
        return {name: below(tmp_path / f"{name}.py") for name in ("isolation", "tails", "random")}

    def changed_by(name: str) -> set[str]:
        before = names()
        path = tmp_path / f"{name}.py"
        path.write_text(path.read_text() + "\n# changed\n")
        after = names()
        return {family for family in before if before[family] != after[family]}

    assert changed_by("tails") == {"tails"}
    assert changed_by("random") == {"random", "isolation"}
    assert changed_by("_jit") == {"tails", "random", "isolation"}
    assert changed_by("entries") == set()
    below.cache_clear()


def test_kernels_take_in_other_kernels_in_the_one_way_that_the_folder_knows() -> None:
    for path in KERNELS.glob("*.py"):
        for line in path.read_text().splitlines():
            words = line.split()
            if path.stem not in ("warm", "_kept") and words[:1] in (["from"], ["import"]):
                assert words[1] != ".", f"{path.name}: write 'from .name import', not {line!r}"
                assert not words[1].startswith("sonde"), f"{path.name}: {line!r}"
