"""Series written as text: numbers between commas, one piece per series and channel."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ...core import Panel
from ...errors import InvalidInput
from ..quoting import quoted
from .csv_cells import NULLS


def cells_of(pieces: Sequence[str], source: str) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The numbers in all ``pieces``, one after the other, and how many each piece has.

    Missing (``?``, NaN and the like) is NaN; an empty piece has no numbers.

    Raises
    ------
    InvalidInput : a cell that is no number; names the piece (from 0) and the place in it.
    """
    text = pl.Series("cells", pieces, dtype=pl.String).str.strip_chars().str.strip_suffix(",")
    lists = text.str.split(",")
    lengths = lists.list.len().cast(pl.Int64).to_numpy() * (text != "").to_numpy()
    cells = lists.filter(text != "").explode()
    numbers = cells.cast(pl.Float64, strict=False)
    if numbers.null_count():
        cells = cells.str.strip_chars()
        numbers = cells.cast(pl.Float64, strict=False)
        wrong = (numbers.is_null() & ~cells.is_in(list(NULLS))).arg_true()
        if len(wrong):
            ends = np.cumsum(lengths)
            piece = int(np.searchsorted(ends, int(wrong[0]), side="right"))
            place = int(wrong[0]) - int(ends[piece] - lengths[piece])
            raise InvalidInput(
                f"{source}, piece {piece}, value {place}: {quoted(cells[int(wrong[0])])} is not a "
                "number; correct it, or write ? for what is missing",
                source=source,
                piece=piece,
            )
    return numbers.fill_null(float("nan")).to_numpy().astype(np.float64), lengths


def panel_of(
    pieces: Sequence[str],
    n_channels: int,
    source: str,
    channels: Sequence[str] | None = None,
    time: NDArray[np.int64] | None = None,
) -> Panel:
    """The panel whose series have their channels in ``pieces``, channel after channel.

    Parameters
    ----------
    pieces : (n_series x n_channels) texts.
    time : nanoseconds for the points of all series, one after the other.

    Raises
    ------
    InvalidInput : no series, cells that are no numbers, or channels of different lengths within a
        series; names the series.
    """
    flat, lengths = cells_of(pieces, source)
    by_series = lengths.reshape(-1, n_channels)
    uneven = np.flatnonzero((by_series != by_series[:, :1]).any(axis=1))
    if uneven.size:
        i = int(uneven[0])
        raise InvalidInput(
            f"{source}, series {i}: its channels have {', '.join(map(str, by_series[i]))} points; "
            "give them the same number, with ? for what is missing",
            source=source,
            series=i,
        )
    offsets = np.concatenate([[0], np.cumsum(by_series[:, 0])])
    if offsets[-1] == 0:
        raise InvalidInput(f"{source} holds series without points; check what wrote it")
    if n_channels == 1:
        values = flat[:, np.newaxis]
    else:
        values = np.empty((int(offsets[-1]), n_channels))
        for start, stop in pairwise(offsets):
            block = flat[start * n_channels : stop * n_channels]
            values[start:stop] = block.reshape(n_channels, -1).T
    return Panel(values, offsets, channels, time=time)
