"""What a model expects, learned at fit and checked, in one function, at every use."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

import numpy as np

from ..errors import MissingValues, SchemaMismatch, TooShort
from .containers import Panel, Series, Table, default_names

Kind = Literal["series", "panel", "table"]
Container = Series | Panel | Table


def kind_of(data: Container) -> Kind:
    """``"series"``, ``"panel"`` or ``"table"``."""
    if isinstance(data, Table):
        return "table"
    return "series" if isinstance(data, Series) else "panel"


@dataclass(frozen=True)
class Schema:
    """The shape of acceptable input.

    Named input is matched by name and reordered, extra columns are left aside; input without
    names (an array) is matched by its number of columns.

    >>> schema = Schema.of(Table([[1.0, 2.0]], ["rate", "load"]))
    >>> schema.check(Table([[5.0, 7.0]], ["load", "rate"])).values
    array([[7., 5.]])
    >>> schema.check(Table([[1.0, 2.0]], ["rate", "lod"]))
    Traceback (most recent call last):
    sonde.errors.SchemaMismatch: the model learned from columns 'rate', 'load'; missing: 'load' ...
    """

    kind: Kind
    channels: tuple[str, ...]
    named: bool
    step_ns: int | None = None
    min_rows: int = 1
    missing_allowed: bool = False
    time_column: str | None = None
    id_column: str | None = None
    dtype: str = "float64"
    categories: dict[str, dict[str, float]] | None = None

    @classmethod
    def of(cls, data: Container, *, step_ns: int | None = None, min_rows: int = 1) -> Schema:
        named = data.channels != default_names(len(data.channels))
        return cls(kind_of(data), data.channels, named, step_ns, min_rows)

    def with_source(
        self,
        time_column: str | None,
        id_column: str | None,
        categories: dict[str, dict[str, float]] | None = None,
    ) -> Schema:
        """The same, remembering the names of the file's time and id columns.

        ``categories``: for columns of categories, the number that stands for each category.
        """
        return replace(self, time_column=time_column, id_column=id_column, categories=categories)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self) | {"channels": list(self.channels)}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Schema:
        if stored["kind"] not in get_args(Kind):
            raise ValueError(f"kind {stored['kind']!r}")
        return cls(**(stored | {"channels": tuple(stored["channels"])}))

    def check(self, data: Any, model: str = "Model") -> Any:
        """``data`` with the model's columns in the model's order, or why it cannot be used.

        ``model`` is what the message calls the one that is asked.

        Raises
        ------
        SchemaMismatch : other columns; the message names the missing ones.
        TooShort : fewer rows than the method needs.
        """
        data = self._match(data, model)
        if not isinstance(data, Panel) and len(data) < self.min_rows:
            raise TooShort(
                f"need at least {self.min_rows} rows, got {len(data.values)}",
                needed=self.min_rows,
                got=len(data.values),
            )
        return data

    def _match(self, data: Any, model: str) -> Any:
        names = data.channels
        if names == self.channels:
            return data
        if set(names) == set(self.channels):
            return self._by_name(data)
        if self.named and names != default_names(len(names)):
            return self._by_name(data)
        if len(names) != len(self.channels):
            hint = ""
            if len(names) == 1:
                hint = ". Reshape your data with .reshape(1, -1) if it is one row"
            raise SchemaMismatch(
                f"X has {len(names)} features, but {model} is expecting {len(self.channels)}"
                f" features as input: {_listed(self.channels)}{hint}",
                expected=self.channels,
                got=names,
            )
        return _with_columns(data, list(range(len(names))), self.channels)

    def _by_name(self, data: Any) -> Any:
        places = {name: i for i, name in enumerate(data.channels)}
        missing = [name for name in self.channels if name not in places]
        if missing:
            raise SchemaMismatch(
                f"the model learned from columns {_listed(self.channels)}; missing: "
                f"{_listed(missing)} (there are {_listed(data.channels)})",
                missing=missing,
                got=data.channels,
            )
        where = [places[name] for name in self.channels]
        return _with_columns(data, where, self.channels)


def refuse_missing(data: Any) -> None:
    """Raise MissingValues, naming the first cell, when a value is NaN or infinite."""
    finite = np.isfinite(data.values)
    if finite.all():
        return
    row, column = (int(i) for i in np.argwhere(~finite)[0])
    found = "NaN" if np.isnan(data.values[row, column]) else "inf"
    raise MissingValues(
        f"row {row}, column {data.channels[column]!r} is {found} (NaN and infinity are refused "
        "here; choose a policy for missing values, or fill them)",
        row=row,
        column=data.channels[column],
    )


def _with_columns(data: Any, where: list[int], names: tuple[str, ...]) -> Any:
    values = data.values if where == list(range(data.values.shape[1])) else data.values[:, where]
    if isinstance(data, Table):
        return Table(values, names)
    if isinstance(data, Series):
        return Series(values, names, data.time, data.first)
    return Panel(values, data.offsets, names, data.ids, data.time)


def _listed(names: tuple[str, ...] | list[str], most: int = 12) -> str:
    shown = ", ".join(repr(name) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
