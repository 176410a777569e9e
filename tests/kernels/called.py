"""Which kernels are called from Python, read off the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import sonde

SOURCE = Path(sonde.__file__).parent
KERNELS = SOURCE / "kernels"
_DECORATORS = {"kernel", "exact_kernel"}


def kernels_of(file: Path) -> set[str]:
    """The names of the kernels that a file defines."""
    tree = ast.parse(file.read_text())
    return {
        node.name for node in tree.body if isinstance(node, ast.FunctionDef) and _is_kernel(node)
    }


def called() -> dict[str, set[str]]:
    """Family → kernels that are imported outside ``kernels``, or used by plain functions in it."""
    found: dict[str, set[str]] = {}
    defined = {file.stem: kernels_of(file) for file in KERNELS.glob("*.py")}
    for file in SOURCE.rglob("*.py"):
        tree = ast.parse(file.read_text())
        if file.parent == KERNELS:
            names = _used_in_python(tree, file.stem, defined)
        else:
            names = _imported(tree)
        for family, name in names:
            if name in defined.get(family, ()):
                found.setdefault(family, set()).add(name)
    return found


def called_by(file: Path) -> set[str]:
    """The families whose kernels a file imports."""
    imported = _imported(ast.parse(file.read_text()))
    return {family for family, name in imported if name in kernels_of(KERNELS / f"{family}.py")}


def _is_kernel(node: ast.AST) -> bool:
    if not isinstance(node, ast.FunctionDef):
        return False
    return any(isinstance(one, ast.Name) and one.id in _DECORATORS for one in node.decorator_list)


def _imported(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            above, _, family = node.module.rpartition(".")
            if above.split(".")[-1:] == ["kernels"]:
                yield from ((family, alias.name) for alias in node.names)


def _used_in_python(
    tree: ast.Module, family: str, defined: dict[str, set[str]]
) -> Iterator[tuple[str, str]]:
    known = {name: (family, name) for name in defined[family]}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module is not None:
            known |= {alias.asname or alias.name: (node.module, alias.name) for alias in node.names}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not _is_kernel(node):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Name) and inner.id in known:
                    yield known[inner.id]
