"""Options of a request: plain values in a JSON body, or text in the query beside a binary one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import InvalidInput

# Left out, these have a default that is not None: None means something of its own.
_NONE_IS_SAID = frozenset({"random_state"})
_PARAMETERS = "parameters"


def plain_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """``options`` in the types that JSON has, without those that are None.

    Raises
    ------
    InvalidInput : a value that can't be sent, such as an estimator.

    >>> plain_options({"contamination": np.float64(0.1), "id": None, "columns": ("a", "b")})
    {'contamination': 0.1, 'columns': ['a', 'b']}
    """
    return {
        name: _plain(value, name)
        for name, value in options.items()
        if value is not None or name in _NONE_IS_SAID
    }


def query_of(options: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Plain options as they stand in a query: lists by commas, parameters one by one as JSON.

    Raises
    ------
    InvalidInput : a list with a comma in one of its entries.

    >>> query_of({"online": True, "columns": ["a", "b"], "parameters": {"n_estimators": 50}})
    (('online', 'true'), ('columns', 'a,b'), ('parameters.n_estimators', '50'))
    """
    pairs: list[tuple[str, str]] = []
    for name, value in options.items():
        if name == _PARAMETERS and isinstance(value, dict):
            pairs += [(f"{_PARAMETERS}.{key}", _json(inner)) for key, inner in value.items()]
        elif isinstance(value, list):
            pairs.append((name, _by_commas(name, value)))
        else:
            pairs.append((name, value if isinstance(value, str) else _json(value)))
    return tuple(pairs)


def _by_commas(name: str, values: list[Any]) -> str:
    texts = [value if isinstance(value, str) else _json(value) for value in values]
    if any("," in text or text != text.strip() for text in texts):
        raise InvalidInput(
            f"{name} can't be sent beside these data: one of {texts} has a comma in it, or a blank "
            "at an end; rename that column",
            option=name,
        )
    return ",".join(texts)


def _json(value: Any) -> str:
    import orjson

    return orjson.dumps(value).decode()


def _plain(value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(inner, name) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner, name) for inner in value]
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist(), name)
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidInput(f"{name} must be finite, got {value}", option=name)
    if value is None or isinstance(value, str | int | float):
        return value
    raise InvalidInput(
        f"{name} can't be sent to a service: {type(value).__name__} is neither text, number, "
        "list nor dict; an estimator goes by its name and its parameters",
        option=name,
    )
