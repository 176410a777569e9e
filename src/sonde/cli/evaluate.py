"""``sonde evaluate``: the field's metrics of scores whose truth is known."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import InvalidInput
from . import options as o
from .exit_codes import FINE, checking_usage
from .screen import print_json, print_renderable, say, working

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from rich.table import Table
    from rich.text import Text

    from ..learn.metrics import Metrics
    from .true_labels import Scored

TRUTH = "Truth"
MOST_SERIES = 40  # lines of a table; files and JSON have all
ACROSS = 6  # metrics in one table of several series


def evaluate(
    scores: Annotated[
        str,
        typer.Argument(
            metavar="SCORES",
            help="What --scores wrote, or any file with a column of scores; - for standard input.",
        ),
    ],
    labels: Annotated[
        str,
        typer.Option(
            metavar="COL_OR_FILE",
            help="A column of SCORES (1 anomaly, 0 not); a file with one label for each row; or a "
            "file of intervals: columns start and end, or JSON [[start, end], …], by series where "
            'there are several: {"a.csv": [[start, end], …]}. The end of rows is exclusive.',
            rich_help_panel=TRUTH,
        ),
    ],
    label_column: Annotated[
        str | None,
        typer.Option(help="The column of labels in that file.", rich_help_panel=TRUTH),
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(help="A metric, again for more; all for every one. Left out: a usual choice."),
    ] = None,
    buffer: Annotated[
        int | None,
        typer.Option(
            help="Rows that VUS and range AUC reach beyond an event; 100 when left out.", min=0
        ),
    ] = None,
    values: Annotated[
        str | None,
        typer.Option(
            help="A column of SCORES with the data: the buffer is then the lag at which they "
            "repeat, as in the TSB-AD benchmark.",
        ),
    ] = None,
    test_from: Annotated[
        int,
        typer.Option(help="Leave out the first N rows of each series, those learned from.", min=0),
    ] = 0,
    score: Annotated[
        str, typer.Option(help="The column of scores.", rich_help_panel=o.DATA)
    ] = "score",
    time: o.Time = None,
    id: o.Id = None,
    output: Annotated[
        Path | None,
        typer.Option(
            help="Write one line per series and metric: .csv, .parquet, .jsonl or .json.",
            rich_help_panel=o.OUTPUT,
        ),
    ] = None,
    json: o.AsJson = False,
    quiet: o.Quiet = False,
) -> int:
    """Tell how well scores fit the truth: ROC AUC, average precision, VUS, F1 and more.

    Several series (a column file, or --id) are evaluated one by one; the mean is over them.

    Example: sonde evaluate scores.csv --labels truth.csv --metric vus_pr
    """
    import numpy as np

    from ..learn.metrics import evaluate as evaluated
    from ..learn.metrics import metric_names
    from .true_labels import read_scored, true_rows

    with checking_usage():
        if buffer is not None and values is not None:
            raise InvalidInput("--buffer and --values both choose the buffer; give one of them")
        names = None if metric is None else metric_names(metric)
        if metric is not None and any(one.strip().lower() == "all" for one in metric):
            names = ["all"]
        o.check_outputs(output, read=(scores, labels))
    with working(quiet=quiet):
        scored = read_scored(scores, time, id)
        truth = true_rows(scored, labels, label_column)
        # In the order of time, whatever the order of the file; equal moments stay as they are.
        order = np.arange(truth.size)
        if scored.time is not None:
            order = np.argsort(scored.time, kind="stable")
        found = evaluated(
            _numbers(scored, score)[order],
            truth[order],
            names,
            series=None if scored.series is None else scored.series[order],
            flags=_flags(scored, order),
            buffer=buffer,
            values=None if values is None else _numbers(scored, values)[order],
            test_from=test_from,
        )
        if output is not None:
            from ..data import write_frame

            write_frame(found.to_frame(), output)
    for note in found.notes:
        say(f"Note: {note}.", quiet=quiet)
    if json:
        print_json(found.to_dict() | {"input": scores})
    else:
        print_renderable(*_tables(found))
    if output is not None:
        say(f"Written: {output}", quiet=quiet)
    return FINE


def _numbers(scored: Scored, name: str) -> NDArray[np.float64]:
    """(n,) float64 of a column, NaN where a cell is empty."""
    import numpy as np
    import polars as pl

    if name not in scored.frame.columns:
        raise InvalidInput(
            f"{scored.name} has no column {name!r}, only {', '.join(scored.frame.columns)}; "
            "name the column of scores with --score",
            column=name,
        )
    column = scored.frame[name]
    if not (column.dtype.is_numeric() or column.dtype in (pl.Boolean, pl.Null)):
        raise InvalidInput(f"{scored.name}: column {name!r} holds no numbers", column=name)
    return column.cast(pl.Float64).to_numpy().astype(np.float64)


def _flags(scored: Scored, order: NDArray[np.int64]) -> NDArray[np.bool_] | None:
    from ..data.columns import read_labels

    if "is_anomaly" not in scored.frame.columns:
        return None
    return read_labels(scored.frame, "is_anomaly", scored.name)[order]


def _tables(found: Metrics) -> Iterator[Table | Text]:
    """Metrics down where there is one series; else across, as many to a table as fit."""
    from rich.table import Table
    from rich.text import Text

    events = "1 event" if found.events == 1 else f"{found.events:,} events"
    yield Text(f"{found.rows:,} rows, {found.anomalous_rows:,} of them anomalous in {events}")
    if len(found.series) == 1:
        table = Table("metric", box=None)
        table.add_column("value", justify="right")
        for name, value in found.mean.items():
            table.add_row(name, _shown(name, value))
        yield table
        return
    names = list(found.mean)
    for first in range(0, len(names), ACROSS):
        table = Table("series", box=None)
        shown = names[first : first + ACROSS]
        for name in shown:
            table.add_column(name.replace("_", "\n"), justify="right", vertical="bottom")
        table.add_row("mean", *(_shown(name, found.mean[name]) for name in shown))
        for series, values in list(found.series.items())[:MOST_SERIES]:
            table.add_row(series, *(_shown(name, values.get(name)) for name in shown))
        if len(found.series) > MOST_SERIES:
            table.add_row(f"… and {len(found.series) - MOST_SERIES:,} more")
        yield table


def _shown(metric: str, value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.1f}" if metric.startswith("nab") else f"{value:.4f}"
