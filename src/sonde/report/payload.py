"""Everything that the page draws, as plain JSON values and one compressed text of numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..core import Anomaly, Detection, Panel, Series, Table
from .encode import Packer
from .lines import Line, blamed_first, lines_of, rarity_of
from .rows import rows_payload
from .sheet import MOST_BYTES
from .thin import Thinned, gaps_of, thin

if TYPE_CHECKING:
    from ..data.reading import Reading

MOST_ANOMALIES = 2_000
MOST_SERIES = 200
MOST_CHANNELS = 60
MOST_SHARES = 8  # columns named per anomaly
LEAST_POINTS = 50  # per series, however many there are


@dataclass(frozen=True)
class Detail:
    """How much of the data goes into the page: numbers drawn, and bits for each."""

    points: int = 100_000
    bits: int = 16

    def coarser(self) -> Detail:
        """The next step down: first fewer bits, then fewer points."""
        if self.bits > 11:
            return Detail(self.points, self.bits - 2)
        return Detail(self.points // 2, 12)


def fitting(page_of: Callable[[Detail], str]) -> str:
    """The page in as much detail as ``MOST_BYTES`` have room for."""
    detail = Detail()
    page = page_of(detail)
    while len(page.encode()) > MOST_BYTES and detail.points > 2_000:
        detail = detail.coarser()
        page = page_of(detail)
    return page


def payload_of(reading: Reading, detection: Detection, detail: Detail | None = None) -> Any:
    """The page's data; ``page/decode.js`` reads it."""
    detail = Detail() if detail is None else detail
    data = reading.data
    channels = blamed_first(detection, data.channels)[:MOST_CHANNELS]
    packer = Packer()
    lines = lines_of(reading, detection)
    shown = lines if isinstance(data, Table) else _strongest_first(lines, detection)[:MOST_SERIES]
    chosen: dict[str, Any] = {
        "kind": _kind(reading),
        "channels": channels,
        "allChannels": len(data.channels),
        "cutoff": float(rarity_of(np.array([1.0 - detection.cutoff]))[0]),
        "time": not isinstance(data, Table) and data.time is not None,
        "rows": reading.n_rows,
        "total": len(detection.anomalies),
        "allSeries": len(lines),
        "period": _period_rows(detection.chosen.get("period")),
    }
    if isinstance(data, Table):
        chosen |= rows_payload(lines[0], detection, channels, data.channels, packer)
        _label(chosen, reading)
    else:
        where = {line.id: number for number, line in enumerate(shown)}
        told = [a for a in detection.anomalies if a.series in where or not isinstance(data, Panel)]
        told = told[:MOST_ANOMALIES]
        columns = [data.channels.index(name) for name in channels]
        chosen["series"] = _series(shown, detection, detail, columns, reading.step_ns, packer)
        chosen["anomalies"] = [_told(a, shown, where, channels, columns) for a in told]
        if detection.candidate is not None and detection.candidate.series in where:
            chosen["candidate"] = _told(detection.candidate, shown, where, channels, columns)
    return chosen | {"numbers": packer.text()}


def _label(chosen: dict[str, Any], reading: Reading) -> None:
    """Beside each listed row of a table, its time and its id as they stand in the input."""
    given = [
        (reading.time_column, reading.time_values),
        (reading.id_column, reading.id_values),
    ]
    named = [(name, values) for name, values in given if name is not None and values is not None]
    chosen["labels"] = [name for name, _ in named]
    files = reading.files
    if files is not None:
        chosen["labels"] = ["file", *chosen["labels"]]
    for row in chosen["strangest"]:
        file = [] if files is None else [files.place(row["row"])[0]]
        row["labels"] = file + [str(values[row["row"]]) for _, values in named]


def _short(value: float | None) -> float | None:
    """Seven significant digits, which is more than anybody reads; None where not finite."""
    if value is None or not np.isfinite(value):
        return None
    return float(f"{value:.7g}")


def _kind(reading: Reading) -> str:
    if isinstance(reading.data, Table):
        return "table"
    return "series" if isinstance(reading.data, Series) else "panel"


def _strongest_first(lines: list[Line], detection: Detection) -> list[Line]:
    """Series with the strongest anomalies first, then those without, as they came."""
    candidate = detection.candidate
    if candidate is not None and not detection.anomalies:
        return sorted(lines, key=lambda line: line.id != candidate.series)
    return sorted(lines, key=lambda line: line.anomalies[0] if line.anomalies else np.inf)


def _series(
    lines: Sequence[Line],
    detection: Detection,
    detail: Detail,
    columns: list[int],
    step_ns: int | None,
    packer: Packer,
) -> list[dict[str, Any]]:
    share = _fair_share([len(line) for line in lines], detail.points // max(1, len(columns)))
    described = []
    for line in lines:
        spans = [line.span_of(detection.anomalies[number]) for number in line.anomalies]
        points = thin(line, max(share, LEAST_POINTS), spans, gaps_of(line, step_ns))
        described.append(
            {
                "id": line.id,
                "rows": len(line),
                "unscored": int(np.isnan(line.score).sum()),
                "count": len(line.anomalies),
                "strongest": _short(_highest(line.score)),
                "breaks": points.breaks.tolist(),
            }
            | _packed(line, points, columns, detail.bits, packer)
        )
    return described


def _packed(
    line: Line, points: Thinned, columns: list[int], bits: int, packer: Packer
) -> dict[str, Any]:
    def of(values: NDArray[np.float64] | None) -> dict[str, Any] | None:
        return None if values is None or np.isnan(values).all() else packer.floats(values, bits)

    axis = line.axis[points.starts]
    x = packer.integers(axis if line.time is None else legible(axis))
    if line.time is not None:  # nanoseconds do not fit a browser's numbers, milliseconds do
        x = {key: v if key in ("n", "at") else v / 1e6 for key, v in x.items()}
    return {
        "x": x,
        "row": packer.integers(line.rows[points.starts] - line.first),
        "values": [packer.floats(points.values[:, c], bits) for c in columns],
        "expected": of(points.expected),
        "lower": of(points.lower),
        "upper": of(points.upper),
        "score": packer.floats(points.score, bits - 4, "log"),
        "rarity": packer.floats(points.rarity, bits - 6),
        "end": float(line.axis[-1]) / (1.0 if line.time is None else 1e6) if len(line) else 0.0,
    }


def _told(
    anomaly: Anomaly,
    lines: Sequence[Line],
    where: dict[str | None, int],
    channels: list[str],
    columns: list[int],
) -> dict[str, Any]:
    number = where.get(anomaly.series, 0)
    line = lines[number]
    start, end = line.span_of(anomaly)
    unit = 1.0 if line.time is None else 1e6
    peak = line.position_of(anomaly.peak)
    blamed = sorted(anomaly.columns.items(), key=lambda item: -item[1])[:MOST_SHARES]
    first = channels.index(blamed[0][0]) if blamed and blamed[0][0] in channels else 0
    return {
        "series": number,
        "from": float(line.axis[start]) / unit,
        "to": float(line.axis[end - 1]) / unit,
        "at": float(line.axis[peak]) / unit,
        "start": int(anomaly.start) - line.first,
        "end": int(anomaly.end) - line.first,
        "peak": int(anomaly.peak) - line.first,
        "score": _short(anomaly.score),
        "probability": float(anomaly.probability),
        "rarity": _short(float(rarity_of(np.array([anomaly.probability]))[0])),
        "value": _short(float(line.values[peak, columns[first]])),
        "channel": first,
        "expected": _short(anomaly.expected),
        "lower": _short(anomaly.lower),
        "upper": _short(anomaly.upper),
        "shares": [[channels.index(n), round(s, 3)] for n, s in blamed if n in channels],
    }


def _period_rows(period: Any) -> int | None:
    length = period.get("length") if isinstance(period, Mapping) else period
    return int(length) if isinstance(length, int | np.integer) else None


def legible(time: NDArray[np.int64]) -> NDArray[np.int64]:
    """Moments rounded to whole seconds, ms or µs where that is below a hundredth of a step.

    Irregular nanoseconds would be the largest part of the page, and nobody could see them.
    """
    if time.size < 3:
        return time
    step = float(np.median(np.diff(time)))
    unit = next((u for u in (10**9, 10**6, 10**3) if 100 * u <= step), 1)
    return (time + unit // 2) // unit * unit


def _fair_share(sizes: Sequence[int], total: int) -> int:
    """The size s for which the sum of min(size, s) is about ``total``.

    >>> _fair_share([10, 1000, 1000], 210)
    100
    """
    left = total
    for done, size in enumerate(sorted(sizes)):
        share = left // (len(sizes) - done)
        if size > share:
            return share
        left -= size
    return max(sizes, default=total)


def _highest(values: NDArray[np.float64]) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.max()) if known.size else None
