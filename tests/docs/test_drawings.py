"""The pictures of the explanation are those that docs/drawings.py makes, and say what is true."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "explanation" / "matrix-profile.md"


def drawings() -> Any:
    spec = importlib.util.spec_from_file_location("drawings", DOCS / "drawings.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_picture_of_the_page_is_drawn_and_nothing_else_is() -> None:
    shown = re.findall(r"!\[[^\]]+\]\(([^)]+\.svg)\)", PAGE.read_text(encoding="utf-8"))
    assert sorted(shown) == sorted(drawings().DRAWINGS)


@pytest.mark.parametrize("name", sorted(p.name for p in PAGE.parent.glob("*.svg")))
def test_a_picture_is_complete_in_itself(name: str) -> None:
    text = (PAGE.parent / name).read_text(encoding="utf-8")
    names = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(text).iter()}
    assert names <= {"svg", "title", "rect", "path", "circle", "text"}
    assert not re.search(r"href|url\(|nan|inf", text.replace("http://www.w3.org/2000/svg", ""))
    assert len(text) < 60_000


def test_the_picture_of_what_is_not_seen_is_up_to_date() -> None:
    def numbers(text: str) -> list[float]:
        return [float(found) for found in re.findall(r"-?\d+\.?\d*", text)]

    written = (PAGE.parent / "profile-blind.svg").read_text(encoding="utf-8")
    np.testing.assert_allclose(numbers(written), numbers(drawings().blind()), atol=0.3)


def test_what_is_said_of_other_libraries_was_measured_on_the_series_that_are_drawn() -> None:
    module = drawings()
    kept = json.loads(module.MEASURED.read_text(encoding="utf-8"))
    assert (kept["rows"], kept["window"]) == (module.N, module.WINDOW)
    assert list(kept["errors"]) == list(module.hard_series())
    assert all(set(found) == set(module.LIBRARIES) for found in kept["errors"].values())
    assert set(kept["curves"]) == set(module.CURVES)


@pytest.mark.parametrize("name", ["offset 1e8", "level step of 1e8", "nearly constant"])
def test_our_own_curve_is_the_right_one(name: str) -> None:
    module = drawings()
    x = module.hard_series()[name]
    np.testing.assert_allclose(module.ours(x), module.exact_distances(x), atol=1e-12)
