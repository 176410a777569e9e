"""Draws the pictures of docs/explanation/how-it-decides.md: python docs/decisions.py

Each shows what a default finds and one thing that it does not; nothing in them is made up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from drawings import FAINT, GRID, INK, LIBRARIES, OURS, PICTURES, THEIRS, Floats, line, svg, text
from numpy.typing import NDArray

import sonde

BLUE, PALE = LIBRARIES["SCAMP"], "#b9bdc2"
ROWS, SERIES_ROWS, STREAM_ROWS, CHANNEL_ROWS = 400, 1500, 3000, 2000
ORDINARY = 500  # rows at the beginning of a series that are known to be ordinary
BROKEN, TIGHT = 6, 28  # strange rows of the tables; they come first
STUCK, SHIFT, SPIKE = range(1600, 1700), 2100, 2600  # what happens to the stream
DRIFT = (1200, 2400)
APART = range(1200, 1260)  # where two channels part
SINGLE = 1200  # the row that is wrong in one of them
SHOWN = (800, 1600)  # the rows of the channels that are drawn


# --- what is drawn --------------------------------------------------------------------------------


def tables() -> dict[str, tuple[Floats, int, tuple[str, str]]]:
    """Rows, how many of the first are strange, and two detectors to look for them."""
    rng = np.random.default_rng(0)
    both = rng.uniform(-1, 1, ROWS)
    related = np.column_stack([both, both]) + 0.07 * rng.normal(size=(ROWS, 2))
    place = np.array([-0.5, -0.3, -0.1, 0.2, 0.35, 0.55])
    related[:BROKEN] = np.column_stack([place, place - 0.5 * np.sign(place)])
    cloud = np.random.default_rng(1).normal(size=(ROWS, 2))
    cloud[:TIGHT] = [2.2, -2.6] + 0.05 * np.random.default_rng(2).normal(size=(TIGHT, 2))
    return {
        "two columns that go together": (related, BROKEN, ("auto_table", "isolation_forest")),
        "seven of a hundred rows in one place": (cloud, TIGHT, ("auto_table", "mcd")),
    }


def strongest(rows: Floats, count: int, detector: str) -> NDArray[np.int64]:
    """(count,) the rows that a detector finds strangest, in the order of the table."""
    scores = sonde.create(detector, random_state=0).fit(rows).anomaly_scores(rows)
    return np.sort(np.argsort(-scores, kind="stable")[:count])


def series() -> dict[str, tuple[Floats, tuple[int, ...]]]:
    """One column, and the rows at which something strange happens."""
    rng = np.random.default_rng(3)
    t = np.arange(SERIES_ROWS)
    metric = np.sin(t / 15) + 0.25 * rng.normal(size=SERIES_ROWS)
    metric[1100] += 3
    pace = np.cumsum(rng.normal(0.13, 0.004, SERIES_ROWS))
    beat = np.exp(3 * np.cos(pace)) / 15 + 0.03 * rng.normal(size=SERIES_ROWS)
    beat[1100:1140] = beat[1100:1140][::-1]
    both = beat.copy()
    both[700] += 0.4
    return {
        "a spike": (metric, (1100,)),
        "a shape": (beat, (1120,)),
        "both in one series": (both, (700, 1120)),
    }


@dataclass(frozen=True)
class Found:
    """Scores of every row, and the stretches that passed the default threshold."""

    scores: Floats
    stretches: tuple[tuple[int, int], ...]

    def names(self, row: int) -> bool:
        """Whether one of the stretches lies there, or within 20 rows."""
        return any(start - 20 <= row < stop + 20 for start, stop in self.stretches)


def in_series(values: Floats, detector: str) -> Found:
    """What is found with the first rows known to be ordinary."""
    found = sonde.detect(values, detector=detector, fit_rows=ORDINARY)
    stretches = tuple((int(one.start), int(one.end)) for one in found.anomalies)
    return Found(np.nan_to_num(found.scores), stretches)


def streams() -> dict[str, Floats]:
    """A stream to which three things happen, and one that drifts."""
    t = np.arange(STREAM_ROWS)
    usual = np.random.default_rng(3).normal(size=STREAM_ROWS) + np.sin(2 * np.pi * t / 288)
    eventful = usual.copy()
    eventful[STUCK.start : STUCK.stop] = eventful[STUCK.start]
    eventful[SHIFT:] += 4.0
    eventful[SPIKE] += 7.0
    begin, end = DRIFT
    drifting = usual + 4.0 * np.clip((t - begin) / (end - begin), 0.0, 1.0)
    return {"stuck, shifted, a spike": eventful, "the same shift, over 1,200 rows": drifting}


def threshold() -> float:
    """The score above which a row of a stream is an anomaly, whatever the stream."""
    limit = sonde.create("auto_online").fixed_limit
    assert limit is not None
    return float(limit[0])


def row_by_row(values: Floats) -> Floats:
    """The scores as they come, 0 for the first rows."""
    detector = sonde.create("auto_online")
    scores = np.array([detector.update([value]) for value in values], dtype=np.float64)
    return np.nan_to_num(scores)


def channels() -> dict[str, tuple[Floats, range, tuple[str, str]]]:
    """Three columns in time, where they are strange, and two detectors."""
    rng = np.random.default_rng(7)
    steps, walk = 0.2 * rng.normal(size=CHANNEL_ROWS), np.zeros(CHANNEL_ROWS)
    for i in range(1, CHANNEL_ROWS):
        walk[i] = 0.98 * walk[i - 1] + steps[i]
    wave = np.sin(np.arange(CHANNEL_ROWS) / 17)
    apart = np.column_stack([walk, walk, wave]) + 0.1 * rng.normal(size=(CHANNEL_ROWS, 3))
    single = apart.copy()
    apart[APART.start : APART.stop, 1] = apart[APART.start - 500 : APART.stop - 500, 1]
    single[SINGLE, 1] += 1.5
    here = range(SINGLE, SINGLE + 1)
    return {
        "two columns part for 60 rows": (apart, APART, ("auto_channels", "isolation_forest")),
        "one row is wrong in one column": (single, here, ("auto_channels", "mcd")),
    }


def in_channels(values: Floats, detector: str) -> Floats:
    """Scores of all rows, once all are learned from."""
    scores: Floats = sonde.create(detector, random_state=0).fit(values).anomaly_scores(values)
    return scores


def among_strongest(scores: Floats, strange: range) -> int:
    """How many of the strange rows are among as many rows with the largest scores."""
    named = np.argsort(-scores, kind="stable")[: len(strange)]
    return int(np.isin(named, strange).sum())


# --- how it is drawn ------------------------------------------------------------------------------


def dots(places: Floats, colour: str, size: float) -> str:
    """One round dot for each of the (n, 2) places, as one path: small however many they are."""
    if not len(places):
        return ""
    path = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in places.tolist())
    return (
        f'<path d="{path}" stroke="{colour}" stroke-width="{size:g}" stroke-linecap="round" '
        'fill="none"/>'
    )


def shade(left: float, top: float, wide: float, height: float, colour: str) -> str:
    return (
        f'<rect x="{left:.1f}" y="{top:g}" width="{max(wide, 3.0):.1f}" height="{height:g}" '
        f'fill="{colour}" fill-opacity="0.16"/>'
    )


def ground(left: float, bottom: float, width: float) -> str:
    return f'<path d="M{left:g} {bottom:g}h{width:g}" stroke="{GRID}"/>'


def table_picture() -> str:
    """Four clouds of rows: what is strange, and whether it is among the strongest."""
    body, side = [], 186
    for number, (name, (rows, count, detectors)) in enumerate(tables().items()):
        begin = 20 + 400 * number
        body.append(text(begin, 24, name, fill=INK, font_weight="600"))
        low, high = rows.min(axis=0), rows.max(axis=0)
        unit = (rows - low) / (high - low)
        for k, detector in enumerate(detectors):
            left, top = begin + (side + 8) * k, 58
            places = np.column_stack([left + 6 + 174 * unit[:, 0], top + 180 - 174 * unit[:, 1]])
            named = strongest(rows, count, detector)
            hit, missed = named[named < count], np.setdiff1d(np.arange(count), named)
            body += [
                text(left, 46, f"{detector}: {len(hit)} of {count}", fill=FAINT),
                f'<rect x="{left}" y="{top}" width="{side}" height="{side}" fill="none" '
                f'stroke="{GRID}"/>',
                dots(places[count:], PALE, 3),
                dots(places[named[named >= count]], INK, 5),
                dots(places[missed], THEIRS, 6),
                dots(places[hit], OURS, 6),
            ]
    x = 20
    said = (("strange, and found", OURS), ("strange, and missed", THEIRS),
            ("ordinary, and named instead", INK), ("ordinary", PALE))  # fmt: skip
    for label, colour in said:
        body += [
            f'<circle cx="{x + 4}" cy="262" r="4" fill="{colour}"/>',
            text(x + 13, 266, label, fill=FAINT),
        ]
        x += 40 + 7 * len(label)
    return svg(820, 280, "Rows of tables, and who finds the strange ones", body)


def series_picture() -> str:
    """Three series, and the scores of the two detectors under each."""
    body, width = [], 250
    for number, (name, (values, strange)) in enumerate(series().items()):
        left = 20 + (width + 15) * number
        body.append(text(left, 24, name, fill=INK, font_weight="600"))
        for row in strange:
            body.append(shade(left + width * (row - 20) / SERIES_ROWS, 32, 7, 70, BLUE))
        body.append(line(values.tolist(), (left, 34, width, 66), _span(values), INK))
        for k, (detector, colour) in enumerate((("auto_series", OURS), ("discord", THEIRS))):
            top, found = 126 + 92 * k, in_series(values, detector)
            met = sum(found.names(row) for row in strange)
            body.append(text(left, top - 6, f"{detector} finds {met} of {len(strange)}",
                             fill=colour))  # fmt: skip
            for start, stop in found.stretches:
                wide = width * (stop - start) / SERIES_ROWS
                body.append(shade(left + width * start / SERIES_ROWS, top, wide, 60, colour))
            high = np.array([0.0, found.scores.max()])
            body += [
                line(found.scores.tolist(), (left, top, width, 60), high, colour),
                ground(left, top + 60, width),
            ]
    body.append(text(20, 302, "Marked: what is strange, and the stretches that each detector names "
                     "when the first 500 rows are known to be ordinary.", fill=FAINT))  # fmt: skip
    return svg(820, 316, "Spikes, shapes, and both", body)


def stream_picture() -> str:
    """Two streams, the scores as they come, and the threshold that serves every stream."""
    body, width, top, height, most = [], 380, 150, 100, 8.0
    limit = threshold()
    at_limit = top + height * (1 - limit / most)
    for number, (name, values) in enumerate(streams().items()):
        left, scores = 20 + (width + 20) * number, row_by_row(values)
        begin, end = DRIFT
        events = [(STUCK.start, STUCK.stop), (SHIFT, SHIFT), (SPIKE, SPIKE)]
        for start, stop in events if number == 0 else [(begin, end)]:
            wide = width * (stop - start) / STREAM_ROWS
            body.append(shade(left + width * start / STREAM_ROWS - 1.5, 34, wide, 216, BLUE))
        raised = np.flatnonzero(scores > limit)
        marks = np.column_stack(
            [left + width * raised / STREAM_ROWS, top + height * (1 - scores[raised] / most)]
        )
        said = f"{len(raised) or 'no'} rows above {limit:g}"
        body += [
            text(left, 24, name, fill=INK, font_weight="600"),
            line(values.tolist(), (left, 38, width, 90), _span(values), INK),
            f'<path d="M{left} {at_limit:.1f}h{width}" stroke="{THEIRS}" stroke-dasharray="4 3"/>',
            line(scores.tolist(), (left, top, width, height), np.array([0.0, most]), OURS),
            ground(left, top + height, width),
            dots(marks, THEIRS, 7),
            text(left, 270, f"auto_online, as each row comes: {said}", fill=FAINT),
        ]
    return svg(820, 284, "Streams judged row by row", body)


def channel_picture() -> str:
    """Two sets of columns, and the scores of two detectors under each."""
    body, width, first, last = [], 380, *SHOWN
    for number, (name, (values, strange, detectors)) in enumerate(channels().items()):
        left = 20 + (width + 20) * number
        body += [
            text(left, 24, name, fill=INK, font_weight="600"),
            shade(left + width * (strange.start - first) / (last - first) - 1.5, 34,
                  width * len(strange) / (last - first), 286, BLUE),
        ]  # fmt: skip
        for column, colour in ((2, PALE), (0, INK), (1, BLUE)):
            own = values[first:last, column].tolist()
            body.append(line(own, (left, 38, width, 96), _span(values), colour))
        for k, detector in enumerate(detectors):
            scores, top, colour = in_channels(values, detector), 160 + 86 * k, (OURS, THEIRS)[k]
            met, count = among_strongest(scores, strange), len(strange)
            said = f"{met} of the {count} rows among its {count} strongest"
            if count == 1:
                said = "its strongest row" if met else "not its strongest row"
            body += [
                text(left, top - 6, f"{detector}: {said}", fill=colour),
                line(scores[first:last].tolist(), (left, top, width, 60),
                     np.array([0.0, scores.max()]), colour),
                ground(left, top + 60, width),
            ]  # fmt: skip
    return svg(820, 324, "Columns judged together", body)


def _span(values: Floats) -> Floats:
    return np.array([values.min(), values.max()])


DRAWINGS = {
    "decides-table.svg": table_picture,
    "decides-series.svg": series_picture,
    "decides-stream.svg": stream_picture,
    "decides-channels.svg": channel_picture,
}


def main() -> None:
    for name, draw in DRAWINGS.items():
        (PICTURES / name).write_text(draw(), encoding="utf-8")


if __name__ == "__main__":
    main()
