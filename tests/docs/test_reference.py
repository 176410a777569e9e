"""The generated pages are those that the code gives, and the README's examples run."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def generator() -> Any:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["estimators.md", "errors.md", "settings.md", "commands.md"])
def test_reference_page_is_up_to_date(page: str) -> None:
    module = generator()
    assert set(module.PAGES) == {p.name for p in (ROOT / "docs" / "reference").glob("*.md")}
    written = (ROOT / "docs" / "reference" / page).read_text(encoding="utf-8")
    assert written == module.PAGES[page](), "run: .venv/bin/python docs/generate.py"


def blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=[str(p.relative_to(ROOT)) for p in PAGES])
def test_python_examples_run(
    page: Path, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plant.csv").write_bytes(plant_csv())
    names: dict[str, Any] = {}
    for block in blocks(page, "python"):
        exec(compile(block, str(page), "exec"), names)


@pytest.mark.parametrize("page", PAGES, ids=[str(p.relative_to(ROOT)) for p in PAGES])
def test_commands_in_examples_run(page: Path, tmp_path: Path, home: Path) -> None:
    from tests.cli.run import sonde

    (tmp_path / "plant.csv").write_bytes(plant_csv())
    for block in blocks(page, "console"):
        for line in re.findall(r"^\$ sonde (.*)$", block, re.MULTILINE):
            words = re.findall(r'"[^"]*"|\S+', line)
            ran = sonde(*[word.strip('"') for word in words], cwd=tmp_path)
            assert ran.code in (0, 3), (line, ran)


def plant_csv() -> bytes:
    """The file that the examples call plant.csv."""
    import gzip

    import sonde

    return gzip.decompress(sonde.datasets.path("ambient_temperature").read_bytes())


@pytest.mark.parametrize("page", PAGES, ids=[str(p.relative_to(ROOT)) for p in PAGES])
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target
