"""Checks of one parameter each: the sentence says whose it is, what it must be and what it is."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import InvalidInput
from .randomness import seed_of, threads_for

MOST = 1_000_000  # rows or neighbours that a parameter may ask for
MOST_EXCEPTIONS = 0.5  # more than half of the rows are no exception
LONGEST_SHOWN = 60


def whole(
    owner: str, name: str, value: Any, low: int, high: int = MOST, *, other: str = ""
) -> None:
    """Refuse all but a whole number from ``low`` to ``high``; True and 8.0 are none.

    ``other`` says what else the caller takes, and has looked for.

    >>> whole("knn", "n_neighbors", 8.5, 1)
    Traceback (most recent call last):
    sonde.errors.InvalidInput: knn: n_neighbors must be a whole number, 1 or more; 8.5 is not
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise _refused(owner, name, f"a whole number, {low} or more{other}; {_shown(value)} is not")
    if value < low:
        raise _refused(owner, name, f"{low} or more, got {_shown(value)}")
    if value > high:
        raise _refused(owner, name, f"at most {high:,}, got {_shown(value)}")


def whole_or_auto(owner: str, name: str, value: Any, low: int, high: int = MOST) -> None:
    """As ``whole``; the text ``"auto"`` leaves the choice to the method."""
    if not isinstance(value, str) or value != "auto":
        whole(owner, name, value, low, high, other=", or 'auto'")


def number(owner: str, name: str, value: Any, above: float, most: float) -> None:
    """Refuse all but a number above ``above`` and at most ``most``; True and NaN are none.

    >>> number("ewma", "smoothing_level", 2, 0, 1)
    Traceback (most recent call last):
    sonde.errors.InvalidInput: ewma: smoothing_level must be above 0 and at most 1, got 2
    """
    kind = int | float | np.integer | np.floating
    if isinstance(value, bool) or not isinstance(value, kind) or not above < value <= most:
        raise _refused(owner, name, f"above {above:g} and at most {most:g}, got {_shown(value)}")


def one_of(owner: str, name: str, value: Any, known: tuple[str, ...]) -> None:
    """Refuse all but the texts ``known``."""
    if not isinstance(value, str) or value not in known:
        raise _refused(owner, name, f"one of {', '.join(known)}, got {_shown(value)}")


def flag(owner: str, name: str, value: Any) -> None:
    """Refuse all but True and False."""
    if not isinstance(value, bool | np.bool_):
        raise _refused(owner, name, f"true or false, got {_shown(value)}")


def contamination(owner: str, value: Any) -> None:
    """Refuse all but None, ``"auto"`` and a share of the rows that can be called exceptions."""
    if value is not None and not (isinstance(value, str) and value == "auto"):
        number(owner, "contamination", value, 0.0, MOST_EXCEPTIONS)


def random_state(owner: str, value: Any) -> None:
    """Refuse what no seed can be made of; a generator is not drawn from."""
    if not isinstance(value, np.random.Generator | np.random.RandomState):
        try:
            seed_of(value)
        except InvalidInput as error:
            raise InvalidInput(f"{owner}: {error}", parameter="random_state") from None


def n_jobs(owner: str, value: Any) -> None:
    """Refuse all but None, −1 and a number of threads."""
    try:
        threads_for(value)
    except InvalidInput as error:
        raise InvalidInput(f"{owner}: {error}", parameter="n_jobs") from None


def _refused(owner: str, name: str, wanted: str) -> InvalidInput:
    return InvalidInput(f"{owner}: {name} must be {wanted}", parameter=name)


def _shown(value: Any) -> str:
    text = repr(value.item() if isinstance(value, np.generic) else value)
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "…"
