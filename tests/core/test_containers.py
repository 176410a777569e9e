from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sonde.core import Anomaly, Detection, Panel, Schema, Series, Table
from sonde.errors import InvalidInput, SchemaMismatch, TooShort


@pytest.mark.parametrize(
    ("make", "part"),
    [
        (lambda: Series(np.zeros((2, 2, 2))), "1 or 2 dimensions, got 3"),
        (lambda: Series([1.0, 2.0], ["a", "b"]), "2 names for 1 channels"),
        (lambda: Table([[1.0, 2.0]], ["a", "a"]), "given more than once: ['a']"),
        (lambda: Series([1.0, 2.0], time=[1]), "one entry per row"),
        (lambda: Series([1.0, 2.0, 3.0], time=[1, 2, 2]), "row 2 is not later than row 1"),
        (lambda: Series([1.0, 2.0])[::2], "cut, not thinned"),
        (lambda: Panel([1.0, 2.0], [0, 1]), "offsets must rise"),
        (lambda: Panel([1.0, 2.0], [0, 1, 2], ids=["a", "a"]), "different names"),
        (lambda: Panel.of([]), "at least one series"),
        (lambda: Panel.of([Series([1.0]), Series([1.0], time=[1])]), "or none has"),
    ],
)
def test_what_can_not_be_is_refused(make: Any, part: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        make()
    assert part in str(caught.value)


def test_a_panel_is_indexed_as_splitters_need_it() -> None:
    panel = Panel.of([Series([1.0, 2.0]), Series([3.0]), Series([4.0, 5.0])], ["a", "b", "c"])
    assert panel[[2, 0]].ids == ("c", "a")
    assert panel[1:].values.ravel().tolist() == [3.0, 4.0, 5.0]
    assert panel[np.array([True, False, True])].ids == ("a", "c")
    assert panel[-1].values.ravel().tolist() == [4.0, 5.0]
    with pytest.raises(IndexError):
        panel[3]


def test_values_can_not_be_changed_from_outside() -> None:
    mine = np.zeros((3, 1))
    with pytest.raises(ValueError, match="read-only"):
        Series(mine).values[0, 0] = 1.0


def test_schema_survives_storage_and_names_what_is_wrong() -> None:
    schema = Schema.of(Table([[1.0, 2.0]], ["a", "b"]), min_rows=3)
    assert Schema.from_dict(schema.to_dict()) == schema
    with pytest.raises(TooShort, match="at least 3 rows, got 1"):
        schema.check(Table([[1.0, 2.0]], ["b", "a"]))
    with pytest.raises(SchemaMismatch, match="X has 1 features, but ECOD is expecting 2"):
        schema.check(Table([[1.0]]), "ECOD")


def test_an_answer_goes_back_to_the_rows_it_came_from() -> None:
    anomaly = Anomaly(None, 1, 3, None, None, 2, 9.0, 1.0, {"a": 1.0})
    scores = np.array([0.0, 5.0, 9.0])
    answer = Detection(scores, scores > 1, scores / 10, [anomaly], 0.01, expected=scores)
    placed = answer.placed(np.array([4, 0, 2]), 6, ["sorted"])
    np.testing.assert_array_equal(placed.scores, [5.0, np.nan, 9.0, np.nan, 0.0, np.nan])
    assert placed.is_anomaly.tolist() == [True, False, True, False, False, False]
    assert (placed.anomalies[0].start, placed.anomalies[0].end, placed.anomalies[0].peak) == (
        0,
        3,
        2,
    )
    assert placed.problems == ["sorted"]
    assert placed.lower is None
