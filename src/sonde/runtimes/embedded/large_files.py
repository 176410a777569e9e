"""Files that are larger than memory: judged part by part, answers written as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...app import App
from ...core import Anomaly, Container, Detection, ModelRef, PredictionRequest
from ...core.progress import tell
from ...data.policy import Missing
from ...errors import InvalidInput
from ...learn import Detector, Recipe, rule_from, what_a_model_does
from ...learn.from_parts import (
    Asked,
    can_be_judged_in_parts,
    detect_in_parts,
    open_border,
    read_parts,
    refuse_series,
)
from ...learn.in_parts import Part, Whole, judge_in_parts, refuse_whole
from ...settings import Settings, read_settings

if TYPE_CHECKING:
    from ...data.formats.parts import Parts

Write = Callable[[Part, Detection], None]
_SMALL = 4 << 20  # bytes; no file of that size needs a second look


@dataclass(frozen=True, eq=False)
class FoundInFile:
    """What was found in a file that was read part by part.

    ``whole`` counts the rows and holds the anomalies, strangest first (at most 100,000 of them);
    what was said of each row is in the file that was written. ``model`` is the fitted detector.
    """

    whole: Whole
    model: Detector

    @property
    def anomalies(self) -> list[Anomaly]:
        """Merged stretches, strangest first."""
        return self.whole.anomalies

    @property
    def chosen(self) -> dict[str, Any]:
        """What was chosen and why; ``chosen["message"]`` says it in sentences."""
        return self.whole.chosen

    def __repr__(self) -> str:
        n = self.whole.n_anomalies
        return f"<{n} {'anomaly' if n == 1 else 'anomalies'} in {self.whole.n_rows:,} rows>"


def detect_file(
    path: str | Path,
    *,
    scores: str | Path | None = None,
    anomalies: str | Path | None = None,
    detector: str | Detector = "auto",
    parameters: Mapping[str, Any] | None = None,
    kind: str = "auto",
    columns: Sequence[str] | None = None,
    categories: Sequence[str] | None = None,
    id: str | None = None,
    time: str | None = None,
    fit_rows: int | None = None,
    online: bool = False,
    missing: Missing = "auto",
    contamination: float | None = None,
    false_alarms: str | None = None,
    labels: str | None = None,
    random_state: int | None = 0,
    n_jobs: int | None = None,
) -> FoundInFile:
    """``detect`` for a file of any size: a part of it at a time is in memory.

    A table is learned from rows drawn from all of it, a series from its first 200,000 rows; then
    every row is judged and its line written to ``scores``. The file is read twice.

    Parameters
    ----------
    path : CSV (also compressed), Parquet, Arrow or NPY; one table, or one series in the order of
        time.
    scores, anomalies : files to write (``.csv``, ``.parquet``, ``.jsonl`` or ``.json``), one line
        per row and one per anomaly.
    detector and all others : as for ``detect``.

    Raises
    ------
    InvalidInput, NotFound : several series, a detector that compares all rows with each other,
        time that goes back, or what ``detect`` refuses; the message says which row and why.

    Examples
    --------
    >>> from sonde import datasets
    >>> found = detect_file(datasets.path("nyc_taxi"), detector="seasonal_residual")
    >>> found.whole.n_rows
    10320
    """
    parts = _opened(path)
    recipe = Recipe(
        detector=detector,
        parameters=dict(parameters or {}),
        fit_rows=fit_rows,
        online=online,
        missing=missing,
        rule=rule_from(contamination, false_alarms, labels is not None),
        random_state=random_state,
        n_jobs=n_jobs,
    )
    asked = Asked(time, id, columns, categories, labels, kind)
    _refuse_same(path, scores, anomalies)
    with _written(scores, anomalies) as (write, finish):
        whole, model = detect_in_parts(recipe, parts, asked, write)
        finish(whole, model.schema_.channels)
    return FoundInFile(whole, model)


def score_file(
    app: App,
    model: str,
    parts: Parts,
    scores: str | Path | None = None,
    anomalies: str | Path | None = None,
) -> FoundInFile:
    """What the stored model says of a file of any size."""
    ref = ModelRef.parse(model)
    stored = app.models.resolve(ref, None)[0]
    if not isinstance(stored, Detector):
        raise InvalidInput(f"{model} is no detector but {stored.name}")
    refuse_whole(stored, parts.name, parts.needed_mb)
    refuse_series(stored, parts)

    def answer(data: Container, core: slice | None) -> Detection:
        return app.predictor.predict(PredictionRequest(ref, data, core=core)).output

    from ...data.formats.parts import survey

    said: dict[str, Any] = {}
    with _written(scores, anomalies) as (write, finish):

        def hear(part: Part, detection: Detection) -> None:
            if not said:
                said.update(what_a_model_does(stored, model, part.reading))
            write(part, detection)

        asked = Asked.of(stored.schema_)
        survey(parts, lambda: lambda frame, share: tell("reading", share), asked.columns)
        rows = read_parts(parts, asked, open_border(stored))
        whole = judge_in_parts(stored, answer, rows, hear)
        whole.chosen = said | {"rows": whole.n_rows}
        finish(whole, stored.schema_.channels)
    return FoundInFile(whole, stored)


def parts_wanted(source: Any, detector: str | Detector, id: str | None = None) -> Parts | None:
    """The input in parts where it is too large to be read whole; None where it is not.

    Raises
    ------
    InvalidInput : it is too large for the memory, and the detector must see all rows at once.
    """
    if not isinstance(source, str | Path) or _is_small(source):
        return None
    from ...data.formats.parts import open_parts

    settings = read_settings()
    parts = open_parts(source)
    if parts is None or parts.needed_mb <= settings.parts_above_mb:
        return None
    if id is None and can_be_judged_in_parts(detector):
        return parts
    if parts.needed_mb > _most_mb(settings):
        why = "several series" if id is not None else f"{detector} on all rows at once"
        raise InvalidInput(
            f"{parts.name} takes about {parts.needed_mb:,} MB for {why}, and "
            f"{_most_mb(settings):,} MB may be taken; choose isolation_forest (tables) or "
            "seasonal_residual (series), which read it part by part, or raise SONDE_MEMORY_MB",
            needed_mb=parts.needed_mb,
        )
    return None


def refuse_too_large(source: Any) -> None:
    """Raise InvalidInput for a file that can't be read whole in the memory there is."""
    if not isinstance(source, str | Path) or _is_small(source):
        return
    from ...data.formats.parts import open_parts

    settings = read_settings()
    parts = open_parts(source)
    if parts is not None and parts.needed_mb > _most_mb(settings):
        raise InvalidInput(
            f"{parts.name} takes about {parts.needed_mb:,} MB, and {_most_mb(settings):,} MB may "
            "be taken; sonde.detect_file reads it part by part, or raise SONDE_MEMORY_MB",
            needed_mb=parts.needed_mb,
        )


def _most_mb(settings: Settings) -> int:
    if settings.memory_mb is not None:
        return settings.memory_mb
    from ...data.inputs.memory import available_memory

    return available_memory() >> 21  # half of it


def _is_small(source: str | Path) -> bool:
    try:
        found = Path(source)
        return not found.is_file() or found.stat().st_size < _SMALL
    except (OSError, ValueError):
        return True  # whoever reads it says what is wrong


def _refuse_same(*paths: str | Path | None) -> None:
    """Raise InvalidInput where two of the files read and written are one."""
    places = [Path(path).absolute().resolve() for path in paths if path is not None]
    for place in places:
        if places.count(place) > 1:
            raise InvalidInput(
                f"{place.name} would be read and written, or written twice; name another file",
                path=str(place),
            )


def _opened(path: str | Path) -> Parts:
    from ...data.formats.parts import open_parts

    parts = open_parts(path)
    if parts is None:
        raise InvalidInput(
            f"{path} can't be read in parts; CSV, Parquet, Arrow and NPY files can, others go to "
            "sonde.detect",
            source=str(path),
        )
    return parts


@contextmanager
def _written(
    scores: str | Path | None, anomalies: str | Path | None
) -> Iterator[tuple[Write, Callable[[Whole, tuple[str, ...]], None]]]:
    """What to call with each part, and in the end; the files are there when all went well."""
    from ...data import check_ending
    from ...data.formats.part_writers import part_writer
    from ...report import anomalies_lines, scores_frame

    if anomalies is not None:
        check_ending(anomalies)
    with ExitStack() as stack:
        out = None if scores is None else stack.enter_context(part_writer(scores))

        def write(part: Part, detection: Detection) -> None:
            if out is not None:
                out.write(scores_frame(part.reading, detection, part.first_row))

        def finish(whole: Whole, channels: tuple[str, ...]) -> None:
            if anomalies is not None:
                flat = Path(anomalies).suffix.lower() == ".csv"
                listed = stack.enter_context(part_writer(anomalies))
                listed.write(anomalies_lines(whole.anomalies, channels, None, flat=flat))

        yield write, finish
