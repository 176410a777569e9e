"""A series of which only stretches are read: an array, or a .npy file larger than memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput, NotFound

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Stretch:
    """Values ``start`` to ``stop − 1`` of a series: themselves, or the .npy file that has them."""

    start: int
    stop: int
    source: Floats | str

    def values(self) -> Floats:
        """(stop − start,) float64. Of a file, these values alone are read."""
        if isinstance(self.source, str):
            return _floats(_mapped(self.source)[self.start : self.stop])
        return self.source


@dataclass(frozen=True, eq=False)
class LongSeries:
    """A series and where it came from.

    Parameters
    ----------
    numbers : (n,) of a real type; mapped, not read, where it came from a file.
    path : the file, whole; None for an array.
    """

    numbers: NDArray[Any]
    path: Path | None

    def __len__(self) -> int:
        return len(self.numbers)

    def stretches(self, n_windows: int, window: int, by_path: bool) -> Iterator[Stretch]:
        """The stretches of ``n_windows`` windows each, the last one shorter, as values or by path.

        Neighbouring ones share ``window − 1`` values, so that every window is in one of them.
        """
        last = len(self) - window + 1
        for start in range(0, last, n_windows):
            stop = min(start + n_windows, last) + window - 1
            if by_path and self.path is not None:
                yield Stretch(start, stop, str(self.path))
            else:
                yield Stretch(start, stop, _floats(self.numbers[start:stop]))

    def values(self) -> Floats:
        """(n,) float64, all of it; still mapped where the file holds float64."""
        return _floats(self.numbers)


def long_series(x: NDArray[Any] | str | Path) -> LongSeries:
    """A series from an array or from the path of a .npy file.

    Raises
    ------
    NotFound : no such file.
    InvalidInput : no .npy file, not one series of numbers, or numbers of a complex type.
    """
    path = Path(x).absolute() if isinstance(x, str | Path) else None
    numbers = _mapped(str(path)) if path is not None else np.asarray(x)
    named = f"{path} holds" if path is not None else "the series is"
    if numbers.ndim != 1:
        raise InvalidInput(
            f"{named} an array of shape {numbers.shape}; a series that is cut into tiles has the "
            "shape (n_points,), so give one channel at a time"
        )
    if numbers.dtype.kind not in "fiub":
        raise InvalidInput(f"{named} an array of {numbers.dtype}; a series is of real numbers")
    return LongSeries(numbers, path)


def _mapped(path: str) -> NDArray[Any]:
    try:
        # "c", not "r": compiled code is compiled once more for arrays that can't be written.
        found = np.load(path, mmap_mode="c", allow_pickle=False)
    except FileNotFoundError:
        raise NotFound(f"there is no file {path}") from None
    except (ValueError, EOFError, OSError) as failure:
        raise InvalidInput(
            f"{path} can't be read as a .npy file ({failure}); numpy.save writes one"
        ) from None
    if not isinstance(found, np.ndarray):
        found.close()
        raise InvalidInput(f"{path} holds several arrays; numpy.save writes one of them")
    return found


def _floats(numbers: NDArray[Any]) -> Floats:
    return np.ascontiguousarray(np.asarray(numbers), dtype=np.float64)
