"""Kernels that were compiled ahead: all of them, and nothing is left for real use to compile."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sonde.kernels._jit
import sonde.kernels.warm
from sonde.kernels import compiling
from sonde.kernels._folders import Folders
from sonde.kernels.entries import ENTRIES
from sonde.kernels.warm import argument_types, families, is_warm, tidy, warm
from sonde.learn import names
from sonde.learn.catalogue import find

from .called import called, called_by

_jit: Any = sonde.kernels._jit
_warm: Any = sonde.kernels.warm
compiled = pytest.mark.skipif(_jit.config.DISABLE_JIT, reason="the compiler is off")
ROOT = Path(__file__).parents[2]


def test_the_table_has_every_kernel_that_is_called_from_python_and_no_other() -> None:
    assert {family: sorted(kernels) for family, kernels in ENTRIES.items()} == {
        family: sorted(kernels) for family, kernels in sorted(called().items())
    }


def test_every_estimator_names_the_families_whose_kernels_it_calls() -> None:
    for name in names():
        kind = find(name)
        assert set(kind.kernels) <= ENTRIES.keys(), name
        assert called_by(Path(inspect.getfile(kind))) <= set(kind.kernels), name


@compiled
def test_once_all_is_warm_real_use_needs_nothing_else() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.kernels.real_use"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert (done.stdout, done.returncode) == ("", 0), done.stdout + done.stderr


@compiled
def test_a_family_is_warm_once_it_was_compiled_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = Folders(tmp_path)
    monkeypatch.setattr(_warm, "FOLDERS", folders)
    assert not is_warm("tails", folders)
    done = warm("tails")
    assert (done.family, done.n_kernels) == ("tails", 1)
    assert is_warm("tails", folders)
    assert is_warm("tails", Folders(tmp_path / "own", ready=(tmp_path,)))
    assert not is_warm("tails", Folders(tmp_path / "own"))
    assert not is_warm("ecdf", folders)
    monkeypatch.setitem(ENTRIES, "tails", {"tail_probabilities": ("f1 f1 f1 f1 int",)})
    assert not is_warm("tails", folders)  # the table has grown since


@compiled
def test_warming_loads_what_a_call_then_uses(monkeypatch: pytest.MonkeyPatch) -> None:
    warm("tails")
    from sonde.kernels.tails import tail_probabilities

    heard: list[str] = []
    one = np.array([1.0])
    with compiling.listening(heard.append):
        tail_probabilities(one, one, one, np.ones(4), 1.0)
    assert heard == []


def test_a_family_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(ValueError, match=r"no kernel family called 'nope'; there are: .*ecdf"):
        families(["tails", "nope"])
    assert families(["tails", "ecdf"]) == ("ecdf", "tails")
    assert families() == tuple(ENTRIES)


def test_code_of_earlier_texts_is_removed_and_nothing_else(tmp_path: Path) -> None:
    own = sonde.kernels._folders.below(Path(_warm.__file__).with_name("random.py"))
    for name in (own, "random-0123456789abcdef", "random_cut-0123456789abcdef", "gone-01"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "kernel.nbc").touch()
    tidy(Folders(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == [own]
    assert (tmp_path / own / "kernel.nbc").exists()
    tidy(Folders(tmp_path / "not there"))


def test_a_call_is_read_as_the_types_that_numba_sees() -> None:
    typeof = pytest.importorskip("numba").typeof
    for written, given in {
        "f2 i1 int": (np.zeros((2, 2)), np.zeros(2, np.int64), 3),
        "f1r float": (_read_only(np.zeros(2)), 0.5),
        "n3 u1 g2": (
            np.zeros((1, 1, 1), np.int32),
            np.zeros(1, np.uint64),
            np.zeros((1, 1), np.float32),
        ),
        "(f1 f1) b1 (int f1)": ((np.zeros(1), np.zeros(2)), np.zeros(1, bool), (1, np.zeros(1))),
        "bool": (True,),
    }.items():
        assert argument_types(written) == tuple(typeof(value) for value in given)


def _read_only(array: Any) -> Any:
    array.setflags(write=False)
    return array
