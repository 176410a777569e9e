"""Every public kernel has a slow twin of the same name, and no twin is left without its kernel."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest

import sonde.kernels

DECORATED = re.compile("^@(exact_)?kernel$", re.MULTILINE)
FILES = sorted(
    path
    for path in Path(sonde.kernels.__path__[0]).glob("*.py")
    if not path.name.startswith("_") and DECORATED.search(path.read_text())
)


def kernels_in(path: Path) -> set[str]:
    """Public functions under ``@kernel`` or ``@exact_kernel``: read, since without the JIT a
    compiled function and a plain one look alike."""
    return {
        node.name
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef)
        and not node.name.startswith("_")
        and any(getattr(d, "id", "") in ("kernel", "exact_kernel") for d in node.decorator_list)
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_kernel_has_a_reference(path: Path) -> None:
    kernels = kernels_in(path)
    assert kernels, f"{path.name} has no public kernel"
    reference = import_module(f"tests.reference.{path.stem}")
    assert kernels <= set(vars(reference))
