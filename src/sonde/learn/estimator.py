"""What every estimator promises."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from ..core import Container, Panel, Schema, Series, Table
from ..data import Policy, rows_from
from ..errors import InvalidInput, TooShort, not_fitted
from .calibration import Calibration
from .thresholds import Threshold

Floats = NDArray[np.float64]
State = dict[str, Any]  # a tree: names to arrays, numbers or further trees
Reads = Literal["rows", "past", "whole"]


@dataclass(frozen=True, eq=False)
class Fitted:
    """Everything a model learned; replaced whole, so another thread sees the old or the new."""

    state: State
    schema: Schema
    policy: Policy
    calibration: Calibration | None = None
    threshold: Threshold | None = None


class Estimator(ABC):
    """Parameters in, learned state out.

    A subclass is a dataclass(eq=False, kw_only=True) whose fields are its parameters; the
    constructor stores and checks nothing (scikit-learn's rule), ``fit`` checks. State is a tree
    of named arrays. An author writes ``_check_parameters``, ``_learn`` and the method of the task.

    ``reads`` says what a row's answer depends on: the row itself (``"rows"``), ``past`` rows
    before it (``"past"``), or all rows given (``"whole"``). Data for ``"rows"`` may be cut
    anywhere, for ``"past"`` with that overlap, for ``"whole"`` not at all.
    """

    name: ClassVar[str]
    family: ClassVar[str]
    reads: ClassVar[Reads]
    kernels: ClassVar[tuple[str, ...]] = ()  # the kernel files that it compiles when first used

    _fitted: Fitted | None = None

    # --- parameters, by scikit-learn's conventions -------------------------------------------

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The constructor arguments; with ``deep`` also ``step__parameter`` of nested ones."""
        own = {f.name: getattr(self, f.name) for f in fields(self) if f.init}  # type: ignore[arg-type]
        if deep:
            for name, child in self._children().items():
                own[name] = child
                own |= {f"{name}__{k}": v for k, v in child.get_params(deep=True).items()}
        return own

    def set_params(self, **parameters: Any) -> Self:
        """Change constructor arguments; what was learned stays until the next fit."""
        own = {f.name for f in fields(self) if f.init}  # type: ignore[arg-type]
        for name, value in parameters.items():
            child, _, rest = name.partition("__")
            if rest and child in self._children():
                self._children()[child].set_params(**{rest: value})
            elif name in own:
                setattr(self, name, value)
            elif not rest and name in self._children():
                self._replace_child(name, value)
            else:
                known = ", ".join(sorted(own | set(self._children())))
                raise InvalidInput(
                    f"{self.name} has no parameter {name!r}; it has: {known}", parameter=name
                )
        return self

    def _children(self) -> dict[str, Estimator]:
        """Nested estimators by name: the parameters that are estimators themselves."""
        own = {f.name: getattr(self, f.name) for f in fields(self) if f.init}  # type: ignore[arg-type]
        return {name: value for name, value in own.items() if isinstance(value, Estimator)}

    def _replace_child(self, name: str, value: Any) -> None:
        setattr(self, name, value)

    def _check_parameters(self) -> None:
        """Raise InvalidInput for a parameter out of range; called by fit."""

    def __sklearn_clone__(self) -> Self:
        """The same parameters, unfitted; nested estimators are cloned too."""
        return type(self)(**{k: _fresh(v) for k, v in self.get_params(deep=False).items()})

    # --- what was learned --------------------------------------------------------------------

    def _need(self) -> Fitted:
        if self._fitted is None:
            raise not_fitted(self.name)
        return self._fitted

    def __sklearn_is_fitted__(self) -> bool:
        return self._fitted is not None

    @property
    def schema_(self) -> Schema:
        """What the model expects of its input."""
        return self._need().schema

    @property
    def policy_(self) -> Policy:
        """What is done about missing values before every use."""
        return self._need().policy

    @property
    def n_features_in_(self) -> int:
        return len(self._need().schema.channels)

    @property
    def feature_names_in_(self) -> NDArray[np.object_]:
        schema = self._need().schema
        if not schema.named:
            raise AttributeError("the model learned from data without column names")
        return np.array(schema.channels, dtype=object)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """What was learned, as arrays named by their path: ``"steps/0/center"``."""
        return flatten(self._need().state)

    @classmethod
    def from_arrays(
        cls, parameters: Mapping[str, Any], schema: Schema, arrays: Mapping[str, Any]
    ) -> Self:
        """The inverse of ``to_arrays``: a fitted model, not yet calibrated."""
        model = cls(**parameters)
        model._fitted = Fitted(unflatten(arrays), schema, Policy())
        return model

    def _replace(self, **changes: Any) -> None:
        self._fitted = replace(self._need(), **changes)

    # --- learning ----------------------------------------------------------------------------

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn from ``X``; returns self.

        Parameters
        ----------
        X : Series, Panel or Table, a pandas, Polars or Arrow frame, or an array (n_rows,) or
            (n_rows, n_columns). NaN and infinity are refused.
        y : ignored by estimators without a target.
        """
        self._fit(X)
        return self

    def _fit(self, X: Any, policy: Policy | None = None, step_ns: int | None = None) -> Container:
        """Learn under a policy for missing values; returns the data as the policy made them."""
        self._check_parameters()
        data = self._take(X)
        policy = (policy or Policy()).learn(data)
        applied = policy.apply(data, step_ns).data
        if self.reads == "rows":
            applied = _known_rows(applied)
        if len(applied) < self.min_rows:
            raise TooShort(
                f"{self.name} needs at least {self.min_rows} rows to learn from, got "
                f"{len(applied)} (n_samples = {len(applied)})",
                needed=self.min_rows,
                got=len(applied),
            )
        state = self._learn(applied)
        schema = Schema.of(data, step_ns=step_ns, min_rows=self._rows_to_use(state))
        self._fitted = Fitted(state, schema, policy)
        return applied

    def _check_state(self, state: State, n_columns: int) -> None:
        """Raise ValueError where a stored state would send a kernel outside its arrays."""

    @property
    def past(self) -> int:
        """Rows before a row that its answer depends on; 0 unless ``reads`` is ``"past"``."""
        return self._past(self._need().state)

    def _past(self, state: State) -> int:
        return 0

    def _rows_to_use(self, state: State) -> int:
        """Fewest rows that a fitted model accepts."""
        return 1

    @property
    def min_rows(self) -> int:
        """Fewest rows to learn from."""
        return 2

    def _take(self, X: Any) -> Any:
        """``X`` as a container of the kind that this estimator reads."""
        data = rows_from(X, prefer="table" if self.reads == "rows" else "series")
        if isinstance(data, Panel):
            if self.reads != "rows":
                raise InvalidInput(
                    f"{self.name} learns from one series and got {len(data)}; "
                    "wrap it: per_series(detector=…)",
                    n_series=len(data),
                )
            return Table(data.values, data.channels)
        if self.reads != "rows" and isinstance(data, Table):
            return Series(data.values, data.channels)
        return data

    @abstractmethod
    def _learn(self, data: Any) -> State:
        """The learned state, from data that passed the policy."""


def flatten(state: Mapping[str, Any], prefix: str = "") -> dict[str, NDArray[Any]]:
    """A tree of arrays as one level of paths.

    >>> sorted(flatten({"a": {"b": 1}, "c": np.zeros(2)}))
    ['a/b', 'c']
    """
    flat: dict[str, NDArray[Any]] = {}
    for name, value in state.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{name}/")
        else:
            flat[prefix + name] = np.asarray(value)
    return flat


def unflatten(arrays: Mapping[str, Any]) -> State:
    """The inverse of ``flatten``; numbers come back as arrays without dimensions."""
    tree: State = {}
    for path, value in arrays.items():
        *folders, name = path.split("/")
        place = tree
        for folder in folders:
            place = place.setdefault(folder, {})
        place[name] = value
    return tree


def _known_rows(data: Series | Table) -> Series | Table:
    """The rows without a missing value; who looks at rows one by one learns nothing from others."""
    # One pass without a temporary settles nearly all data.
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(data.values.sum()):
            return data
    known = np.isfinite(data.values).all(axis=1)
    return data if known.all() else Table(data.values[known], data.channels)


def _fresh(value: Any) -> Any:
    if isinstance(value, Estimator):
        return value.__sklearn_clone__()
    if isinstance(value, list | tuple):
        return type(value)(_fresh(item) for item in value)
    return value
