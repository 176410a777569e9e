"""A question to a stored model, and its answer."""

from __future__ import annotations

from dataclasses import dataclass

from .results import Detection
from .schema import Container


@dataclass(frozen=True)
class ModelRef:
    """Which model: a name or a file, and a version or an alias where there are several.

    >>> str(ModelRef("pump", version="3")), str(ModelRef("pump", alias="champion"))
    ('pump:3', 'pump@champion')
    """

    name: str
    version: str | None = None
    alias: str | None = None

    def __str__(self) -> str:
        if self.version is not None:
            return f"{self.name}:{self.version}"
        return self.name if self.alias is None else f"{self.name}@{self.alias}"


@dataclass(frozen=True, eq=False)
class PredictionRequest:
    """Rows for a model.

    ``key`` keeps a user with one variant of a split deployment. ``core`` are the rows that the
    question is about where others only surround them; None for all. ``candidate`` asks for the
    strongest row where none is strange.
    """

    model: ModelRef
    data: Container
    key: str | None = None
    request_id: str = ""
    core: slice | None = None
    candidate: bool = True


@dataclass(frozen=True, eq=False)
class Prediction:
    """The answer: which model gave it, and what it said of each row of the request."""

    model: str
    version: str
    variant: str | None
    output: Detection
    request_id: str
    seconds: float
