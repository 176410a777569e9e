"""What to do about missing and infinite values: one choice, stored with the model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ..core import Series, Table, refuse_missing
from ..errors import InvalidInput, MissingValues, not_fitted
from .quoting import quoted
from .reading import Reading
from .timing.grid import filled_from_before, filled_linearly, on_grid, runs

Missing = Literal["auto", "drop", "linear", "previous", "zero", "error"]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Applied:
    """Data after a policy, and how its rows relate to the rows before.

    Parameters
    ----------
    data : finite, except for whole rows of NaN in gaps that were left open.
    rows : (rows of ``data``,) int64, the row each came from; −1 for rows inserted into a gap.
    scored : (rows of ``data``,) bool, the rows that may carry a score: not the inserted ones,
        not those left open.
    notes : sentences of what was done.
    """

    data: Series | Table
    rows: NDArray[np.int64]
    scored: Flags
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Policy:
    """How missing values are treated; NaN and infinity both count as missing.

    Parameters
    ----------
    missing :
        ``"auto"``: in a series, runs of up to ``max_gap`` are filled along a straight line, longer
        ones and those at the ends stay NaN and get no score. In a table, which has no neighbours
        to draw a line between, a cell takes the median its column had when the policy learned; a
        row with more than half of its cells missing stays NaN and gets no score.
        ``"drop"``: rows with a missing cell are removed.
        ``"linear"``: every run of a series is filled, the ends with the nearest value.
        ``"previous"``: the last known value goes on; rows before the first get no score.
        ``"zero"``: 0.
        ``"error"``: the first missing value is refused.
    max_gap : the longest run, in rows, that ``"auto"`` fills, ≥ 0.
    fill : medians per column, learned from a table; set by ``learn``.

    A series with a regular step first gets a NaN row for every moment that its clock skips, so
    that seasons keep their phase, and a row within half a step of the one before gets no score
    where such rows are rare; not under ``"drop"`` and ``"error"``.

    Examples
    --------
    >>> applied = Policy("auto").apply(Series([1.0, float("nan"), 3.0]))
    >>> applied.data.values.ravel().tolist(), applied.notes
    ([1.0, 2.0, 3.0], ('1 missing value filled linearly',))
    >>> Policy.from_dict(Policy("drop").to_dict())
    Policy(missing='drop', max_gap=5, fill=None)
    """

    missing: Missing = "error"
    max_gap: int = 5
    fill: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        if self.missing not in get_args(Missing):
            raise InvalidInput(
                f"missing must be one of {', '.join(get_args(Missing))}, not {self.missing!r}",
                missing=self.missing,
            )
        if self.max_gap < 0:
            raise InvalidInput(
                f"max_gap must be 0 or more, not {self.max_gap}", max_gap=self.max_gap
            )

    def learn(self, data: Series | Table) -> Policy:
        """A copy that holds what ``apply`` needs: the columns' medians under ``"auto"``.

        Raises
        ------
        MissingValues : a column of a table without a single value.
        """
        if self.missing != "auto" or isinstance(data, Series):
            return self
        _refuse_empty_columns(data, ~np.isfinite(data.values))
        finite = np.where(np.isfinite(data.values), data.values, np.nan)
        return replace(self, fill=tuple(float(m) for m in np.nanmedian(finite, axis=0)))

    def leaves(self, data: Series | Table) -> bool:
        """Whether ``apply`` would give back ``data`` itself: a table without missing values."""
        return isinstance(data, Table) and _all_finite(data)

    def apply(self, data: Series | Table, step_ns: int | None = None) -> Applied:
        """``data`` without missing values, as far as the policy fills them.

        Parameters
        ----------
        step_ns : the regular step of a series with time, in nanoseconds; None for none.

        Returns
        -------
        The same object as ``data`` where nothing is missing and no moment is skipped.

        Raises
        ------
        MissingValues : under ``"error"``; when nothing would be left; or when a column has no
            value to fill from.
        NotFitted : a table under ``"auto"`` whose medians were never learned.
        InvalidInput : a table with missing cells under ``"linear"`` or ``"previous"``.
        """
        is_complete = _all_finite(data)
        if self.missing == "error" and not is_complete:
            refuse_missing(data)
        if isinstance(data, Table):
            return _unchanged(data) if is_complete else self._table(data)
        before, notes = data, []
        rows = np.arange(len(data))
        if step_ns is not None and self.missing not in ("drop", "error"):
            outcome = on_grid(data, step_ns)
            if isinstance(outcome, str):
                notes.append(outcome)
            else:
                data, rows = outcome
                if data is not before:
                    notes += _placed(rows, len(before))
        if data is before and is_complete:
            return replace(_unchanged(data), notes=tuple(notes))
        return self._series(data, rows, notes)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for a model's manifest."""
        fill = None if self.fill is None else list(self.fill)
        return {"missing": self.missing, "max_gap": self.max_gap, "fill": fill}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Policy:
        fill = stored["fill"]
        return cls(stored["missing"], stored["max_gap"], None if fill is None else tuple(fill))

    def _series(self, data: Series, rows: NDArray[np.int64], notes: list[str]) -> Applied:
        missing = ~np.isfinite(data.values)
        notes += _infinities(data)
        if self.missing == "drop":
            return _dropped(data, missing, notes)
        if self.missing != "zero":
            _refuse_empty_columns(data, missing)
        columns = zip(data.values.T, missing.T, strict=True)
        if self.missing == "zero":
            values, left = np.where(missing, 0.0, data.values), np.zeros(len(data), dtype=np.bool_)
        elif self.missing == "previous":
            values = np.stack([filled_from_before(x, gaps) for x, gaps in columns], axis=1)
            left = np.asarray(np.isnan(values).any(axis=1))
        else:
            values = np.stack([filled_linearly(x, gaps) for x, gaps in columns], axis=1)
            left = np.zeros(len(data), dtype=np.bool_)
            if self.missing == "auto":
                left = _too_long(missing, self.max_gap)
        values[left] = np.nan
        there = rows >= 0
        how = {"zero": "set to 0", "previous": "filled with the value before"}
        filled = int(np.count_nonzero(missing[~left & there]))
        notes += _filled(filled, how.get(self.missing, "filled linearly")) + _left(left)
        return Applied(data.with_values(values), rows, there & ~left, tuple(notes))

    def _table(self, data: Table) -> Applied:
        missing = ~np.isfinite(data.values)
        notes = _infinities(data)
        rows = np.arange(len(data))
        if self.missing == "drop":
            return _dropped(data, missing, notes)
        left: Flags = np.zeros(len(data), dtype=np.bool_)
        if self.missing == "zero":
            values, how = np.where(missing, 0.0, data.values), "set to 0"
        elif self.missing == "auto":
            if self.fill is None:
                raise not_fitted("the policy for missing values")
            if len(self.fill) != data.values.shape[1]:
                raise InvalidInput(
                    f"the policy learned {len(self.fill)} columns, the data has "
                    f"{data.values.shape[1]}"
                )
            values, how = np.where(missing, self.fill, data.values), "set to the column's median"
            left = np.asarray(missing.sum(axis=1) * 2 > missing.shape[1])
            values[left] = np.nan
        else:
            raise InvalidInput(
                f"missing={self.missing!r} fills from rows before and after, which a table does "
                "not have; use 'auto', 'drop', 'zero' or 'error'",
                missing=self.missing,
            )
        filled = int(np.count_nonzero(missing[~left]))
        notes += _filled(filled, how)
        if left.any():
            many = int(left.sum())
            notes.append(f"{_count(many, 'row')} left unscored: more than half of it is missing")
        return Applied(data.with_values(values), rows, ~left, tuple(notes))


def refuse_flaws(missing: Missing, reading: Reading) -> None:
    """Raise InvalidInput under ``"error"`` for a value that is missing or a moment that repeats.

    The model would refuse the value too, but knows neither the input nor its order of rows.

    Raises
    ------
    MissingValues : NaN or infinity; names the input, its row and the column.
    InvalidInput : rows whose moment an earlier row has already.
    """
    refuse_repeats(missing, reading)
    if missing != "error":
        return
    data = reading.data
    wrong = np.argwhere(~np.isfinite(data.values))
    if wrong.size == 0:
        return
    at, column = (int(i) for i in wrong[np.argmin(reading.rows[wrong[:, 0]])])
    row, source = int(reading.rows[at]), reading.source
    told = (source, row) if reading.files is None else reading.files.place(row)
    found = "empty" if np.isnan(data.values[at, column]) else "infinite"
    raise MissingValues(
        f"{told[0]}, row {told[1]}, column {quoted(data.channels[column])} is {found}, which "
        "missing='error' refuses; fill it in, or choose another policy for missing values",
        source=source,
        row=row,
        column=data.channels[column],
    )


def refuse_repeats(missing: Missing, reading: Reading) -> None:
    """Raise InvalidInput under ``"error"`` where rows were left out because their moment repeats.

    Reading keeps the first row of each moment before any policy is known; a policy that refuses
    what is missing refuses what is there twice as well.
    """
    if missing != "error" or len(reading.rows) == reading.n_rows:
        return
    kept = np.zeros(reading.n_rows, dtype=np.bool_)
    kept[reading.rows] = True
    rows = np.flatnonzero(~kept)
    shown = ", ".join(map(str, rows[:5].tolist())) + (", …" if rows.size > 5 else "")
    raise InvalidInput(
        f"{reading.source}: {_count(len(rows), 'row')} with the time of an earlier row (row "
        f"{shown}) under missing='error'; correct or drop them, or choose another policy",
        source=reading.source,
        rows=rows[:5].tolist(),
    )


_FEW_CELLS = 10_000


def _unchanged(data: Series | Table) -> Applied:
    n = len(data)
    return Applied(data, np.arange(n), np.ones(n, dtype=np.bool_), ())


def _all_finite(data: Series | Table) -> bool:
    if data.values.size < _FEW_CELLS:
        return bool(np.isfinite(data.values).all())
    # One pass without a temporary; a sum that overflows is settled by looking at each cell.
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(data.values.sum()):
            return True
    return bool(np.isfinite(data.values).all())


def _dropped(data: Series | Table, missing: NDArray[np.bool_], notes: list[str]) -> Applied:
    rows = np.flatnonzero(~missing.any(axis=1))
    if rows.size == 0:
        raise MissingValues("every row has a missing value, so 'drop' leaves nothing; use 'auto'")
    if rows.size == len(data):
        return _unchanged(data)
    values = data.values[rows]
    kept: Series | Table
    if isinstance(data, Table):
        kept = Table(values, data.channels)
    else:
        time = None if data.time is None else data.time[rows]
        kept = Series(values, data.channels, time, data.first)
    notes = [*notes, f"{_count(len(data) - rows.size, 'row')} with missing values dropped"]
    return Applied(kept, rows, np.ones(rows.size, dtype=np.bool_), tuple(notes))


def _too_long(missing: NDArray[np.bool_], max_gap: int) -> Flags:
    """Rows in runs longer than ``max_gap`` in any channel, or in runs that touch an end."""
    n = len(missing)
    left = np.zeros(n, dtype=np.bool_)
    for gaps in missing.T:
        starts, ends = runs(gaps)
        open_ended = (ends - starts > max_gap) | (starts == 0) | (ends == n)
        for start, end in zip(starts[open_ended], ends[open_ended], strict=True):
            left[start:end] = True
    return left


def _refuse_empty_columns(data: Series | Table, missing: NDArray[np.bool_]) -> None:
    empty = [name for name, gaps in zip(data.channels, missing.T, strict=True) if gaps.all()]
    if empty:
        raise MissingValues(
            f"column {quoted(empty[0])} has no value at all, so nothing can be filled in; leave "
            "it out",
            column=empty[0],
        )


def _infinities(data: Series | Table) -> list[str]:
    many = int(np.count_nonzero(np.isinf(data.values)))
    return [f"{_count(many, 'infinite value')} taken as missing"] if many else []


def _placed(rows: NDArray[np.int64], n_before: int) -> list[str]:
    """What was put into gaps of the clock, and what came twice within a step."""
    notes = []
    if inserted := int((rows < 0).sum()):
        gaps = runs(rows < 0)[0].size
        notes.append(f"{_count(inserted, 'row')} inserted into {_count(gaps, 'gap')} in time")
    twice = np.setdiff1d(np.arange(n_before), rows)
    if twice.size:
        notes.append(
            f"{_count(len(twice), 'row')} closer than half a step to the row before left unscored "
            f"(row {twice[0]} first)"
        )
    return notes


def _filled(many: int, how: str) -> list[str]:
    return [f"{_count(many, 'missing value')} {how}"] if many else []


def _left(left: Flags) -> list[str]:
    gaps = runs(left)[0].size
    return (
        [f"{_count(gaps, 'gap')} of {_count(int(left.sum()), 'row')} left unscored"] if gaps else []
    )


def _count(n: int, what: str) -> str:
    return f"{n} {what}{'s' * (n != 1)}"
