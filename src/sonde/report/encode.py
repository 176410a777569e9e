"""Columns of numbers → a short text that a browser can decode without help."""

from __future__ import annotations

import base64
import zlib
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.uint16]

# The three largest codes stand for what has no place on a scale.
MINUS_INFINITY, PLUS_INFINITY, NOT_A_NUMBER = 65533, 65534, 65535
LARGEST_CODE = 65532


class Packer:
    """Collects columns, then gives all of them as one compressed text.

    Each column comes back as a description that says how to read it: ``at`` is its first byte in
    the uncompressed whole, ``n`` its length. Floats are put on a scale of up to 65,533 steps and
    stored as differences (``order`` times), zigzag-coded, all high bytes before all low bytes,
    because neighbouring bytes then resemble each other and compress well.

    Examples
    --------
    >>> packer = Packer()
    >>> packer.integers(np.array([5, 7, 9, 11]))
    {'n': 4, 'first': 5, 'step': 2}
    >>> column = packer.floats(np.array([0.0, 0.5, np.nan, 1.0]))
    >>> column["at"], column["n"], column["lo"], column["scale"]
    (0, 4, 0.0, 'linear')
    >>> len(zlib.decompress(base64.b64decode(packer.text())))
    8
    """

    def __init__(self) -> None:
        self._bytes = bytearray()

    def floats(
        self, values: Floats, bits: int = 16, scale: Literal["linear", "log"] = "linear"
    ) -> dict[str, Any]:
        """Store (n,) numbers, NaN and infinities too, to within half a ``step`` of the scale.

        On the ``log`` scale the step applies to sign(x)·log(1 + |x|/unit), with the median
        magnitude as the unit: every size of number keeps about the same relative accuracy.
        """
        unit = 1.0
        if scale == "log":
            unit = _middle_magnitude(values)
            values = np.sign(values) * np.log1p(np.abs(values) / unit)
        codes, lo, step = quantise(values, bits)
        order = _best_order(codes)
        at = len(self._bytes)
        self._bytes += _planes(_differences(codes, order))
        described = {"at": at, "n": len(codes), "order": order, "lo": lo, "step": step}
        return described | {"scale": scale} | ({"unit": unit} if scale == "log" else {})

    def integers(self, values: NDArray[np.int64]) -> dict[str, Any]:
        """Store (n,) integers exactly; a regular run takes no bytes at all.

        A difference of 2**31 or more, in units of the greatest common divisor of all
        differences, is the one thing that coarsens them: then to the next coarser unit that fits.
        """
        n = len(values)
        first = int(values[0]) if n else 0
        steps = np.diff(values)
        if steps.size == 0 or (steps == steps[0]).all():
            return {"n": n, "first": first, "step": int(steps[0]) if steps.size else 1}
        unit = int(np.gcd.reduce(steps))
        while int(np.abs(steps).max()) // unit >= 2**31 - 1:
            unit *= 2
        # Positions are rounded, not differences, so that an error never adds up.
        counts = np.diff((values - first) // unit, prepend=0)
        counts = (counts << 1) ^ (counts >> 63)
        at = len(self._bytes)
        for shift in (24, 16, 8, 0):
            self._bytes += ((counts >> shift) & 255).astype(np.uint8).tobytes()
        return {"at": at, "n": n, "first": first, "unit": unit}

    def text(self) -> str:
        """All columns so far: zlib, then base64."""
        return base64.b64encode(zlib.compress(bytes(self._bytes), 9)).decode("ascii")


def quantise(values: Floats, bits: int) -> tuple[Codes, float, float]:
    """Codes, the value of code 0 and the value of one step; the step is 0 for a constant.

    Numbers with few decimals get a step of one unit in their last decimal, and so come back exact.
    """
    finite = np.isfinite(values)
    codes = np.zeros(len(values), dtype=np.uint16)
    lo, step = 0.0, 0.0
    if finite.any():
        known = values[finite]
        lo, hi = float(known.min()), float(known.max())
        levels = min(2**bits - 1, LARGEST_CODE)
        # Divided before subtracting: the difference of two huge numbers can be infinite.
        step = hi / levels - lo / levels
        step = _decimal_step(known, step) or step
        codes[finite] = _steps_above(known, lo, step, levels)
    codes[np.isnan(values)] = NOT_A_NUMBER
    codes[np.isposinf(values)] = PLUS_INFINITY
    codes[np.isneginf(values)] = MINUS_INFINITY
    return codes, lo, step


def _steps_above(known: Floats, lo: float, step: float, levels: int) -> Floats:
    if step <= 0.0:
        return np.zeros(len(known))
    with np.errstate(over="ignore"):
        steps = (known - lo) / step
    if not np.isfinite(steps).all():
        steps = known / step - lo / step
    return np.clip(np.rint(steps), 0, levels)


def _decimal_step(known: Floats, least: float) -> float | None:
    """The coarsest power of ten ≥ ``least``, from 1 to a millionth, of which all are multiples."""
    if np.abs(known).max() > 1e9:  # beyond, rounding to decimals means nothing in float64
        return None
    for decimals in range(7):
        step = 10.0**-decimals
        if step < least:
            return None
        scaled = known * 10.0**decimals
        if np.abs(scaled - np.rint(scaled)).max() < 1e-6:
            return step
    return None


def _middle_magnitude(values: Floats) -> float:
    sizes = np.abs(values[np.isfinite(values) & (values != 0)])
    return float(np.median(sizes)) if sizes.size else 1.0


def _differences(codes: Codes, order: int) -> Codes:
    for _ in range(order):
        codes = np.diff(codes, prepend=np.uint16(0))  # wraps around, and so does the sum
    if order == 0:
        return codes
    signed = codes.view(np.int16).astype(np.int32)
    return ((signed << 1) ^ (signed >> 31)).astype(np.uint16)


def _planes(codes: Codes) -> bytes:
    return (codes >> 8).astype(np.uint8).tobytes() + (codes & 255).astype(np.uint8).tobytes()


def _best_order(codes: Codes) -> int:
    """How often to difference: by trying, with quick compression."""
    sizes = [len(zlib.compress(_planes(_differences(codes, order)), 1)) for order in range(3)]
    return int(np.argmin(sizes))
