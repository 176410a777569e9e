"""Generated pages are those that the code gives; what pages show runs, what they name exists."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

from tests.docs.reader import Reader

ROOT = Path(__file__).parents[2]


def generator() -> Any:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "page",
    [
        "estimators.md",
        "errors.md",
        "settings.md",
        "commands.md",
        "http.md",
        "detection-quality.md",
    ],
)
def test_reference_page_is_up_to_date(page: str) -> None:
    module = generator()
    assert set(module.PAGES) == {p.name for p in (ROOT / "docs" / "reference").glob("*.md")}
    written = (ROOT / "docs" / "reference" / page).read_text(encoding="utf-8")
    assert written == module.PAGES[page](), "run: .venv/bin/python docs/generate.py"


def blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=[str(p.relative_to(ROOT)) for p in PAGES])
def test_what_a_page_shows_happens(page: Path, tmp_path: Path, home: Path) -> None:
    (tmp_path / "plant.csv").write_bytes(plant_csv())
    with Reader(tmp_path) as reader:
        done = reader.follow(page)
    shown = page.read_text(encoding="utf-8")
    assert done == len(re.findall(r"^\$ ", shown, re.MULTILINE)) + shown.count("```python\n")


def test_every_metric_is_described() -> None:
    from sonde.telemetry.families import COMPATIBLE, FAMILIES

    shown = (ROOT / "docs" / "how-to" / "watch-the-service.md").read_text(encoding="utf-8")
    for family in (*FAMILIES, *COMPATIBLE):
        assert f"`{family.name}`" in shown
        for label in family.labels:
            assert f"`{label}`" in shown


def test_every_refusal_has_a_remedy() -> None:
    from sonde import errors
    from sonde.runtimes.rest.statuses import STATUSES

    kinds = [*STATUSES, *(k for k in vars(errors).values() if isinstance(k, type))]
    known = {k.__name__ for k in kinds if issubclass(k, errors.SondeError)}
    assert set(generator().REMEDIES) == known


def test_every_setting_that_a_page_names_exists() -> None:
    from sonde.settings import FALL_BACKS, Settings, fields, variable

    known = {variable(*path) for path, _ in fields()} | {variable(g) for g in Settings.model_fields}
    for page in PAGES:
        named = set(re.findall(r"SONDE_[A-Z0-9_]*[A-Z0-9]", page.read_text(encoding="utf-8")))
        beginnings = {name for name in named if any(one.startswith(f"{name}__") for one in known)}
        assert named - known - beginnings - FALL_BACKS.keys() == set(), page


def plant_csv() -> bytes:
    """The file that the examples call plant.csv."""
    import gzip

    import sonde

    return gzip.decompress(sonde.datasets.path("ambient_temperature").read_bytes())


@pytest.mark.parametrize("page", PAGES, ids=[str(p.relative_to(ROOT)) for p in PAGES])
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        there = page.parent / path if path else page
        assert there.exists(), target
        if anchor:
            titles = re.findall(r"^#+ (.*)$", there.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {anchor_of(title) for title in titles}, target


def anchor_of(title: str) -> str:
    """How a link names a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
