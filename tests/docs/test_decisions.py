"""The pictures of how Sonde decides are computed, and show what the page says of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "explanation" / "how-it-decides.md"


@pytest.fixture
def decisions(monkeypatch: pytest.MonkeyPatch) -> Any:
    """docs/decisions.py, which imports its neighbour as a script does."""
    monkeypatch.syspath_prepend(str(DOCS))
    import decisions  # type: ignore[import-not-found, unused-ignore]

    return decisions


def test_every_picture_of_the_page_is_drawn_and_nothing_else_is(decisions: Any) -> None:
    shown = re.findall(r"!\[[^\]]+\]\(([^)]+\.svg)\)", PAGE.read_text(encoding="utf-8"))
    assert sorted(shown) == sorted(decisions.DRAWINGS)


@pytest.mark.parametrize("name", ["table", "series", "stream", "channels"])
def test_a_picture_is_up_to_date(decisions: Any, name: str) -> None:
    written = (PAGE.parent / f"decides-{name}.svg").read_text(encoding="utf-8")
    drawn = decisions.DRAWINGS[f"decides-{name}.svg"]()
    numbers = r"-?\d+\.?\d*"
    assert re.sub(numbers, "", written) == re.sub(numbers, "", drawn), "python docs/decisions.py"
    before, now = (
        np.array([float(one) for one in re.findall(numbers, text)]) for text in (written, drawn)
    )
    np.testing.assert_allclose(before, now, atol=0.3, err_msg="run: python docs/decisions.py")


def test_a_broken_relation_is_found_and_a_tight_group_is_not(decisions: Any) -> None:
    found = [
        [int((decisions.strongest(rows, count, one) < count).sum()) for one in detectors]
        for rows, count, detectors in decisions.tables().values()
    ]
    (related, by_forest), (grouped, by_mcd) = found
    assert related == decisions.BROKEN
    assert by_forest <= 2
    assert grouped == 0
    assert by_mcd > 0.8 * decisions.TIGHT


def test_a_spike_and_a_shape_are_found_but_not_both_at_once(decisions: Any) -> None:
    met = {
        name: [
            [decisions.in_series(values, one).names(row) for row in strange]
            for one in ("auto_series", "discord")
        ]
        for name, (values, strange) in decisions.series().items()
    }
    assert met == {
        "a spike": [[True], [False]],
        "a shape": [[True], [True]],
        "both in one series": [[True, False], [False, True]],
    }


def test_a_second_look_finds_the_shape_beside_the_spike(decisions: Any) -> None:
    values, (spike, shape) = decisions.series()["both in one series"]
    values[spike - 25 : spike + 25] = np.nan
    stretches = decisions.in_series(values, "auto_series").stretches
    assert stretches
    assert all(shape - 60 < start < stop < shape + 60 for start, stop in stretches)


def test_each_of_three_events_is_raised_once_and_a_drift_is_not(decisions: Any) -> None:
    eventful, drifting = (decisions.row_by_row(values) for values in decisions.streams().values())
    limit = decisions.threshold()
    begins = np.array([decisions.STUCK.start, decisions.SHIFT, decisions.SPIKE])
    late = np.flatnonzero(eventful > limit) - begins
    assert (late >= 0).all()
    assert (late < 20).all()
    assert not (drifting > limit).any()


def test_parted_channels_are_found_and_a_single_row_is_not(decisions: Any) -> None:
    found = [
        [
            decisions.among_strongest(decisions.in_channels(values, one), strange)
            for one in detectors
        ]
        for values, strange, detectors in decisions.channels().values()
    ]
    (parted, by_forest), (single, by_mcd) = found
    assert parted > 40
    assert by_forest < 10
    assert (single, by_mcd) == (0, 1)


def test_the_page_tells_which_detector_takes_which_data() -> None:
    from sonde.learn import choose

    table = PAGE.read_text(encoding="utf-8").partition("## Which detector")[2].partition("## ")[0]
    for number in (
        choose.MOST_ROWS_TO_COMPARE,
        choose.MOST_COLUMNS_TO_RELATE,
        choose.FEWEST_ROWS_FOR_WINDOWS,
        choose.MOST_ROWS_FOR_WINDOWS,
    ):
        assert f"{number:,}" in table
    source = Path(choose.__file__).read_text(encoding="utf-8")
    for name in set(re.findall(r'made\("(\w+)"', source)):
        assert f"`{name}`" in table, name
