"""Whatever a caller calls data, as the body of a request and what stands beside it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from ..errors import InvalidInput
from .answers import ARROW, JSON
from .files import SentFile, sent_as_it_is, sent_stream
from .options import plain_options, query_of
from .rows import Rows, arrow_body, json_body, rows_of
from .uploads import HeldBytes, Upload

Format = Literal["auto", "arrow", "json"]
# Up to here a JSON body is made, read and answered as fast as an Arrow one (some 10 kB).
_FEW_CELLS = 512
_HEAVY = 1 << 16
_LONGEST_QUERY = 12_000  # characters; services take 16,384


@dataclass(frozen=True, eq=False)
class Payload:
    """A body with the headers and the query that belong to it."""

    upload: Upload
    headers: dict[str, str]
    query: tuple[tuple[str, str], ...] = ()


def check_format(wanted: str) -> Format:
    """``wanted``, which must be ``"auto"``, ``"arrow"`` or ``"json"``."""
    if wanted not in get_args(Format):
        raise InvalidInput(f"format must be auto, arrow or json, not {wanted!r}")
    return wanted  # type: ignore[return-value]


def payload(
    data: Any, options: Mapping[str, Any], wanted: Format, *, for_model: bool = False
) -> Payload:
    """The body for ``data``; ``options`` go into it where it is JSON, and into the query elsewhere.

    Parameters
    ----------
    data : the path of a file, an open binary file, a frame, an array, a container; None where
        the options say where the data are.
    wanted : ``"auto"``: JSON for few cells and Arrow for many; the answer is asked for alike.
    for_model : the data are for a stored model, which knows its columns.

    Raises
    ------
    NotFound, InvalidInput : the data can't be sent; the message says why.
    """
    if data is None:
        return _json(plain_options(options), wanted, n_cells=0)
    if isinstance(data, str | os.PathLike):
        return _of_path(data, options, wanted, for_model)
    if hasattr(data, "read"):
        return _of_file(sent_stream(data), options, wanted)
    if _is_paths(data):
        raise InvalidInput("several files are several data sets; send them with detect_many")
    return _of_rows(rows_of(data, options, for_model=for_model), wanted, for_model)


def is_heavy(data: Any) -> bool:
    """True where making the body may take long enough to hold up an event loop."""
    if data is None or isinstance(data, dict | list | tuple):
        return isinstance(data, dict | list | tuple) and _count(data) > _HEAVY // 8
    size = getattr(data, "nbytes", None)
    return not isinstance(size, int) or size > _HEAVY


def _count(data: Any) -> int:
    values = data.values() if isinstance(data, dict) else data
    return sum(len(one) if hasattr(one, "__len__") else 1 for one in values)


def _of_path(
    given: str | os.PathLike[str], options: Mapping[str, Any], wanted: Format, for_model: bool
) -> Payload:
    from ..data import read_frame
    from ..data.inputs.paths import is_pattern, is_url, local_path

    text = os.fspath(given)
    if is_url(text) or text == "-":
        raise InvalidInput(
            f"{text!r} is no file on this machine; read it with sonde.read, and send what it gives"
        )
    path: Path = local_path(text)
    if is_pattern(text) and not path.exists():
        raise InvalidInput(f"{text!r} may be several files; send them with detect_many")
    sent = sent_as_it_is(path) if "::" not in text else None
    if sent is not None:
        return _of_file(sent, options, wanted)
    rows = rows_of(read_frame(text)[0], options, for_model=for_model)
    return _of_rows(rows, wanted, for_model)


def _of_file(sent: SentFile, options: Mapping[str, Any], wanted: Format) -> Payload:
    plain = plain_options(options)
    for role in ("time", "id", "labels"):
        if isinstance(plain.get(role), list):
            raise InvalidInput(
                f"{role} of a file must be the name of one of its columns", option=role
            )
    accept = JSON if wanted == "json" else ARROW
    return Payload(sent.upload, sent.headers | {"Accept": accept}, query_of(plain))


def _of_rows(rows: Rows, wanted: Format, for_model: bool) -> Payload:
    rows = Rows(rows.values, rows.frame, plain_options(rows.options))
    query = query_of(rows.options) if wanted != "json" else ()
    if wanted == "json" or (wanted == "auto" and _fits_json(rows, query, for_model)):
        body = json_body(rows)
        if body is not None:
            return _json(body, wanted, rows.n_cells)
        if wanted == "json":
            raise InvalidInput(
                "JSON would change these data: infinity, times of other zones than UTC, "
                "categories, text that reads as numbers or whole numbers beyond 2^53 are among "
                "them; leave format at 'auto', or take 'arrow'"
            )
    upload = HeldBytes(arrow_body(rows))
    return Payload(upload, {"Content-Type": ARROW, "Accept": ARROW}, query)


def _fits_json(rows: Rows, query: tuple[tuple[str, str], ...], for_model: bool) -> bool:
    """Whether JSON is the better body, or the only one in which all can be said."""
    if for_model:
        # Of a model's rows only a JSON body can say that the columns have no names of their own,
        # or what those of time and id are called.
        says_more = rows.values is not None or any(k in rows.options for k in ("time", "id"))
        return says_more or rows.n_cells <= _FEW_CELLS
    if sum(len(name) + len(value) for name, value in query) > _LONGEST_QUERY:
        return True
    # The list of columns is said in the query: in a JSON body the word stands for the data.
    return rows.n_cells <= _FEW_CELLS and "columns" not in rows.options


def _json(body: dict[str, Any], wanted: Format, n_cells: int) -> Payload:
    import orjson

    accept = ARROW if wanted == "arrow" or (wanted == "auto" and n_cells > _FEW_CELLS) else JSON
    upload = HeldBytes(orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY))
    return Payload(upload, {"Content-Type": JSON, "Accept": accept})


def _is_paths(data: Any) -> bool:
    is_list = isinstance(data, list | tuple) and len(data) > 0
    return is_list and all(isinstance(one, str | os.PathLike) for one in data)
