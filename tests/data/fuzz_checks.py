"""What a reader may do with anything: give a consistent container, or refuse in a sentence."""

from __future__ import annotations

import io
import math
import signal
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from sonde.core import Panel, Series, Table
from sonde.data import examine, read_frame
from sonde.data.formats.archives import read_archive
from sonde.data.reading import Reading
from sonde.errors import SondeError

LONGEST_MESSAGE = 400
SECONDS = 20.0  # for an input of a few kilobytes, on a machine that others use too


class TooSlow(AssertionError):
    """A reader did not come back."""


@contextmanager
def watched(seconds: float = SECONDS) -> Iterator[None]:
    """Warnings are errors, and so is taking longer than ``seconds``."""

    def late(*_: Any) -> None:
        raise TooSlow(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def tell(line: str) -> None:
    """``line`` on standard output at once: what comes next may end the process."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def outcome(call: Callable[[], Any]) -> Any:
    """What ``call`` gives, or the refusal it ends in, which must be a short sentence."""
    try:
        return call()
    except SondeError as refused:
        check_refusal(refused)
        return refused


def check_refusal(refused: SondeError) -> None:
    message = str(refused)
    assert message.strip(), "a refusal without words"
    assert len(message) <= LONGEST_MESSAGE, f"{len(message)} characters: {message[:2000]}"
    assert message.count("\n") < 3, f"several lines: {message}"
    assert "panicked" not in message, message
    assert "Traceback" not in message, message
    shown = message.replace("\n", " ")
    assert shown.isprintable(), f"signs that a terminal obeys: {message!r}"


def check_bytes(data: bytes, *, by_path: bool = False, seconds: float = SECONDS) -> Any:
    """All doors for bytes, checked; what ``examine`` gives."""
    with watched(seconds):
        found = outcome(lambda: examine(io.BytesIO(data)))
        if isinstance(found, Reading):
            check_reading(found)
        framed = outcome(lambda: read_frame(io.BytesIO(data)))
        if isinstance(found, Reading):
            # A column with a wrong cell may be one that is not looked at.
            assert isinstance(framed, SondeError) or framed[0].height == found.n_rows
        archived = outcome(lambda: read_archive(io.BytesIO(data)))
        if not isinstance(archived, SondeError):
            check_container(archived.X if hasattr(archived, "X") else archived[0])
        if by_path:
            _check_path(data, found)
    return found


def _check_path(data: bytes, found: Any) -> None:
    """A file on a disk is read in other ways (mapped), to the same effect."""
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(data)
        other = outcome(lambda: examine(file.name))
    if isinstance(found, Reading):
        assert isinstance(other, Reading), f"read from memory, refused from a path: {other}"
        np.testing.assert_array_equal(found.data.values, other.data.values)
        np.testing.assert_array_equal(found.rows, other.rows)
    else:
        assert type(found) is type(other), f"{found!r} from memory, {other!r} from a path"


def check_reading(reading: Reading) -> None:
    """Raise AssertionError where the parts of a reading do not go together."""
    data = reading.data
    check_container(data)
    rows = reading.rows
    assert rows.dtype == np.int64
    assert rows.shape == (len(data.values),)
    if rows.size:
        assert rows.min() >= 0
        assert rows.max() < reading.n_rows
    assert len(np.unique(rows)) == len(rows)
    assert reading.kind_reason
    assert all(isinstance(one, str) and one for one in reading.problems)
    for column in (reading.time_values, reading.id_values):
        assert column is None or len(column) == reading.n_rows
    assert reading.labels is None or reading.labels.shape == (reading.n_rows,)
    assert reading.step_ns is None or reading.step_ns > 0
    assert reading.span_ns is None or reading.span_ns >= 0
    assert not set(reading.left_out) & set(data.channels)


def check_container(data: Any) -> None:
    """Raise AssertionError where a container breaks its own rules."""
    assert isinstance(data, Series | Panel | Table)
    assert data.values.dtype == np.float64
    assert data.values.ndim == 2
    assert data.values.shape[1] == len(data.channels)
    assert all(isinstance(name, str) for name in data.channels)
    assert len(set(data.channels)) == len(data.channels)
    if isinstance(data, Table):
        return
    n = len(data.values)
    starts = np.zeros(n, dtype=bool)
    if isinstance(data, Panel):
        assert len(set(data.ids)) == len(data.ids) == len(data)
        assert all(isinstance(name, str) for name in data.ids)
        assert data.offsets[0] == 0
        assert data.offsets[-1] == n
        starts[data.offsets[data.offsets < n]] = True
    if data.time is not None:
        assert data.time.dtype == np.int64
        assert data.time.shape == (n,)
        assert np.all((data.time[1:] > data.time[:-1]) | starts[1:])
        assert np.all(data.time != np.iinfo(np.int64).min), "a missing moment"


def check_values(reading: Reading, columns: dict[str, list[Any]]) -> None:
    """Raise AssertionError where a number is another than Python makes of the cell it came from."""
    for j, name in enumerate(reading.data.channels):
        if name not in columns:
            continue
        cells = columns[name]
        read = reading.data.values[:, j]
        for value, row in zip(read, reading.rows, strict=True):
            assert same(float(value), cells[row]), f"{name}, row {row}: {cells[row]!r} → {value!r}"


def same(value: float, cell: Any) -> bool:
    """True when ``value`` is the float nearest to ``cell``; None is missing."""
    if cell is None:
        return math.isnan(value)
    try:
        wanted = float(cell)
    except OverflowError:
        wanted = math.inf if cell > 0 else -math.inf
    return value == wanted or (math.isnan(value) and math.isnan(wanted))
