"""What was chosen and why, in words, for people who read a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core import Detection, Panel, Series, iso_time
from .frames import plain

if TYPE_CHECKING:
    from ..data.reading import Reading

_KINDS = {
    "series": "one series over time",
    "panel": "several series",
    "table": "a table, rows without an order",
}
# What the page says elsewhere, or in the same breath as another entry.
_TOLD_ELSEWHERE = {
    *("message", "kind", "columns", "rows", "why", "left_out", "parameters", "threshold"),
    *("detector", "step", "period", "missing", "fit_rows"),
}
MOST_LISTED = 40


def decisions(reading: Reading, detection: Detection) -> list[tuple[str, str]]:
    """Terms and their explanation, in the order in which the decisions fell."""
    chosen: dict[str, Any] = plain(detection.chosen)
    data = reading.data
    told: list[tuple[str, str]] = []

    def tell(term: str, text: object) -> None:
        if text not in (None, "", [], {}):
            told.append((term, str(text)))

    kind = "panel" if isinstance(data, Panel) else "series" if isinstance(data, Series) else "table"
    tell("Taken for", _joined(_KINDS[kind], reading.kind_reason))
    tell("Columns used", _listed(data.channels, ", "))
    tell("Columns left out", _pairs(chosen.get("left_out") or reading.left_out, " – "))
    tell("Time column", reading.time_column)
    tell("Id column", reading.id_column)
    tell("Step", chosen.get("step"))
    tell("Period", _period(chosen.get("period")))
    tell("Method", _joined(chosen.get("detector"), chosen.get("why")))
    tell("Parameters", _pairs(chosen.get("parameters"), " = "))
    tell("Threshold", threshold_text(detection))
    tell("Missing values", chosen.get("missing"))
    rows = chosen.get("fit_rows")
    tell("Rows learned from", f"{rows:,}" if isinstance(rows, int) else rows)
    for name, value in chosen.items():
        if name not in _TOLD_ELSEWHERE:
            tell(name.replace("_", " ").capitalize(), _value(value))
    return told


def threshold_text(detection: Detection) -> str:
    """The rule and why, and the cutoff as one row in so many."""
    cutoff = f"1 row in {one_in(detection.cutoff)}" if detection.cutoff > 0 else "no row"
    cutoff = f"{cutoff} is expected to score as high by chance"
    rule = plain(detection.chosen.get("threshold"))
    if not isinstance(rule, Mapping):
        return cutoff
    name = rule.get("rule")
    name = name.get("kind") if isinstance(name, Mapping) else name
    why = str(rule.get("why") or cutoff)
    # The extreme-value rule's sentence begins with the rule's name.
    return why if not name or why.startswith(str(name)) else f"{name}: {why}"


def one_in(probability: float) -> str:
    """``1 / probability`` as people write it.

    >>> one_in(1e-4), one_in(0.02), one_in(4.8e-5), one_in(0.0)
    ('10,000', '50', '20,800', '1,000,000 or more')
    """
    # A tail learned from thousands of rows says nothing about what is rarer than this.
    if probability < 1e-6:
        return "1,000,000 or more"
    count = 1.0 / probability
    digits = max(0, int(np.floor(np.log10(count))) - 2)
    return f"{round(count, -digits):,.0f}"


def span_text(reading: Reading) -> str | None:
    """From the first to the last moment of the data; None without time."""
    data = reading.data
    if not isinstance(data, Series | Panel) or data.time is None or data.time.size == 0:
        return None
    first, last = int(data.time.min()), int(data.time.max())
    return f"{_moment(first)} – {_moment(last)}"


def _moment(nanoseconds: int) -> str:
    text = (iso_time(nanoseconds) or "").removesuffix("Z").replace("T", " ")
    return text.removesuffix(":00").removesuffix(" 00:00")


def _period(period: Any) -> str | None:
    if isinstance(period, Mapping):
        period = period.get("length")
    return None if not period else f"{period:,} rows" if isinstance(period, int) else str(period)


def _joined(what: Any, why: Any) -> str | None:
    if not what:
        return None
    return f"{what}: {why}" if why else str(what)


def _pairs(values: Any, sign: str) -> str | None:
    if not isinstance(values, Mapping) or not values:
        return None
    return _listed([f"{name}{sign}{_value(value)}" for name, value in values.items()], "; ")


def _listed(texts: Sequence[str], between: str) -> str:
    more = f" and {len(texts) - MOST_LISTED:,} more" if len(texts) > MOST_LISTED else ""
    return between.join(texts[:MOST_LISTED]) + more


def _value(value: Any) -> str | None:
    if isinstance(value, Mapping):
        return _pairs(value, " = ")
    if isinstance(value, list):
        return _listed([str(_value(item)) for item in value], ", ")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    return None if value is None else str(value)
