"""Bodies to data: what a caller sent, and what a door makes of it."""

from __future__ import annotations

from . import media as m
from .body import Body
from .limits import Limits
from .reading import container_of, parse_with_care, reading_of

__all__ = ["Body", "container_of", "parse", "parse_with_care", "reading_of"]

_BESIDE = frozenset(("time", "id", "requests", "series", "records", "data", "training_data"))


def parse(data: bytes, media: str, limits: Limits) -> Body:
    """The body that ``data`` is.

    Parameters
    ----------
    media : as ``media.of_content_type`` gives it.

    Raises
    ------
    Malformed : not what ``media`` says; facts: line and character of JSON.
    InvalidInput : JSON that holds no such data; facts: pointer.
    TooLarge : more than ``limits`` allow; facts: limit, setting.

    Examples
    --------
    >>> body = parse(b'{"rows": [[1, 2.5], [3, 4]], "key": "ann"}', m.JSON, Limits())
    >>> body.values.tolist(), body.options
    ([[1.0, 2.5], [3.0, 4.0]], {'key': 'ann'})
    >>> text = b'{"columns": {"a": [1, null]}, "time": ["2024-01-01", "2024-01-02"]}'
    >>> body = parse(text, m.JSON, Limits())
    >>> body.frame["a"].to_list(), body.time
    ([1, None], ['2024-01-01', '2024-01-02'])
    """
    if media != m.JSON:
        from .tables import body_of_table

        return body_of_table(data, media, limits)
    quick = parse_quickly(data, limits)
    return parse_with_care(data, limits) if quick is None else quick


def parse_quickly(data: bytes, limits: Limits) -> Body | None:
    """The body that JSON of nothing but numbers is; None for all else, also for what is wrong.

    Raises
    ------
    TooLarge : as ``parse``.
    """
    from .numbers import numbers_of

    numbers = numbers_of(data, limits)
    if numbers is None or not _BESIDE.isdisjoint(numbers.others):
        return None
    return Body(
        numbers.values,
        numbers.names,
        options=numbers.others,
        form=numbers.form,
        at="/rows" if numbers.form == "rows" else "/columns",
        document=data,
    )
