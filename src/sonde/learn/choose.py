"""Which detector for these data, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..core import Container, Panel, Series, Table
from ..errors import InvalidInput
from .catalogue import create, find, parameter_names
from .detector import Detector
from .online import OnlineDetector

# Comparing windows takes time with the square of the rows; beyond this it is left to be asked for.
FEWEST_ROWS_FOR_WINDOWS, MOST_ROWS_FOR_WINDOWS = 200, 50_000
# Correlation of an ordinary window with the one most like it. Signals with a shape (heart beats,
# machine cycles, daily load) lie above .92, metrics that mostly fluctuate below .85.
ALIKE = 0.9
# A row of a table takes some 60 µs of the default, which compares it with rows drawn; a forest
# takes half a microsecond, and is what is left for tables that are judged in parts or are longer.
MOST_ROWS_TO_COMPARE = 200_000
MOST_COLUMNS_TO_RELATE = 500  # how all depend on all takes time with the cube of their number


@dataclass(frozen=True)
class Choice:
    """An unfitted detector and the reason for it, as the end of a sentence."""

    detector: Detector
    why: str


def choose(
    data: Container,
    *,
    online: bool,
    options: dict[str, Any],
    in_parts: bool = False,
    is_ordinary: bool = False,
) -> Choice:
    """The detector for data of which nothing else is known.

    ``data`` are the rows to learn from; ``options`` may hold ``random_state`` and ``n_jobs``, used
    where the detector has such a parameter. ``in_parts``: no detector that must see all rows.
    ``is_ordinary``: the rows to learn from were told apart, so nothing strange is among them.
    """
    if isinstance(data, Table):
        if online:
            raise InvalidInput(
                "online detection needs rows in an order of time, and this is a table; name the "
                "time column, or say kind='series' if the rows are in order"
            )
        if in_parts or len(data) > MOST_ROWS_TO_COMPARE:
            why = "rows have no order in time, and are too many to compare each with others"
            return Choice(made("isolation_forest", options), why)
        if data.values.shape[1] > MOST_COLUMNS_TO_RELATE:
            why = "rows have no order in time, and columns are too many to relate all with all"
            return Choice(made("isolation_forest", options), why)
        return Choice(made("auto_table", options), "rows have no order in time")
    if online:
        return Choice(made("auto_online", options), "each row is judged by earlier rows only")
    if in_parts:
        return Choice(made("seasonal_residual", options), "the series comes part by part")
    one = max(data, key=len) if isinstance(data, Panel) else data
    columns = one.values.shape[1]
    if 1 < columns <= MOST_COLUMNS_TO_RELATE and len(one) >= FEWEST_ROWS_FOR_WINDOWS:
        return Choice(made("auto_channels", options), "several columns are judged together")
    if is_ordinary and columns == 1 and len(one) >= FEWEST_ROWS_FOR_WINDOWS:
        why = "shapes and forecasts are compared with rows known to be ordinary"
        return Choice(made("auto_series", options), why)
    return _for_series(one, options)


def _for_series(series: Series, options: dict[str, Any]) -> Choice:
    """Windows where shapes repeat; values where they do not."""
    residual, n = made("seasonal_residual", options), len(series)
    if n < FEWEST_ROWS_FOR_WINDOWS:
        return Choice(residual, "the series is short")
    if n > MOST_ROWS_FOR_WINDOWS:
        return Choice(residual, "the series is too long to compare every window with every other")
    from .detectors.discord import Discord  # here, so that only who compares windows loads it

    discord = made("discord", options)
    assert isinstance(discord, Discord)
    likeness = discord.likeness(series)
    if likeness > ALIKE:
        return Choice(discord, f"its shapes repeat: windows correlate at {likeness:.2f}")
    return Choice(residual, f"its shapes do not repeat: windows correlate at {likeness:.2f} only")


def made(name: str, options: dict[str, Any], parameters: dict[str, Any] | None = None) -> Detector:
    """A detector by name, with ``parameters`` and those of ``options`` that it has."""
    known = parameter_names(name)
    usable = {key: value for key, value in options.items() if key in known}
    if getattr(find(name), "fixed_limit", None) is not None:
        usable.pop("warmup", None)  # it needs no rows to know what its scores mean
    detector = create(name, **(usable | (parameters or {})))
    if not isinstance(detector, Detector):
        raise InvalidInput(f"{name} is not a detector; sonde detectors lists them", name=name)
    return detector


def named(
    detector: str, parameters: dict[str, Any], options: dict[str, Any], online: bool
) -> Choice:
    """The detector that was asked for."""
    made_one = made(detector, options, parameters)
    if online and not isinstance(made_one, OnlineDetector):
        raise InvalidInput(
            f"{detector} can't work online: what it learns from all rows shapes the scores of the "
            "first; use auto_online, ewma, random_cut_forest or online_discord",
            detector=detector,
        )
    return Choice(made_one, "as asked")
