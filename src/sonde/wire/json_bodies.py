"""Parsed JSON to the data and the options in it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from ..data.formats.loaded import Text
from ..data.quoting import listed, quoted
from ..errors import InvalidInput, SondeError
from .body import Body, points_of
from .cells import SOURCE, columns_of_rows, text_of_columns, text_of_records, wrong
from .limits import Limits, too_many
from .pointers import pointer_to

_SYNONYMS = ("data", "training_data")  # what an earlier guide calls rows, columns or records
_ALSO_OPTIONS = ("columns", *_SYNONYMS)


def body_of(found: Any, limits: Limits, at: str = "") -> Body:
    """The body that parsed JSON is; ``at`` points to where it stands in the whole.

    A list alone is taken for rows.

    Raises
    ------
    InvalidInput, TooLarge : as ``bodies.parse``.
    """
    if isinstance(found, list):
        return _with_data({}, guessed_form(found, at), found, limits, at, at)
    if not isinstance(found, dict):
        raise wrong(found, 'an object such as {"rows": [[1, 2]]}', at)
    options = dict(found)
    if "requests" in options:
        return _of_several(options, limits)
    form = _form_of(options, at)
    if form is None:
        return Body(
            time=_beside(options, "time", at), id=_beside(options, "id", at), options=options
        )
    given, where = options.pop(form), pointer_to(at, form)
    if form in ("rows", *_SYNONYMS):
        form = guessed_form(given, where)
    return _with_data(options, form, given, limits, where, at)


def guessed_form(given: Any, at: str) -> str:
    """What a list or an object of data is: ``"rows"``, ``"records"`` or ``"columns"``."""
    if isinstance(given, dict):
        return "columns"
    if not isinstance(given, list):
        raise wrong(given, "a list of rows, or an object of columns", at)
    return "records" if given and isinstance(given[0], dict) else "rows"


def _of_several(options: dict[str, Any], limits: Limits) -> Body:
    """The body of a request for several data sets; what is wrong with one stays in its place.

    Options beside them are those of every data set that does not say otherwise.
    """
    requests = options.pop("requests")
    if not isinstance(requests, list) or not requests:
        raise wrong(requests, "a list of one or more objects with data", "/requests")
    if len(requests) > limits.data_sets:
        raise too_many("data_sets", len(requests), limits.data_sets)
    told: list[Body | SondeError] = []
    for one in requests:
        try:
            told.append(_one_of_several(one, options, limits))
        except SondeError as error:
            told.append(error)
    return Body(requests=tuple(told))


def _one_of_several(one: Any, for_all: dict[str, Any], limits: Limits) -> Body:
    """One data set; pointers begin at it."""
    if isinstance(one, dict) and "requests" in one:
        raise InvalidInput(
            "requests can't lie within requests; list all in one", pointer="/requests"
        )
    body = body_of(one, limits)
    return msgspec.structs.replace(body, options={**for_all, **body.options})


def _form_of(options: dict[str, Any], at: str) -> str | None:
    """The member that holds data."""
    forms = [
        form
        for form in ("rows", "columns", "records", "series", *_SYNONYMS)
        if form in options and (form not in _ALSO_OPTIONS or _holds_data(form, options[form]))
    ]
    if len(forms) > 1:
        raise InvalidInput(
            f"the body gives data in {' and in '.join(forms)}; give them in one of them",
            pointer=pointer_to(at, forms[1]),
        )
    return forms[0] if forms else None


def _holds_data(form: str, given: Any) -> bool:
    """``columns`` may list names, and ``data`` may say where the data are."""
    return isinstance(given, dict) or (form != "columns" and isinstance(given, list))


def _with_data(
    options: dict[str, Any], form: str, given: Any, limits: Limits, at: str, base: str
) -> Body:
    time, id = _beside(options, "time", base), _beside(options, "id", base)
    if form == "series":
        series = _series(given, limits, at)
        names = _names(options, base)
        return Body(series=series, names=names, time=time, id=id, options=options, form=form, at=at)
    _refuse_nothing(given, at)
    names = _names(options, base) if form == "rows" else None
    if form == "records":
        text = text_of_records(given, at, limits)
    elif form == "columns":
        text = text_of_columns(_checked_columns(given, limits, at), at)
    else:
        text = text_of_columns(columns_of_rows(given, names, at, limits), at, by_row=True)
    body = _of_text(text, options, form, at, time, id)
    for name, beside in (("time", time), ("id", id)):
        if isinstance(beside, list) and len(beside) != body.n_rows:
            raise InvalidInput(
                f"{SOURCE}: {name} has {len(beside)} entries for {body.n_rows} rows; give one for "
                "each row, or the name of a column",
                pointer=pointer_to(base, name),
                needed=body.n_rows,
                got=len(beside),
            )
    return msgspec.structs.replace(body, names=names) if form == "rows" else body


def _of_text(
    text: Text,
    options: dict[str, Any],
    form: str,
    at: str,
    time: list[Any] | str | None,
    id: list[Any] | str | None,
) -> Body:
    return Body(
        frame=text.frame,
        names=tuple(text.frame.columns),
        time=time,
        id=id,
        options=options,
        form=form,
        at=at,
        notes=tuple(text.notes),
        mixed=text.mixed,
    )


def _checked_columns(columns: Any, limits: Limits, at: str) -> dict[str, list[Any]]:
    first = next(iter(columns))
    for name, cells in columns.items():
        if not isinstance(cells, list):
            raise wrong(cells, "a list of cells", pointer_to(at, name))
        if len(cells) != len(columns[first]):
            raise InvalidInput(
                f"{SOURCE}: column {quoted(name)} has {len(cells)} cells, and {quoted(first)} has "
                f"{len(columns[first])}; give all columns the same number, null where one is "
                "missing",
                pointer=pointer_to(at, name),
                column=name,
                needed=len(columns[first]),
                got=len(cells),
            )
    limits.check(len(columns[first]), len(columns))
    _refuse_nothing(columns[first], at)
    return dict(columns)


def _series(given: Any, limits: Limits, at: str) -> list[Any]:
    """A list of series, each a list of numbers or null, or of channels of equal length."""
    _refuse_nothing(given, at)
    width = None
    n_points = 0
    for i, one in enumerate(given):
        where = pointer_to(at, i)
        if not isinstance(one, list) or not one:
            raise wrong(one, "a list of one or more numbers, or of channels", where)
        channels = one if isinstance(one[0], list) else [one]
        for j, channel in enumerate(channels):
            inner = pointer_to(where, j) if channels is one else where
            if not isinstance(channel, list) or not channel:
                raise wrong(channel, "a list of one or more numbers", inner)
            if len(channel) != len(channels[0]):
                raise InvalidInput(
                    f"{SOURCE}, series {i}: channel {j} has {len(channel)} points, and channel 0 "
                    f"has {len(channels[0])}; give all channels of a series the same number, null "
                    "where one is missing",
                    pointer=inner,
                    needed=len(channels[0]),
                    got=len(channel),
                )
            _refuse_no_numbers(channel, inner)
        width = len(channels) if width is None else width
        if len(channels) != width:
            raise InvalidInput(
                f"{SOURCE}: series {i} has {len(channels)} channels, and series 0 has {width}; "
                "give all series the same",
                pointer=where,
                needed=width,
                got=len(channels),
            )
        n_points += points_of(one)
        limits.check(n_points, width)
    return list(given)


def _refuse_no_numbers(cells: list[Any], at: str) -> None:
    if set(map(type, cells)) <= {int, float, bool, type(None)}:
        return
    i = next(i for i, c in enumerate(cells) if not isinstance(c, int | float | None))
    raise wrong(cells[i], "a number or null", pointer_to(at, i))


def _refuse_nothing(given: Any, at: str) -> None:
    if not isinstance(given, list | dict):
        raise wrong(given, "a list or an object of data", at)
    if not given:
        raise InvalidInput(f"the {SOURCE} has no rows; there is nothing to look at", pointer=at)


def _names(options: dict[str, Any], base: str) -> tuple[str, ...] | None:
    names = options.pop("names", None)
    at = pointer_to(base, "names")
    if names is None:
        return None
    if not isinstance(names, list):
        raise wrong(names, "a list of names", at)
    for i, name in enumerate(names):
        if not isinstance(name, str):
            raise wrong(name, "text, the name of a column", pointer_to(at, i))
    twice = [name for name, n in Counter(names).items() if n > 1]
    if twice:
        raise InvalidInput(f"names must differ; given more than once: {listed(twice)}", pointer=at)
    return tuple(names)


def _beside(options: dict[str, Any], name: str, base: str) -> list[Any] | str | None:
    """The member ``time`` or ``id``: a list, the name of a column, or nothing."""
    given = options.pop(name, None)
    if given is None or isinstance(given, list | str):
        return given
    raise wrong(
        given, "a list with an entry for each row, or the name of a column", pointer_to(base, name)
    )
