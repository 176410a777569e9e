"""A question to a stored model, and its answer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..errors import InvalidInput
from .results import Detection
from .schema import Container


@dataclass(frozen=True)
class ModelRef:
    r"""Which model: a name or a file, and a version or an alias where there are several.

    A name that ends in ``.sonde`` or holds a ``/`` or a ``\`` is the path of a file.

    >>> str(ModelRef("pump", version="3")), str(ModelRef("pump", alias="champion"))
    ('pump:3', 'pump@champion')
    """

    name: str
    version: str | None = None
    alias: str | None = None

    @classmethod
    def parse(cls, text: str) -> ModelRef:
        """What a person writes: a file, ``name``, ``name@alias`` or ``name:version``.

        A file that lies in this folder comes before a model of the same name.

        Raises
        ------
        InvalidInput : nothing before or behind the mark, or both marks.

        Examples
        --------
        >>> ModelRef.parse("pump@champion"), ModelRef.parse("models/pump:3.sonde").is_file
        (ModelRef(name='pump', version=None, alias='champion'), True)
        """
        plain = cls(text)
        if plain.is_file:
            return plain
        if _exists(text):
            return cls(f"./{text}")
        marks = [mark for mark in text if mark in "@:"]
        name, _, rest = text.partition(marks[0] if marks else "@")
        if len(marks) > 1 or not name or (marks and not rest):
            raise InvalidInput(
                f"a model is a file, name, name@alias or name:version; got {text[:200]!r}",
                model=text[:200],
            )
        if not marks:
            return plain
        return cls(name, alias=rest) if marks[0] == "@" else cls(name, version=rest)

    @property
    def is_file(self) -> bool:
        """Whether the name is the path of a file."""
        return self.name.endswith(".sonde") or "/" in self.name or "\\" in self.name

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


def _exists(path: str) -> bool:
    try:
        return Path(path).is_file()
    except (OSError, ValueError):  # no path at all: too long, or with a NUL
        return False
