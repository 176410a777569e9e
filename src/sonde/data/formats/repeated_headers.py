"""Headers amid the rows, as files have that were put together from several."""

from __future__ import annotations

import polars as pl


def without_repeated_headers(
    frame: pl.DataFrame, has_header: bool
) -> tuple[pl.DataFrame, list[str]]:
    """``frame`` without rows that repeat its header, and a note when there were any.

    Such a row has made every column text; whole numbers are whole numbers again without it.

    >>> frame = pl.DataFrame({"t": ["1", "t", "2"], "v": ["0.5", "v", "0.25"]})
    >>> without_repeated_headers(frame, True)[0]["t"].to_list()
    [1, 2]
    """
    if not has_header or any(t != pl.String for t in frame.dtypes):
        return frame, []
    is_header = frame.select(
        pl.all_horizontal(
            pl.col(name).str.strip_chars().eq_missing(pl.lit(name.strip()))
            for name in frame.columns
        )
    ).to_series()
    n = int(is_header.sum())
    if n in (0, frame.height):
        return frame, []
    frame = frame.filter(~is_header).with_columns(
        whole
        for column in frame.filter(~is_header).iter_columns()
        if (whole := column.cast(pl.Int64, strict=False)).null_count() == column.null_count()
    )
    times = "once more" if n == 1 else f"{n} times more"
    return frame, [f"the header comes {times} amid the rows; those rows were dropped"]
