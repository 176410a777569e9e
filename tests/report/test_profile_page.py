import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from sonde.errors import InvalidInput
from sonde.learn.profiles import Profile
from sonde.report import Findings, findings_json, render_profile, write_profile
from sonde.report.profile_payload import SHAPE_STEPS, steps_of, z_normalised

from .answers import HOSTILE, MINUTE, START
from .decoding import floats, integers, payload_in, unpack
from .profile_answers import (
    WINDOW,
    hostile,
    joined,
    nothing_known,
    one_channel,
    three_channels,
    walk,
)
from .test_browser import BROWSER, opened_page, root_of
from .test_html import Outline

KINDS: dict[str, Callable[[], Findings]] = {
    "one channel": one_channel,
    "three channels": three_channels,
    "joined": joined,
    "nothing known": nothing_known,
    "hostile": hostile,
}
needs_browser = pytest.mark.skipif(
    BROWSER is None, reason="no chromium, chromium-browser or google-chrome is installed"
)


@pytest.mark.parametrize("kind", KINDS)
def test_every_element_is_closed_and_every_id_unique(kind: str) -> None:
    outline = Outline(render_profile(KINDS[kind]()))
    assert outline.faults == []
    assert outline.open == []
    ids = [attrs["id"] for _, attrs in outline.tags if "id" in attrs]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_points_nowhere_outside_itself(kind: str) -> None:
    page = render_profile(KINDS[kind]())
    outline = Outline(page)
    for tag, attrs in outline.tags:
        assert not {"src", "href", "action", "data", "style"} & set(attrs), tag
        assert tag not in {"link", "iframe", "object", "embed", "img", "base"}
    assert not re.search(r"url\(|@import|https?://|fetch\(|XMLHttpRequest|WebSocket", page)
    for element in ("style", "script"):
        found = re.search(rf"<{element}>(.*?)</{element}>", page, re.S)
        assert found is not None
        digest = b64encode(sha256(found[1].encode()).digest()).decode()
        assert f"{element}-src 'sha256-{digest}'" in page


def test_hostile_names_stay_text() -> None:
    page = render_profile(hostile())
    outline = Outline(page)
    assert outline.text_in("h1") == HOSTILE
    assert payload_in(page)["channels"] == [HOSTILE]
    assert page.count("</script>") == 2
    assert not any("onerror" in attrs for _, attrs in outline.tags)


def test_what_was_found_is_said_without_a_script() -> None:
    text = Outline(render_profile(one_channel())).text_in("li")
    assert "Motif 1: rows 50 to 73 (2023-11-14 23:03:20) and rows 200 to 223" in text
    assert "distance 0, 1 more match" in text
    assert "Discord 1: rows 420 to 443" in text
    assert "Regime 2: rows 300 to 499" in text
    assert "score 0.80" in text
    assert "4 missing values in 'load'" in text
    text = Outline(render_profile(three_channels())).text_in("li")
    assert "rows 260 to 283, distance 0, carried by load, heat" in text
    text = Outline(render_profile(joined())).text_in("li")
    assert "rows 30 to 53 of yesterday.csv (2023-11-14 22:43:20)" in text


def test_the_page_says_which_window_was_taken_and_why() -> None:
    text = Outline(render_profile(one_channel())).text_in("dd")
    assert "24 rows: the cycle that the series repeats" in text
    assert "6 rows or fewer away" in text
    assert "27 windows that hold a missing or infinite value" in text


def test_the_numbers_come_back() -> None:
    found = one_channel()
    payload = payload_in(render_profile(found))
    data, stored = unpack(payload["numbers"]), payload["series"]
    values, distances = (floats(data, column) for column in stored["values"][:2])
    step = stored["values"][0]["step"]
    np.testing.assert_allclose(values, found.profile.values, atol=0.501 * step)
    known = np.isfinite(found.profile.distances)
    back = distances[: len(known)]
    assert np.array_equal(np.isfinite(back), known)
    assert np.abs(back - found.profile.distances)[known].max() <= stored["values"][1]["step"]
    assert np.isnan(distances[len(known) :]).all()
    assert integers(data, stored["x"])[:2] == [START / 1e6, (START + MINUTE) / 1e6]


def test_places_are_those_of_the_windows() -> None:
    payload = payload_in(render_profile(one_channel()))
    places = payload["motifs"][0]["places"]
    assert [(p["start"], p["end"]) for p in places] == [(50, 74), (200, 224), (350, 374)]
    assert places[1]["from"] == (START + 200 * MINUTE) / 1e6
    assert places[1]["to"] == (START + 223 * MINUTE) / 1e6
    assert [p["distance"] for p in places] == [None, 0.0, 0.25]
    regime = payload["regimes"][1]
    assert (regime["start"], regime["end"], regime["score"]) == (300, 500, 0.8)
    assert payload["regimes"][0]["score"] is None


def test_windows_over_each_other_are_z_normalised() -> None:
    found = three_channels()
    payload = payload_in(render_profile(found))
    shapes = payload["motifs"][0]["shapes"]
    assert [shape["channel"] for shape in shapes] == [0, 2]
    data = unpack(payload["numbers"])
    first, second = (floats(data, column) for column in shapes[1]["windows"])
    np.testing.assert_allclose(first, second, atol=0.01)
    assert first.mean() == pytest.approx(0.0, abs=0.01)
    assert first.std() == pytest.approx(1.0, abs=0.01)


def test_normalising_keeps_the_digits_that_an_offset_leaves() -> None:
    small = np.random.default_rng(3).integers(0, 3, 51).astype(np.float64) * 2.0
    np.testing.assert_allclose(z_normalised(small + 2.0**53), z_normalised(small), atol=1e-12)
    assert z_normalised(np.full(9, 3.0)).tolist() == [0.0] * 9
    assert np.isnan(z_normalised(np.array([1.0, np.inf]))).all()


def test_long_windows_keep_their_extremes() -> None:
    window = walk(5_000, 4)
    drawn = steps_of(window)
    assert len(drawn) == 2 * SHAPE_STEPS
    assert (drawn.min(), drawn.max()) == (window.min(), window.max())


def test_the_channels_that_carry_a_finding_are_kept_where_there_are_many() -> None:
    n, d = 120, 40
    values = np.random.default_rng(3).normal(size=(n, d))
    levels = np.tile(np.linspace(1.0, 2.0, n - WINDOW + 1), (d, 1))
    indices = np.zeros_like(levels, dtype=np.int64)
    names = tuple(f"c{i}" for i in range(d))
    base = three_channels()
    profile = Profile(
        levels, indices, levels, indices, levels, indices, WINDOW, values, None, names
    )  # fmt: skip
    motif = replace(base.motifs[0], first=3, second=60, channels=(2, 38))
    payload = payload_in(render_profile(Findings(profile, [motif])))
    assert payload["channels"][:2] == ["c2", "c38"]
    assert payload["motifs"][0]["channels"] == [0, 1]
    assert payload["levels"] == [1, 2, 3, 4, 5, 40]
    assert payload["level"] == 1


def test_a_hundred_thousand_rows_are_thinned_to_a_megabyte_and_the_page_says_so() -> None:
    n, window = 150_000, 500
    values = np.random.default_rng(9).normal(size=n)
    values[70_000] = 60.0
    distances = np.abs(np.random.default_rng(10).normal(20, 2, n - window + 1))
    distances[70_000] = 31.0
    indices = np.zeros(len(distances), dtype=np.int64)
    profile = Profile(
        distances, indices, distances, indices, distances, indices, window, values
    )  # fmt: skip
    page = render_profile(Findings(profile))
    assert len(page.encode()) <= 1_000_000
    assert "points stand for 150,000 rows" in Outline(page).text_in("p")
    payload = payload_in(page)
    data, stored = unpack(payload["numbers"]), payload["series"]
    drawn = [floats(data, column) for column in stored["values"]]
    assert np.nanmax(drawn[0]) == pytest.approx(60.0, abs=stored["values"][0]["step"])
    assert np.nanmax(drawn[1]) == pytest.approx(31.0, abs=stored["values"][1]["step"])


def test_the_same_findings_give_the_same_page() -> None:
    assert render_profile(three_channels()) == render_profile(three_channels())


def test_write_makes_the_file_or_says_why_not(tmp_path: Path) -> None:
    write_profile(joined(), tmp_path / "out.html")
    assert (tmp_path / "out.html").read_text(encoding="utf-8") == render_profile(joined())
    with pytest.raises(InvalidInput, match="cannot write the report"):
        write_profile(joined(), tmp_path / "missing" / "out.html")


def test_as_json_an_infinite_distance_is_null_and_channels_have_names() -> None:
    told = findings_json(one_channel())
    assert told["distances"][110] is None
    assert told["indices"][110] == -1
    assert told["motifs"][0]["match_times"] == ["2023-11-15T04:03:20Z"]
    assert told["regimes"][0]["score"] is None
    assert findings_json(three_channels())["motifs"][0]["channels"] == ["load", "heat"]
    assert findings_json(joined())["motifs"][0]["second_time"] == "2023-11-14T22:43:20Z"


@needs_browser
@pytest.mark.parametrize(("kind", "rows"), [("hostile", 4), ("joined", 2), ("nothing known", 0)])
def test_the_script_finishes_and_fills_the_page(kind: str, rows: int, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    write_profile(KINDS[kind](), page)
    document = opened_page(page)
    assert 'data-ready="1"' in root_of(document)
    assert "data-error" not in root_of(document)
    body = document[document.index("<tbody>") : document.index("</tbody>")]
    assert body.count("<tr") == rows
    assert "img" not in [tag for tag, _ in Outline(document).tags]


@needs_browser
def test_channels_have_a_panel_each_and_findings_a_picture_each(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    write_profile(three_channels(), page)
    outline = Outline(opened_page(page))
    classes = [attrs.get("class") for _, attrs in outline.tags]
    assert classes.count("panel") == 4  # three columns and the profile
    assert classes.count("card shape") == 2
    options = [attrs["value"] for tag, attrs in outline.tags if tag == "option"]
    assert options == ["0", "1", "2"]
