"""Draws the pictures of docs/explanation/matrix-profile.md: python docs/drawings.py

What other libraries answer on the same series is kept in drawings.json, with their versions;
python docs/drawings.py --measure asks them again, where they are installed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from html import escape
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

HERE = Path(__file__).parent
PICTURES = HERE / "explanation"
MEASURED = HERE / "drawings.json"

N, WINDOW = 900, 60
EXACT = 1e-16  # errors below are drawn here
INK, FAINT, GRID, OURS, THEIRS = "#1b1f24", "#666d75", "#e3e3df", "#1a7f5a", "#c8321f"
LIBRARIES = {"stumpy.stump": "#8a4fc4", "stumpy.stumpi": "#b06a00", "SCAMP": "#0f78b0"}
# Drawn curve by curve: the series, the library whose answer stands beside ours, and the height
# at which the picture is cut.
CURVES = {
    "offset 1e8": "stumpy.stumpi",
    "level step of 1e8": "stumpy.stump",
    "spike of 1e9": "SCAMP",
    "nearly constant": "stumpy.stump",
}


def plain_series() -> Floats:
    """A wave with noise, whose period drifts a little: every window has neighbours, none equal."""
    rng = np.random.default_rng(6)
    return np.sin(np.cumsum(rng.normal(0.2, 0.02, N))) + 0.2 * rng.normal(size=N)


def hard_series() -> dict[str, Floats]:
    """The plain series, and what may happen to it on the way from a sensor."""
    x = plain_series()
    spike, burst, flat, nearly = x.copy(), x.copy(), x.copy(), x.copy()
    spike[450] = 1e9
    burst[440:460] *= 1e6
    flat[400:520] = 1.25
    nearly[400:520] = 1.25 + 1e-9 * nearly[400:520]
    return {
        "plain": x,
        "offset 1e8": x + 1e8,
        "offset 1e12": x + 1e12,
        "level step of 1e8": x + 1e8 * (np.arange(N) >= N // 2),
        "spike of 1e9": spike,
        "burst of 1e6": burst,
        "amplitude 1e-9": 1e-9 * x,
        "constant stretch": flat,
        "nearly constant": nearly,
        "quantised": np.round(x, 1),
    }


def exact_distances(x: Floats) -> Floats:
    """The profile from its definition in extended precision."""
    windows = np.lib.stride_tricks.sliding_window_view(x.astype(np.longdouble), WINDOW)
    centred = windows - windows.mean(axis=1)[:, np.newaxis]
    norms = np.sqrt((centred**2).sum(axis=1))
    constant = np.ptp(windows, axis=1) == 0
    unit = centred / np.where(constant, 1, norms)[:, np.newaxis]
    best = np.empty(len(unit))
    zone = -(-WINDOW // 4)
    for i, one in enumerate(unit):
        apart = np.sqrt(((unit - one) ** 2).sum(axis=1) * WINDOW)
        apart[constant != constant[i]] = np.sqrt(WINDOW)
        apart[max(0, i - zone) : i + zone + 1] = np.inf
        best[i] = float(apart.min())
    return best


def measure() -> None:
    """Ask the other libraries, and keep their answers."""
    import pyscamp  # type: ignore[import-untyped, import-not-found, unused-ignore]
    import stumpy

    def stumpi(x: Floats) -> Floats:
        half = len(x) // 2
        stream = stumpy.stumpi(x[:half], WINDOW, egress=False)
        for value in x[half:]:
            stream.update(value)
        return np.asarray(stream.P_, dtype=np.float64)

    asked: dict[str, Callable[[Floats], Floats]] = {
        "stumpy.stump": lambda x: np.asarray(stumpy.stump(x, WINDOW)[:, 0], dtype=np.float64),
        "stumpy.stumpi": stumpi,
        "SCAMP": lambda x: np.asarray(pyscamp.selfjoin(x, WINDOW)[0], dtype=np.float64),
    }
    errors: dict[str, dict[str, float]] = {}
    curves: dict[str, list[float | None]] = {}
    for name, x in hard_series().items():
        exact = exact_distances(x)
        errors[name] = {}
        for library, ask in asked.items():
            answer = ask(x)
            # What a library calls missing is as wrong as a distance can be.
            wrong = np.where(np.isfinite(answer), np.abs(answer - exact), 2 * np.sqrt(WINDOW))
            errors[name][library] = float(f"{wrong.max():.2g}")
            if CURVES.get(name) == library:
                curves[name] = [round(v, 3) if np.isfinite(v) else None for v in answer.tolist()]
    versions = {name: version(name) for name in ("stumpy", "pyscamp", "numpy", "numba")}
    kept = {"rows": N, "window": WINDOW, "versions": versions, "errors": errors, "curves": curves}
    MEASURED.write_text(json.dumps(kept, indent=1).replace("\n   ", "") + "\n", encoding="utf-8")


def ours(x: Floats) -> Floats:
    """Our own answer."""
    import sonde

    distances: Floats = sonde.matrix_profile(x, window=WINDOW).distances
    return distances


def svg(width: int, height: int, title: str, body: Sequence[str]) -> str:
    """A picture on a ground of its own, so that it can be read on any page."""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" role="img" '
            'font-family="system-ui, -apple-system, Segoe UI, sans-serif" font-size="12">',
            f"<title>{escape(title)}</title>",
            f'<rect width="{width}" height="{height}" rx="8" fill="#fbfbfa"/>',
            *body,
            "</svg>",
            "",
        ]
    )


def text(x: float, y: float, said: str, **more: str) -> str:
    rest = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in more.items())
    return f'<text x="{x:g}" y="{y:g}"{rest}>{escape(said)}</text>'


def corners(values: Sequence[float | None], step: int = 6) -> list[int]:
    """Of every few values the least and the largest, so that a picture stays small."""
    kept: set[int] = set()
    for start in range(0, len(values), step):
        known = [
            (v, start + k) for k, v in enumerate(values[start : start + step]) if v is not None
        ]
        kept |= {min(known)[1], max(known)[1]} if known else {start}
    return sorted(kept)


def line(values: Sequence[float | None], box: tuple[float, float, float, float], span: Floats,
         colour: str, dashes: str = "") -> str:  # fmt: skip
    """A line through a box (left, top, width, height), broken where a value is None."""
    left, top, width, height = box
    low, high = float(span[0]), float(span[1])
    path, pen = [], "M"
    for i in corners(values):
        value = values[i]
        if value is None or not np.isfinite(value):
            pen = "M"
            continue
        x = left + width * i / max(1, len(values) - 1)
        y = top + height * (1 - (value - low) / (high - low or 1.0))
        path.append(f"{pen}{x:.1f} {min(max(y, top), top + height):.1f}")
        pen = "L"
    dash = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<path d="{"".join(path)}" fill="none" stroke="{colour}" stroke-width="1.2"{dash}/>'


def hard_cases() -> str:
    """Four hard series, the right profile and a wrong one."""
    kept: Any = json.loads(MEASURED.read_text(encoding="utf-8"))
    body, series = [], hard_series()
    width, height = 380, 190
    for number, (name, library) in enumerate(CURVES.items()):
        left, top = 20 + (number % 2) * (width + 20), 16 + (number // 2) * (height + 20)
        x, profile = series[name], ours(series[name])
        theirs = kept["curves"][name]
        share = width * len(profile) / len(x)
        high = max(profile.max(), max(v for v in theirs if v is not None)) * 1.05
        body += [
            text(left, top + 10, name, fill=INK, font_weight="600"),
            line(x.tolist(), (left, top + 20, width, 60), np.array([x.min(), x.max()]), INK),
            f'<path d="M{left} {top + 170}h{width}" stroke="{GRID}"/>',
            line(theirs, (left, top + 95, share, 75), np.array([0, high]), THEIRS),
            line(profile.tolist(), (left, top + 95, share, 75), np.array([0, high]), OURS),
            text(left, top + 186, "distance: ", fill=FAINT),
            text(left + 56, top + 186, "right (Sonde)", fill=OURS),
            text(left + 144, top + 186, f"{library}", fill=THEIRS),
        ]
        if None in theirs:
            body.append(text(left + 190, top + 186, "none for a quarter of them", fill=FAINT))
    return svg(820, 2 * height + 60, "Hard series and their matrix profiles", body)


def errors() -> str:
    """The largest error of each library on each series, on a logarithmic scale."""
    kept: Any = json.loads(MEASURED.read_text(encoding="utf-8"))
    left, right, top, step = 170, 800, 58, 26
    names = list(kept["errors"])
    bottom = top + step * len(names)

    def at(error: float) -> float:
        return left + (right - left - 20) * (np.log10(max(error, EXACT)) + 16) / 18

    body = [text(20, 24, "Largest error of a distance; the window is 60 rows, so 15.5 is the most "
                 "a distance can be", fill=INK, font_weight="600")]  # fmt: skip
    x = 20.0
    for library, colour in {"Sonde": OURS, **LIBRARIES}.items():
        body += [f'<circle cx="{x + 4}" cy="40" r="4" fill="{colour}"/>',
                 text(x + 13, 44, library, fill=FAINT)]  # fmt: skip
        x += 30 + 7 * len(library)
    for power in range(-16, 3, 3):
        x = at(10.0**power)
        body += [f'<path d="M{x:.1f} {top}V{bottom}" stroke="{GRID}"/>',
                 text(x, bottom + 16, f"1e{power}", fill=FAINT, text_anchor="middle")]  # fmt: skip
    series, beside = hard_series(), dict(zip(LIBRARIES, (-4.0, 0.0, 4.0), strict=True))
    for i, name in enumerate(names):
        y = top + step * (i + 0.5)
        body.append(text(left - 10, y + 4, name, fill=INK, text_anchor="end"))
        mine = float(np.abs(ours(series[name]) - exact_distances(series[name])).max())
        found = {**kept["errors"][name], "Sonde": mine}
        for library, error in found.items():
            colour = LIBRARIES.get(library, OURS)
            place = f'cx="{at(error):.1f}" cy="{y + beside.get(library, 0.0):g}"'
            body.append(f'<circle {place} r="4.5" fill="{colour}" fill-opacity="0.85"/>')
    return svg(820, bottom + 30, "Errors of matrix profiles on hard series", body)


def blind() -> str:
    """What the distance does not see: size and level. What it sees: shape."""
    t = np.arange(N)
    x = np.sin(t / 6.0) + 0.05 * np.random.default_rng(8).normal(size=N)
    bend = np.clip(np.abs(np.arange(N) - 690) / 30.0, 0.0, 1.0)
    x = x * bend + np.abs(x) * (1 - bend)
    x = x * (1.0 + 2.0 * np.exp(-(((t - 280) / 90.0) ** 2))) + 0.004 * t
    profile = ours(x)
    share = 780 * len(profile) / N
    high = profile.max() * 1.05

    def shade(start: int, end: int, colour: str) -> str:
        left = 20 + 780 * start / N
        wide = 780 * (end - start) / N
        return (f'<rect x="{left:.1f}" y="30" width="{wide:.1f}" height="220" fill="{colour}" '
                'fill-opacity="0.12"/>')  # fmt: skip

    body = [
        shade(160, 400, LIBRARIES["SCAMP"]),
        shade(660, 720, OURS),
        text(20 + 780 * 160 / N, 22, "three times as large, on a rising level: not seen",
             fill=LIBRARIES["SCAMP"]),
        text(20 + 780 * 660 / N, 22, "another shape: seen", fill=OURS),
        line(x.tolist(), (20, 40, 780, 110), np.array([x.min(), x.max()]), INK),
        text(20, 172, "distance to the nearest window", fill=FAINT),
        f'<path d="M20 250h780" stroke="{GRID}"/>',
        line(profile.tolist(), (20, 178, share, 72), np.array([0, high]), INK),
    ]  # fmt: skip
    return svg(820, 264, "Size is not seen, shape is", body)


DRAWINGS = {
    "profile-hard-cases.svg": hard_cases,
    "profile-errors.svg": errors,
    "profile-blind.svg": blind,
}


def main() -> None:
    if "--measure" in sys.argv:
        measure()
    for name, draw in DRAWINGS.items():
        (PICTURES / name).write_text(draw(), encoding="utf-8")


if __name__ == "__main__":
    main()
