"""Several data sets and a detector for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import InvalidInput


def with_detectors(data: Sequence[Any], detector: str | Sequence[str]) -> list[tuple[Any, str]]:
    """Each data set with its detector; one name stands for all.

    >>> with_detectors([1, 2], "ecod")
    [(1, 'ecod'), (2, 'ecod')]
    """
    each = [detector] * len(data) if isinstance(detector, str) else list(detector)
    if len(each) != len(data):
        raise InvalidInput(f"{len(data)} data sets and {len(each)} detectors; give one for each")
    return list(zip(data, each, strict=True))
