"""What each vector operation gives, lane by lane."""

from __future__ import annotations

from typing import Any

import numpy as np


def multiply_add(a: Any, b: Any, c: Any) -> Any:
    """Rounded once: in extended precision the product of two float64 is not exact, but nearly."""
    return (a.astype(np.longdouble) * b + c).astype(a.dtype)


def larger(a: Any, b: Any) -> Any:
    return np.where(a > b, a, b)


def smaller(a: Any, b: Any) -> Any:
    return np.where(a < b, a, b)


def bits(mask: Any) -> int:
    whole = sum(1 << k for k, lane in enumerate(mask) if lane)
    return int(whole)


def total(lanes: Any) -> Any:
    while len(lanes) > 1:
        half = len(lanes) // 2
        lanes = lanes[:half] + lanes[half:]
    return lanes[0]
