"""Rows of the matrix of all pairs, one cell after another."""

from __future__ import annotations

from typing import Any


def walk(row: Any, column: Any, places: Any, lag: int, begin: int, end: int, lanes: Any) -> None:
    for i in range(begin, end):
        for d in range(len(lanes)):
            j = i + lag + d
            correlation = lanes[d] * column.inverse[j] * row.inverse[i]
            if correlation > row.best[i]:
                row.best[i], row.where[i] = correlation, places[j]
            if correlation > column.best[j]:
                column.best[j], column.where[j] = correlation, places[i]
            lanes[d] += row.df[i + 1] * column.dg[j + 1] + row.dg[i + 1] * column.df[j + 1]
